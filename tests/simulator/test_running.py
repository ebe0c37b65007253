"""A simulator starts and stops cleanly, counts its calls, speaks with either brand, and keeps its state in a file."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.conftest import Client
from tokens.simulator import Account, Limit, Limits, Simulator, Token

ClientOf = Callable[[Simulator], Client]
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}


def simulator_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "simulator"]


def test_it_stops_when_its_block_ends_and_leaves_no_thread() -> None:
    sim = Simulator()
    with sim.running():
        port = sim.port
        assert len(simulator_threads()) == 1
    assert simulator_threads() == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_it_stops_at_once_though_a_call_hangs(client_of: ClientOf) -> None:
    sim = Simulator()
    sim.gateway_fault = "slow"
    with sim.running():
        with pytest.raises(TimeoutError):
            client_of(sim).get("/v1/models", timeout=0.05)
        began = time.monotonic()
    assert time.monotonic() - began < 2
    assert simulator_threads() == []


def test_it_can_run_again_after_it_stopped(client_of: ClientOf) -> None:
    sim = Simulator()
    for _ in range(2):
        with sim.running():
            assert client_of(sim).get("/api/status").status == 200


def test_a_taken_port_is_an_error_and_leaves_no_thread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):  # noqa: SIM117
        with Simulator().running(port=other.getsockname()[1]):
            pass
    assert simulator_threads() == []


def test_calls_are_noted_in_order(sim: Simulator, client: Client, token: Token) -> None:
    client.models(token)
    client.get("/nothing")
    client.get("/_sim/state")
    assert sim.requests == [("GET", "/v1/models", 200), ("GET", "/nothing", 200)]


def test_each_brand_signs_its_errors(client_of: ClientOf) -> None:
    for brand, header in (("new_api_error", False), ("comet_api_error", True)):
        sim = Simulator(brand=brand)
        with sim.running():
            said = client_of(sim).get("/v1/models")
        assert said.json["error"]["type"] == brand
        assert ("x-cometapi-request-id" in said.headers) is header
        assert said.headers["x-oneapi-request-id"] in said.json["error"]["message"]


def test_a_small_completion_is_charged_to_token_and_account(client: Client, alice: Account, token: Token) -> None:
    said = client.ask("POST", "/v1/chat/completions", f"Bearer sk-{token.key}", body=CHAT)
    assert (said.status, said.json["choices"][0]["message"]["content"]) == (200, "ok")
    assert (token.used_quota, token.remain_quota, alice.used_quota, alice.quota) == (12, -12, 12, 19_999_988)


def test_the_proof_that_a_key_reaches_the_provider_costs_nothing(client: Client, token: Token) -> None:
    said = client.ask("POST", "/v1/chat/completions", f"Bearer sk-{token.key}", body={**CHAT, "temperature": 99})
    assert (said.status, said.json["error"]["code"], token.used_quota) == (400, "decimal_above_max_value", 0)


def test_own_limits_may_be_set(client_of: ClientOf) -> None:
    sim = Simulator(limits=Limits(ga=Limit(2, 60)))
    with sim.running():
        client = client_of(sim)
        assert [client.get("/api/status").status for _ in range(3)] == [200, 200, 429]
        assert client.get("/api/status").headers["retry-after"] == "60"


def test_unknown_brands_and_dialects_are_refused() -> None:
    with pytest.raises(ValueError, match="brands"):
        Simulator(brand="other_error")
    with pytest.raises(ValueError, match="brands"):
        Simulator(dialect="latin")


# -- state -----------------------------------------------------------------------------------------------------------


def furnished() -> tuple[Simulator, Account, Token]:
    sim = Simulator(brand="comet_api_error")
    alice = sim.add_account("alice", language="zh-CN")
    sim.add_token(alice, "gone").deleted = True
    token = sim.add_token(alice, "ci", remain_quota=1000, group="vip", fault="expired")
    alice.fault, sim.gateway_fault = "empty", "slow"
    return sim, alice, token


def test_an_export_makes_the_same_simulator_again() -> None:
    sim, alice, token = furnished()
    copy = Simulator(seed=json.loads(json.dumps(sim.export())))
    assert copy.export() == sim.export()
    assert (copy.account("alice").access_token, copy.token(token.id).key) == (alice.access_token, token.key)
    assert (copy.world.brand, copy.gateway_fault, copy.account("alice").fault) == ("comet_api_error", "slow", "empty")


def test_a_fault_can_be_taken_back_after_a_restart() -> None:
    sim, _, token = furnished()
    copy = Simulator(seed=json.loads(json.dumps(sim.export())))
    copy.token(token.id).fault = ""
    assert copy.token(token.id).expired_time == -1


def test_new_tokens_of_a_copy_get_new_ids() -> None:
    sim, _, token = furnished()
    copy = Simulator(seed=sim.export())
    assert copy.add_token(copy.account("alice"), "next").id == token.id + 1


def test_no_key_and_no_access_token_shows_in_a_repr() -> None:
    sim, alice, token = furnished()
    assert token.key not in repr(token)
    assert alice.access_token not in repr(alice)
    assert token.key not in repr(sim.world)


def started(state: Path) -> tuple[subprocess.Popen[str], str]:
    """The command, and the address it announces."""
    command = [
        sys.executable,
        "-m",
        "tokens.simulator",
        "--port",
        "0",
        "--brand",
        "comet_api_error",
        "--state",
        str(state),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    words = process.stdout.readline().split()
    return process, next(word.rstrip(",") for word in words if word.startswith("http"))


def ended(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    return process.returncode


def kept(state: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(state.read_text())
    return found


def test_the_command_keeps_keys_and_faults_in_a_private_file(tmp_path: Path, client_of: ClientOf) -> None:
    state = tmp_path / "gateway.json"
    process, url = started(state)
    sim = Simulator()
    sim.port = int(url.rsplit(":", 1)[1])
    client_of(sim).ask("POST", "/_sim/gateway", form={"fault": "overloaded"})
    assert ended(process) == 0
    assert stat.S_IMODE(os.stat(state).st_mode) == 0o600
    first = kept(state)
    assert (first["brand"], first["gateway_fault"]) == ("comet_api_error", "overloaded")
    process, _ = started(state)
    assert ended(process) == 0
    assert kept(state) == first


def test_a_state_that_was_filled_before_is_what_the_command_serves(tmp_path: Path) -> None:
    state = tmp_path / "gateway.json"
    sim = Simulator(brand="comet_api_error", state=state)
    token = sim.add_token(sim.add_account("team"), "deploy")
    sim.save()
    process, _ = started(state)
    assert ended(process) == 0
    assert [(a["username"], a["tokens"][0]["key"]) for a in kept(state)["accounts"]] == [("team", token.key)]


def test_the_command_says_why_it_cannot_start(tmp_path: Path) -> None:
    state = tmp_path / "gateway.json"
    state.write_text("[]")
    command = [sys.executable, "-m", "tokens.simulator", "--port", "0", "--state", str(state)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "cannot start" in done.stderr
