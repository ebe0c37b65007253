"""A fresh clone's `make demo`: it serves a page with tokens to the sign-in it prints, and leaves no process behind.

Needs the standard library only: `python3 tests/smoke.py`.
"""

import contextlib
import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
INSTALLING, STARTING, STOPPING = 420, 60, 12  # seconds


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="keyward-smoke-") as folder:
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "--quiet", str(HERE), str(clone)], check=True)
        port, data = three_free_ports(), Path(folder, "data")
        first = demo(clone, data, port, INSTALLING)
        second = demo(clone, data, port, STARTING)
        print(f"First start with installation {first:.0f} s, second start {second:.1f} s")
        if second > 10:
            sys.exit("The second start took too long.")
    print("The demo serves its tokens and leaves nothing behind.")


def demo(clone: Path, data: Path, port: int, patience: float) -> float:
    """Starts it, signs in, sees tokens, stops it; the seconds until it answered."""
    with started(clone, data, port) as (process, log):
        before = time.monotonic()
        wait_until(lambda: answers(port) or process.poll() is not None, "the demo to answer", patience, log)
        if process.poll() is not None:
            sys.exit(f"make demo ended at once:\n{log.read_text()}")
        took = time.monotonic() - before
        wait_until(lambda: "Sign in as" in log.read_text(), "the sign-in to be printed", 30, log)
        see_tokens(port, *sign_in(log.read_text()))
        stop(process, data, log)
    return took


@contextlib.contextmanager
def started(clone: Path, data: Path, port: int) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    log = data.with_suffix(".log")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("KEYWARD_")}
    environ |= {"KEYWARD_DATA_DIR": str(data), "KEYWARD_PORT": str(port), "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["make", "demo"],
            cwd=clone,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield process, log
    finally:
        for pid in family(data):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def three_free_ports() -> int:
    """The first of three ports in a row that nobody uses: the dashboard's and its two gateways'."""
    for port in range(18000, 28000, 7):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for number in (port, port + 1, port + 2):
                stack.enter_context(socket.create_server(("127.0.0.1", number)))
            return port
    sys.exit("No three free ports in a row.")


def wait_until(true: object, what: str, seconds: float, log: Path) -> None:
    assert callable(true)
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            sys.exit(f"Waited {seconds:.0f} s for {what}.\n{log.read_text()}")
        time.sleep(0.2)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        return bool(urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).status == 200)
    return False


def sign_in(said: str) -> tuple[str, str]:
    found = re.search(r"Sign in as (\S+) with the password (\S+)", said)
    assert found, said
    return found[1], found[2]


def see_tokens(port: int, user: str, password: str) -> None:
    """Signs in as a browser would and finds tokens on the list."""
    base = f"http://127.0.0.1:{port}"
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(f"{base}/accounts/login/", timeout=10).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token, page
    form = {"csrfmiddlewaretoken": token[1], "login": user, "password": password}
    request = urllib.request.Request(
        f"{base}/accounts/login/", urllib.parse.urlencode(form).encode(), {"Referer": base}, method="POST"
    )
    browser.open(request, timeout=10).read()
    page = browser.open(f"{base}/tokens/", timeout=10).read().decode()
    rows = len(re.findall(r'href="/tokens/\d+/"', page))
    if not rows:
        sys.exit(f"No token on the page:\n{page}")
    print(f"Signed in as {user}; {rows} links to tokens on the first page.")


def stop(process: subprocess.Popen[bytes], data: Path, log: Path) -> None:
    """Ctrl-C, as a terminal sends it: to the whole foreground group."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(STOPPING)
    except subprocess.TimeoutExpired:
        sys.exit(f"It did not stop within {STOPPING} s:\n{log.read_text()}")
    if left := family(data):
        sys.exit(f"Processes were left behind: {left}")


def family(data: Path) -> list[int]:
    """The living processes whose environment names this data folder."""
    mark = f"KEYWARD_DATA_DIR={data}".encode()
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if belongs(pid, mark)]


def belongs(pid: int, mark: bytes) -> bool:
    try:
        about = Path("/proc", str(pid))
        return bool((about / "cmdline").read_bytes()) and mark in (about / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    main()
