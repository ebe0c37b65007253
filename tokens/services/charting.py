"""Series for the pictures: the days of an uptime strip, the share of good looks, the latency of a day.

Everything is generic over the light ("token", "account", "gateway") and its subject.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from tokens.health.verdicts import State, meaning
from tokens.models import Streak
from tokens.models.watched import Watched

Day = tuple[date, str, str]  # what charts.uptime_strip wants: day, state, title
KNOWN = frozenset(verdict.value for verdict in Verdict)
WORST_FIRST = (State.FAILING.value, State.DEGRADED.value, State.HEALTHY.value)


@dataclass(frozen=True, slots=True)
class Run:
    """A streak, closed or still open: so many looks with one verdict inside one UTC day."""

    day: date
    verdict: str
    looks: int


def uptime_days(light: str, subject: Watched, days: int, now: datetime) -> list[Day]:
    """The last `days` UTC days, oldest first, each with the worst state that its looks settled on."""
    return days_of(history(light, [subject], days, now)[subject.pk], days, now)


def uptime_share(light: str, subject: Watched, days: int, now: datetime) -> float | None:
    """Percent of the looks that found it working, degraded included; None when no look tells."""
    return share_of(history(light, [subject], days, now)[subject.pk])


def history(light: str, subjects: Sequence[Watched], days: int, now: datetime) -> dict[int, list[Run]]:
    """The runs of many subjects by one query, with the open streak that stands on each row."""
    first = today(now) - timedelta(days=days - 1)
    found: dict[int, list[Run]] = defaultdict(list)
    rows = Streak.objects.filter(light=light, subject_id__in=[one.pk for one in subjects], day__gte=first)
    for pk, day, verdict, looks in rows.values_list("subject_id", "day", "verdict", "looks"):
        found[pk].append(Run(day, verdict, looks))
    for subject in subjects:
        if subject.streak_looks and subject.streak_last_at and subject.streak_verdict:
            found[subject.pk].append(Run(today(subject.streak_last_at), subject.streak_verdict, subject.streak_looks))
    return {subject.pk: found[subject.pk] for subject in subjects}


def days_of(runs: Iterable[Run], days: int, now: datetime) -> list[Day]:
    counts: dict[date, Counter[str]] = defaultdict(Counter)
    for run in runs:
        if state := _state(run.verdict):
            counts[run.day][state] += run.looks
    last = today(now)
    return [_day(last - timedelta(days=back), counts) for back in range(days - 1, -1, -1)]


def share_of(runs: Iterable[Run]) -> float | None:
    good = told = 0
    for run in runs:
        if state := _state(run.verdict):
            told += run.looks
            good += run.looks if state != State.FAILING else 0
    return good * 100 / told if told else None


def latency_series(
    subject: Watched, now: datetime | None = None, hours: int = 24
) -> list[tuple[datetime, float | None]]:
    """(moment, ms) of the looks that are remembered, oldest first; None for a look that failed."""
    since = (now or timezone.now()) - timedelta(hours=hours)
    told = [(datetime.fromtimestamp(stamp, UTC), ms, verdict) for stamp, ms, verdict, _http in subject.looks]
    return [(at, None if _state(verdict) == State.FAILING else ms) for at, ms, verdict in told if at >= since]


def today(now: datetime) -> date:
    """Streaks end at UTC midnight, so a strip's days are UTC days."""
    return now.astimezone(UTC).date()


def _state(verdict: str) -> str:
    """The state a verdict leads to, "" for one that blames nobody."""
    state = meaning(verdict).state
    return state.value if state else ""


def _day(day: date, counts: dict[date, Counter[str]]) -> Day:
    counted = counts.get(day)
    said = date_format(day, pgettext("date format", "j M"))
    if not counted:
        return day, "none", _("%(day)s, no checks") % {"day": said}
    state = next(state for state in WORST_FIRST if counted[state])
    return day, state, f"{said}, {_day_words(state, counted)}"


def _day_words(state: str, counted: Counter[str]) -> str:
    looks = counted.total()
    if state == State.HEALTHY:
        return ngettext("%(n)d look, all well", "%(n)d looks, all well", looks) % {"n": looks}
    words = _("%(bad)d of %(n)d looks failing") if state == State.FAILING else _("%(bad)d of %(n)d looks degraded")
    return words % {"bad": counted[state], "n": looks}
