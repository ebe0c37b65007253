"""The gateways' pages: what they say, and what a person may do there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_account, make_gateway, make_token
from tokens.models import AuditEvent, Gateway, Incident, Streak, Token
from tokens.services import surveying
from tokens.simulator import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def there() -> Iterator[Any]:
    simulator = Simulator()
    with simulator.running():
        yield simulator


def page_of(signed_in: Any, gateway: Gateway) -> str:
    answer = signed_in.get(gateway.get_absolute_url())
    assert answer.status_code == 200
    return str(answer.content.decode())


def act(signed_in: Any, name: str, gateway: Gateway, /, **data: str) -> str:
    """Press a button of the gateway's page; the page that follows."""
    answer = signed_in.post(reverse(name, args=[gateway.pk]), data, follow=True)
    assert answer.redirect_chain[0][1] == 303
    return str(answer.content.decode())


def acts() -> list[AuditEvent]:
    """What was done, newest first, the sign-in apart."""
    return list(AuditEvent.objects.exclude(action__startswith="sign_"))


@pytest.mark.parametrize("name", ["gateway", "gateway_edit", "gateway_remove", "account_add"])
def test_nobody_sees_a_gateway_without_signing_in(client: Any, name: str) -> None:
    assert client.get(reverse(name, args=[make_gateway().pk])).status_code == 302


@pytest.mark.parametrize("name", ["gateway_knock", "gateway_probe", "gateway_pause"])
def test_acts_are_posts(signed_in: Any, name: str) -> None:
    assert signed_in.get(reverse(name, args=[make_gateway().pk])).status_code == 405


def test_the_empty_list_teaches_the_first_step(signed_in: Any) -> None:
    page = signed_in.get(reverse("gateways")).content.decode()
    assert "Connect CometAPI" in page
    assert reverse("connect") in page


def test_a_row_says_what_there_is_to_know(signed_in: Any) -> None:
    gateway = make_gateway(name="Ours", version="v1.2.3", latency_ms=612)
    account = make_account(gateway, name="Production", balance_units=6_200_000)
    make_token(account=account, state="failing", rank=0)
    page = signed_in.get(reverse("gateways")).content.decode()
    for words in ("Ours", gateway.base_url, "new-api v1.2.3", "Production", "$12.40", "612 ms", "1 failing"):
        assert words in page


def test_the_list_asks_the_database_as_often_for_many_gateways_as_for_one(
    signed_in: Any, django_assert_max_num_queries: Any
) -> None:
    for _number in range(12):
        make_token(account=make_account())
    with django_assert_max_num_queries(7):
        rows = surveying.survey(timezone.now())
        assert [row.accounts[0].balance_usd for row in rows] == [None] * 12


def test_gateways_in_trouble_come_first(signed_in: Any) -> None:
    make_gateway(name="Aaa")
    make_gateway(name="Zzz", state="failing", verdict="gateway_down")
    assert [row.gateway.name for row in surveying.survey(timezone.now())] == ["Zzz", "Aaa"]


def test_the_page_shows_accounts_with_balance_forecast_and_groups(signed_in: Any) -> None:
    now = timezone.now()
    gateway = make_gateway(name="Ours")
    balances = [
        [int((now - timedelta(hours=back)).timestamp()), 500_000 * (10 + back // 4)] for back in range(100, -1, -1)
    ]
    make_account(
        gateway,
        name="Production",
        user_id="48207",
        balance_units=5_000_000,
        balance_read_at=now,
        balances=balances,
        groups=[{"name": "vip", "description": "", "ratio": 1.5}],
        groups_read_at=now,
    )
    page = page_of(signed_in, gateway)
    for words in ("$10.00", "5,000,000 units", "Empty about", "vip 1.5 ×", "user 48207, never shown", "below $5.00"):
        assert words in page


def test_an_account_panel_alone_is_what_its_poll_gets(signed_in: Any) -> None:
    gateway = make_gateway(name="Ours")
    account = make_account(gateway, name="Production")
    make_account(gateway, name="Research")
    headers = {"HX-Request": "true", "HX-Target": f"account-{account.pk}"}
    part = signed_in.get(gateway.get_absolute_url(), headers=headers).content.decode()
    assert "Production" in part
    assert "Research" not in part
    assert "<html" not in part


def test_an_outage_is_said_first_with_its_evidence(signed_in: Any) -> None:
    now = timezone.now()
    look = {"at": int(now.timestamp()), "rung": "models", "asked": "GET /v1/models", "fault": "connect"}
    gateway = make_gateway(
        name="Ours", state="failing", verdict="gateway_down", verdict_since=now, frozen_at=now, evidence=[look]
    )
    incident = Incident.objects.create(
        light="gateway", gateway=gateway, subject_name="Ours", verdict="gateway_down", started_at=now, opened_at=now
    )
    page = page_of(signed_in, gateway)
    assert "Gateway does not answer" in page
    assert "stand still until it answers" in page
    assert incident.get_absolute_url() in page
    assert "How Keyward knows" in page


def test_a_bad_day_stands_up_in_the_strip(signed_in: Any) -> None:
    now = timezone.now()
    gateway = make_gateway()
    day = (now - timedelta(days=3)).date()
    for verdict, looks in (("ok", 100), ("gateway_down", 25)):
        Streak.objects.create(
            light="gateway", subject_id=gateway.pk, day=day, rung="models", verdict=verdict,
            first_at=now, last_at=now, looks=looks,
        )  # fmt: skip
    page = page_of(signed_in, gateway)
    assert "25 of 125 looks failing" in page
    assert "80 %" in page


def test_a_gateway_without_tokens_offers_to_add_some(signed_in: Any) -> None:
    account = make_account(make_gateway(), name="Production")
    page = page_of(signed_in, account.gateway)
    assert reverse("token_bring_in", args=[account.pk]) in page
    assert f"{reverse('token_add')}?gateway={account.gateway.pk}" in page


def test_knocking_says_how_long_the_answer_took(signed_in: Any, there: Any) -> None:
    gateway = make_gateway(name="Ours", base_url=f"{there.url}/v1")
    assert "Ours answered in" in act(signed_in, "gateway_knock", gateway)
    gateway.refresh_from_db()
    assert gateway.state == "healthy"
    assert gateway.lease_token == ""


def test_knocking_at_a_closed_door_says_so_in_plain_words(signed_in: Any, there: Any) -> None:
    there.gateway_fault = "down"
    gateway = make_gateway(name="Ours", base_url=f"{there.url}/v1")
    assert "Ours: Gateway does not answer." in act(signed_in, "gateway_knock", gateway)


def test_two_people_do_not_knock_at_once(signed_in: Any) -> None:
    later = timezone.now() + timedelta(minutes=1)
    gateway = make_gateway(name="Ours", lease_token="another", lease_until=later)
    assert "knocking at Ours already" in act(signed_in, "gateway_knock", gateway)


def test_probing_again_refreshes_what_it_can_do(signed_in: Any, there: Any) -> None:
    gateway = make_gateway(name="Ours", base_url=f"{there.url}/v1", dialect="openai", capabilities={})
    assert "was probed" in act(signed_in, "gateway_probe", gateway)
    gateway.refresh_from_db()
    assert gateway.dialect == "new-api"
    assert gateway.capabilities["reveal"] is True


def test_pausing_closes_the_incident_and_resuming_looks_anew(signed_in: Any) -> None:
    now = timezone.now()
    gateway = make_gateway(name="Ours", state="failing", verdict="gateway_down", frozen_at=now)
    incident = Incident.objects.create(
        light="gateway", gateway=gateway, subject_name="Ours", verdict="gateway_down", started_at=now, opened_at=now
    )
    assert "Watching is paused" in act(signed_in, "gateway_pause", gateway, watch="off")
    gateway.refresh_from_db()
    incident.refresh_from_db()
    assert gateway.state == "paused"
    assert incident.closed_at is not None
    act(signed_in, "gateway_pause", gateway, watch="on")
    gateway.refresh_from_db()
    assert (gateway.state, gateway.paused_at, gateway.frozen_at) == ("new", None, None)
    assert [event.action for event in acts()] == ["gateway.resume", "gateway.pause"]


def form_of(gateway: Gateway, **changed: str) -> dict[str, str]:
    names = (
        "name base_url check_interval slow_ms checks_per_minute management_per_minute "
        "key_fetches_per_20_minutes concurrency"
    ).split()
    return {name: str(getattr(gateway, name)) for name in names} | changed


def test_limits_are_edited_and_audited(signed_in: Any) -> None:
    gateway = make_gateway(name="Ours")
    act(signed_in, "gateway_edit", gateway, **form_of(gateway, checks_per_minute="90", name="Theirs"))
    gateway.refresh_from_db()
    assert (gateway.checks_per_minute, gateway.name) == (90, "Theirs")
    [event] = acts()
    assert (event.action, event.changes["checks_per_minute"]) == ("gateway.edit", [300, 90])


@pytest.mark.parametrize("value", ["0", "-1", "many", "", "1e9", "99999999"])
def test_a_limit_that_is_none_is_refused_and_everything_typed_stays(signed_in: Any, value: str) -> None:
    gateway = make_gateway(name="Ours")
    data = form_of(gateway, checks_per_minute=value, name="Typed name")
    answer = signed_in.post(reverse("gateway_edit", args=[gateway.pk]), data)
    assert answer.status_code == 200
    assert 'value="Typed name"' in answer.content.decode()
    gateway.refresh_from_db()
    assert (gateway.checks_per_minute, gateway.name) == (300, "Ours")


def test_an_interval_that_is_in_use_is_not_refused_when_the_name_changes(signed_in: Any) -> None:
    """The demo checks more often than a person may ask for."""
    gateway = make_gateway(name="Ours", check_interval=20)
    act(signed_in, "gateway_edit", gateway, **form_of(gateway, name="Theirs"))
    gateway.refresh_from_db()
    assert (gateway.name, gateway.check_interval) == ("Theirs", 20)
    page = signed_in.post(reverse("gateway_edit", args=[gateway.pk]), form_of(gateway, check_interval="19"))
    assert "greater than or equal to 20" in page.content.decode()


def test_a_new_address_is_probed_before_it_is_saved(signed_in: Any, there: Any) -> None:
    gateway = make_gateway(name="Ours")
    data = form_of(gateway, base_url=f"{there.url}/console")
    act(signed_in, "gateway_edit", gateway, **data)
    gateway.refresh_from_db()
    assert gateway.base_url == f"{there.url}/v1"
    assert [event.action for event in acts()] == ["gateway.move"]


def test_a_new_address_that_is_silent_changes_nothing(signed_in: Any, there: Any) -> None:
    there.gateway_fault = "down"
    gateway = make_gateway(name="Ours")
    data = form_of(gateway, base_url=f"{there.url}/v1", name="Other")
    page = signed_in.post(reverse("gateway_edit", args=[gateway.pk]), data).content.decode()
    assert "Nothing that speaks the OpenAI API answers" in page
    assert 'name="anyway"' in page
    gateway.refresh_from_db()
    assert gateway.name == "Ours"


def test_removing_says_what_goes_and_then_forgets_it(signed_in: Any) -> None:
    gateway = make_gateway(name="Ours")
    account = make_account(gateway)
    for _number in range(3):
        make_token(account=account)
    page = signed_in.get(reverse("gateway_remove", args=[gateway.pk])).content.decode()
    assert "Keyward forgets 3 tokens of this gateway" in page
    assert "Nothing changes on the gateway" in page
    assert "Ours is forgotten" in act(signed_in, "gateway_remove", gateway)
    assert (Gateway.objects.count(), Token.objects.count()) == (0, 0)
    assert [event.action for event in acts()] == ["gateway.remove"]
