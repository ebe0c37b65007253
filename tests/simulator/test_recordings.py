"""The simulator is held to what new-api 2026-08 was recorded saying. What is not replayed says why (scope.py)."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.simulator.replay import Case, Placeholders, Step, replay, send
from tests.simulator.scope import OUT_OF_SCOPE, reason
from tests.simulator.situation import add_later, build
from tokens.simulator import Simulator

RECORDINGS = Path(__file__).parent.parent / "wire" / "new-api-2026-08.json"
CASES: list[Case] = json.loads(RECORDINGS.read_text(encoding="utf-8"))
IN_SCOPE = [case for case in CASES if not reason(case["case"])]
REPLAYED = [case for case in IN_SCOPE if "request" in case]
STORED = [case for case in IN_SCOPE if "request" not in case]
LIMITED = [case for case in REPLAYED if case["case"].startswith("limit-")]
OTHERS = [case for case in REPLAYED if case not in LIMITED]


# -- what had been done before a case, beside the recorded requests --------------------------------------------------


def fault(name: str) -> Step:
    return lambda sim: setattr(sim, "gateway_fault", name)


def group_of_poor(name: str) -> Step:
    return lambda sim: setattr(sim.account("poor"), "group", name)


def most_of_carol(most: int) -> Step:
    return lambda sim: setattr(sim.account("carol"), "max_tokens", most)


def numbers_of(token: bool) -> Step:
    return lambda sim: setattr(sim.world, "token_numbers_in_billing", token)


def status(token_id: int, value: int) -> Step:
    return lambda sim: setattr(sim.token(token_id), "status", value)


def close_channel(sim: Simulator) -> None:
    sim.world.models["ban-me"].served = False


def hidden(username: str, hidden: bool) -> Step:
    """The account's tokens are not made yet, or are."""

    def step(sim: Simulator) -> None:
        for token in sim.account(username).tokens.values():
            token.deleted = hidden

    return step


def two_to_mend(sim: Simulator) -> None:
    """ids 68 and 69."""
    most_of_carol(1000)(sim)
    sim.add_token(sim.account("carol"), "re-exh", remain_quota=0)
    sim.add_token(sim.account("carol"), "re-exp", expired_time=1_700_000_000)


def a_thousand(sim: Simulator) -> None:
    for place in range(1000):
        sim.add_token(sim.account("bulk"), f"bulk-{place}")


def unseen(name: str) -> Step:
    def step(sim: Simulator) -> None:
        next(token for token in sim.account("alice").living() if token.name == name).status = 1

    return step


def untouched(sim: Simulator) -> None:
    healthy = sim.token(1)
    healthy.remain_quota = healthy.used_quota = 0


def paid_call(sim: Simulator) -> None:
    body = {"model": "fake-mini", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
    headers = {"Authorization": "Bearer sk-<KEY:healthy>"}
    request = {"case": "", "method": "POST", "path": "/v1/chat/completions", "headers": headers, "body": body}
    assert send(sim, request, Placeholders(sim))[0] == 200


BEFORE: dict[str, Step] = {
    "mgmt-list-empty-account": hidden("carol", True),
    "mgmt-list": hidden("carol", False),
    "mgmt-list-as-root-sees-only-own": hidden("root", True),
    "mgmt-redirect-get-list": hidden("root", False),
    "mgmt-create-over-max-tokens": most_of_carol(36),
    "mgmt-update-full": two_to_mend,
    "mgmt-reenable-exhausted-disabled-first": status(68, 2),
    "mgmt-reenable-exhausted-stored": status(68, 4),
    "mgmt-reenable-expired-disabled-first": status(69, 2),
    "mgmt-reenable-expired-stored": status(69, 3),
    "mgmt-create-over-default-max": a_thousand,
    "read-user-self-groups-own-private-group": group_of_poor("internal"),
    "read-group-admin": group_of_poor("default"),
    "read-billing-subscription-healthy-account-mode": numbers_of(False),
    "relay-models-healthy": numbers_of(True),
    "relay-lang-set-user-language": add_later,
    "relay-overload-chat-healthy": fault("overloaded"),
    "relay-autoban-call-1": fault(""),
    "relay-autoban-call-2": close_channel,
    "lazy-expired-1-fresh": unseen("expired-unseen"),
    "lazy-exhausted-1-fresh": unseen("exhausted-unseen"),
    "lazy-unlimited-before": untouched,
    "lazy-unlimited-after-paid-call": paid_call,
}


def calls(times: int, method: str, path: str, credential: str = "") -> Step:
    """So many calls after the windows were emptied."""

    def step(sim: Simulator) -> None:
        sim.forget_limits()
        request = {"case": "", "method": method, "path": path, "headers": {"Authorization": credential}}
        values = Placeholders(sim)
        assert 429 not in {send(sim, request, values)[0] for _ in range(times)}

    return step


LIMIT_BEFORE: dict[str, Step] = {
    "limit-ct-usage": calls(20, "GET", "/api/usage/token/", "Bearer sk-<KEY:healthy>"),
    "limit-ct-reveal": calls(20, "POST", "/api/token/1/key", "<PAT:alice>"),
    "limit-sr-search": calls(10, "GET", "/api/token/search?keyword=healthy", "<PAT:alice>"),
    "limit-ga-list": calls(360, "GET", "/api/token/?p=1&page_size=1", "<PAT:alice>"),
    "limit-gw-root": calls(120, "GET", "/"),
}


# -- replaying -------------------------------------------------------------------------------------------------------


def in_order(*kinds: list[Case]) -> list[Case]:
    wanted = {case["case"] for cases in kinds for case in cases}
    return [case for case in CASES if case["case"] in wanted]


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    answers = replay(build(), in_order(OTHERS, STORED), BEFORE)
    return answers | replay(build(limits=True), LIMITED, LIMIT_BEFORE)


@pytest.mark.parametrize("case", [case["case"] for case in REPLAYED])
def test_answers_as_recorded(case: str, found: dict[str, list[str]]) -> None:
    assert found[case] == []


@pytest.mark.parametrize("case", [case["case"] for case in STORED])
def test_stores_as_recorded(case: str, found: dict[str, list[str]]) -> None:
    assert found[case] == []


def test_most_recorded_cases_are_replayed_and_the_rest_say_why(capsys: pytest.CaptureFixture[str]) -> None:
    left_out = [(case["case"], reason(case["case"])) for case in CASES if reason(case["case"])]
    with capsys.disabled():
        print(f"\nreplayed {len(REPLAYED)}, stored {len(STORED)}, of {len(CASES)} recorded; out of scope:")
        for why, number in Counter(why for _, why in left_out).most_common():
            print(f"  {number:3d}  {why}")
    assert len(REPLAYED) + len(STORED) + len(left_out) == len(CASES)
    assert len(REPLAYED) > 550


def test_no_reason_is_left_without_a_case() -> None:
    assert [key for key in OUT_OF_SCOPE if not any(f"{case['case']}=".startswith(key) for case in CASES)] == []
