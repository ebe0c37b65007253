"""A key is claimed, looked at, judged and stored; a failure is confirmed before anybody is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import make_account, make_channel, make_token
from tests.usecases.conftest import Clock
from tokens.models import Change, Gateway, Incident, Notification, Streak, Token
from tokens.services import alerting, checking, knocking
from tokens.simulator import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def watched(gateway: Gateway, simulator: Simulator, clock: Clock) -> Token:
    remote = simulator.add_token(simulator.add_account("alice"), "ci", unlimited=True)
    return make_token(gateway, key="sk-" + remote.key, name="ci", next_check_at=clock.now)


def check_all(clock: Clock) -> int:
    return sum(checking.check_batch(order, clock) for order in checking.claim_due(clock.now))


def fault(simulator: Simulator, name: str) -> None:
    simulator.token(1).fault = name


def test_a_good_key_is_healthy_after_one_look(watched: Token, clock: Clock) -> None:
    assert check_all(clock) == 1
    watched.refresh_from_db()
    assert (watched.state, watched.verdict, watched.streak_looks) == ("healthy", "ok", 1)
    assert watched.lease_token == ""
    assert watched.next_check_at > clock.now


def test_what_is_not_due_is_left_alone(watched: Token, clock: Clock) -> None:
    check_all(clock)
    assert checking.claim_due(clock.now) == []


def test_a_look_that_says_nothing_new_inserts_no_row(watched: Token, clock: Clock) -> None:
    for _ in range(4):
        assert check_all(clock) == 1
        clock.forward(minutes=12)
    watched.refresh_from_db()
    assert watched.streak_looks + sum(Streak.objects.filter(light="token").values_list("looks", flat=True)) == 4
    assert Streak.objects.filter(light="token").count() <= 1  # midnight may fall into the test
    assert len(watched.looks) == 4


def test_a_failure_needs_a_second_look_and_opens_one_incident(
    watched: Token, simulator: Simulator, clock: Clock
) -> None:
    check_all(clock)
    fault(simulator, "disabled")
    clock.forward(minutes=12)
    check_all(clock)
    watched.refresh_from_db()
    assert (watched.state, watched.pending_count) == ("healthy", 1)
    assert not Incident.objects.exists()

    clock.forward(seconds=60)
    check_all(clock)
    watched.refresh_from_db()
    assert watched.state == "failing"
    incident = Incident.objects.get()
    assert (incident.light, incident.token_id, incident.closed_at) == ("token", watched.pk, None)

    clock.forward(minutes=12)
    check_all(clock)
    assert Incident.objects.count() == 1


def test_a_mended_token_recovers_and_closes_its_incident(watched: Token, simulator: Simulator, clock: Clock) -> None:
    fault(simulator, "disabled")
    for _ in range(2):
        check_all(clock)
        clock.forward(minutes=12)
    fault(simulator, "")
    check_all(clock)
    watched.refresh_from_db()
    assert watched.state == "healthy"
    assert Incident.objects.get().closed_at is not None
    assert [change.event for change in Change.objects.filter(light="token").order_by("pk")] == ["failing", "recovered"]


def test_each_change_is_one_notification_a_channel(watched: Token, simulator: Simulator, clock: Clock) -> None:
    make_channel()
    make_channel(recovered=False)
    check_all(clock)
    fault(simulator, "disabled")
    for _ in range(3):
        clock.forward(minutes=12)
        check_all(clock)
    assert alerting.process_changes(clock.now) == 2
    assert alerting.process_changes(clock.now) == 0
    fault(simulator, "")
    clock.forward(minutes=12)
    check_all(clock)
    assert alerting.process_changes(clock.now) == 1
    events = Notification.objects.order_by("pk").values_list("event", flat=True)
    assert list(events) == ["failing", "failing", "recovered"]
    body = Notification.objects.filter(event="failing").first().body
    assert watched.open_key() not in body
    assert watched.hint in body
    assert f"/tokens/{watched.pk}/" in body


def test_a_dead_gateway_is_one_incident_and_freezes_its_tokens(
    gateway: Gateway, simulator: Simulator, clock: Clock
) -> None:
    account = simulator.add_account("alice")
    for number in range(12):
        remote = simulator.add_token(account, f"t{number}", unlimited=True)
        make_token(gateway, key="sk-" + remote.key, next_check_at=clock.now)
    check_all(clock)
    simulator.gateway_fault = "down"
    for _ in range(2):
        clock.forward(minutes=12)
        check_all(clock)
    gateway.refresh_from_db()
    assert gateway.state == "failing"
    assert gateway.is_frozen
    assert set(Token.objects.values_list("state", flat=True)) == {"healthy"}
    assert Incident.objects.filter(closed_at=None).count() == 1
    assert checking.claim_due(clock.forward(minutes=12)) == []


def test_a_429_pauses_the_gateway_and_fails_nobody(watched: Token, simulator: Simulator, clock: Clock) -> None:
    check_all(clock)
    simulator.gateway_fault = "429_retry_after"
    clock.forward(minutes=12)
    check_all(clock)
    watched.refresh_from_db()
    assert (watched.state, watched.verdict, watched.pending_count) == ("healthy", "ok", 0)
    asked = len(simulator.requests)
    clock.forward(seconds=5)
    check_all(clock)
    assert len(simulator.requests) == asked


def test_a_doubled_message_finds_nothing_to_do(watched: Token, clock: Clock) -> None:
    (order,) = checking.claim_due(clock.now)
    assert checking.check_batch(order, clock) == 1
    assert checking.check_batch(order, clock) == 0
    watched.refresh_from_db()
    assert watched.streak_looks == 1


def test_a_lost_message_falls_due_again(watched: Token, clock: Clock) -> None:
    assert len(checking.claim_due(clock.now)) == 1
    assert checking.claim_due(clock.now) == []
    clock.forward(seconds=61)
    assert check_all(clock) == 1


@pytest.mark.parametrize(
    "name", ["html", "redirect", "empty", "huge", "bad_json", "success_false", "500", "overloaded"]
)
def test_a_lying_gateway_never_fails_a_token(name: str, watched: Token, simulator: Simulator, clock: Clock) -> None:
    check_all(clock)
    simulator.gateway_fault = name
    for _ in range(3):
        clock.forward(minutes=12)
        check_all(clock)
    watched.refresh_from_db()
    assert watched.state == "healthy"


@pytest.mark.parametrize(("fault_name", "verdict"), [("exhausted", "token_exhausted"), ("expired", "expired")])
def test_without_an_account_the_usage_call_tells_the_reason(
    fault_name: str, verdict: str, watched: Token, gateway: Gateway, simulator: Simulator, clock: Clock
) -> None:
    Gateway.objects.update(capabilities={"usage": True})
    check_all(clock)
    fault(simulator, fault_name)
    for _ in range(4):
        clock.forward(minutes=12)
        check_all(clock)
    watched.refresh_from_db()
    assert (watched.state, watched.verdict) == ("failing", verdict)
    assert [path for _, path, _ in simulator.requests].count("/api/usage/token/") == 1
    assert "usage" in [look["rung"] for look in watched.evidence]


def test_a_gateway_that_answers_every_call_with_its_own_error_is_not_called_healthy(
    watched: Token, gateway: Gateway, simulator: Simulator, clock: Clock
) -> None:
    check_all(clock)
    simulator.gateway_fault = "500"
    for _ in range(3):
        clock.forward(minutes=12)
        check_all(clock)
        knocking.knock_due(clock)
    gateway.refresh_from_db()
    watched.refresh_from_db()
    assert (gateway.state, gateway.verdict, gateway.is_frozen) == ("failing", "gateway_down", True)
    assert (watched.state, watched.verdict) == ("healthy", "ok")
    assert Incident.objects.filter(light="gateway", closed_at=None).count() == 1


def test_a_try_that_tells_nothing_leaves_a_slow_token_slow(
    watched: Token, gateway: Gateway, simulator: Simulator, clock: Clock
) -> None:
    Token.objects.update(
        account=make_account(gateway), facts_verdict="ok", facts_at=clock.now + timedelta(hours=1),
        probe_verdict="degraded_slow", probed_at=clock.now, state="degraded", verdict="degraded_slow",
    )  # fmt: skip
    simulator.gateway_fault = "500"
    check_all(clock)
    watched.refresh_from_db()
    assert (watched.state, watched.verdict) == ("degraded", "degraded_slow")
