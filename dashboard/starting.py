"""What happens before the first process starts. Whatever is wrong becomes one sentence and an exit code."""

import contextlib
import errno
import fcntl
import hashlib
import http.client
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ValidationError
from django.core.management import call_command, get_commands
from django.db import Error

from dashboard import demo, first_run
from dashboard.env import Env
from dashboard.keys import KeysRefused, prepare_keys


class CannotStart(Exception):
    """Why Keyward does not start: one sentence for the person at the terminal, and an exit code (sysexits.h)."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


CONFIG, UNAVAILABLE, TEMPORARY = 78, 69, 75


@contextlib.contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Holds the data folder for one running Keyward. Raises CannotStart."""
    with open(data_dir / "lock", "w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(
                f"Keyward is already running from {data_dir}. Stop it first, or set another KEYWARD_DATA_DIR.",
                TEMPORARY,
            ) from None
        os.set_inheritable(file.fileno(), False)
        yield


def port_is_free(host: str, port: int) -> None:
    """Raises CannotStart if nothing could listen on `host` and `port`."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        raise CannotStart(port_sentence(host, port, error), UNAVAILABLE) from None


def port_sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. Stop it, or set KEYWARD_PORT to another port."
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}. Set KEYWARD_PORT to one above 1023."
    return f"Nothing can listen on {host}, port {port} ({error.strerror}). Check KEYWARD_HOST and KEYWARD_PORT."


def prepare(env: Env) -> list[str]:
    """Tables, keys, static files and the first person. Returns what to tell at the terminal. Raises CannotStart."""
    try:
        call_command("migrate", verbosity=0, interactive=False)
        prepare_keys()
        collect_static()
        said = first_person(env)
        if env.demo and "demo" in get_commands():
            call_command("demo")
        return said
    except KeysRefused as error:
        raise CannotStart(str(error), CONFIG) from None
    except Error as error:
        where = "DATABASE_URL names" if env.database_url else f"lies in {settings.DATA_DIR}"
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CannotStart(f"The database that {where} cannot be used: {reason}", UNAVAILABLE) from None


def first_person(env: Env) -> list[str]:
    """Makes the administrator from the environment, or a one-time code for the browser."""
    user, password = (demo.USER, demo.password(env.data_dir)) if env.demo else (env.admin_user, env.admin_password)
    try:
        if first_run.unattended(user, password, env.admin_email):
            return [f"The administrator {user} was made."]
    except ValidationError as error:
        raise CannotStart(f"KEYWARD_ADMIN_PASSWORD cannot be used: {' '.join(error.messages)}", CONFIG) from None
    if first_run.done():
        return []
    return [
        f"Nobody can sign in yet. Open {env.address}/first-run/ and type this one-time code: {first_run.make_code()}"
    ]


def collect_static() -> None:
    """Gathers the static files when one of them changed since the last time."""
    stamp = Path(settings.STATIC_ROOT) / ".stamp"
    now = static_state()
    if stamp.exists() and stamp.read_text(encoding="ascii") == now:
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(now, encoding="ascii")


def static_state() -> str:
    """A digest over name, size and time of every source file."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            about = os.stat(storage.path(path))
            digest.update(f"{path}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def answers(host: str, port: int) -> bool:
    """Whether the web server answers by now; it is asked under a name that is always allowed."""
    link = http.client.HTTPConnection({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port, timeout=1)  # noqa: S104
    with contextlib.closing(link), contextlib.suppress(OSError, http.client.HTTPException):
        link.request("GET", "/healthz", headers={"Host": "localhost"})
        return link.getresponse().status == http.HTTPStatus.OK
    return False
