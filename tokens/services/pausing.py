"""Stop and resume the watching of a token or a gateway, by a person or when its time has come."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from tokens.health.verdicts import State
from tokens.models import Gateway, Token
from tokens.models.token import RANK

from . import auditing, incidents
from .auditing import KEYWARD, Actor


def pause(actor: Actor, token: Token, until: datetime | None = None) -> None:
    """No looks and no alerts until then; an open incident of the token closes."""
    if token.state in (State.PAUSED, State.RETIRED):
        return
    token.paused_from, token.state = token.state, State.PAUSED.value
    token.paused_by, token.paused_until = actor.name, until
    end = f"{until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if until else "resumed by hand"
    _save(token, actor, "token.pause", {"state": (token.paused_from, token.state), "until": ("", end)})


def resume(actor: Actor, token: Token) -> None:
    """Watch again: the state is what it was, and the first look comes at once."""
    if token.state != State.PAUSED:
        return
    # A failure is to be seen again before anybody is told of it.
    back = token.paused_from if token.paused_from in (State.HEALTHY, State.DEGRADED) else State.NEW.value
    token.state, token.paused_from, token.paused_by, token.paused_until = back, "", "", None
    token.next_check_at = timezone.now()
    _save(token, actor, "token.resume", {"state": (State.PAUSED.value, back)})


def resume_due(now: datetime) -> int:
    """End the pauses whose time is over."""
    over = list(Token.objects.filter(state=State.PAUSED, paused_until__lte=now))
    for token in over:
        resume(KEYWARD, token)
    return len(over)


def pause_gateway(actor: Actor, gateway: Gateway) -> None:
    """Nothing of this gateway is called, neither keys nor accounts; its open incident closes."""
    if gateway.paused_at:
        return
    before, gateway.paused_at, gateway.state = gateway.state, timezone.now(), State.PAUSED.value
    _save_gateway(actor, gateway, "gateway.pause", before)


def resume_gateway(actor: Actor, gateway: Gateway) -> None:
    """Knock at once; what the gateway was before is found out anew, so that no old failure stands."""
    if not gateway.paused_at:
        return
    gateway.paused_at, gateway.frozen_at, gateway.state = None, None, State.NEW.value
    gateway.next_check_at = timezone.now()
    _save_gateway(actor, gateway, "gateway.resume", State.PAUSED.value)


def _save_gateway(actor: Actor, gateway: Gateway, action: str, before: str) -> None:
    gateway.state_since = timezone.now()
    gateway.pending_verdict, gateway.pending_count, gateway.pending_since = "", 0, None
    fields = "paused_at frozen_at state state_since next_check_at pending_verdict pending_count pending_since"
    with transaction.atomic():
        gateway.save(update_fields=fields.split())
        if gateway.paused_at:
            incidents.close_for(gateway, timezone.now())
        auditing.record(actor, action, gateway, changes={"state": (before, gateway.state)})


def _save(token: Token, actor: Actor, action: str, changes: dict[str, tuple[str, str]]) -> None:
    token.rank, token.state_since = RANK[token.state], timezone.now()
    token.pending_verdict, token.pending_count, token.pending_since = "", 0, None
    fields = "state state_since rank paused_from paused_by paused_until pending_verdict pending_count pending_since"
    with transaction.atomic():
        token.save(update_fields=[*fields.split(), "next_check_at"])
        if token.state == State.PAUSED:
            incidents.close_for(token, timezone.now())
        auditing.record(actor, action, token, changes=changes, fingerprint=token.fingerprint)
