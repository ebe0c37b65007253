"""Change what Keyward itself keeps of a token: name it shows, owner, purpose, tags. Nothing goes to the gateway."""

from __future__ import annotations

from django.db import transaction

from tokens.models import Tag, Token, User

from . import auditing
from .auditing import Actor


def describe(actor: Actor, token: Token, *, owner: User | None, purpose: str, tags: list[str]) -> None:
    names = sorted({name.strip().lower()[:40] for name in tags if name.strip()})
    before = _kept(token)
    token.owner, token.purpose = owner, purpose
    with transaction.atomic():
        token.tags.set([Tag.objects.get_or_create(name=name)[0] for name in names])
        token.index_for_search()
        token.save(update_fields=["owner", "purpose", "search_text"])
        changes = auditing.differences(before, _kept(token))
        if changes:
            auditing.record(actor, "token.describe", token, changes=changes, fingerprint=token.fingerprint)


def forget(actor: Actor, token: Token) -> None:
    """Stop watching for good and drop the key; the token on the gateway stays as it is."""
    with transaction.atomic():
        auditing.record(actor, "token.forget", token, fingerprint=token.fingerprint)
        token.delete()


def _kept(token: Token) -> dict[str, object]:
    owner = token.owner.shown_name if token.owner else ""
    return {"owner": owner, "purpose": token.purpose, "tags": [tag.name for tag in token.tags.order_by("name")]}
