"""Rows that a day of unchanged looks writes: 1,000 tokens, list and key every ten minutes, the clock wound forward.

python -m bench.day
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bench import aims, mock, stage

TOKENS = 1000
EVERY = timedelta(minutes=10)
TICKS = 144


def look(gateway: Any, reading: Any, seen: Any, now: datetime) -> int:
    """Everything is due: the account's list, then every key. Returns the looks that were stored."""
    from tokens.models import Account, Token
    from tokens.services import checking, syncing
    from tokens.services.looking import Batch

    Account.objects.update(next_check_at=now)
    Token.objects.update(next_check_at=now)
    stored = sum(syncing.store(pk, lease, reading, now) for pk, lease in syncing.claim_due(now))
    for order in checking.claim_due(now):
        batch = Batch(looks=[replace(seen, token_id=pk) for pk in order.ids])
        stored += checking.conclude(gateway, batch, order.lease_token, now)
    return stored


def rows() -> int:
    """Rows of every table of the domain, the tokens' own aside."""
    from django.apps import apps

    from tokens.models import Token

    return sum(
        model._default_manager.count() for model in apps.get_app_config("tokens").get_models() if model is not Token
    )


def measure() -> None:
    with mock.running() as url, stage.folder():
        from tokens.services import looking, syncing

        now = datetime.now(UTC).replace(hour=12, minute=0, second=0)
        gateway = stage.make_gateway(url, now)
        account = stage.make_account(gateway, 1, now)
        stage.make_tokens(gateway, stage.remote_ids(1, TOKENS), now, account)
        reading = syncing.read(account, calls=100, now=now)
        seen = looking.look_at_key(gateway.base_url, "sk-bench")
        look(gateway, reading, seen, now)  # the first looks: from new to healthy
        before = rows()
        looks = sum(look(gateway, reading, seen, now + tick * EVERY) for tick in range(1, TICKS + 1))
        print(f"\n(e) rows written by a day of {looks:,} unchanged looks at {TOKENS:,} tokens, midnight in it")
        assert looks == 2 * TOKENS * TICKS, looks
        aims.at_most("rows a token", (rows() - before) / TOKENS, 2)


def main() -> int:
    measure()
    return 1 if aims.missed else 0


if __name__ == "__main__":
    sys.exit(main())
