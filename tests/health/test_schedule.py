"""When the next look comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tokens.health.schedule import LONGEST_WAIT, next_look

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
INTERVAL = timedelta(minutes=10)


def test_the_same_key_always_waits_the_same() -> None:
    assert next_look(NOW, INTERVAL, 7) == next_look(NOW, INTERVAL, 7) == next_look(NOW, INTERVAL, "7")


def test_keys_spread_over_a_tenth_to_both_sides() -> None:
    waits = [(next_look(NOW, INTERVAL, key) - NOW) / INTERVAL for key in range(2000)]
    assert 0.9 <= min(waits) < 0.92
    assert 1.08 < max(waits) <= 1.1
    assert 0.99 < sum(waits) / len(waits) < 1.01


def test_an_unconfirmed_failure_is_looked_at_soon() -> None:
    assert next_look(NOW, INTERVAL, 7, pending=timedelta(seconds=60)) <= NOW + timedelta(seconds=66)


def test_no_look_comes_before_the_gateway_allows_it() -> None:
    pending = timedelta(seconds=60)
    for key in range(100):
        assert next_look(NOW, INTERVAL, key, pending=pending, retry_after=1200) >= NOW + timedelta(seconds=1200)


@given(st.floats(allow_nan=False), st.integers())
def test_an_absurd_wish_is_capped_at_a_day(retry_after: float, key: int) -> None:
    assert NOW < next_look(NOW, INTERVAL, key, retry_after=retry_after) <= NOW + LONGEST_WAIT * 1.1
