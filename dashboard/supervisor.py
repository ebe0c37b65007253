"""Keeps a set of programs running in one foreground command, and leaves nothing behind when it ends.

Each child leads a process group of its own: Ctrl-C in the terminal reaches only the supervisor, and a whole family
can be ended at once. On Linux a child is told to stop when the supervisor itself is killed.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import TextIO

from dashboard.processes import Program

TICK = 0.2  # seconds between two looks at the children
GRACE = 8.0  # seconds a child has to stop by itself
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a restart; doubled while it keeps dying
LONG_LIFE = 60.0  # seconds after which a death counts as the first again
PR_SET_PDEATHSIG = 1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Set once by a signal; asked between two steps."""

    def __init__(self) -> None:
        self.asked = False

    def listen(self) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, self.hear)

    def hear(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


@dataclass
class Child:
    """One program and the process that runs it now."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restart_at: float = 0.0
    pause: float = FIRST_PAUSE

    def start(self, now: float) -> None:
        parent = os.getpid()
        self.process = subprocess.Popen(  # noqa: S603 (our own command lines)
            self.program.argv,
            env={**os.environ, **self.program.environ},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: die_with(parent),
        )
        self.started = now

    @property
    def dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def bury(self, now: float) -> str:
        """End what is left of a dead child's family, say how it died, and set the time of its restart."""
        assert self.process is not None  # noqa: S101 (a dead child had a process)
        code = self.process.returncode
        end_group(self.process.pid)
        self.process = None
        if now - self.started > LONG_LIFE:
            self.pause = FIRST_PAUSE
        self.restart_at = now + self.pause
        said = f"{self.program.name} ended ({how(code)}); starting it again in {self.pause:.0f} s."
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        return said


@dataclass
class Supervisor:
    """Runs the programs until `stop` is asked. Everything it says goes to `out`."""

    programs: Sequence[Program]
    stop: Stop
    out: TextIO = field(default_factory=lambda: sys.stdout)

    def __post_init__(self) -> None:
        self.children = [Child(program) for program in self.programs]

    def run(self, each_tick: Callable[[], None] = lambda: None) -> None:
        """Blocks until the stop; then every child and its family is gone, within ten seconds."""
        try:
            while not self.stop.asked:
                self.tend(time.monotonic())
                each_tick()
                time.sleep(TICK)
        finally:
            self.end()

    def tend(self, now: float) -> None:
        """One look at every child: bury the dead, start those whose time has come."""
        for child in self.children:
            if child.dead:
                self.say(child.bury(now))
            if child.process is None and now >= child.restart_at and not self.stop.asked:
                child.start(now)

    def end(self) -> None:
        """Ask all to stop, wait for them together, then end what remains of their groups."""
        living = [child.process for child in self.children if child.process is not None]
        for process in living:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + GRACE
        for process in living:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.05, deadline - time.monotonic()))
            end_group(process.pid)
            process.wait()

    def say(self, sentence: str) -> None:
        print(sentence, file=self.out, flush=True)


def die_with(parent: int) -> None:
    """In a child, before its program starts: stop when the supervisor is gone, even if it was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the call above
            os._exit(1)


def end_group(group: int) -> None:
    """Kill what is left of a process group, whose leader may be gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
