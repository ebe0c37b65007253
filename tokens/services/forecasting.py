"""When a balance runs dry at the pace of the last days. Pure; moments and amounts are arguments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

Point = tuple[datetime, float]  # when, and how much was left

LOOKED_BACK = timedelta(days=7)
LEAST_SPAN = timedelta(hours=6)  # shorter tells of one busy afternoon, not of a pace
LEAST_POINTS = 3
FURTHEST = timedelta(days=730)  # beyond, a date would claim to know too much


@dataclass(frozen=True, slots=True)
class Forecast:
    """At `per_day` it is empty about `empty_at`, likely between `earliest` and `latest`."""

    per_day: float
    empty_at: datetime
    earliest: datetime
    latest: datetime


def forecast(points: Sequence[Point], now: datetime) -> Forecast | None:
    """A straight line through the last seven days, or since the last top-up in them. None when it tells nothing."""
    recent = since_top_up([point for point in points if now - LOOKED_BACK <= point[0] <= now])
    if len(recent) < LEAST_POINTS or recent[-1][0] - recent[0][0] < LEAST_SPAN:
        return None
    last, left = recent[-1]
    slope, doubt = fit(recent)
    if slope >= 0 or left <= 0 or timedelta(days=min(left / -slope, 1e6)) > FURTHEST:
        return None
    span = left / -slope  # days
    quick, slow = left / (doubt - slope), left / max(-slope - doubt, -slope / 2)
    return Forecast(-slope, last + timedelta(days=span), last + timedelta(days=quick), last + timedelta(days=slow))


def since_top_up(points: Sequence[Point]) -> Sequence[Point]:
    """What follows the last rise: money that came in says nothing about the pace at which it goes."""
    for place in range(len(points) - 1, 0, -1):
        if points[place][1] > points[place - 1][1]:
            return points[place:]
    return points


def fit(points: Sequence[Point]) -> tuple[float, float]:
    """Least squares: the slope in amounts a day, and twice its standard error."""
    start = points[0][0]
    xs = [(at - start).total_seconds() / 86_400 for at, _left in points]
    ys = [left for _at, left in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    if not spread:
        return 0.0, 0.0
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    missed = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in zip(xs, ys, strict=True))
    return slope, 2 * math.sqrt(missed / max(len(xs) - 2, 1) / spread)
