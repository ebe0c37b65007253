"""`make bench`: every part in a process of its own, one after the other. Exits 1 when an aim was missed.

The parts (a) and (d) run twice: on SQLite with the embedded queue, and on a PostgreSQL and a Redis of their own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

from tests import services

PARTS = ("keys", "lists", "pages", "day")
KILLS = ("kill",), ("kill", "--children")


def run(part: str, *options: str, **environ: str) -> bool:
    line = [sys.executable, "-m", f"bench.{part}", *options]
    return subprocess.run(line, env=os.environ | environ, stdin=subprocess.DEVNULL, check=False).returncode == 0


def on_servers(*parts: str) -> list[bool]:
    with services.postgres() as database, services.redis() as queue:
        return [run(part, DATABASE_URL=database, CELERY_BROKER_URL=queue) for part in parts]


def main() -> int:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load {load}", flush=True)
    met = [run(PARTS[0]), *on_servers("keys"), *(run(part) for part in PARTS[1:])]
    print("\nKilled in the middle of a sweep", flush=True)
    met += [run(*one) for one in KILLS]
    print("\nEvery aim is met." if all(met) else "\nNot every aim is met: see MISSED above.")
    return 0 if all(met) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except services.Missing as error:
        sys.exit(str(error))
