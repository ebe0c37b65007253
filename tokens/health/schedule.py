"""When to look next: spread out, soon when a failure is unconfirmed, never before a gateway lets us. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from zlib import crc32

JITTER = 0.10
LONGEST_WAIT = timedelta(hours=24)  # a gateway that asks for more is asked again after a day


def next_look(
    now: datetime,
    interval: timedelta,
    jitter_key: int | str,
    *,
    pending: timedelta | None = None,
    retry_after: float | None = None,
) -> datetime:
    """`interval` from now, or `pending` (Settled.next_in) when that is sooner, ±10 % by `jitter_key`.

    `retry_after` is in seconds, as the gateway said it; the look comes no sooner.
    """
    wait = min(interval, pending) if pending is not None else interval
    wait *= 1 + JITTER * _spread(jitter_key)
    if retry_after is not None:
        asked = min(timedelta(seconds=max(0.0, min(retry_after, LONGEST_WAIT.total_seconds()))), LONGEST_WAIT)
        wait = max(wait, asked * (1 + JITTER * abs(_spread(jitter_key))))
    return now + wait


def _spread(key: int | str) -> float:
    """A number in [-1, 1] that is always the same for a key, so that rows keep their distance."""
    return crc32(str(key).encode()) / 0xFFFFFFFF * 2 - 1
