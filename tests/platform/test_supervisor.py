"""The supervisor: the dead come back, the stop leaves nobody, and nobody outlives it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.paths import BASE_DIR
from dashboard.supervisor import FIRST_PAUSE, LONG_LIFE, Child, Supervisor
from dashboard.supervisor import Stop as RealStop
from tests.services import wait_until

KEEP = """
import sys
from dashboard.processes import Program
from dashboard.supervisor import Stop, Supervisor
stop = Stop()
stop.listen()
Supervisor([Program(f"child {n}", (sys.executable, "-c", code)) for n, code in enumerate(sys.argv[1:])], stop).run()
"""
# Each child writes its own process id into the folder, the family its child's as well.
REPORT = "import os, time, signal, subprocess, sys; open('{folder}/{name}.' + str(os.getpid()), 'w').close();"
SLEEPER = REPORT + "time.sleep(600)"
STUBBORN = REPORT.replace(";", "; signal.signal(signal.SIGTERM, signal.SIG_IGN);", 1) + "time.sleep(600)"
FAMILY = REPORT + "subprocess.Popen([sys.executable, '-c', {inner!r}]); time.sleep(600)"

Keep = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Keep]:
    """Starts a supervisor over children with this code; `{folder}` in it is the test's folder."""
    started: list[subprocess.Popen[str]] = []

    def start(**codes: str) -> subprocess.Popen[str]:
        lines = [filled(code, tmp_path, name) for name, code in codes.items()]
        argv = [sys.executable, "-c", KEEP, *lines]
        started.append(subprocess.Popen(argv, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
    for pid in pids(tmp_path):
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def filled(code: str, folder: Path, name: str) -> str:
    inner = SLEEPER.format(folder=folder, name="grandchild")
    return code.format(folder=folder, name=name, inner=inner)


def pids(folder: Path, name: str = "*") -> list[int]:
    return [int(path.suffix[1:]) for path in folder.glob(f"{name}.*")]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_child_that_died_is_started_again_and_said(keep: Keep, tmp_path: Path) -> None:
    process = keep(one=SLEEPER, two=SLEEPER)
    wait_until(lambda: len(pids(tmp_path)) == 2, "both children")
    (first,) = pids(tmp_path, "one")
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: len(pids(tmp_path, "one")) == 2, "the child to come back")
    assert len(pids(tmp_path, "two")) == 1
    process.terminate()
    said, _ = process.communicate(timeout=10)
    assert "child 0 ended (signal SIGKILL); starting it again in 1 s." in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_ends_the_whole_family_within_ten_seconds(keep: Keep, tmp_path: Path, number: signal.Signals) -> None:
    process = keep(one=FAMILY, two=SLEEPER)
    wait_until(lambda: len(pids(tmp_path)) == 3, "the family")
    before = time.monotonic()
    process.send_signal(number)
    assert process.wait(10) == 0
    assert time.monotonic() - before < 10
    wait_until(lambda: not any(map(alive, pids(tmp_path))), "nobody to be left", 2)


def test_a_child_that_will_not_stop_is_ended(keep: Keep, tmp_path: Path) -> None:
    process = keep(one=STUBBORN)
    wait_until(lambda: len(pids(tmp_path)) == 1, "the child")
    before = time.monotonic()
    process.terminate()
    assert process.wait(10) == 0
    assert time.monotonic() - before < 10
    assert not any(map(alive, pids(tmp_path)))


def test_what_a_dead_child_left_behind_is_ended_before_its_restart(keep: Keep, tmp_path: Path) -> None:
    keep(one=FAMILY)
    wait_until(lambda: len(pids(tmp_path, "grandchild")) == 1, "the grandchild")
    (grandchild,) = pids(tmp_path, "grandchild")
    os.kill(pids(tmp_path, "one")[0], signal.SIGKILL)
    wait_until(lambda: not alive(grandchild), "the grandchild to be ended")


@pytest.mark.skipif(sys.platform != "linux", reason="a child hears of its parent's death on Linux only")
def test_nobody_outlives_a_supervisor_that_was_killed(keep: Keep, tmp_path: Path) -> None:
    process = keep(one=SLEEPER, two=SLEEPER)
    wait_until(lambda: len(pids(tmp_path)) == 2, "both children")
    process.kill()
    wait_until(lambda: not any(map(alive, pids(tmp_path))), "the children to end", 5)


def test_the_pause_grows_while_a_child_keeps_dying_and_is_forgotten_after_a_long_life() -> None:
    from dashboard.processes import Program

    child = Child(Program("short", (sys.executable, "-c", "")))
    supervisor = Supervisor([], RealStop())
    supervisor.children = [child]
    pauses, now = [], 0.0
    for _ in range(7):
        child.start(now)
        assert child.process is not None
        child.process.wait()
        child.bury(now)
        pauses.append(child.restart_at - now)
        now = child.restart_at
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    child.start(now)
    assert child.process is not None
    child.process.wait()
    child.bury(now + LONG_LIFE + 1)
    assert child.restart_at == now + LONG_LIFE + 1 + FIRST_PAUSE
