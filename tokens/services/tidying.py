"""Keep the database from growing for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from tokens.models import Change, Incident, Notification, Pulse, Streak

STREAKS_KEPT = timedelta(days=400)
DELIVERIES_KEPT = timedelta(days=180)
CHANGES_KEPT = timedelta(days=400)


def tidy(now: datetime) -> None:
    Streak.objects.filter(day__lt=(now - STREAKS_KEPT).date()).delete()
    Notification.objects.filter(created_at__lt=now - DELIVERIES_KEPT, progress__in=["sent", "failed"]).delete()
    Change.objects.filter(at__lt=now - CHANGES_KEPT, processed_at__isnull=False).delete()
    Incident.objects.filter(closed_at__lt=now - CHANGES_KEPT).delete()
    Session.objects.filter(expire_date__lt=now).delete()


def beat(name: str, now: datetime, **detail: object) -> None:
    """Say that something which must keep running is alive."""
    Pulse.objects.update_or_create(name=name, defaults={"at": now, "detail": detail})
