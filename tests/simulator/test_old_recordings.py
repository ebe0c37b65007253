"""The dialect of new-api 2025-04 is held to its recordings too. What is not replayed says why."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.replay import Case, Step, replay
from tokens.simulator import Group, Model, Simulator

RECORDINGS = Path(__file__).parent.parent / "wire" / "new-api-2025-04.json"
OUT_OF_SCOPE = {
    "shapes": "explains the placeholders",
    "setup-post": "the first start of a gateway",
    "setup-state-fresh": "the first start of a gateway",
    "login-": "sign-in with a password: Keyward never does it",
    "session-": "login sessions: Keyward never has one",
    "pat-": "login sessions: Keyward never has one",
    "lang-en-login-invalid": "sign-in with a password: Keyward never does it",
    "lang-zh-CN-login-invalid": "sign-in with a password: Keyward never does it",
    "auth-bearer": "the invitation code is not simulated",
    "auth-lowercase-bearer": "the invitation code is not simulated",
    "user-header-new-api-only": "the invitation code is not simulated",
    "user-header-wrong-id": "the invitation code is not simulated",
    "user-header-not-a-number": "the invitation code is not simulated",
    "user-header-all-brands": "the invitation code is not simulated",
    "auth-role-too-low": "the list of users is not simulated",
    "admin-search": "the list of users is not simulated",
    "read-": "statistics, prices and logs are not simulated",
    "search-token-last-4": "searches for the end of a key that the recording made",
    "token-usage-2025-04": "a route of these weeks only",
    "path-not-implemented": "files are not simulated in this dialect",
    "relay-unpriced-": "prices are not simulated",
    "relay-group-auto-": "an automatic group that nobody may use",
    "relay-ip-denied-forwarded": "believes X-Forwarded-For; the simulator does not",
    "relay-channels-disabled-": "all channels closed",
    "billing-limited-stat-off-": "a server setting in the middle",
    "body-": "odd bodies in this dialect",
    "chat-stream": "odd bodies in this dialect",
    "claude-path-": "the Claude path is not simulated",
    "embeddings-": "only chat completions are simulated",
    "model-known": "the gateway's static list of model names is not simulated",
    "model-rate-limit-": "the administrator's model request limit is not simulated",
    "upstream-": "providers' errors are held to the newest recordings",
    "rate-limit-": "limits are held to the newest recordings",
    "redis-": "a server with Redis; the simulator is one without",
    "auto-": "an observation, not a request",
}
SIMULATED_READS = ("read-self", "read-user-group")
ALICES: dict[str, dict[str, Any]] = {
    "healthy": {},
    "limited": {"remain_quota": 500_000},
    "disabled": {"status": 2},
    "deleted": {"deleted": True},
    "expired": {"expired_time": int(time.time()) - 60},
    "exhausted": {"remain_quota": 0},
    "almost": {"remain_quota": 1},
    "ip-denied": {"allow_ips": "203.0.113.7"},
    "ip-denied-cidr": {"allow_ips": "203.0.113.0/24"},
    "ip-allowed": {"allow_ips": "127.0.0.1"},
    "ip-junk": {"allow_ips": "not an ip"},
    "model-limit": {"model_limits_enabled": True, "model_limits": "gpt-3.5-turbo"},
    "model-limit-empty": {"model_limits_enabled": True},
    "model-unserved": {"model_limits_enabled": True, "model_limits": "no-such-model"},
    "g-vip": {"group": "vip"},
    "g-svip": {"group": "svip"},
    "g-temp": {"group": "temp"},
    "g-ghost": {"group": "ghost"},
}
OTHERS = {
    "of-root": "root",
    "of-poor": "poor",
    "of-poor-limited": "poor",
    "of-tiny": "tiny",
    "of-banned": "banned",
    "of-gone": "gone",
}


def reason(case: Case) -> str:
    """Why a case is out of scope; "" if it is replayed."""
    name: str = case["case"]
    if name.startswith(SIMULATED_READS):
        return ""
    why = next((why for prefix, why in OUT_OF_SCOPE.items() if name.startswith(prefix)), "")
    observed = "request" not in case or "response" not in case
    return why or ("an observation, not a request" if observed else "")


ALL: list[Case] = json.loads(RECORDINGS.read_text(encoding="utf-8"))
CASES = [case for case in ALL if not reason(case)]


def build() -> Simulator:
    """Ids as recorded: three foreign tokens, then what the creating cases make from id 4 on."""
    sim = Simulator(dialect="new-api-2025-04")
    models = [
        Model("gpt-4o-mini", ("default",), 0.075),
        Model("gpt-4o", ("default",), 1.25),
        Model("gpt-3.5-turbo", ("default",)),
    ]
    sim.world.models = {model.name: model for model in models}
    groups = [Group("default", "默认分组"), Group("vip", "vip分组", 0.8), Group("ghost", "ghost", None)]
    sim.world.groups = {group.name: group for group in groups}
    sim.add_account("root", user_id=1, role=100)
    for number, name in enumerate(("alice", "bob", "poor", "tiny", "modest", "banned", "gone", "blank"), 2):
        sim.add_account(name, user_id=number)
    sim.account("poor").quota, sim.account("tiny").quota, sim.account("modest").quota = 0, 10, 50
    sim.account("banned").fault, sim.account("gone").gone = "banned", True
    for name in ("one", "two", "three"):
        sim.add_token(sim.account("bob"), name)
    return sim


def one_to_edit(sim: Simulator) -> None:
    sim.add_token(sim.account("alice"), "editme")


def the_rest(sim: Simulator) -> None:
    """Ids 24 to 30 are asked for by number."""
    sim.add_token(sim.account("bob"), "bobs")
    for name, facts in ALICES.items():
        sim.add_token(sim.account("alice"), name, **facts)
    sim.add_token(sim.account("modest"), "of-modest", remain_quota=1)
    sim.add_token(sim.account("modest"), "of-modest-2", remain_quota=1)
    for name, owner in OTHERS.items():
        sim.add_token(sim.account(owner), name)


BEFORE: dict[str, Step] = {"update-full": one_to_edit, "relay-healthy-models": the_rest}


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    return replay(build(), CASES, BEFORE, {"editme": 22, "renamed": 22})


@pytest.mark.parametrize("case", [case["case"] for case in CASES])
def test_the_old_dialect_answers_as_recorded(case: str, found: dict[str, list[str]]) -> None:
    assert found[case] == []


def test_the_old_cases_that_are_not_replayed_say_why(capsys: pytest.CaptureFixture[str]) -> None:
    left_out = Counter(reason(case) for case in ALL if reason(case))
    with capsys.disabled():
        print(f"\nreplayed {len(CASES)} of {len(ALL)} recorded with new-api 2025-04; out of scope:")
        for why, number in left_out.most_common():
            print(f"  {number:3d}  {why}")
    assert len(CASES) > 250


def test_no_old_reason_is_left_without_a_case() -> None:
    assert [key for key in OUT_OF_SCOPE if not any(case["case"].startswith(key) for case in ALL)] == []
