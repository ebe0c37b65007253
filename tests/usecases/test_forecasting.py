"""When a balance runs dry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tokens.services.forecasting import Point, forecast

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def falling(left: float, per_day: float, days: float = 7, every_hours: int = 1) -> list[Point]:
    count = int(days * 24 / every_hours)
    return [
        (NOW - timedelta(hours=every_hours * back), left + per_day * every_hours * back / 24)
        for back in range(count, -1, -1)
    ]


def test_a_steady_pace_ends_where_the_line_meets_the_floor() -> None:
    said = forecast(falling(12.4, 2.0), NOW)
    assert said is not None
    assert said.per_day == pytest.approx(2.0)
    assert abs(said.empty_at - (NOW + timedelta(days=6.2))) < timedelta(minutes=1)


def test_the_doubt_lies_around_it_and_grows_with_the_noise() -> None:
    calm = forecast(falling(12.4, 2.0), NOW)
    rough = forecast(
        [(at, left + (0.8 if place % 2 else 0)) for place, (at, left) in enumerate(falling(12.4, 2.0))][-8:], NOW
    )
    assert calm is not None
    assert calm.earliest <= calm.empty_at <= calm.latest
    assert calm.latest - calm.earliest < timedelta(hours=1)
    assert rough is None or rough.latest - rough.earliest > calm.latest - calm.earliest


def test_a_top_up_starts_the_count_anew() -> None:
    before = falling(3, 5.0, days=7)[:-48]
    after = [(NOW - timedelta(hours=back), 100 + back / 24) for back in range(47, -1, -1)]
    said = forecast([*before, *after], NOW)
    assert said is not None
    assert said.per_day == pytest.approx(1.0)


def test_older_days_do_not_count() -> None:
    old = [(NOW - timedelta(days=14 - part / 24), 500.0 - part) for part in range(100)]
    said = forecast([*old, *falling(10, 1.0)], NOW)
    assert said is not None
    assert said.per_day == pytest.approx(1.0)


@pytest.mark.parametrize(
    "points",
    [
        [],
        falling(10, 1.0)[-2:],
        falling(10, 1.0, days=0.2),
        falling(10, 0.0),
        falling(0.0, 1.0),
        falling(10_000, 0.01),
        [(NOW, 5.0)] * 5,
    ],
    ids=["nothing", "two points", "five hours", "no use", "empty already", "years away", "one moment"],
)
def test_it_says_nothing_rather_than_something_wrong(points: list[Point]) -> None:
    assert forecast(points, NOW) is None
