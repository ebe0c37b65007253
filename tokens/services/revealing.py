"""Show a key to the one person who asked and proved who they are: audited before it is opened."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tokens.gateways.errors import GatewayError, NotSupported, RateLimited
from tokens.models import Creation, Token
from tokens.vault.errors import VaultError
from tokens.vault.fingerprint import fingerprint
from tokens.vault.spelling import bearer_of, from_gateway

from . import auditing, governor, syncing, telling
from .auditing import Actor

SHOWN_WITHIN = timedelta(hours=1)  # after it was made; later the key is revealed with the password


class RevealRefused(Exception):
    """There is no key to show; the text says why."""


def reveal(actor: Actor, token: Token, reason: str = "") -> str:
    """The key in clear. The audit event is committed before the key is opened. Raises RevealRefused."""
    changes = {"reason": ("", reason[:200])} if reason else {}
    auditing.record(actor, "token.reveal", token, changes=changes, fingerprint=token.fingerprint)
    try:
        return bearer_of(token.open_key() if token.has_key else _fetch(token))
    except VaultError as error:
        raise RevealRefused(str(error)) from None


def may_show_once(actor: Actor, creation: Creation) -> bool:
    """Whether this person may still see the new key on its receipt: who made it, once, soon after."""
    if creation.step != Creation.Step.DONE or creation.key_shown_at or not actor.user:
        return False
    if creation.actor_id != actor.user.pk or creation.token is None or not creation.token.has_key:
        return False
    return creation.finished_at is not None and timezone.now() - creation.finished_at < SHOWN_WITHIN


def show_once(actor: Actor, creation: Creation) -> str:
    """The new key for its receipt: once, to who made it; "" ever after. Raises RevealRefused."""
    if not may_show_once(actor, creation) or creation.token is None:
        return ""
    token = creation.token
    with transaction.atomic():
        if not Creation.objects.filter(pk=creation.pk, key_shown_at=None).update(key_shown_at=timezone.now()):
            return ""
        auditing.record(actor, "token.show_new_key", token, fingerprint=token.fingerprint)
    try:
        return bearer_of(token.open_key())
    except VaultError as error:
        raise RevealRefused(str(error)) from None


def _fetch(token: Token) -> str:
    """Ask the gateway for a key that Keyward does not have, within its critical limit, and keep it."""
    account, remote_id = token.account, token.remote_id
    if account is None or remote_id is None:
        raise RevealRefused(_("Keyward does not have this key, and no account to fetch it with."))
    now = timezone.now()
    grant = governor.grant(account.gateway, "critical", 1, now)
    if not grant.calls:
        wait = int((grant.retry_at - now).total_seconds() / 60) + 1
        raise RevealRefused(_("The gateway hands out few keys in 20 minutes. Try again in %(m)s min.") % {"m": wait})
    try:
        key = syncing.visit(account, lambda client: client.reveal(remote_id))
    except RateLimited as error:
        governor.block(account.gateway, "critical", error.retry_after, now)
        raise RevealRefused(_("The gateway asks for a pause (HTTP 429). Try again in 20 minutes.")) from None
    except NotSupported:
        raise RevealRefused(_("The gateway shows only a masked key, and it cannot be fetched.")) from None
    except GatewayError as error:
        raise RevealRefused(telling.why(error)) from None
    return _keep(token, from_gateway(key))


def _keep(token: Token, clear: str) -> str:
    """Seal the fetched key, unless the same key was pasted before and is watched as a token of its own."""
    pasted = Token.objects.filter(gateway=token.gateway, fingerprint=fingerprint(clear)).exclude(pk=token.pk)
    if not pasted.exists():
        token.seal_key(clear)
        token.key_wanted = False
        token.index_for_search()
        token.save(update_fields=["key_sealed", "fingerprint", "hint", "key_wanted", "search_text"])
    return clear
