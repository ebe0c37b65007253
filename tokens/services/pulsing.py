"""Whether Keyward itself is alive: the dead man's switch of the navigation, and how much was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from tokens.models import Pulse

LATE = timedelta(seconds=30)  # two ticks of the worker's pulse were missed
STOPPED = timedelta(minutes=2)
LOOKS = "looks"  # the Pulse row that counts looks by the hour


@dataclass(frozen=True, slots=True)
class Alive:
    """`state` is a word of health.verdicts.State or "none"; `seconds` since the last tick, None before the first."""

    state: str
    words: str
    seconds: int | None


def alive(now: datetime) -> Alive:
    ticks = Pulse.objects.filter(name__in=["beat", "worker"]).values_list("at", flat=True)
    return judged(max(ticks, default=None), now)


def judged(last: datetime | None, now: datetime) -> Alive:
    """What the age of the last tick means."""
    if last is None:
        return Alive("none", _("Checker not started"), None)
    age = max(now - last, timedelta(0))
    seconds = int(age.total_seconds())
    if age < LATE:
        return Alive("healthy", _("Checker running"), seconds)
    if age < STOPPED:
        return Alive("degraded", _("Checker late"), seconds)
    return Alive("failing", _("Checker stopped"), seconds)


def count_looks(number: int, now: datetime) -> None:
    """Add to this hour's looks. Summing a day of streaks would read a row for every token; this reads one."""
    if number <= 0:
        return
    with transaction.atomic():
        row, _made = Pulse.objects.select_for_update().get_or_create(name=LOOKS, defaults={"at": now})
        hours = {hour: count for hour, count in row.detail.items() if int(hour) > _hour(now) - 25}
        this = str(_hour(now))
        row.at, row.detail = now, {**hours, this: hours.get(this, 0) + number}
        row.save(update_fields=["at", "detail"])


def looks_in_a_day(now: datetime) -> int:
    """Looks of this hour and the 23 before it."""
    row = Pulse.objects.filter(name=LOOKS).first()
    hours = row.detail.items() if row else ()
    return sum(count for hour, count in hours if int(hour) > _hour(now) - 24)


def _hour(now: datetime) -> int:
    """Hours since 1970."""
    return int(now.astimezone(UTC).timestamp()) // 3600
