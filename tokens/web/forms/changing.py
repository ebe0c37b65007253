"""Editing a token: the wish, and what it starts from, signed so that nobody edits from a state that never was."""

from __future__ import annotations

from django.core import signing

from tokens.models import Token
from tokens.services import drafting
from tokens.services.changing import Seen

from .wish import WishForm

SALT = "token.edit"


class EditForm(WishForm):
    """The fields of the gateway; owner, purpose and tags are Keyward's and have a page of their own."""


def sealed(token: Token, shown: Seen) -> str:
    """For the hidden field `seen`. Holds no secret."""
    return signing.dumps({"token": token.pk, "digest": shown.digest, "draft": drafting.as_json(shown.draft)}, salt=SALT)


def unsealed(token: Token, text: str) -> Seen | None:
    """What the form was shown; None when the field was tampered with or is another token's."""
    try:
        found = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return None
    return Seen(drafting.from_json(found["draft"]), found["digest"]) if found["token"] == token.pk else None
