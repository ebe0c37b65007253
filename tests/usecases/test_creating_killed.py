"""Killed before or after any of its calls, a creation is resumed: one token, no orphan, no twin, no second POST."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from tests.factories import make_gateway
from tests.usecases.between import Between, Moment
from tests.usecases.conftest import Clock
from tests.usecases.making import asked, open_account
from tokens.models import Account, Creation, Token
from tokens.services import creating
from tokens.simulator import Simulator
from tokens.vault.keyring import ring

pytestmark = pytest.mark.django_db(transaction=True)
Step = Creation.Step
CALLS = ("list", "POST", "look", "get", "rename", "get", "reveal", "read back", "try")


def database_url() -> str:
    it: dict[str, Any] = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite://{it['NAME']}"
    return f"postgres://{it['USER']}:{it['PASSWORD']}@{it['HOST']}:{it['PORT']}/{it['NAME']}"


@pytest.fixture(scope="module")
def worker(django_db_setup: None) -> Iterator[Callable[[int], int]]:
    """run(pk) begins a creation in a process of its own and gives its id, for killing."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url(),
        "KEYWARD_KEYRING": ring().to_json(),
    }
    command = [sys.executable, "-m", "tests.usecases.child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as child:
        assert child.stdin
        assert child.stdout
        assert child.stdout.readline() == "ready\n"

        def run(pk: int) -> int:
            print(pk, file=child.stdin, flush=True)
            return int(child.stdout.readline())  # type: ignore[union-attr]

        yield run
        child.stdin.close()


@pytest.fixture
def between(simulator: Simulator) -> Iterator[Between]:
    with Between(simulator.url).running() as proxy:
        yield proxy


@pytest.fixture
def account(between: Between, simulator: Simulator, settings: Any) -> Account:
    settings.KEYWARD_ALLOW_PRIVATE_ADDRESSES = True
    return open_account(make_gateway(name="Relay", base_url=f"{between.url}/v1"), simulator)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.005)
    raise AssertionError(f"{pid} lives on")


def resume(creation: Creation, clock: Clock) -> Creation:
    """The ticks of the next half hour."""
    for _ in range(14):
        clock.forward(seconds=151)
        for pk in creating.claim_due(clock.now):
            creating.run(pk, clock)
        creation.refresh_from_db()
        if creation.is_over:
            break
    return creation


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 10), ids=[f"{n}-{name}" for n, name in enumerate(CALLS, 1)])
def test_killed_at_any_call_it_is_resumed_to_one_token(
    number: int,
    moment: Moment,
    account: Account,
    simulator: Simulator,
    between: Between,
    worker: Callable[[int], int],
    clock: Clock,
) -> None:
    creation = asked(account)
    between.hold(number, moment)
    pid = worker(creation.pk)
    assert between.held.wait(15), f"only {between.passed}"
    kill(pid)
    between.let_go()
    creation.refresh_from_db()
    assert not creation.is_over
    assert creating.claim_due(clock.now) == []  # the dead one's lease still holds

    resume(creation, clock)
    living = simulator.account("alice").living()
    posts = between.passed.count(("POST", "/api/token/"))
    if (CALLS[number - 1], moment) == ("POST", "before"):  # it never arrived, and nobody may send another
        assert (creation.step, posts, living) == (Step.FAILED, 0, [])
        assert Token.objects.count() == 0
        return
    assert creation.step == Step.DONE, creation.error
    assert posts == 1
    assert [remote.name for remote in living] == ["fraud-scoring-v3"]
    token = Token.objects.get()
    assert (token.remote_id, token.open_key(), token.state) == (living[0].id, f"sk-{living[0].key}", "healthy")
    assert all(row["same"] for row in creation.kept)


def test_a_creation_makes_nine_calls_and_no_more(account: Account, between: Between) -> None:
    assert creating.run(asked(account).pk).step == Step.DONE
    assert len(between.passed) == len(CALLS)
