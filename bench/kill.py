"""Kill the worker and the scheduler with SIGKILL in the middle of a sweep, and count: due, done, doubled, lost.

    python -m bench.kill [--tokens 2000] [--children]

With --children only processes of the worker's pool die. The worker then ends by itself (dashboard/celery.py) and is
started again, as `make run` would.

Uses a data folder of its own, the embedded queue (which loses messages when its reader is killed) and a simulator in
this process. Honours DATABASE_URL and CELERY_BROKER_URL. "Doubled" counts verdicts stored twice; a key that was asked
again because its first batch died before it could store anything is counted apart.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.stage import QUIET, children_of

DEADLINE = 420.0  # seconds for everything
KILLS_AT = (0.1, 0.35, 0.6)  # of the sweep, the worker; the scheduler dies at the second


@dataclass
class Tally:
    """What the sweep came to."""

    due: int
    done: int
    doubled: int
    lost: int
    asked_again: int
    kills: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"due {self.due}, done {self.done}, doubled {self.doubled}, lost {self.lost}; "
            f"{self.kills} kills, {self.asked_again} keys asked again, {self.seconds:.0f} s"
        )


@dataclass
class Crew:
    """The worker and the scheduler, each in a process group that can be killed whole."""

    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    kills: int = 0
    started: float = field(default_factory=time.monotonic)

    def start(self, name: str) -> None:
        options = ["--pool", "prefork", "--concurrency", "2", *QUIET] if name == "worker" else []
        line = [sys.executable, "-m", "celery", "--quiet", "--app", "dashboard", name, *options]
        self.running[name] = subprocess.Popen(
            line, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self, name: str) -> None:
        os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait()
        self.kills += 1
        self.start(name)

    def kill_child(self) -> None:
        """One process of the worker's pool; a batch that it had in hand falls due again when its lease ends."""
        self.wait_until(lambda: bool(children_of(self.running["worker"].pid)))  # the last one may just be replaced
        os.kill(children_of(self.running["worker"].pid)[0], signal.SIGKILL)
        self.kills += 1

    def wait_until(self, true: Callable[[], bool]) -> None:
        """Until it is true or the deadline is past; who dies meanwhile is started again."""
        while not true() and time.monotonic() - self.started < DEADLINE:
            for name, process in list(self.running.items()):
                if process.poll() is not None:
                    self.start(name)
            time.sleep(0.02)

    def stop(self) -> None:
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def sweep(tokens: int, *, children: bool = False) -> Tally:
    """One sweep of `tokens` keys with the kills in it. Django must be set up and migrated."""
    from tokens.simulator import Simulator

    simulator = Simulator()
    with simulator.running():
        simulator.latency_ms = 5
        seed(simulator, tokens)
        crew = Crew()
        for name in ("worker", "beat"):
            crew.start(name)
        try:
            follow(crew, tokens, children)
        finally:
            crew.stop()
        return tally(simulator, tokens, crew.kills, time.monotonic() - crew.started)


def seed(simulator: Any, tokens: int) -> None:
    from django.utils import timezone

    from tokens.models import Gateway, Token

    now = timezone.now()
    gateway = Gateway.objects.create(
        name="Simulated",
        base_url=f"{simulator.url}/v1",
        dialect="new-api",
        check_interval=86_400,  # nothing falls due a second time by itself
        checks_per_minute=600_000,
        next_check_at=now,
        state="healthy",
    )
    account = simulator.add_account("load")
    rows = []
    for number in range(tokens):
        remote = simulator.add_token(account, f"t{number}", unlimited=True)
        token = Token(gateway=gateway, name=remote.name, next_check_at=now)
        token.seal_key("sk-" + remote.key)
        rows.append(token)
    Token.objects.bulk_create(rows, batch_size=500)


def follow(crew: Crew, tokens: int, children: bool) -> None:
    """Kill at the chosen parts of the sweep, then wait until every token has its verdict."""
    for part in KILLS_AT:
        crew.wait_until(lambda part=part: looked() >= tokens * part)  # type: ignore[misc]
        if children:
            crew.kill_child()
            continue
        crew.kill("worker")
        if part == KILLS_AT[1]:
            crew.kill("beat")
    crew.wait_until(lambda: looked() >= tokens)


def looked() -> int:
    from tokens.models import Token

    return Token.objects.filter(streak_looks__gt=0).count()


def tally(simulator: Any, tokens: int, kills: int, seconds: float) -> Tally:
    from django.db.models import Sum

    from tokens.models import Streak, Token

    stored = Token.objects.aggregate(n=Sum("streak_looks"))["n"] or 0
    stored += Streak.objects.filter(light="token").aggregate(n=Sum("looks"))["n"] or 0
    done = looked()
    asked = Counter(path for method, path, status in simulator.requests if path == "/v1/models")["/v1/models"]
    return Tally(tokens, done, stored - done, tokens - done, max(0, asked - stored), kills, seconds)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tokens", type=int, default=2000)
    options.add_argument("--children", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="keyward-kill-") as folder:
        prepare(Path(folder))
        print(result := sweep(chosen.tokens, children=chosen.children))
    return 0 if result.lost == result.doubled == 0 else 1


def prepare(folder: Path) -> None:
    """Settings, an empty database and a key ring in a folder of their own."""
    os.environ |= {"KEYWARD_DATA_DIR": str(folder), "KEYWARD_ALLOW_PRIVATE_ADDRESSES": "on"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
    import django
    from django.conf import settings

    django.setup()
    from django.core.management import call_command

    from tokens.vault.keyring import KeyRing

    if not settings.KEYWARD_KEYRING_FILE.exists():
        KeyRing.generate(settings.KEYWARD_KEYRING_FILE)
    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
