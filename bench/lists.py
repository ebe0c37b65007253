"""Verdicts a second from account lists, when nothing changed; the calls and the statements that they cost.

    python -m bench.lists

20 accounts of 1,000 tokens, six readings of each, which is an hour of theirs; the clock is wound forward between them.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from bench import aims, mock, stage

ACCOUNTS, TOKENS, READINGS = 20, 1000, 6
STEP = timedelta(seconds=661)  # an account's interval and its jitter


class Statements:
    """Counts what goes to the database."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.count += 1
        return execute(sql, params, many, context)


def read_all(now: datetime) -> int:
    from tokens.services import syncing

    return sum(syncing.sync_account(pk, lease, lambda: now) for pk, lease in syncing.claim_due(now))


def seed(url: str, now: datetime) -> None:
    gateway = stage.make_gateway(url, now)
    for user in range(1, ACCOUNTS + 1):
        account = stage.make_account(gateway, user, now)
        stage.make_tokens(gateway, stage.remote_ids(user, TOKENS), None, account)


def measure() -> None:
    with mock.running() as url, stage.folder():
        from django.db import connection

        noon = datetime.now(UTC).replace(hour=6, minute=0)  # no midnight in between
        seed(url, noon)
        read_all(noon)
        print(f"\n(b) verdicts from lists, nothing changed: {ACCOUNTS} accounts of {TOKENS} tokens, one process")
        aims.told("the mock's own ceiling, calls of one model list", asyncio.run(mock.ceiling(url)), "/s")
        before, statements = mock.counted(url), Statements()
        began, judged = time.perf_counter(), 0
        with connection.execute_wrapper(statements):
            for number in range(1, READINGS + 1):
                judged += read_all(noon + number * STEP)
        took = time.perf_counter() - began
        calls: Counter[str] = mock.counted(url) - before
        assert judged == ACCOUNTS * TOKENS * READINGS, judged
        aims.at_least("verdicts a second", judged / took, 4000)
        aims.at_most("calls for 100 tokens", calls.total() * 100 / judged, 1.05)
        aims.at_most("statements for 100 tokens", statements.count * 100 / judged, 2)


def main() -> int:
    measure()
    return 1 if aims.missed else 0


if __name__ == "__main__":
    sys.exit(main())
