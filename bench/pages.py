"""Server time of the overview and the list at 20,000 tokens: the real middleware, a signed-in person.

python -m bench.pages [--tokens 20000]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any

from bench import aims, stage

ROUNDS = 60
PAGES = {  # path, and the words for it
    "/": "overview",
    "/tokens/": "list, worst first",
    "/tokens/?view=failing": "list, failing",
    "/tokens/?q=token-12": "list, search",
    "/tokens/?sort=expiry": "list, next expiry first",
    "next": "list, every following page",
}
STATES = ("healthy",) * 90 + ("degraded",) * 4 + ("failing",) * 4 + ("new", "paused")
VERDICTS = {"healthy": "ok", "degraded": "quota_low", "failing": "disabled", "new": "", "paused": "ok"}


def seed(tokens: int) -> None:
    """Tokens in every state with a day of looks each, a month of streaks for some, changes and incidents."""
    from tokens.models import Change, Incident, Streak, Token

    now, dice = datetime.now(UTC), random.Random(4)
    gateways = [stage.make_gateway(f"http://127.0.0.1:{9000 + n}", now, name=f"Gateway {n}") for n in range(3)]
    accounts = [stage.make_account(gateways[user % 3], user, now) for user in range(1, 21)]
    for account in accounts:
        ids = stage.remote_ids(int(account.user_id), tokens // len(accounts))
        stage.make_tokens(account.gateway, ids, now + timedelta(hours=1), account)
    rows = list(Token.objects.all())
    for row in rows:
        _furnish(row, dice, now)
    fields = (
        "state rank verdict looks streak_verdict streak_looks streak_rung streak_first_at streak_last_at latency_ms "
        "checked_at state_since verdict_since unlimited used_units remain_units expires_at group evidence"
    )
    from django.db import transaction

    from tokens.models.bulk import write

    with transaction.atomic():
        write(rows, fields.split())
    Streak.objects.bulk_create([_streak(row, day, now) for row in rows[:2000] for day in range(30)], batch_size=1000)
    Streak.objects.bulk_create([_streak(gateway, day, now) for gateway in gateways for day in range(30)])
    failing = [row for row in rows if row.state == "failing"]
    told: dict[str, Any] = {"light": "token", "verdict": "disabled"}
    Incident.objects.bulk_create(
        Incident(token=row, gateway_id=row.gateway_id, subject_name=row.name, started_at=now, opened_at=now, **told)
        for row in failing
    )
    turned = {"old_state": "healthy", "new_state": "failing", "since": now, "at": now, "processed_at": now}
    Change.objects.bulk_create(Change(token=row, gateway_id=row.gateway_id, **told, **turned) for row in failing)


def _furnish(row: Any, dice: random.Random, now: datetime) -> None:
    from tokens.models.token import RANK

    row.state = dice.choice(STATES)
    row.rank, row.verdict = RANK[row.state], VERDICTS[row.state]
    stamp = int(now.timestamp())
    row.looks = [[stamp - 600 * (60 - n), dice.randrange(80, 400), row.verdict or "ok", 200] for n in range(60)]
    row.streak_verdict, row.streak_looks, row.streak_rung = row.verdict, 60, "models"
    row.streak_first_at, row.streak_last_at = now - timedelta(hours=6), now
    row.latency_ms, row.checked_at = dice.randrange(80, 400), now - timedelta(seconds=dice.randrange(600))
    row.state_since = row.verdict_since = now - timedelta(days=dice.randrange(90))
    row.unlimited, row.used_units = dice.random() < 0.4, dice.randrange(5_000_000)
    row.remain_units, row.group = dice.randrange(5_000_000), dice.choice(("default", "vip"))
    row.expires_at = now + timedelta(days=dice.randrange(1, 400)) if dice.random() < 0.3 else None
    row.evidence = [{"rung": "models", "asked": "GET /v1/models", "status": 200, "latency_ms": 120}]


def _streak(row: Any, day: int, now: datetime) -> Any:
    from tokens.models import Streak
    from tokens.services.recording import light_of

    at = now - timedelta(days=day + 1)
    spans = {"first_at": at, "last_at": at, "looks": 144, "ms_min": 80, "ms_max": 300, "ms_sum": 20_000}
    return Streak(light=light_of(row), subject_id=row.pk, day=at.date(), rung="models", verdict="ok", **spans)


def signed_in() -> Any:
    from django.conf import settings
    from django.test import Client

    from tokens.models import User

    person = User.objects.create_superuser("bench", "bench@example.com", "a long enough phrase")
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def timed(client: Any, path: str, rounds: int) -> tuple[list[float], float]:
    """Milliseconds of each request, and statements of one."""
    from django.db import connection

    from bench.lists import Statements

    statements, spans = Statements(), []
    with connection.execute_wrapper(statements):
        for _ in range(rounds):
            began = time.perf_counter()
            answer = client.get(path)
            spans.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, (path, answer.status_code)
    return spans, statements.count / rounds


def walked(client: Any, rounds: int) -> tuple[list[float], float]:
    """One list page after the other, as somebody who turns pages."""
    from django.utils import timezone

    from tokens.services import listing
    from tokens.services.listing import Wanted

    wanted, spans, counts = Wanted(), [], []
    for _ in range(rounds):
        page = listing.page(wanted, timezone.now())
        wanted = Wanted(after=page.following)
        span, count = timed(client, f"/tokens/?{wanted.query(after=page.following)}", 1)
        spans += span
        counts.append(count)
    return spans, sum(counts) / rounds


def measure(tokens: int) -> None:
    with stage.folder():
        from django.conf import settings

        settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
        seed(tokens)
        client = signed_in()
        print(f"\n(c) server time of pages at {tokens:,} tokens")
        for path, name in PAGES.items():
            timed(client, path if path != "next" else "/tokens/", 3)  # templates are compiled once
            spans, statements = walked(client, ROUNDS) if path == "next" else timed(client, path, ROUNDS)
            aims.at_most(
                f"{name} ({statements:.0f} statements, median {_at(spans, 50):.0f} ms), 95 %", _at(spans, 95), 50, " ms"
            )


def _at(spans: Sequence[float], percent: int) -> float:
    return quantiles(spans, n=100, method="inclusive")[percent - 1]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tokens", type=int, default=20_000)
    measure(options.parse_args().tokens)
    return 1 if aims.missed else 0


if __name__ == "__main__":
    sys.exit(main())
