"""Real servers for the tests: PostgreSQL, Redis and Chromium, from the PATH, else by apt where it may."""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path


class Missing(RuntimeError):
    """Something the tests need is not there; the text says what to install."""


def found(names: Sequence[str], folders: Sequence[str] = ()) -> str:
    """The first of the programs `names` on the PATH or in `folders` (patterns, newest first), or ""."""
    for name in names:
        if path := shutil.which(name):
            return path
        for pattern in folders:
            if places := sorted(Path("/").glob(f"{pattern.lstrip('/')}/{name}"), reverse=True):
                return str(places[0])
    return ""


def program(names: Sequence[str], package: str, folders: Sequence[str] = ()) -> str:
    """Where the program is; installed by apt if it is missing and we are root. Raises Missing."""
    if path := found(names, folders):
        return path
    if os.geteuid() == 0 and shutil.which("apt-get"):
        apt_install(package)
        if path := found(names, folders):
            return path
    raise Missing(f"The tests need {names[0]}. On Debian and Ubuntu: apt install {package}")


def apt_install(package: str) -> None:
    print(f"Installing {package} ...", flush=True)
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for line in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
        subprocess.run(["apt-get", *line], check=True, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def chromium() -> str:
    return program(["chromium", "chromium-browser", "google-chrome"], "chromium")


def postgres_program(name: str) -> str:
    return program([name], "postgresql", ["/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin"])


def redis_program() -> str:
    return program(["redis-server", "valkey-server"], "redis-server")


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def wait_until(true: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Polls; raises TimeoutError naming `what`."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {seconds:.0f} s for {what}.")
        time.sleep(0.05)


def plain_user() -> str | None:
    """PostgreSQL refuses root: the user to run it as instead, or None when we are not root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


@contextlib.contextmanager
def server(argv: Sequence[str], port: int, log: Path, user: str | None = None) -> Iterator[None]:
    """A server process for the length of the block; its output goes to `log`."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, user=user, cwd="/", preexec_fn=die_with_parent
        )
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, f"{argv[0]} to listen")
        if process.poll() is not None:
            raise RuntimeError(f"{argv[0]} ended at once:\n{log.read_text(errors='replace')}")
        yield
    finally:
        process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown; an ordinary stop for Redis
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def folder(user: str | None = None) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="keyward-service-"))
    if user:
        shutil.chown(path, user)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """An empty PostgreSQL of our own; yields its DATABASE_URL. Durability is off: it is gone afterwards anyway."""
    initdb, postgres = postgres_program("initdb"), postgres_program("postgres")
    user, port = plain_user(), free_port()
    with folder(user) as home:
        cluster = home / "cluster"
        line = [initdb, "-D", str(cluster), "-U", "keyward", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        subprocess.run(line, check=True, user=user, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(home),
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with server([postgres, "-D", str(cluster), "-p", str(port), *settings], port, home.with_suffix(".log"), user):
            url = f"postgresql://keyward@127.0.0.1:{port}/postgres"
            wait_until(lambda: accepts(url), "PostgreSQL to accept connections")
            yield url
    home.with_suffix(".log").unlink(missing_ok=True)


def accepts(url: str) -> bool:
    import psycopg

    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2):
        return True
    return False


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """An empty Redis of our own, in memory; yields its CELERY_BROKER_URL."""
    port = free_port()
    with folder() as home:
        line = [redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(home)]
        with server(line, port, home / "redis.log"):
            yield f"redis://127.0.0.1:{port}/0"
