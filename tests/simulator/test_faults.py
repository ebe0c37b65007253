"""Everything that can be made to fail fails as it is told, and works again when it is told that."""

from __future__ import annotations

import http.client
import time

import pytest

from tests.simulator.conftest import Client
from tokens.simulator import Account, Simulator, Token
from tokens.simulator.records import TOKEN_FAULTS
from tokens.simulator.world import GATEWAY_FAULTS

# -- the gateway -----------------------------------------------------------------------------------------------------


def test_a_gateway_that_is_down_closes_without_an_answer(sim: Simulator, client: Client, token: Token) -> None:
    sim.gateway_fault = "down"
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        client.models(token)


def test_a_slow_gateway_answers_after_its_seconds(sim: Simulator, client: Client, token: Token) -> None:
    sim.gateway_fault, sim.slow_seconds = "slow", 0.2
    began = time.monotonic()
    assert client.models(token).status == 200
    assert time.monotonic() - began >= 0.2


def test_a_slow_gateway_keeps_a_hasty_client_waiting(sim: Simulator, client: Client, token: Token) -> None:
    sim.gateway_fault = "slow"
    with pytest.raises(TimeoutError):
        client.models(token, timeout=0.1)


@pytest.mark.parametrize(
    ("fault", "status", "content_type"),
    [
        ("html", 200, "text/html; charset=utf-8"),
        ("redirect", 301, "text/html; charset=utf-8"),
        ("empty", 200, None),
        ("bad_json", 200, "application/json; charset=utf-8"),
        ("success_false", 200, "application/json; charset=utf-8"),
        ("429", 429, None),
        ("429_retry_after", 429, None),
        ("500", 500, "application/json; charset=utf-8"),
    ],
)
def test_a_gateway_in_trouble_answers_so_on_every_path(
    sim: Simulator, client: Client, token: Token, fault: str, status: int, content_type: str | None
) -> None:
    sim.gateway_fault = fault
    for path in ("/v1/models", "/api/token/", "/api/status"):
        said = client.get(path)
        assert (said.status, said.headers.get("content-type")) == (status, content_type)


def test_the_bodies_of_a_gateway_in_trouble(sim: Simulator, client: Client) -> None:
    bodies = {}
    for fault in ("html", "empty", "success_false", "bad_json"):
        sim.gateway_fault = fault
        bodies[fault] = client.get("/v1/models")
    assert b"<!doctype html>" in bodies["html"].body
    assert bodies["empty"].body == b""
    assert bodies["success_false"].json["success"] is False
    with pytest.raises(ValueError, match="Expecting"):
        _ = bodies["bad_json"].json


def test_only_one_429_says_how_long_to_wait(sim: Simulator, client: Client) -> None:
    sim.gateway_fault, sim.retry_after = "429_retry_after", 7
    assert client.get("/v1/models").headers["retry-after"] == "7"
    sim.gateway_fault = "429"
    assert "retry-after" not in client.get("/v1/models").headers


def test_a_redirect_leads_to_another_host(sim: Simulator, client: Client) -> None:
    sim.gateway_fault = "redirect"
    assert client.get("/v1/models").headers["location"] == "https://console.example.com/v1/models"


def test_a_huge_body_is_fifty_megabytes_and_may_be_left_unread(sim: Simulator, client: Client, token: Token) -> None:
    sim.gateway_fault = "huge"
    assert len(client.models(token, timeout=30).body) > 50_000_000
    link = http.client.HTTPConnection("127.0.0.1", sim.port)
    link.request("GET", "/v1/models")
    link.getresponse().read(1000)
    link.close()
    sim.gateway_fault = ""
    assert client.models(token).status == 200


def test_an_overloaded_gateway_refuses_paid_calls_before_it_looks_at_the_key(sim: Simulator, client: Client) -> None:
    sim.gateway_fault = "overloaded"
    said = client.ask("POST", "/v1/chat/completions", body={"model": "gpt-4o"})
    assert (said.status, said.json["error"]["code"]) == (503, "system_memory_overloaded")
    assert client.get("/v1/models").status == 401


@pytest.mark.parametrize("fault", [fault for fault in GATEWAY_FAULTS if fault not in ("down", "slow", "huge")])
def test_a_gateway_works_again_when_its_fault_is_taken_back(
    sim: Simulator, client: Client, token: Token, fault: str
) -> None:
    sim.gateway_fault = fault
    client.models(token)
    sim.gateway_fault = ""
    assert client.models(token).status == 200


def test_an_unknown_gateway_fault_is_refused(sim: Simulator) -> None:
    with pytest.raises(ValueError, match="unknown gateway_fault"):
        sim.gateway_fault = "tired"


def test_latency_is_added_to_every_answer(sim: Simulator, client: Client, token: Token) -> None:
    sim.latency_ms, sim.jitter_ms = 100, 20
    began = time.monotonic()
    client.models(token)
    assert time.monotonic() - began >= 0.1


# -- an account ------------------------------------------------------------------------------------------------------


def test_a_banned_account_and_its_keys_are_refused(client: Client, alice: Account, token: Token) -> None:
    alice.fault = "banned"
    said = client.get("/api/user/self", alice.access_token)
    assert (said.status, said.json["code"]) == (401, "AUTH_USER_DISABLED")
    assert client.models(token).status == 403


def test_a_dead_access_token_leaves_the_keys_alone(client: Client, alice: Account, token: Token) -> None:
    alice.fault = "access_token_dead"
    said = client.get("/api/user/self", alice.access_token)
    assert (said.status, said.json["code"]) == (401, "AUTH_UNAUTHORIZED")
    assert client.models(token).status == 200


def test_an_access_token_replaced_elsewhere_is_dead_at_once(sim: Simulator, client: Client, alice: Account) -> None:
    old = alice.access_token
    new = sim.replace_access_token(alice)
    assert client.get("/api/user/self", old).status == 401
    assert client.get("/api/user/self", new).status == 200


def test_an_empty_account_has_no_balance_and_its_calls_say_so(client: Client, alice: Account, token: Token) -> None:
    alice.fault = "empty"
    assert client.get("/api/user/self", alice.access_token).json["data"]["quota"] == 0
    assert client.models(token).status == 200
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
    said = client.ask("POST", "/v1/chat/completions", f"Bearer sk-{token.key}", body=body)
    assert (said.status, said.json["error"]["code"]) == (403, "insufficient_user_quota")
    alice.fault = ""
    assert client.get("/api/user/self", alice.access_token).json["data"]["quota"] == 20_000_000


# -- a token ---------------------------------------------------------------------------------------------------------

REFUSED = {
    "disabled": 401,
    "deleted": 401,
    "expired": 401,
    "exhausted": 401,
    "group_forbidden": 403,
    "ip_blocked": 403,
    "invalid": 401,
}


@pytest.mark.parametrize(("fault", "status"), REFUSED.items())
def test_a_token_with_a_fault_is_refused_and_works_again_without(
    client: Client, token: Token, fault: str, status: int
) -> None:
    before = client.models(token).status, token.unlimited_quota, token.expired_time, token.group, token.allow_ips
    token.fault = fault
    assert client.models(token).status == status
    token.fault = ""
    after = client.models(token).status, token.unlimited_quota, token.expired_time, token.group, token.allow_ips
    assert after == before


def test_the_list_shows_why_where_a_list_can(client: Client, alice: Account, token: Token) -> None:
    seen = {}
    for fault in TOKEN_FAULTS:
        token.fault = fault
        seen[fault] = next(iter(client.listed(alice)), {})
    assert seen["deleted"] == {}
    assert seen["disabled"]["status"] == 2
    assert 0 < seen["expired"]["expired_time"] < time.time()
    assert (seen["exhausted"]["remain_quota"], seen["exhausted"]["unlimited_quota"]) == (0, False)
    assert seen["group_forbidden"]["group"] == "closed"
    assert seen["invalid"]["status"] == 1


def test_one_fault_after_another_leaves_nothing_behind(client: Client, alice: Account, token: Token) -> None:
    before = client.row(alice, token)
    for fault in (*TOKEN_FAULTS, ""):
        token.fault = fault
        if fault != "slow":
            client.models(token)
    assert client.row(alice, token) == before


def test_a_slow_token_answers_late(sim: Simulator, client: Client, token: Token) -> None:
    token.fault, sim.slow_token_seconds = "slow", 0.2
    began = time.monotonic()
    assert client.models(token).status == 200
    assert time.monotonic() - began >= 0.2


def test_an_exhausted_token_is_mended_by_its_owner_in_the_order_of_the_wire(
    client: Client, alice: Account, token: Token
) -> None:
    token.fault = "exhausted"
    assert client.models(token).status == 401
    row = client.row(alice, token)
    assert row["status"] == 4, "reading has written it"
    assert client.put(alice, {"id": token.id, "status": 1}, "?status_only=1").json["success"] is False
    mended = {name: value for name, value in row.items() if name not in ("status", "key")} | {"unlimited_quota": True}
    assert client.put(alice, mended).json["success"] is True
    assert client.models(token).status == 401, "the stored status is still 4"
    assert client.put(alice, {"id": token.id, "status": 1}, "?status_only=1").json["success"] is True
    assert client.models(token).status == 200
    assert token.fault == ""


def test_an_edit_of_something_else_does_not_mend(client: Client, alice: Account, token: Token) -> None:
    token.fault = "expired"
    row = client.row(alice, token)
    client.put(alice, {**row, "name": "renamed"})
    assert (token.name, token.fault) == ("renamed", "expired")
    assert client.models(token).status == 401


def test_an_unknown_token_fault_is_refused(token: Token) -> None:
    with pytest.raises(ValueError, match="unknown token fault"):
        token.fault = "sleepy"


# -- creating --------------------------------------------------------------------------------------------------------

DRAFT = {"name": "new", "unlimited_quota": True, "model_limits_enabled": True, "model_limits": "gpt-4o"}


def create(client: Client, alice: Account, *, timeout: float = 5, **changes: object) -> bool:
    body = {**DRAFT, "allow_ips": "10.0.0.1", **changes}
    said = client.ask("POST", "/api/token/", alice.access_token, body=body, timeout=timeout)
    return bool(said.json["success"])


def test_a_create_that_times_out_has_made_the_token(sim: Simulator, client: Client, alice: Account) -> None:
    sim.create_fault = "timeout_after_create"
    with pytest.raises(TimeoutError):
        create(client, alice, timeout=0.1)
    assert [row["name"] for row in client.listed(alice)] == ["new"]


@pytest.mark.parametrize(
    ("fault", "models", "ips"),
    [("", "gpt-4o", "10.0.0.1"), ("drop_model_limits", "", "10.0.0.1"), ("drop_ip_limits", "gpt-4o", "")],
)
def test_a_create_may_drop_limits_and_say_nothing(
    sim: Simulator, client: Client, alice: Account, fault: str, models: str, ips: str
) -> None:
    sim.create_fault = fault
    assert create(client, alice)
    row = client.listed(alice)[0]
    assert (row["model_limits_enabled"], row["model_limits"], row["allow_ips"]) == (bool(models), models, ips)


def test_a_twin_of_the_same_name_may_come_after(sim: Simulator, client: Client, alice: Account) -> None:
    sim.create_fault = "twin"
    assert create(client, alice)
    twin, ours = client.listed(alice)
    assert (twin["name"], ours["name"]) == ("new", "new")
    assert (twin["unlimited_quota"], ours["unlimited_quota"]) == (False, True)


def test_an_account_may_be_full(client: Client, alice: Account, token: Token) -> None:
    alice.max_tokens = 1
    said = client.ask("POST", "/api/token/", alice.access_token, body=DRAFT)
    assert (said.status, said.json) == (200, {"message": "已达到最大令牌数量限制 (1)", "success": False})
