"""Key checks a second through the real Celery path, beside the bare loop and beside one task a token.

    python -m bench.keys [--tokens 12000]

Honours DATABASE_URL and CELERY_BROKER_URL; without them SQLite and the queue in the data folder. The worker has one
process, as the bare loop has; its scheduler is the real one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from bench import aims, mock, stage

CONCURRENCY = 16
ROUNDS = 5  # of which the medians count, since a shared machine is noisy
PLAIN_TOKENS = 400  # for one task a token
WORKER = ("--pool", "prefork", "--concurrency", "1", *stage.QUIET)


async def bare(url: str, calls: int) -> float:
    """Calls a second of httpx over aiohttp alone: same concurrency, a header with a key, the body read as JSON."""
    todo = iter(range(calls))
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONCURRENCY))
    async with httpx.AsyncClient(transport=AiohttpTransport(client=session)) as client:

        async def work() -> None:
            for number in todo:
                answer = await client.get(f"{url}/v1/models", headers={"Authorization": f"Bearer sk-{number:048}"})
                answer.json()

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
        return calls / (time.perf_counter() - began)


@dataclass
class Batched:
    """Checks a second: of a first sweep, in which every token changes its state; of the next ones, in which none does;
    of the bare loop, run in turn with those. Claim, lease, decryption, verdict and storage are in a sweep."""

    first: float = 0.0
    sweeps: list[float] = field(default_factory=list)
    loops: list[float] = field(default_factory=list)
    worked: float = 0.0  # processor seconds of the worker's process in the sweeps
    looped: float = 0.0  # and of this one in the bare loops, for half as many calls
    peak: float = 0.0  # MB, of the worker's process

    @property
    def own_part(self) -> float:
        """The ratio that a worker would reach if it never waited for anything but the gateway."""
        return self.looped * 2 / self.worked


def batched(url: str, tokens: int) -> Batched:
    from tokens.models import Change

    found = Batched()
    with stage.celery("worker", *WORKER) as worker:
        stage.wait_until(answering, "the worker to take a task")
        with stage.celery("beat"):
            (child,) = stage.children_of(worker.pid)
            found.first = swept(tokens)
            Change.objects.update(processed_at=datetime.now(UTC))  # its outbox is not the next sweep's work
            for _ in range(ROUNDS):
                began = time.process_time()
                found.loops.append(asyncio.run(bare(url, tokens // 2)))
                found.looped += time.process_time() - began
                began = stage.processor_seconds(child)
                found.sweeps.append(swept(tokens))
                found.worked += stage.processor_seconds(child) - began
        found.peak = stage.peak_mb(child)
        return found


def swept(tokens: int) -> float:
    """Makes every token due and waits until each was looked at."""
    from tokens.models import Token
    from tokens.tasks import dispatch_checks

    now = datetime.now(UTC)
    Token.objects.update(next_check_at=now)
    began = time.perf_counter()
    dispatch_checks.delay()
    due = Token.objects.filter(next_check_at__lte=now)
    stage.wait_until(lambda: not due.exists(), "every token to be checked", every=0.1)
    return tokens / (time.perf_counter() - began)


def one_by_one(tokens: int) -> float:
    """Checks a second with one task a token, all of them sent beforehand."""
    from bench.one_by_one import check_one
    from tokens.models import Token

    ids = list(Token.objects.values_list("pk", flat=True)[:tokens])
    with stage.celery("worker", *WORKER, app="bench.one_by_one"):
        stage.wait_until(answering, "the worker to take a task")
        began = time.perf_counter()
        for pk in ids:
            check_one.delay(pk)
        stage.wait_until(lambda: looked() >= tokens, "every token to be checked", every=0.05)
        return tokens / (time.perf_counter() - began)


def answering() -> bool:
    """Whether a worker took the pulse task; asks again each time."""
    from tokens.models import Pulse
    from tokens.tasks import beat_pulse

    if Pulse.objects.filter(name="worker").exists():
        Pulse.objects.all().delete()
        return True
    beat_pulse.apply_async(expires=5)
    time.sleep(0.4)
    return False


def looked() -> int:
    from tokens.models import Token

    return Token.objects.filter(streak_looks__gt=0).count()


def seed(url: str, tokens: int) -> None:
    from tokens.models import Token

    Token.objects.all().delete()
    now = datetime.now(UTC)
    from tokens.models import Gateway

    gateway: Any = Gateway.objects.first() or stage.make_gateway(
        url, now, check_interval=86_400, concurrency=CONCURRENCY
    )
    stage.make_tokens(gateway, range(tokens), None)


def measure(tokens: int) -> None:
    where = "PostgreSQL + Redis" if os.environ.get("DATABASE_URL") else "SQLite + embedded queue"
    print(f"\n(a) key checks a second, one process, {CONCURRENCY} calls at once; {where}")
    with ExitStack() as stack:
        url = stack.enter_context(mock.running())
        stack.enter_context(stage.folder())
        aims.told("the mock's own ceiling", asyncio.run(mock.ceiling(url)), "/s")
        seed(url, PLAIN_TOKENS)
        plain = one_by_one(PLAIN_TOKENS)
        seed(url, tokens)
        found = batched(url, tokens)
        loop, rate = median(found.loops), median(found.sweeps)
        aims.told("bare httpx over aiohttp, no storage", loop, "/s")
        aims.told("one task a token", plain, "/s")
        aims.told("Keyward, first sweep (every token turns healthy)", found.first, "/s")
        aims.told("Keyward, next sweep (nothing new)", rate, "/s")
        aims.at_least("part of the bare loop", rate / loop, 0.7)
        aims.told("the same by the worker's own processor time, waiting left out", found.own_part)
        aims.at_least("times one task a token", rate / plain, 15)
        print("(d) memory")
        aims.at_most("peak of the worker after that sweep", found.peak, 200, " MB")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tokens", type=int, default=12_000)
    measure(options.parse_args().tokens)
    return 1 if aims.missed else 0


if __name__ == "__main__":
    sys.exit(main())
