"""Show a key to the one person who asked and proved who they are: audited before it is opened."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from tokens.gateways.errors import GatewayError, NotSupported, RateLimited
from tokens.models import Creation, Token
from tokens.vault.errors import VaultError
from tokens.vault.spelling import bearer_of, from_gateway

from . import auditing, governor, syncing
from .auditing import Actor


class RevealRefused(Exception):
    """There is no key to show; the text says why."""


def reveal(actor: Actor, token: Token, reason: str = "") -> str:
    """The key in clear. The audit event is committed before the key is opened. Raises RevealRefused."""
    changes = {"reason": ("", reason[:200])} if reason else {}
    auditing.record(actor, "token.reveal", token, changes=changes, fingerprint=token.fingerprint)
    if not token.has_key:
        _fetch(token)
    try:
        return bearer_of(token.open_key())
    except VaultError as error:
        raise RevealRefused(str(error)) from None


def show_once(creation: Creation) -> str:
    """The new key for its receipt: once, to whoever claims it first; "" ever after."""
    shown = Creation.objects.filter(pk=creation.pk, key_shown_at=None, token__isnull=False)
    if not shown.update(key_shown_at=timezone.now()) or creation.token is None or not creation.token.has_key:
        return ""
    return bearer_of(creation.token.open_key())


def _fetch(token: Token) -> None:
    """Ask the gateway for a key that Keyward does not have, within its critical limit."""
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
        raise RevealRefused(_("The gateway said: %(said)s") % {"said": str(error)[:200]}) from None
    token.seal_key(from_gateway(key))
    token.key_wanted = False
    token.save(update_fields=["key_sealed", "fingerprint", "hint", "key_wanted"])
