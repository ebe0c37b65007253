"""Starts the real program as a person would, in a data folder of its own, for the tests of this folder."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dashboard.paths import BASE_DIR
from tests.run import clean_environ
from tests.services import wait_until


def environ(data_dir: Path, **given: str) -> dict[str, str]:
    return clean_environ() | {"KEYWARD_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"} | given


def manage(data_dir: Path, *line: str, **given: str) -> subprocess.CompletedProcess[str]:
    """`manage.py LINE`, to its end (at most a minute)."""
    argv = [sys.executable, "manage.py", *line]
    return subprocess.run(
        argv, cwd=BASE_DIR, env=environ(data_dir, **given), capture_output=True, text=True, timeout=60, check=False
    )


def ask_settings(data_dir: Path, names: list[str], **given: str) -> list[Any]:
    """Values of Django settings in a process of their own."""
    code = f"import json; from dashboard import settings; print(json.dumps([getattr(settings, n) for n in {names}]))"
    argv = [sys.executable, "-c", code]
    done = subprocess.run(
        argv, cwd=BASE_DIR, env=environ(data_dir, **given), capture_output=True, text=True, check=True
    )
    answer: list[Any] = json.loads(done.stdout)
    return answer


@contextlib.contextmanager
def running(data_dir: Path, log: Path, **given: str) -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py run` in the background; whatever the test does, nothing of it is left."""
    with log.open("wb") as out:
        argv = [sys.executable, "manage.py", "run"]
        process = subprocess.Popen(argv, cwd=BASE_DIR, env=environ(data_dir, **given), stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        for pid in family(data_dir):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def family(data_dir: Path, word: str = "") -> list[int]:
    """The living processes that work in `data_dir`, which their environment names; with `word` in the command line."""
    mark = f"KEYWARD_DATA_DIR={data_dir}".encode()
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if belongs(pid, mark, word.encode())]


def belongs(pid: int, mark: bytes, word: bytes) -> bool:
    try:
        about = Path(f"/proc/{pid}")
        words = (about / "cmdline").read_bytes().split(b"\0")
        return any(words) and (not word or word in words) and mark in (about / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def ask(port: int, path: str) -> tuple[int, str]:
    """Status and body of a page; 0 while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def wait_for_page(port: int, path: str, status: int = 200, seconds: float = 40) -> str:
    wait_until(lambda: ask(port, path)[0] == status, f"{path} to answer {status}", seconds)
    return ask(port, path)[1]
