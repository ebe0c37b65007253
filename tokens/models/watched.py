"""What a token, an account and a gateway have in common: a light, its last looks and when the next is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self, TypeVar
from uuid import uuid4

from django.db import connection, models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tokens.health.verdicts import State, Verdict

STATES = [
    (State.NEW.value, _("New")),
    (State.HEALTHY.value, _("Healthy")),
    (State.DEGRADED.value, _("Degraded")),
    (State.FAILING.value, _("Failing")),
    (State.PAUSED.value, _("Paused")),
    (State.RETIRED.value, _("Retired")),
]
LOOKS_KEPT = 60
W = TypeVar("W", bound="Watched")


class WatchedQuerySet(models.QuerySet[W]):
    """Leases in the database are the truth; the broker only wakes somebody up."""

    def due(self, now: datetime) -> Self:
        """What should be looked at now and is in nobody's hands."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lt=now), next_check_at__lte=now)

    def claim(self, now: datetime, *, limit: int, lease: timedelta) -> tuple[str, list[int]]:
        """Take up to `limit` due rows for `lease`; returns the lease's token and the ids that it holds."""
        token = uuid4().hex
        with transaction.atomic():
            rows = self.due(now).order_by("next_check_at")
            if connection.features.has_select_for_update_skip_locked:
                rows = rows.select_for_update(skip_locked=True, of=("self",))
            ids = list(rows.values_list("pk", flat=True)[:limit])
            # The condition again: another process may have taken some of them since the SELECT.
            self.model._base_manager.filter(pk__in=ids).filter(Q(lease_until=None) | Q(lease_until__lt=now)).update(
                lease_token=token, lease_until=now + lease
            )
            held = list(self.model._base_manager.filter(pk__in=ids, lease_token=token).values_list("pk", flat=True))
        return token, held

    def take_over(self, ids: list[int], lease_token: str, now: datetime, *, lease: timedelta) -> str:
        """Move a lease to the process that does the work; a doubled message finds nothing to take."""
        mine = uuid4().hex
        self.model._base_manager.filter(pk__in=ids, lease_token=lease_token).update(
            lease_token=mine, lease_until=now + lease
        )
        return mine

    def hand_back(self, ids: list[int], lease_token: str, *, next_check_at: datetime) -> int:
        """Give up rows that could not be looked at; they fall due again at `next_check_at`."""
        return self.model._base_manager.filter(pk__in=ids, lease_token=lease_token).update(
            lease_token="", lease_until=None, next_check_at=next_check_at
        )

    def due_now(self, now: datetime) -> int:
        """Somebody asked: look at these as soon as a worker is free."""
        return self.update(next_check_at=now)


class Watched(models.Model):
    """A light with its evidence, the open streak and the lease of whoever looks right now."""

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    state = models.CharField(max_length=12, choices=STATES, default=State.NEW.value)
    state_since = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=32, blank=True)
    verdict_since = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)
    evidence = models.JSONField(default=list, blank=True)  # the looks behind the verdict, newest last
    pending_verdict = models.CharField(max_length=32, blank=True)
    pending_count = models.PositiveSmallIntegerField(default=0)
    pending_since = models.DateTimeField(null=True, blank=True)

    checked_at = models.DateTimeField(null=True, blank=True)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    looks = models.JSONField(default=list, blank=True)  # [[unix seconds, ms or null, verdict, HTTP or null], …]

    streak_verdict = models.CharField(max_length=32, blank=True)
    streak_rung = models.CharField(max_length=12, blank=True)
    streak_first_at = models.DateTimeField(null=True, blank=True)
    streak_last_at = models.DateTimeField(null=True, blank=True)
    streak_looks = models.PositiveIntegerField(default=0)
    streak_ms_min = models.PositiveIntegerField(null=True, blank=True)
    streak_ms_max = models.PositiveIntegerField(null=True, blank=True)
    streak_ms_sum = models.PositiveBigIntegerField(default=0)

    next_check_at = models.DateTimeField(null=True, blank=True)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def verdict_or_none(self) -> Verdict | None:
        return Verdict(self.verdict) if self.verdict else None

    @property
    def is_failing(self) -> bool:
        return self.state == State.FAILING

    def last_evidence(self) -> dict[str, Any]:
        return self.evidence[-1] if self.evidence else {}
