"""Ask the gateway for what a creation needs: a failure becomes a wait with its reason, or is the caller's to judge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from tokens.gateways.errors import (
    AccountBanned,
    CredentialRefused,
    GatewayError,
    NotSupported,
    RateLimited,
    Refused,
    Unreachable,
)
from tokens.gateways.management import ManagementClient
from tokens.gateways.records import TokenDraft, TokenFacts
from tokens.models import Account

from . import governor, syncing, telling

T = TypeVar("T")

CALLS = 8  # management calls that a creation needs at most


class Later(Exception):
    """Not now: the gateway's limit or silence. The step is tried again after `seconds`."""

    def __init__(self, seconds: float, reason: str) -> None:
        super().__init__(reason)
        self.seconds = seconds


def allow(account: Account, now: datetime) -> None:
    grant = governor.grant(account.gateway, "management", CALLS, now)
    if grant.calls < CALLS:
        wait = max((grant.retry_at - now).total_seconds(), 1)
        raise Later(wait, _("The gateway's limit is used up. Keyward goes on by itself in %(s)s s.") % {"s": int(wait)})


def post(account: Account, draft: TokenDraft) -> TokenFacts | None:
    """The one POST. Raises what the gateway answered to it; a failure after which nobody knows what happened is no
    error here, nor is one of a later call of the same visit: the next step looks."""
    try:
        return syncing.visit(account, lambda client: client.create(draft))
    except (Refused, NotSupported, CredentialRefused, AccountBanned, RateLimited) as error:
        if error.evidence.asked.startswith("POST"):
            raise
        return None
    except GatewayError:
        return None


def call(
    account: Account,
    act: Callable[[ManagementClient], Awaitable[T]],
    raises: type[GatewayError] | tuple[type[GatewayError], ...] = (),
) -> T:
    """One act with the account's client. Raises Later for every error but those that the caller knows to handle."""
    try:
        return syncing.visit(account, act)
    except GatewayError as error:
        if isinstance(error, raises):
            raise
        raise later(account, error) from None


def later(account: Account, error: GatewayError, kind: governor.Kind = "management") -> Later:
    """How long to wait after an error, and the sentence that says why."""
    if isinstance(error, RateLimited):
        now = timezone.now()
        wait = (governor.block(account.gateway, kind, error.retry_after, now) - now).total_seconds()
    else:
        wait = 15 if isinstance(error, Unreachable) else 60
    return Later(wait, telling.why(error))
