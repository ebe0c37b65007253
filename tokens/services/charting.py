"""Series for the pictures: the days of an uptime strip, the share of good looks, the latency of a day.

Everything is generic over the light ("token", "account", "gateway") and its subject.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from statistics import median, quantiles

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from tokens.health.verdicts import State, meaning
from tokens.models import Streak
from tokens.models.watched import Watched

Day = tuple[date, str, str]  # what charts.uptime_strip wants: day, state, title
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


@dataclass(frozen=True, slots=True)
class Latency:
    """The looks of a stretch of time, and figures of those that worked, in milliseconds."""

    looks: list[tuple[datetime, float | None]]
    event: str = ""  # "401 since 13:45", when it fails until now
    median: float | None = None
    high: float | None = None  # 95th percentile


def latency(light: str, subject: Watched, now: datetime, hours: int = 24) -> Latency:
    """The remembered looks; for the hours before them, closed streaks at their mean."""
    looks = latency_series(subject, now, hours)
    before = looks[0][0] if looks else now
    looks = [*_from_streaks(light, subject, now - timedelta(hours=hours), before), *looks]
    good = [ms for _at, ms in looks if ms is not None]
    high = quantiles(good, n=20)[-1] if len(good) > 1 else None
    return Latency(looks, _event(subject), median(good) if good else None, high)


def _from_streaks(
    light: str, subject: Watched, start: datetime, before: datetime
) -> list[tuple[datetime, float | None]]:
    """Two points a streak, where it began and where it ended. A streak that only a list told of measured nothing."""
    rows = Streak.objects.filter(light=light, subject_id=subject.pk, day__gte=today(start), last_at__gt=start)
    points: list[tuple[datetime, float | None]] = []
    for streak in rows.filter(first_at__lt=before).order_by("first_at"):
        failed = _state(streak.verdict) == State.FAILING
        if failed or streak.ms_sum:
            ends = {max(streak.first_at, start), min(streak.last_at, before)}
            points += [(at, None if failed else streak.ms_sum / streak.looks) for at in sorted(ends)]
    return points


def _event(subject: Watched) -> str:
    """What is written on the failing stretch that lasts until now."""
    failed = list(takewhile(lambda row: _state(row[2]) == State.FAILING, reversed(subject.looks)))
    if not failed:
        return ""
    stamp, _ms, _verdict, http = failed[-1]
    at = date_format(timezone.localtime(datetime.fromtimestamp(stamp, UTC)), "H:i")
    return _("%(what)s since %(at)s") % {"what": http or _("no answer"), "at": at}


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
    if counted[State.FAILING] == 1:  # one hiccup fails nothing, here neither
        counted = Counter({**counted, State.FAILING.value: 0, State.DEGRADED.value: counted[State.DEGRADED] + 1})
    state = next(state for state in WORST_FIRST if counted[state])
    return day, state, f"{said}, {_day_words(state, counted)}"


def _day_words(state: str, counted: Counter[str]) -> str:
    looks = counted.total()
    if state == State.HEALTHY:
        return ngettext("%(n)d look, all well", "%(n)d looks, all well", looks) % {"n": looks}
    words = _("%(bad)d of %(n)d looks failing") if state == State.FAILING else _("%(bad)d of %(n)d looks degraded")
    return words % {"bad": counted[state], "n": looks}
