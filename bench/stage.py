"""What every part stands on: an empty Keyward in a folder of its own, rows on the mock, real workers."""

from __future__ import annotations

import os
import secrets
import signal
import string
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

LETTERS = string.ascii_letters + string.digits
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")  # as `make run` starts its worker
LIFTED = {  # every limit of the governor, in the gateway's own fields
    "checks_per_minute": 60_000_000,
    "management_per_minute": 60_000_000,
    "key_fetches_per_20_minutes": 1_000_000,
}


@contextmanager
def folder() -> Iterator[Path]:
    """Settings, an empty database and a key ring in a folder that goes away. DATABASE_URL is honoured."""
    with tempfile.TemporaryDirectory(prefix="keyward-bench-") as name:
        os.environ |= {"KEYWARD_DATA_DIR": name, "KEYWARD_ALLOW_PRIVATE_ADDRESSES": "on", "KEYWARD_LOG_LEVEL": "error"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
        set_up()
        yield Path(name)


def set_up() -> None:
    import django
    from django.conf import settings

    django.setup()
    from django.core.management import call_command

    from tokens.vault.keyring import KeyRing

    if not settings.KEYWARD_KEYRING_FILE.exists():
        KeyRing.generate(settings.KEYWARD_KEYRING_FILE)
    call_command("migrate", verbosity=0)
    # What every page needs and `make run` makes.
    call_command("collectstatic", interactive=False, verbosity=0)


def make_gateway(url: str, now: datetime, **fields: Any) -> Any:
    from tokens.models import Gateway

    given = {"name": "Mock", "base_url": f"{url}/v1", "dialect": "new-api", "state": "healthy", "next_check_at": now}
    return Gateway.objects.create(**{**given, **LIFTED, **fields})


def make_account(gateway: Any, user: int, now: datetime) -> Any:
    from tokens.models import Account

    account = Account(gateway=gateway, name=f"account {user}", user_id=str(user), next_check_at=now)
    account.seal_access_token(secrets.token_hex(16))
    account.save()
    return account


def make_tokens(gateway: Any, remote_ids: Sequence[int], now: datetime | None, account: Any = None) -> None:
    """Rows that are due at `now`, each with a key of its own."""
    from tokens.models import Token

    rows = []
    for remote_id in remote_ids:
        row = Token(gateway=gateway, account=account, remote_id=remote_id, name=f"token-{remote_id}", next_check_at=now)
        row.seal_key("sk-" + "".join(secrets.choice(LETTERS) for _ in range(48)))
        row.search_text = f"{row.name} {row.hint}".lower()
        rows.append(row)
    Token.objects.bulk_create(rows, batch_size=500)


def remote_ids(user: int, count: int) -> list[int]:
    """The ids under which the mock lists the tokens of a user."""
    return [user * 100_000 + number for number in range(count)]


@contextmanager
def celery(role: str, *options: str, app: str = "dashboard") -> Iterator[subprocess.Popen[bytes]]:
    """A `celery worker` or `celery beat` in a process group of its own, stopped at the end."""
    line = [sys.executable, "-m", "celery", "--quiet", "--app", app, role, *options]
    process = subprocess.Popen(line, start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def children_of(pid: int) -> list[int]:
    """Its processes, whichever of its threads started them."""
    return [int(one) for path in Path(f"/proc/{pid}/task").glob("*/children") for one in path.read_text().split()]


def peak_mb(pid: int) -> float:
    """The most memory that a process ever held, in MB (VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def processor_seconds(pid: int) -> float:
    """What a process has used so far, its own and the system's for it."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def wait_until(true: Callable[[], bool], what: str, *, seconds: float = 90.0, every: float = 0.1) -> None:
    """Polls; raises TimeoutError naming `what`."""
    until = monotonic() + seconds
    while not true():
        if monotonic() > until:
            raise TimeoutError(f"Waited {seconds:.0f} s for {what}.")
        sleep(every)
