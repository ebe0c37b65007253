"""Workers and the scheduler die in the middle of a sweep: every token that was due is looked at, and stored once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
TOKENS = 2000


@contextmanager
def own_database(url: str) -> Iterator[str]:
    """A database beside the tests' own one, for as long as the sweep takes."""
    name = "keyward_killing"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def places() -> Iterator[dict[str, str]]:
    """Where the sweep's rows and messages go: SQLite and folders, or PostgreSQL and Redis in the second pass."""
    if not (database := os.environ.get("DATABASE_URL", "")):
        yield {}
        return
    with own_database(database) as url:
        yield {"DATABASE_URL": url, "CELERY_BROKER_URL": os.environ["CELERY_BROKER_URL"].rsplit("/", 1)[0] + "/9"}


@pytest.mark.django_db  # chosen in both passes: on SQLite with the folder queue, and on PostgreSQL with Redis
@pytest.mark.timeout(500)
@pytest.mark.parametrize(
    ("victims", "deaths"), [((), 4), (("--children",), 3)], ids=["whole", "one process of the pool"]
)
def test_killed_workers_lose_nothing_and_double_nothing(
    victims: tuple[str, ...], deaths: int, places: dict[str, str]
) -> None:
    """The worker three times and the scheduler once; or three processes of the worker's pool."""
    line = [sys.executable, "-m", "bench.kill", "--tokens", str(TOKENS), *victims]
    ran = subprocess.run(
        line, env=os.environ | places, cwd=ROOT, capture_output=True, text=True, timeout=480, check=False
    )
    counted = re.search(r"due (\d+), done (\d+), doubled (\d+), lost (\d+); (\d+) kills", ran.stdout)
    assert counted, ran.stderr[-2000:]
    due, done, doubled, lost, kills = map(int, counted.groups())
    assert (due, done, doubled, lost) == (TOKENS, TOKENS, 0, 0)
    assert kills == deaths
