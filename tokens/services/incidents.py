"""Open, deepen and close incidents as lights change; always inside the transaction that stores the change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tokens.health.verdicts import State, meaning
from tokens.models import Account, Change, Gateway, Incident, Token

from . import auditing
from .auditing import Actor


def follow(changes: Sequence[Change]) -> None:
    """Store changes and the incidents they open or close. Bulk where it can be: a sweep may bring hundreds."""
    if not changes:
        return
    opened = {_key(incident): incident for incident in _open_incidents(changes)}
    closing: list[int] = []
    for change in changes:
        incident = opened.get(_key(change))
        if change.new_state == State.FAILING:
            change.incident = _deepen(incident, change) if incident else _open(change)
        elif incident:
            change.incident = incident
            closing.append(incident.pk)
    Incident.objects.filter(pk__in=closing).update(closed_at=changes[0].at)
    Change.objects.bulk_create(changes, batch_size=500)


def open_incidents() -> int:
    return Incident.objects.filter(closed_at=None).count()


def acknowledge(incident: Incident, actor: Actor) -> None:
    """Somebody is on it."""
    if incident.acknowledged_at or not actor.user:
        return
    incident.acknowledged_by, incident.acknowledged_at = actor.user, timezone.now()
    with transaction.atomic():
        incident.save(update_fields=["acknowledged_by", "acknowledged_at"])
        auditing.record(actor, "incident.acknowledge", incident, name=incident.subject_name)


def close_for(subject: Token | Account | Gateway, now: datetime) -> None:
    """A subject that is no longer watched has no open problem."""
    light = subject._meta.model_name or ""
    Incident.objects.filter(light=light, closed_at=None, **{light: subject}).update(closed_at=now)


def _key(row: Change | Incident) -> tuple[str, int | None]:
    return row.light, {"token": row.token_id, "account": row.account_id, "gateway": row.gateway_id}[row.light]


def _open_incidents(changes: Sequence[Change]) -> list[Incident]:
    open_now = Incident.objects.filter(closed_at=None)
    found: list[Incident] = []
    for light in ("token", "account", "gateway"):
        ids = [_key(change)[1] for change in changes if change.light == light]
        if ids:
            found += open_now.filter(light=light, **{f"{light}__in": ids})
    return found


def _open(change: Change) -> Incident:
    subject = change.subject()
    return Incident.objects.create(
        light=change.light,
        gateway_id=change.gateway_id,
        account_id=change.account_id,
        token_id=change.token_id,
        subject_name=subject.name,
        verdict=change.verdict,
        note=change.note,
        severity=meaning(change.verdict).severity,
        evidence=subject.evidence,
        tokens_affected=_tokens_under(subject),
        started_at=change.since,
        opened_at=change.at,
    )


def _deepen(incident: Incident, change: Change) -> Incident:
    incident.verdict, incident.note = change.verdict, change.note
    incident.save(update_fields=["verdict", "note"])
    return incident


def _tokens_under(subject: Token | Account | Gateway) -> int:
    return 1 if isinstance(subject, Token) else subject.tokens.watched().count()
