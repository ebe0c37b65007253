"""Edit with what will change shown before; enable, disable, delete and unlimited, asked first or with one click."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from tests.factories import make_gateway, make_token
from tests.usecases.making import open_account
from tokens.models import Account, Token
from tokens.simulator import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(simulator: Simulator, settings: Any) -> Account:
    settings.KEYWARD_ALLOW_PRIVATE_ADDRESSES = True
    return open_account(make_gateway(name="Relay", base_url=f"{simulator.url}/v1"), simulator, name="alice")


@pytest.fixture
def watched(account: Account, simulator: Simulator) -> Token:
    remote = simulator.add_token(
        simulator.account("alice"), "ci", unlimited=False, remain_quota=2_500_000, group="default",
        model_limits="gpt-4o", model_limits_enabled=True,
    )  # fmt: skip
    return make_token(account=account, key="sk-" + remote.key, name="ci", remote_id=remote.id, state="healthy")


def text(response: Any) -> str:
    return str(response.content.decode())


def url(name: str, token: Token) -> str:
    return reverse(f"token_{name}", args=[token.pk])


def hidden(page: str) -> dict[str, Any]:
    """The hidden fields of the page's form, lists as lists."""
    fields: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', page):
        if name not in ("csrfmiddlewaretoken", "next"):
            fields.setdefault(name, []).append(value)
    return fields


def typed(page: str, **fields: Any) -> dict[str, Any]:
    """What the edit form sends, as it was filled, with `fields` changed by hand."""
    given = {"name": "ci", "quota": "amount", "amount_usd": "5.00", "group": "default", "expiry": "never"}
    return {**given, "models": ["gpt-4o"], "ip_limits": "", "seen": hidden(page)["seen"], **fields}


def test_the_form_is_filled_from_the_gateway_not_from_memory(
    signed_in: Any, watched: Token, simulator: Simulator
) -> None:
    simulator.token(1).name = "renamed there"
    page = text(signed_in.get(url("edit", watched)))
    assert 'value="renamed there"' in page
    assert 'value="5.00"' in page
    assert "2,500,000" not in page or "units" in page


def test_what_will_change_is_shown_then_written_then_read_back(
    signed_in: Any, watched: Token, simulator: Simulator
) -> None:
    form = text(signed_in.get(url("edit", watched)))
    before = text(signed_in.post(url("edit", watched), typed(form, name="ci-prod", group="vip")))
    assert "Change 2 fields on the gateway" in before
    assert simulator.token(1).name == "ci"
    response = signed_in.post(url("edit", watched), {**hidden(before), "confirmed": "1"}, follow=True)
    assert "ci-prod is changed. Works, tried in" in text(response)
    remote = simulator.token(1)
    assert (remote.name, remote.group, remote.remain_quota, remote.limits) == ("ci-prod", "vip", 2_500_000, ["gpt-4o"])


def test_nothing_to_change_is_said(signed_in: Any, watched: Token, simulator: Simulator) -> None:
    form = text(signed_in.get(url("edit", watched)))
    assert "Nothing differs" in text(signed_in.post(url("edit", watched), typed(form)))
    assert all(method == "GET" for method, _path, _status in simulator.requests)


def test_an_error_keeps_everything_typed(signed_in: Any, watched: Token) -> None:
    form = text(signed_in.get(url("edit", watched)))
    page = text(signed_in.post(url("edit", watched), typed(form, name="x" * 40, ip_limits="203.0.113.7")))
    assert "40 bytes and the gateway takes 30" in page
    assert "203.0.113.7" in page
    assert "x" * 40 in page


def test_going_back_from_what_will_change_keeps_it(signed_in: Any, watched: Token) -> None:
    form = text(signed_in.get(url("edit", watched)))
    before = text(signed_in.post(url("edit", watched), typed(form, name="ci-prod")))
    page = text(signed_in.post(url("edit", watched), {**hidden(before), "back": "1"}))
    assert 'value="ci-prod"' in page
    assert "Show what will change" in page


def test_a_change_of_somebody_else_is_shown_and_mine_goes_on_top(
    signed_in: Any, watched: Token, simulator: Simulator
) -> None:
    form = text(signed_in.get(url("edit", watched)))
    before = text(signed_in.post(url("edit", watched), typed(form, name="mine")))
    simulator.token(1).group = "vip"
    page = text(signed_in.post(url("edit", watched), {**hidden(before), "confirmed": "1"}))
    assert "Somebody changed this token on the gateway" in page
    assert "Nothing was changed." in page
    assert simulator.token(1).name == "ci"
    assert "Change 1 field on the gateway" in page  # mine alone: theirs is left as it is
    signed_in.post(url("edit", watched), {**hidden(page), "confirmed": "1"})
    assert (simulator.token(1).name, simulator.token(1).group) == ("mine", "vip")


def test_a_form_that_never_was_starts_again(signed_in: Any, watched: Token, simulator: Simulator) -> None:
    form = text(signed_in.get(url("edit", watched)))
    page = text(signed_in.post(url("edit", watched), typed(form, seen="made up", name="mine", confirmed="1")))
    assert "Show what will change" in page
    assert simulator.token(1).name == "ci"


def test_a_gateway_that_does_not_answer_is_told_on_the_tokens_page(
    signed_in: Any, watched: Token, simulator: Simulator
) -> None:
    simulator.gateway_fault = "down"
    page = signed_in.get(url("edit", watched), follow=True)
    assert page.redirect_chain[0][0] == watched.get_absolute_url()
    assert "The gateway did not answer." in text(page)


def test_one_click_makes_an_exhausted_token_unlimited_and_healthy(
    signed_in: Any, watched: Token, simulator: Simulator
) -> None:
    remote = simulator.token(1)
    remote.remain_quota, remote.status = 0, 4
    Token.objects.filter(pk=watched.pk).update(state="failing", verdict="token_exhausted", rank=0, unlimited=False)
    page = text(signed_in.get(watched.get_absolute_url()))
    assert f'action="{url("unlimited", watched)}"' in page
    response = signed_in.post(url("unlimited", watched), follow=True)
    assert "ci is unlimited. Works, tried in" in text(response)
    watched.refresh_from_db()
    assert (watched.state, watched.unlimited, remote.status) == ("healthy", True, 1)


def test_the_list_and_the_incident_offer_the_same_click(signed_in: Any, watched: Token) -> None:
    from tests.factories import make_incident

    Token.objects.filter(pk=watched.pk).update(state="failing", verdict="token_exhausted", rank=0, unlimited=False)
    incident = make_incident(watched)
    for page in (reverse("tokens"), incident.get_absolute_url()):
        assert f'action="{url("unlimited", watched)}"' in text(signed_in.get(page)), page


def test_an_act_leads_back_to_where_it_came_from_and_nowhere_else(signed_in: Any, watched: Token) -> None:
    back = signed_in.post(url("unlimited", watched), {"next": "/tokens/?view=failing"})
    assert (back.status_code, back["Location"]) == (303, "/tokens/?view=failing")
    away = signed_in.post(url("unlimited", watched), {"next": "https://example.com/"})
    assert away["Location"] == watched.get_absolute_url()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("enable", "Calls with its key go through again"),
        ("disable", "the gateway refuses every call with its key"),
        ("unlimited", "It can then spend what the account holds, $100.00 today."),
        ("delete", "no one can bring it back"),
    ],
)
def test_each_act_says_what_follows_before_it_is_done(
    name: str, says: str, signed_in: Any, watched: Token, simulator: Simulator
) -> None:
    assert says in text(signed_in.get(url(name, watched)))
    assert simulator.requests == []


def test_disable_enable_and_delete(signed_in: Any, watched: Token, simulator: Simulator) -> None:
    page = text(signed_in.post(url("disable", watched), follow=True))
    assert "ci is disabled." in page
    assert f'action="{url("enable", watched)}"' in page
    assert "ci is enabled. Works, tried in" in text(signed_in.post(url("enable", watched), follow=True))
    page = text(signed_in.post(url("delete", watched), follow=True))
    assert "ci is deleted on the gateway and retired here." in page
    assert simulator.token(1).deleted
    assert signed_in.get(url("edit", watched)).status_code == 404


def test_what_the_gateway_dropped_in_an_edit_is_said(signed_in: Any, watched: Token, simulator: Simulator) -> None:
    simulator.create_fault = "drop_ip_limits"
    form = text(signed_in.get(url("edit", watched)))
    before = text(signed_in.post(url("edit", watched), typed(form, ip_limits="127.0.0.1")))
    page = text(signed_in.post(url("edit", watched), {**hidden(before), "confirmed": "1"}, follow=True))
    assert "The key works from any address." in page


def test_a_key_without_its_account_says_why_it_cannot_be_changed(signed_in: Any) -> None:
    token = make_token()
    assert "only the key of this token" in text(signed_in.post(url("disable", token), follow=True))
    assert "only the key of this token" in text(signed_in.get(url("edit", token), follow=True))


@pytest.mark.parametrize("name", ["edit", "enable", "disable", "unlimited", "delete", "reveal"])
def test_nobody_changes_anything_without_signing_in(name: str, client: Any, watched: Token) -> None:
    for answer in (client.get(url(name, watched)), client.post(url(name, watched))):
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("account_login"))
