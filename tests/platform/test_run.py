"""`manage.py run`, the real one: it comes up whole, says what is wrong in one sentence, and leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from dashboard import files
from dashboard.paths import BASE_DIR
from tests.platform.keyward import environ, family, manage, running, wait_for_page
from tests.services import free_port, wait_until

# Each of these starts several processes.
pytestmark = pytest.mark.timeout(180)


def test_one_command_brings_up_everything_and_a_stop_leaves_nothing(tmp_path: Path) -> None:
    port, data, log = free_port(), tmp_path / "data", tmp_path / "log"
    with running(data, log, KEYWARD_PORT=str(port)) as process:
        ready = json.loads(wait_for_page(port, "/readyz"))
        assert set(ready["parts"].values()) == {"ok"}
        assert "Make the administrator" in wait_for_page(port, "/")
        assert f"Keyward is ready at http://127.0.0.1:{port}" in log.read_text()
        assert "one-time code" in log.read_text()
        # Nothing that holds a secret is open to other users of the machine.
        for path in (path for path in data.rglob("*") if "static" not in path.parts):
            assert path.stat().st_mode & 0o077 == 0, path

        # One process of the pool: it may hold the pool's lock for ever, so the whole worker is started again.
        before = set(family(data, "worker"))
        os.kill(max(before), signal.SIGKILL)
        wait_until(
            lambda before=before: before.isdisjoint(now := family(data, "worker")) and len(now) == len(before),
            "a new worker",
            30,
        )

        for part in ("worker", "beat", "granian"):
            before = set(family(data, part))
            os.kill(min(before), signal.SIGKILL)
            wait_until(lambda part=part, before=before: set(family(data, part)) - before, f"{part} again", 20)
        wait_for_page(port, "/healthz")

        stopped = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert time.monotonic() - stopped < 10
        assert family(data) == []
    with running(data, log, KEYWARD_PORT=str(port)):
        wait_for_page(port, "/healthz")


def test_the_environment_makes_the_administrator_and_nobody_is_asked_for_a_code(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    given = {"KEYWARD_ADMIN_USER": "ops", "KEYWARD_ADMIN_PASSWORD": "a long enough phrase"}
    with running(tmp_path / "data", log, KEYWARD_PORT=str(port), **given):
        assert "Make the administrator" not in wait_for_page(port, "/accounts/login/")
        wait_until(lambda: "Ctrl-C stops it." in log.read_text(), "the welcome")
    assert "The administrator ops was made." in log.read_text()
    assert "one-time code" not in log.read_text()
    assert "a long enough phrase" not in log.read_text()


def refused(tmp_path: Path, **given: str) -> tuple[int, str]:
    """Exit code and words of a start that must fail at once."""
    done = manage(tmp_path / "data", "run", **given)
    assert done.stderr.count("\n") == 1, done.stderr
    return done.returncode, done.stderr


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = refused(tmp_path, KEYWARD_PORT=str(port))
    assert code == 69
    assert said.startswith(f"Keyward cannot start. Port {port} on 127.0.0.1 is taken by another program.")


def test_a_data_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    code, said = refused(tmp_path)
    assert code == 78
    assert said.startswith(f"Keyward cannot start. The data folder {tmp_path / 'data'} cannot be written to")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of somebody else")
@pytest.mark.parametrize("name", ["secret_key", "queue", "static", "keyward.sqlite3"])
def test_what_belongs_to_somebody_else_in_the_data_folder_is_named(name: str) -> None:
    with tempfile.TemporaryDirectory() as made:  # tmp_path lies where only root may go
        folder = Path(made)
        folder.chmod(0o777)
        theirs = folder / name
        theirs.mkdir(mode=0o700) if name in ("queue", "static") else theirs.touch(mode=0o600)
        assert files.prepare(folder) == folder
        os.seteuid(65534)
        try:
            with pytest.raises(files.DataFolderError, match=f"{theirs} cannot be used: it belongs to another user."):
                files.prepare(folder)
        finally:
            os.seteuid(0)


def test_a_setting_that_makes_no_sense_is_one_sentence(tmp_path: Path) -> None:
    assert refused(tmp_path, KEYWARD_PORT="http") == (
        78,
        "Keyward cannot start. KEYWARD_PORT cannot be “http”: expected a whole number from 1 to 65535.\n",
    )


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    code, said = refused(tmp_path, KEYWARD_PORT=str(free_port()), DATABASE_URL="postgresql://u:hunter2@127.0.0.1:1/x")
    assert code == 69
    assert said.startswith("Keyward cannot start. The database that DATABASE_URL names cannot be used")
    assert "hunter2" not in said


def test_a_weak_administrator_password_is_one_sentence(tmp_path: Path) -> None:
    given = {"KEYWARD_ADMIN_USER": "ops", "KEYWARD_ADMIN_PASSWORD": "12345678"}
    code, said = refused(tmp_path, KEYWARD_PORT=str(free_port()), **given)
    assert code == 78
    assert said.startswith("Keyward cannot start. KEYWARD_ADMIN_PASSWORD cannot be used: This password is too common.")


def test_a_wrong_or_lost_encryption_key_stops_the_start_and_changes_nothing(tmp_path: Path) -> None:
    data, port = tmp_path / "data", str(free_port())
    assert manage(data, "prepare").returncode == 0
    ring = data / "keyring.json"
    right = ring.read_text()

    ring.unlink()
    code, said = refused(tmp_path, KEYWARD_PORT=port)
    assert code == 78
    assert "There is no key ring at" in said
    assert not ring.exists()

    assert manage(tmp_path / "other", "prepare").returncode == 0
    ring.write_text((tmp_path / "other" / "keyring.json").read_text())
    code, said = refused(tmp_path, KEYWARD_PORT=port)
    assert code == 78
    assert "The encryption key is not the one that this database was written with" in said

    ring.write_text("{")
    assert "damaged" in refused(tmp_path, KEYWARD_PORT=port)[1]
    ring.write_text(right)
    assert manage(data, "prepare").returncode == 0


def test_two_at_once_from_one_folder_are_refused(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    with running(tmp_path / "data", log, KEYWARD_PORT=str(port)):
        wait_for_page(port, "/healthz")
        code, said = refused(tmp_path, KEYWARD_PORT=str(free_port()))
    assert code == 75
    assert said.startswith(f"Keyward cannot start. Keyward is already running from {tmp_path / 'data'}.")


def test_a_python_without_venv_is_told_what_to_install(tmp_path: Path) -> None:
    bare = tmp_path / "python3"
    bare.write_text('#!/bin/sh\ncase "$2" in *venv*) exit 1;; esac\n')
    bare.chmod(0o755)
    line = ["bash", "tools/venv.sh", str(bare), str(tmp_path / "venv")]
    given = environ(tmp_path, PATH="/usr/bin:/bin")
    done = subprocess.run(line, cwd=BASE_DIR, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
