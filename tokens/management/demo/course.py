"""How things went: stretches of one verdict, cut into streaks, turns and remembered looks. Pure but for its dice."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random

from tokens.health.verdicts import State, Verdict, meaning
from tokens.models import Streak
from tokens.models.watched import LOOKS_KEPT

from .cast import Trouble

EVERY = timedelta(minutes=10)  # between two looks in the past
REMEMBERED_EVERY = timedelta(minutes=20)  # between two remembered ones, so that the chart has its day
CONFIRMED_AFTER = timedelta(seconds=45)
HTTP = {
    Verdict.TOKEN_EXHAUSTED: 401,
    Verdict.EXPIRED: 401,
    Verdict.DISABLED: 401,
    Verdict.UNKNOWN_OR_REVOKED: 401,
    Verdict.GROUP_FORBIDDEN: 403,
    Verdict.IP_BLOCKED: 403,
    Verdict.UPSTREAM_ERROR: 502,
    Verdict.NO_CHANNEL: 503,
}
SILENT = (Verdict.TIMEOUT, Verdict.GATEWAY_DOWN)  # no answer, so nothing was measured


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` until `end` every look said the same."""

    verdict: Verdict
    start: datetime
    end: datetime

    @property
    def state(self) -> State:
        return meaning(self.verdict).state or State.NEW


@dataclass(frozen=True, slots=True)
class Turn:
    """Where one stretch follows another of another state; `before` is None at the very first."""

    before: Stretch | None
    after: Stretch

    @property
    def since(self) -> datetime:
        return self.after.start

    @property
    def at(self) -> datetime:
        """When it was settled: a failure takes a second look."""
        return self.since + (CONFIRMED_AFTER if self.after.state == State.FAILING else timedelta(0))


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it answers, in milliseconds; `base` None where nothing is measured."""

    base: float | None
    spread: float = 0

    def at(self, when: datetime, dice: Random) -> int | None:
        """Slower by a third in the afternoon (UTC), faster at night, and never twice the same."""
        if self.base is None:
            return None
        hour = when.hour + when.minute / 60
        rhythm = 1 + 0.3 * math.sin((hour - 8) / 24 * 2 * math.pi)
        return max(8, round(self.base * rhythm + self.spread * dice.random() ** 3 * 2))


def stretches(
    born: datetime, end: datetime, troubles: Sequence[Trouble], now: datetime, last: tuple[Verdict, datetime]
) -> list[Stretch]:
    """Well but for its troubles, and since `last[1]` as `last[0]` says."""
    found: list[Stretch] = []
    at = born
    for trouble in sorted(troubles, key=lambda one: -one.days):
        start = now - timedelta(days=trouble.days)
        found.append(Stretch(Verdict.OK, at, start))
        at = start + timedelta(hours=trouble.hours)
        found.append(Stretch(trouble.verdict, start, at))
    verdict, since = last
    since = max(since, at)
    if verdict == Verdict.OK or since <= at:
        return [*found, Stretch(verdict, at, end)]
    return [*found, Stretch(Verdict.OK, at, since), Stretch(verdict, since, end)]


def turns(course: Sequence[Stretch]) -> Iterator[Turn]:
    """The changes of state, the first verdict included. A verdict that leads to no state turns nothing."""
    before: Stretch | None = None
    for stretch in course:
        if meaning(stretch.verdict).state is None:
            continue
        if before is None or before.state != stretch.state:
            yield Turn(before, stretch)
        before = stretch


def streaks(course: Sequence[Stretch], pace: Pace, rung: str, light: str, pk: int, dice: Random) -> Iterator[Streak]:
    """Rows as the checker would have written them; the last one is still open and belongs on the subject itself."""
    for stretch in course:
        for start, end in _days(stretch):
            looks = max(1, int((end - start) / EVERY))
            ms = _measured(stretch, pace, start, end, dice)
            yield Streak(
                light=light,
                subject_id=pk,
                day=start.date(),
                rung=rung,
                verdict=stretch.verdict.value,
                first_at=start,
                last_at=end - timedelta(seconds=1),
                looks=looks,
                ms_min=min(ms) if ms else None,
                ms_max=max(ms) + dice.randrange(20, 400) if ms else None,
                ms_sum=round(sum(ms) / len(ms) * looks) if ms else 0,
            )


def looks(course: Sequence[Stretch], pace: Pace, dice: Random) -> list[list[object]]:
    """What the row remembers: [unix seconds, ms, verdict, HTTP], oldest first."""
    end = course[-1].end
    moments = [end - REMEMBERED_EVERY * back - EVERY * dice.random() for back in range(LOOKS_KEPT - 1, -1, -1)]
    found: list[list[object]] = []
    for at in moments:
        stretch = next((one for one in course if one.start <= at < one.end), None)
        if stretch:
            ms = None if stretch.verdict in SILENT else _pace(stretch, pace).at(at, dice)
            http = None if stretch.verdict in SILENT else HTTP.get(stretch.verdict, 200)
            found.append([int(at.timestamp()), ms, stretch.verdict.value, http])
    return found


def _pace(stretch: Stretch, pace: Pace) -> Pace:
    return Pace(4300, 600) if stretch.verdict == Verdict.DEGRADED_SLOW else pace


def _measured(stretch: Stretch, pace: Pace, start: datetime, end: datetime, dice: Random) -> list[int]:
    if stretch.verdict in SILENT or pace.base is None:
        return []
    speed = _pace(stretch, pace)
    return [ms for part in range(4) if (ms := speed.at(start + (end - start) * part / 4, dice)) is not None]


def _days(stretch: Stretch) -> Iterator[tuple[datetime, datetime]]:
    """The parts of a stretch, one for each UTC day that it touches."""
    start = stretch.start
    while start < stretch.end:
        midnight = datetime.combine(start.date() + timedelta(days=1), time.min, UTC)
        yield start, min(midnight, stretch.end)
        start = midnight
