"""Go and look: the asyncio side of a batch. Nothing here touches the database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.conf import settings

from tokens.gateways import relay
from tokens.gateways.records import Evidence
from tokens.health.judge import judge_relay
from tokens.health.verdicts import Judgement, Verdict
from tokens.network.client import Wire
from tokens.network.policy import AddressPolicy

LOOK_FOR = 20.0  # seconds: a batch that takes longer leaves the rest, so that ticks and alerts never wait long
GIVE_UP_AFTER = 8  # gateway-side failures in a row, none answered: no need to ask for every other key


def policy() -> AddressPolicy:
    return AddressPolicy(allow_private=settings.KEYWARD_ALLOW_PRIVATE_ADDRESSES)


def wire(*, concurrency: int = 8, total_timeout: float = 15.0) -> Wire:
    return Wire(policy(), concurrency=concurrency, total_timeout=total_timeout)


@dataclass(frozen=True, slots=True)
class Job:
    """One key to try; the key lives only as long as the batch."""

    token_id: int
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Look:
    token_id: int
    evidence: Evidence
    judgement: Judgement
    more: tuple[Evidence, ...] = ()  # asked afterwards, to find the reason


@dataclass(slots=True)
class Batch:
    """What a batch saw. Jobs that it did not come to (silence, a 429, no time left) are missing."""

    looks: list[Look] = field(default_factory=list)
    silent: int = 0  # gateway-side failures since the last answer
    limited: Evidence | None = None  # the first 429
    until: float = field(default_factory=lambda: time.monotonic() + LOOK_FOR)

    @property
    def stopped(self) -> bool:
        return self.limited is not None or self.silent >= GIVE_UP_AFTER or time.monotonic() > self.until

    def add(self, look: Look) -> None:
        self.looks.append(look)
        self.silent = self.silent + 1 if look.judgement.light == "gateway" else 0
        if look.judgement.verdict == Verdict.RATE_LIMITED and look.evidence.status == 429:
            self.limited = self.limited or look.evidence


def look_at_keys(base_url: str, jobs: Sequence[Job], *, concurrency: int) -> Batch:
    """Ask `GET /v1/models` with each key, at most `concurrency` at a time."""
    return asyncio.run(_look_at_keys(base_url, jobs, concurrency))


async def _look_at_keys(base_url: str, jobs: Sequence[Job], concurrency: int) -> Batch:
    batch, todo = Batch(), iter(jobs)

    async def worker(through: Wire) -> None:
        for job in todo:  # one iterator for all: each job is taken once
            if batch.stopped:
                return
            evidence = await relay.look_models(through, base_url, job.key)
            batch.add(Look(job.token_id, evidence, judge_relay(evidence)))

    async with wire(concurrency=concurrency) as through:
        await asyncio.gather(*(worker(through) for _ in range(min(concurrency, len(jobs)))))
    return batch


def look_at_usage(base_url: str, jobs: Sequence[Job]) -> dict[int, Look]:
    """Ask `GET /api/usage/token/` with each key, one after the other: a scarce call."""

    async def ask() -> dict[int, Look]:
        async with wire(concurrency=1) as through:
            seen = {job.token_id: await relay.look_usage(through, base_url, job.key) for job in jobs}
        return {pk: Look(pk, one, judge_relay(one, now=datetime.now(UTC))) for pk, one in seen.items()}

    return asyncio.run(ask())


def look_at_key(base_url: str, key: str) -> Look:
    """One live try, before a key is saved."""
    return look_at_keys(base_url, [Job(0, key)], concurrency=1).looks[0]


def knock(base_url: str) -> Look:
    """Is anybody there? `GET /v1/models` without a key: any answer of a gateway is a good one."""
    return asyncio.run(_knock(base_url))


async def _knock(base_url: str) -> Look:
    async with wire(concurrency=1) as through:
        evidence = await relay.look_gateway(through, base_url)
    judgement = judge_relay(evidence)
    if judgement.light != "gateway" and judgement.verdict != Verdict.INCONCLUSIVE:
        judgement = Judgement(Verdict.OK, "gateway")
    return Look(0, evidence, judgement)
