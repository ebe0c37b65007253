"""docker-compose.yml: its commands and health checks, run as they stand against a real PostgreSQL and Redis."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboard.paths import BASE_DIR
from tests.platform.keyward import environ, wait_for_page
from tests.services import free_port, wait_until

SERVICES: dict[str, Any] = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
LASTING = ("web", "worker", "beat")


def here(command: list[str]) -> list[str]:
    """A container's command line with this Python in the place of the container's."""
    assert command[0] == "python"
    return [sys.executable, *command[1:]]


def healthy(service: str, given: dict[str, str]) -> bool:
    test = SERVICES[service]["healthcheck"]["test"]
    assert test[0] == "CMD"
    return subprocess.run(here(test[1:]), cwd=BASE_DIR, env=given, capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def started(service: str, given: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        process = subprocess.Popen(here(SERVICES[service]["command"]), cwd=BASE_DIR, env=given, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.mark.postgres
@pytest.mark.timeout(180)
def test_the_composed_parts_become_ready_together_and_stop(tmp_path: Path, postgres_url: str, redis_url: str) -> None:
    port = free_port()
    given = environ(tmp_path / "data", DATABASE_URL=postgres_url, CELERY_BROKER_URL=redis_url, KEYWARD_PORT=str(port))
    assert set(SERVICES["web"]["environment"]) == {"DATABASE_URL", "CELERY_BROKER_URL"}
    prepared = subprocess.run(
        here(SERVICES["prepare"]["command"]), cwd=BASE_DIR, env=given, capture_output=True, text=True
    )
    assert prepared.returncode == 0, prepared.stderr
    assert "one-time code" in prepared.stdout
    assert not list((tmp_path / "data").glob("*.sqlite3"))
    log = tmp_path / "log"
    with contextlib.ExitStack() as stack:
        parts = [stack.enter_context(started(name, given, log)) for name in LASTING]
        wait_for_page(port, "/readyz", seconds=60)
        for name in LASTING:
            wait_until(lambda name=name: healthy(name, given), f"{name} to be healthy")
        for process in parts:
            process.terminate()
        assert [process.wait(15) for process in parts] == [0, 0, 0], log.read_text()
    assert not healthy("web", given)


def test_every_lasting_part_has_a_health_check_and_fixed_versions() -> None:
    for name in (*LASTING, "postgres", "redis"):
        assert "healthcheck" in SERVICES[name], name
    assert (SERVICES["postgres"]["image"], SERVICES["redis"]["image"]) == ("postgres:15", "redis:7")


def test_the_image_runs_as_a_plain_user_without_build_tools() -> None:
    last = (BASE_DIR / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    assert "\nUSER keyward\n" in last
    assert "pip" not in last
    assert "apt-get" not in last
