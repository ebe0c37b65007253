"""Write down who did what, in the transaction of the act. Entries are chained: each digest covers the one before."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from tokens.models import AuditEvent, User

CHAIN_LOCK = 0x6B657977  # any number: one writer of the chain at a time on PostgreSQL


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, from where, in which request."""

    user: User | None
    name: str
    address: str = ""
    request_id: str = ""


KEYWARD = Actor(None, "Keyward")


def record(
    actor: Actor,
    action: str,
    subject: Model | None = None,
    *,
    name: str = "",
    changes: dict[str, tuple[Any, Any]] | None = None,
    fingerprint: str = "",
    at: datetime | None = None,
) -> AuditEvent:
    """Add one event. `changes` maps a field to (before, after); a secret goes in as its fingerprint, never clear.

    `at` is for the demo, which tells a past; everything else happens now.
    """
    event = AuditEvent(
        at=at or timezone.now(),
        actor=actor.user,
        actor_name=actor.name[:150],
        action=action,
        object_kind=subject._meta.model_name or "" if subject else "",
        object_id=subject.pk if subject else None,
        object_name=(name or (str(subject) if subject else ""))[:160],
        fingerprint=fingerprint,
        changes={field: list(pair) for field, pair in (changes or {}).items()},
        address=actor.address[:64],
        request_id=actor.request_id[:64],
    )
    with transaction.atomic():
        _lock_chain()
        event.digest = link(_last_digest(), event)
        event.save()
    return event


def link(before: str, event: AuditEvent) -> str:
    """The digest of an event that follows the one whose digest is `before`."""
    said = [
        before,
        event.at.isoformat(),
        event.actor_name,
        event.action,
        event.object_kind,
        event.object_id,
        event.object_name,
        event.fingerprint,
        event.changes,
        event.address,
        event.request_id,
    ]
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Only the fields that changed, as JSON can hold them."""
    return {
        field: (_plain(before.get(field)), _plain(value))
        for field, value in after.items()
        if _plain(before.get(field)) != _plain(value)
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, list, dict, type(None))) else str(value)


def _last_digest() -> str:
    return AuditEvent.objects.order_by("-id").values_list("digest", flat=True).first() or ""


def _lock_chain() -> None:
    # SQLite's IMMEDIATE transaction already lets one writer in at a time.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
