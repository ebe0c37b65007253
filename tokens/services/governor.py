"""Every gateway's limits over all workers: token buckets in the database, changed only by conditional UPDATE."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tokens.models import Bucket, Gateway

Kind = Literal["checks", "management", "critical", "search"]
SLOT_MEMORY = timedelta(minutes=6)  # longer than a task's hard limit: slots of a killed worker come back after it
DEFAULT_PAUSE = {"checks": 60.0, "management": 180.0, "critical": 1200.0, "search": 60.0}  # seconds, contract D


@dataclass(frozen=True, slots=True)
class Allowance:
    """How a bucket fills: calls a second, and how many it holds."""

    rate: float
    capacity: float


@dataclass(frozen=True, slots=True)
class Grant:
    """How many calls may be made now, and when the next may be asked for."""

    calls: int
    retry_at: datetime


def allowance(gateway: Gateway, kind: Kind) -> Allowance:
    if kind == "checks":
        return Allowance(gateway.checks_per_minute / 60, max(gateway.checks_per_minute / 2, 10))
    if kind == "management":
        return Allowance(gateway.management_per_minute / 60, max(gateway.management_per_minute, 10))
    if kind == "search":
        return Allowance(5 / 60, 5)  # 10 a minute and user on new-api, contract D
    return Allowance(gateway.key_fetches_per_20_minutes / 1200, gateway.key_fetches_per_20_minutes)


def grant(gateway: Gateway, kind: Kind, wanted: int, now: datetime) -> Grant:
    """Take up to `wanted` calls out of the host's bucket; 0 when it is empty or blocked by a 429."""
    limit = allowance(gateway, kind)
    for _attempt in range(20):
        bucket = _bucket(gateway.host, kind, limit.capacity, now)
        if bucket.blocked_until and bucket.blocked_until > now:
            return Grant(0, bucket.blocked_until)
        level = _level(bucket, limit, now)
        calls = min(wanted, int(level))
        missing = max(wanted - calls, 1) if calls < wanted else 0
        retry_at = now + timedelta(seconds=max(0.0, (min(missing, limit.capacity) - (level - calls)) / limit.rate))
        if calls == 0 or _change(bucket, level=level - calls, refilled_at=max(now, bucket.refilled_at)):
            return Grant(calls, retry_at)
    return Grant(0, now + timedelta(seconds=1))


def give_back(gateway: Gateway, kind: Kind, calls: int, now: datetime) -> None:
    """Calls that were granted and not made, for whoever comes next; not after a 429, which emptied the bucket."""
    limit = allowance(gateway, kind)
    for _attempt in range(20 if calls > 0 else 0):
        bucket = _bucket(gateway.host, kind, limit.capacity, now)
        level = min(limit.capacity, _level(bucket, limit, now) + calls)
        blocked = bucket.blocked_until and bucket.blocked_until > now
        if blocked or _change(bucket, level=level, refilled_at=max(now, bucket.refilled_at)):
            return


def block(gateway: Gateway, kind: Kind, retry_after: float | None, now: datetime) -> datetime:
    """The gateway answered 429: nobody asks again before then."""
    until = now + timedelta(seconds=min(retry_after or DEFAULT_PAUSE[kind], 3600))
    bucket = _bucket(gateway.host, kind, allowance(gateway, kind).capacity, now)
    Bucket.objects.filter(pk=bucket.pk).update(blocked_until=until, level=0, refilled_at=now)
    return until


def pause_until(gateway: Gateway, kind: Kind, now: datetime) -> datetime | None:
    """When a pause that a 429 asked for is over; None without one."""
    blocks = Bucket.objects.filter(host=gateway.host, kind=kind, blocked_until__gt=now)
    return blocks.values_list("blocked_until", flat=True).first()


def level(gateway: Gateway, kind: Kind, now: datetime) -> tuple[int, int]:
    """How many calls were taken of how many, for the page."""
    limit = allowance(gateway, kind)
    bucket = _bucket(gateway.host, kind, limit.capacity, now)
    return int(limit.capacity - _level(bucket, limit, now)), int(limit.capacity)


@contextmanager
def slots(gateway: Gateway, wanted: int, now: datetime) -> Iterator[int]:
    """Hold up to `wanted` of the host's simultaneous calls during a batch; at least 1, so that work goes on."""
    held = _take_slots(gateway, wanted, now)
    try:
        yield max(held, 1)
    finally:
        _give_slots(gateway, held)


def _take_slots(gateway: Gateway, wanted: int, now: datetime) -> int:
    for _attempt in range(20):
        bucket = _bucket(gateway.host, "slots", 0, now)
        in_use = 0 if now - bucket.refilled_at > SLOT_MEMORY else int(bucket.level)
        held = max(0, min(wanted, gateway.concurrency - in_use))
        if _change(bucket, level=in_use + held, refilled_at=now):
            return held
    return 0


def _give_slots(gateway: Gateway, held: int) -> None:
    for _attempt in range(20 if held else 0):
        bucket = Bucket.objects.filter(host=gateway.host, kind="slots").first()
        if not bucket or _change(bucket, level=max(0, bucket.level - held), refilled_at=bucket.refilled_at):
            return


def _level(bucket: Bucket, limit: Allowance, now: datetime) -> float:
    elapsed = max(0.0, (now - bucket.refilled_at).total_seconds())
    return min(limit.capacity, bucket.level + elapsed * limit.rate)


def _bucket(host: str, kind: str, full: float, now: datetime) -> Bucket:
    return Bucket.objects.get_or_create(host=host, kind=kind, defaults={"level": full, "refilled_at": now})[0]


def _change(bucket: Bucket, *, level: float, refilled_at: datetime) -> bool:
    changed = Bucket.objects.filter(pk=bucket.pk, version=bucket.version).update(
        level=level, refilled_at=refilled_at, version=bucket.version + 1
    )
    return changed == 1
