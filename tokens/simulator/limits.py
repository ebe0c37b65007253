"""The gateway's rate limits: sliding windows in memory, per address or per user. Blocked calls do not count."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """At most `calls` in `seconds`."""

    calls: int
    seconds: int


@dataclass(frozen=True)
class Limits:
    """Stock values. ga: /api and billing per address; ct: usage, reveal, keys, login, one bucket per address;
    sr: searches per user; gw: web pages and unknown paths per address."""

    ga: Limit = Limit(360, 180)
    ct: Limit = Limit(20, 1200)
    sr: Limit = Limit(10, 60)
    gw: Limit = Limit(120, 180)


class Windows:
    """Counts calls; with limits None everything passes."""

    def __init__(self, limits: Limits | None) -> None:
        self.limits = limits
        self._calls: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def blocked(self, bucket: str, who: object) -> int:
        """0 if the call passes and is counted, else the seconds the gateway tells to wait (its full window)."""
        if self.limits is None:
            return 0
        limit: Limit = getattr(self.limits, bucket)
        calls, now = self._calls[bucket, str(who)], time.monotonic()
        while calls and calls[0] <= now - limit.seconds:
            calls.popleft()
        if len(calls) >= limit.calls:
            return limit.seconds
        calls.append(now)
        return 0

    def reset(self) -> None:
        self._calls.clear()
