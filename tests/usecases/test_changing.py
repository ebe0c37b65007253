"""A change is read, written whole, read back and looked at; never on top of what somebody else changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.factories import make_gateway, make_incident, make_token
from tests.usecases.making import actor, open_account
from tokens.models import Account, AuditEvent, Gateway, Incident, Token
from tokens.services import changing, connecting, drafting
from tokens.services.changing import ChangedMeanwhile, ChangeRefused
from tokens.simulator import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(gateway: Gateway, simulator: Simulator) -> Account:
    return open_account(gateway, simulator)


@pytest.fixture
def watched(account: Account, simulator: Simulator) -> Token:
    remote = simulator.add_token(
        simulator.account("alice"), "ci", unlimited=False, remain_quota=2_500_000, group="default",
        model_limits="gpt-4o", model_limits_enabled=True,
    )  # fmt: skip
    return make_token(account=account, key="sk-" + remote.key, name="ci", remote_id=remote.id, state="healthy")


def on_gateway(simulator: Simulator) -> Any:
    return simulator.token(1)


def change(token: Token, **fields: Any) -> changing.Outcome:
    shown = changing.seen(changing.current(token))
    return changing.edit(actor(), token, replace(shown.draft, **fields), shown)


def test_an_edit_changes_its_field_and_resets_none_of_the_others(watched: Token, simulator: Simulator) -> None:
    outcome = change(watched, name="ci-prod")
    remote = on_gateway(simulator)
    assert (remote.name, remote.remain_quota, remote.group) == ("ci-prod", 2_500_000, "default")
    assert (remote.limits, remote.expired_time, remote.status) == (["gpt-4o"], -1, 1)
    assert outcome.dropped == []
    watched.refresh_from_db()
    assert (watched.name, watched.model_limits, watched.verdict) == ("ci-prod", ["gpt-4o"], "ok")
    event = AuditEvent.objects.get(action="token.edit")
    assert event.changes == {"name": ["ci", "ci-prod"]}


def test_what_will_change_is_said_before(watched: Token) -> None:
    shown = changing.seen(changing.current(watched))
    then = replace(shown.draft, unlimited=True, quota_units=0, group="vip")
    assert changing.differences(watched, shown.draft, then) == [
        {"field": "quota", "now": "$5.00, 2,500,000 units", "then": "Unlimited"},
        {"field": "group", "now": "default", "then": "vip"},
    ]


def test_an_edit_of_what_somebody_changed_meanwhile_is_refused_and_shows_it(
    watched: Token, simulator: Simulator
) -> None:
    shown = changing.seen(changing.current(watched))
    on_gateway(simulator).group = "vip"
    with pytest.raises(ChangedMeanwhile) as refused:
        changing.edit(actor(), watched, replace(shown.draft, name="mine"), shown)
    assert refused.value.rows == [{"field": "group", "now": "default", "then": "vip"}]
    assert on_gateway(simulator).name == "ci"
    assert not AuditEvent.objects.filter(action="token.edit").exists()

    again = changing.seen(refused.value.facts)
    changing.edit(actor(), watched, replace(again.draft, name="mine"), again)
    assert (on_gateway(simulator).name, on_gateway(simulator).group) == ("mine", "vip")


def test_what_was_spent_meanwhile_is_no_conflict_and_stays_spent(watched: Token, simulator: Simulator) -> None:
    shown = changing.seen(changing.current(watched))
    on_gateway(simulator).charge(1_000_000)
    outcome = changing.edit(actor(), watched, replace(shown.draft, name="mine"), shown, same_quota=True)
    assert on_gateway(simulator).remain_quota == 1_500_000
    assert outcome.dropped == []


def test_an_exhausted_token_becomes_unlimited_enabled_and_healthy(watched: Token, simulator: Simulator) -> None:
    Token.objects.filter(pk=watched.pk).update(state="failing", verdict="token_exhausted", rank=0)
    incident = make_incident(watched)
    remote = on_gateway(simulator)
    remote.remain_quota, remote.status = 0, 4
    outcome = changing.set_unlimited(actor(), watched)
    assert (remote.unlimited_quota, remote.status) == (True, 1)
    watched.refresh_from_db()
    assert (watched.state, watched.verdict, watched.unlimited, watched.rank) == ("healthy", "ok", True, 3)
    assert outcome.look is not None
    assert outcome.look.judgement.verdict == "ok"
    incident.refresh_from_db()
    assert incident.closed_at is not None
    event = AuditEvent.objects.get(action="token.set_unlimited")
    assert event.changes["quota"] == ["$0.00, 0 units", "Unlimited"]
    assert event.changes["status"] == ["used up", "enabled"]
    written = [method for method, path, _status in simulator.requests if path == "/api/token/" and method == "PUT"]
    assert len(written) == 2  # the quota, then the status


def test_a_token_that_a_person_disabled_stays_disabled(watched: Token, simulator: Simulator) -> None:
    on_gateway(simulator).status = 2
    changing.set_unlimited(actor(), watched)
    assert (on_gateway(simulator).unlimited_quota, on_gateway(simulator).status) == (True, 2)


def test_disable_and_enable(watched: Token, simulator: Simulator) -> None:
    changing.disable(actor(), watched)
    watched.refresh_from_db()
    assert (on_gateway(simulator).status, watched.state, watched.verdict) == (2, "failing", "disabled")
    changing.enable(actor(), watched)
    watched.refresh_from_db()
    assert (on_gateway(simulator).status, watched.state, watched.verdict) == (1, "healthy", "ok")
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
        "token.disable", "token.enable",
    ]  # fmt: skip


def test_an_expired_token_cannot_be_enabled_and_the_gateway_says_why(watched: Token, simulator: Simulator) -> None:
    on_gateway(simulator).expired_time, on_gateway(simulator).status = 1_700_000_000, 3
    with pytest.raises(ChangeRefused, match="expired and cannot be enabled"):
        changing.enable(actor(), watched)


def test_deleting_retires_and_keeps_the_history(watched: Token, simulator: Simulator) -> None:
    make_incident(watched)
    changing.delete(actor(), watched)
    watched.refresh_from_db()
    assert on_gateway(simulator).deleted
    assert (watched.state, watched.rank, watched.retired_at is not None) == ("retired", 5, True)
    assert not Incident.objects.filter(closed_at=None).exists()
    assert AuditEvent.objects.get(action="token.delete").object_name == "ci"


def test_one_that_is_gone_already_is_retired_all_the_same(watched: Token, simulator: Simulator) -> None:
    on_gateway(simulator).deleted = True
    changing.delete(actor(), watched)
    watched.refresh_from_db()
    assert watched.state == "retired"


def test_a_change_of_a_token_that_is_gone_says_so(watched: Token, simulator: Simulator) -> None:
    on_gateway(simulator).deleted = True
    with pytest.raises(ChangeRefused, match="deleted there"):
        changing.set_unlimited(actor(), watched)


def test_limits_that_the_gateway_drops_in_an_edit_are_shown(watched: Token, simulator: Simulator) -> None:
    simulator.create_fault = "drop_ip_limits"
    outcome = change(watched, ip_limits=("203.0.113.0/24",))
    assert [row["field"] for row in outcome.dropped] == ["ip_limits"]
    watched.gateway.refresh_from_db()
    assert "ip_limits" in watched.gateway.capabilities["drops"]


def test_asking_the_gateway_anew_what_it_can_do_does_not_forget_what_it_dropped(
    watched: Token, simulator: Simulator
) -> None:
    simulator.create_fault = "drop_ip_limits"
    change(watched, ip_limits=("203.0.113.0/24",))
    gateway = Gateway.objects.get()
    connecting.probe_again(actor(), gateway)
    assert "ip_limits" in gateway.capabilities["drops"]
    assert gateway.capabilities["name_bytes"] == 50


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("down", "did not answer"),
        ("html", "Something other than the gateway"),
        ("500", "trouble of its own"),
        ("429", "asks for a pause"),
        ("success_false", "Simulated refusal"),
    ],
)
def test_a_gateway_in_trouble_changes_nothing_and_says_so(
    fault: str, says: str, watched: Token, simulator: Simulator
) -> None:
    simulator.gateway_fault = fault
    with pytest.raises(ChangeRefused, match=says):
        changing.set_unlimited(actor(), watched)
    watched.refresh_from_db()
    assert (watched.state, watched.unlimited) == ("healthy", True)  # as the factory made it


def test_a_replaced_access_token_is_named(watched: Token, simulator: Simulator) -> None:
    simulator.replace_access_token(simulator.account("alice"))
    with pytest.raises(ChangeRefused, match="access token"):
        changing.disable(actor(), watched)


def test_a_bucket_that_is_nearly_empty_stops_before_the_first_write(watched: Token, simulator: Simulator) -> None:
    Gateway.objects.update(management_per_minute=10)
    watched.gateway.refresh_from_db()
    watched.account.gateway.refresh_from_db()
    changing.set_unlimited(actor(), watched)
    asked = len(simulator.requests)
    with pytest.raises(ChangeRefused, match="limit is used up"):
        changing.set_unlimited(actor(), watched)
    assert len(simulator.requests) == asked


def test_a_key_without_its_account_cannot_be_changed() -> None:
    token = make_token(make_gateway())
    with pytest.raises(ChangeRefused, match="only the key"):
        changing.enable(actor(), token)


def test_a_paused_token_is_changed_but_not_judged(watched: Token, simulator: Simulator) -> None:
    Token.objects.filter(pk=watched.pk).update(state="paused")
    on_gateway(simulator).status = 2
    changing.enable(actor(), watched)
    watched.refresh_from_db()
    assert (watched.state, watched.remote_status) == ("paused", 1)


def test_the_words_of_a_draft_are_those_of_the_form(watched: Token) -> None:
    words = drafting.in_words(drafting.kept_draft(changing.current(watched)), 500_000)
    assert words["model_limits"] == "gpt-4o"
    assert words["expiry"] == "Never"
