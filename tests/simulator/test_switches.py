"""The page of switches: a plain form for everything that can fail, no key on it, no script."""

from __future__ import annotations

import pytest

from tests.simulator.conftest import Client
from tokens.simulator import Account, Simulator, Token


def test_the_page_shows_who_is_there_and_no_secret(client: Client, alice: Account, token: Token) -> None:
    page = client.get("/_sim/").body.decode()
    assert "alice" in page
    assert f"ci, sk-…{token.key[-4:]}, enabled" in page
    assert token.key not in page
    assert alice.access_token not in page


def test_the_page_needs_no_script_and_allows_none(client: Client, token: Token) -> None:
    said = client.get("/_sim/")
    assert b"<script" not in said.body
    assert b"style=" not in said.body
    assert "default-src 'none'" in said.headers["content-security-policy"]
    sheet = client.get("/_sim/sim.css")
    assert (sheet.status, sheet.headers["content-type"]) == (200, "text/css; charset=utf-8")


def test_names_are_escaped(sim: Simulator, client: Client, alice: Account) -> None:
    sim.add_token(alice, "<script>alert(1)</script>")
    assert b"<script>" not in client.get("/_sim/").body


def test_a_switch_makes_the_gateway_fail_and_leads_back(sim: Simulator, client: Client) -> None:
    said = client.ask("POST", "/_sim/gateway", form={"fault": "html"})
    assert (said.status, said.headers["location"], sim.gateway_fault) == (303, "/_sim/", "html")
    assert client.get("/_sim/").status == 200, "the switches work though the gateway does not"
    client.ask("POST", "/_sim/gateway", form={"fault": ""})
    assert sim.gateway_fault == ""


def test_a_switch_makes_creating_fail(sim: Simulator, client: Client) -> None:
    assert client.ask("POST", "/_sim/create", form={"fault": "twin"}).status == 303
    assert sim.create_fault == "twin"


def test_a_switch_makes_an_account_fail(client: Client, alice: Account) -> None:
    assert client.ask("POST", f"/_sim/account/{alice.user_id}", form={"fault": "empty"}).status == 303
    assert alice.fault == "empty"


def test_a_switch_makes_a_token_fail_and_a_deleted_one_can_come_back(client: Client, token: Token) -> None:
    assert client.ask("POST", f"/_sim/token/{token.id}", form={"fault": "deleted"}).status == 303
    assert client.models(token).status == 401
    assert f'action="/_sim/token/{token.id}" class="failing"' in client.get("/_sim/").body.decode()
    client.ask("POST", f"/_sim/token/{token.id}", form={"fault": ""})
    assert client.models(token).status == 200


@pytest.mark.parametrize("path", ["gateway", "create", "account/{account}", "token/{token}"])
def test_an_unknown_fault_is_refused(client: Client, alice: Account, token: Token, path: str) -> None:
    target = path.format(account=alice.user_id, token=token.id)
    assert client.ask("POST", f"/_sim/{target}", form={"fault": "tired"}).status == 400


@pytest.mark.parametrize("path", ["token/999", "account/999", "token/x", "nothing", ""])
def test_an_unknown_switch_is_not_found(client: Client, path: str) -> None:
    assert client.ask("POST", f"/_sim/{path}", form={"fault": ""}).status == 404


def test_the_state_is_there_as_json_without_keys(sim: Simulator, client: Client, alice: Account, token: Token) -> None:
    token.fault = "disabled"
    said = client.get("/_sim/state")
    assert said.json["accounts"][0]["tokens"] == [
        {"id": token.id, "name": "ci", "hint": token.key[-4:], "status": 2, "fault": "disabled"}
    ]
    assert token.key not in said.body.decode()
    assert alice.access_token not in said.body.decode()


def test_the_page_without_its_slash_leads_to_it(client: Client) -> None:
    said = client.get("/_sim")
    assert (said.status, said.headers["location"]) == (308, "/_sim/")


def test_a_webhook_arrives_in_the_inbox_and_stands_on_the_page(client: Client) -> None:
    said = client.ask("POST", "/_sim/inbox", body={"event": "failing", "title": "<b>ci</b> is failing"})
    assert said.status == 204
    page = client.get("/_sim/").body.decode()
    assert "&lt;b&gt;ci&lt;/b&gt; is failing" in page
    assert client.get("/_sim/inbox").json[0]["body"]["event"] == "failing"


def test_the_inbox_keeps_the_last_twenty(sim: Simulator, client: Client) -> None:
    for number in range(25):
        client.ask("POST", "/_sim/inbox", body={"title": f"number {number}"})
    assert [one["body"]["title"] for one in sim.world.inbox] == [f"number {number}" for number in range(5, 25)]


@pytest.mark.parametrize("body", ["text", [], {"long": "x" * 70_000}])
def test_the_inbox_refuses_what_is_no_small_json_object(sim: Simulator, client: Client, body: object) -> None:
    assert client.ask("POST", "/_sim/inbox", body=body).status == 400
    assert sim.world.inbox == []
