"""A token is made once, found by its nonce, named, keyed, read back and tried, whatever happens on the way."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.factories import make_user
from tests.usecases.conftest import Clock
from tests.usecases.making import actor, asked, draft, open_account, posts
from tokens.models import Account, AuditEvent, Creation, Gateway, Token
from tokens.services import creating, syncing
from tokens.services.drafting import DraftRefused
from tokens.simulator import Simulator

pytestmark = pytest.mark.django_db
Step = Creation.Step


@pytest.fixture
def account(gateway: Gateway, simulator: Simulator) -> Account:
    return open_account(gateway, simulator)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives up on a silent gateway after 0.4 s instead of 12: the wire itself is the real one."""
    monkeypatch.setattr(syncing, "VISIT_TIMEOUT", 0.4)


def living(simulator: Simulator) -> list[Any]:
    return simulator.account("alice").living()


def go_on(creation: Creation, clock: Clock) -> Creation:
    """What the tick does, as often as it takes."""
    for _ in range(20):
        for pk in creating.claim_due(clock.now):
            creating.run(pk, clock)
        creation.refresh_from_db()
        if creation.is_over:
            break
        clock.forward(seconds=605)
    return creation


def test_a_token_is_made_found_named_keyed_read_back_and_tried(account: Account, simulator: Simulator) -> None:
    owner = make_user("jonas")
    creation = creating.run(asked(account, owner).pk)
    assert (creation.step, creation.error, creation.next_try_at) == (Step.DONE, "", None)
    (remote,) = living(simulator)
    token = Token.objects.get()
    assert (remote.name, remote.id) == ("fraud-scoring-v3", token.remote_id)
    assert token.open_key() == f"sk-{remote.key}"
    assert (token.owner, token.purpose, token.unlimited) == (owner, "Scores card payments", True)
    assert sorted(tag.name for tag in token.tags.all()) == ["prod", "risk"]
    assert (token.state, token.verdict, token.account) == ("healthy", "ok", account)
    assert all(row["same"] for row in creation.kept)
    assert creation.look["verdict"] == "ok"
    assert creation.look["models"] == 5
    assert set(creation.spans) == {"asked", "sent", "found", "named", "keyed", "read"}
    assert posts(simulator) == 1


def test_the_act_is_audited_with_what_was_asked_and_without_the_key(account: Account, simulator: Simulator) -> None:
    creating.run(asked(account, make_user("jonas"), expires_at=None).pk)
    event = AuditEvent.objects.get(action="token.create")
    assert (event.actor_name, event.address, event.object_name) == ("jonas", "203.0.113.9", "fraud-scoring-v3")
    assert event.changes["quota"] == ["", "Unlimited"]
    assert living(simulator)[0].key not in str(event.__dict__)
    assert event.fingerprint == Token.objects.get().fingerprint


def test_a_form_that_is_sent_twice_makes_one_token(account: Account, simulator: Simulator) -> None:
    uid = uuid4()
    wish = draft(account)
    first = creating.run(creating.ask(actor(), account, wish, {}, uid).pk)
    second = creating.run(creating.ask(actor(), account, wish, {}, uid).pk)
    assert first.pk == second.pk
    assert len(living(simulator)) == posts(simulator) == 1


def test_every_field_arrives_as_it_was_asked(account: Account, simulator: Simulator, clock: Clock) -> None:
    until = (clock.now + timedelta(days=90)).replace(microsecond=0)
    wish = {"unlimited": False, "amount_usd": "12.50", "group": "vip", "expires_at": until}
    limits = {"model_limits": ("gpt-4o", "deepseek-v3"), "ip_limits": "203.0.113.0/24, 2001:db8::/32\n127.0.0.1"}
    creation = creating.run(asked(account, **wish, **limits).pk)
    assert creation.step == Step.DONE
    (remote,) = living(simulator)
    assert (remote.unlimited_quota, remote.remain_quota, remote.group) == (False, 6_250_000, "vip")
    assert remote.expired_time == int(until.timestamp())
    assert remote.limits == ["gpt-4o", "deepseek-v3"]
    assert (remote.allow_ips or "").split() == ["203.0.113.0/24", "2001:db8::/32", "127.0.0.1"]
    assert creation.dropped == []


@pytest.mark.parametrize(
    ("fault", "field", "kept"),
    [
        ("drop_model_limits", "model_limits", "Every model of the group"),
        ("drop_ip_limits", "ip_limits", "None"),
    ],
)
def test_what_the_gateway_drops_is_said_first_and_remembered(
    fault: str, field: str, kept: str, account: Account, simulator: Simulator
) -> None:
    simulator.create_fault = fault
    creation = creating.run(asked(account, model_limits=("gpt-4o",), ip_limits="127.0.0.1").pk)
    assert creation.step == Step.DONE
    assert [row["field"] for row in creation.dropped] == [field]
    assert (creation.kept[0]["field"], creation.kept[0]["kept"]) == (field, kept)
    account.gateway.refresh_from_db()
    assert list(account.gateway.capabilities["drops"]) == [field]

    simulator.create_fault = ""
    creating.run(asked(account, name="second", model_limits=("gpt-4o",), ip_limits="127.0.0.1").pk)
    account.gateway.refresh_from_db()
    assert account.gateway.capabilities["drops"] == {}


@pytest.mark.usefixtures("impatient")
def test_a_time_out_after_the_post_is_resolved_by_looking(account: Account, simulator: Simulator) -> None:
    simulator.create_fault, simulator.slow_seconds = "timeout_after_create", 1
    creation = creating.run(asked(account).pk)
    assert creation.step == Step.DONE
    assert [token.name for token in living(simulator)] == ["fraud-scoring-v3"]
    until = time.monotonic() + 5
    while not posts(simulator) and time.monotonic() < until:  # the held answer is noted when it is given
        time.sleep(0.02)
    assert posts(simulator) == 1


@pytest.mark.usefixtures("impatient")
def test_a_gateway_that_falls_silent_is_looked_at_until_it_answers(
    account: Account, simulator: Simulator, clock: Clock
) -> None:
    creation = asked(account)
    simulator.gateway_fault = "down"
    creating.run(creation.pk, clock)
    creation.refresh_from_db()
    assert (creation.step, creation.error) == (Step.ASKED, "The gateway did not answer.")
    assert creation.next_try_at == clock.now + timedelta(seconds=15)
    assert creating.claim_due(clock.now) == []
    simulator.gateway_fault = ""
    clock.forward(seconds=16)
    assert go_on(creation, clock).step == Step.DONE
    assert posts(simulator) == 1


def test_a_twin_of_the_same_moment_is_not_taken(account: Account, simulator: Simulator) -> None:
    simulator.create_fault = "twin"
    creation = creating.run(asked(account).pk)
    assert creation.step == Step.DONE
    twin, ours = living(simulator)
    token = Token.objects.get()
    assert (token.remote_id, token.open_key()) == (ours.id, f"sk-{ours.key}")
    assert ours.name == "fraud-scoring-v3"
    assert (twin.unlimited_quota, ours.unlimited_quota) == (False, True)


def test_of_two_people_who_ask_for_one_name_at_once_one_is_told(account: Account) -> None:
    judged_together = draft(account), draft(account)
    creating.ask(actor(), account, judged_together[0], {})
    with pytest.raises(DraftRefused, match="A token of this name exists"):
        creating.ask(actor(), account, judged_together[1], {})
    assert Creation.objects.count() == 1


def test_somebody_elses_token_of_the_wanted_name_is_left_alone(account: Account, simulator: Simulator) -> None:
    creation = asked(account)
    theirs = simulator.add_token(simulator.account("alice"), "fraud-scoring-v3", remain_quota=1)
    creating.run(creation.pk)
    token = Token.objects.get()
    assert token.remote_id != theirs.id
    assert theirs.remain_quota == 1


def test_the_gateways_limit_of_tokens_is_told_in_its_words(account: Account, simulator: Simulator) -> None:
    simulator.account("alice").max_tokens = 0
    creation = creating.run(asked(account).pk)
    assert creation.step == Step.FAILED
    assert "已达到最大令牌数量限制 (0)" in creation.error
    assert living(simulator) == []
    event = AuditEvent.objects.get(action="token.create_failed", object_kind="account")
    assert event.changes == {"reason": ["", creation.error]}


def test_an_access_token_replaced_before_the_post_waits_and_says_so(
    account: Account, simulator: Simulator, clock: Clock
) -> None:
    fresh = simulator.replace_access_token(simulator.account("alice"))
    creation = creating.run(asked(account).pk, clock)
    assert creation.step == Step.ASKED
    assert "no longer accepts the account's access token" in creation.error
    account.seal_access_token(fresh)
    account.save()
    clock.forward(seconds=61)
    assert go_on(creation, clock).step == Step.DONE
    assert len(living(simulator)) == 1


@pytest.mark.usefixtures("impatient")
def test_an_access_token_replaced_in_the_middle_waits_and_says_so(
    account: Account, simulator: Simulator, clock: Clock
) -> None:
    creation = asked(account)
    Creation.objects.filter(pk=creation.pk).update(step=Step.SENT)
    simulator.add_token(simulator.account("alice"), creation.nonce, group="default")
    fresh = simulator.replace_access_token(simulator.account("alice"))
    creating.run(creation.pk, clock)
    creation.refresh_from_db()
    assert (creation.step, creation.looked) == (Step.SENT, 0)
    assert "access token" in creation.error
    account.seal_access_token(fresh)
    account.save()
    clock.forward(seconds=61)
    assert go_on(creation, clock).step == Step.DONE
    assert posts(simulator) == 0


def test_a_pause_that_the_gateway_asks_for_is_kept(account: Account, simulator: Simulator, clock: Clock) -> None:
    simulator.gateway_fault, simulator.retry_after = "429_retry_after", 90
    creation = creating.run(asked(account).pk, clock)
    assert creation.step == Step.ASKED
    assert creation.next_try_at > clock.now + timedelta(seconds=80)
    asked_before = len(simulator.requests)
    assert creating.claim_due(clock.now) == []
    assert len(simulator.requests) == asked_before


def test_an_empty_bucket_of_keys_makes_the_creation_wait_not_fail(
    account: Account, simulator: Simulator, clock: Clock
) -> None:
    Gateway.objects.filter(pk=account.gateway_id).update(key_fetches_per_20_minutes=1)
    for number in range(2):
        creation = creating.run(asked(account, name=f"t{number}").pk, clock)
    assert creation.step == Step.NAMED
    assert "20 minutes" in creation.error
    clock.forward(minutes=21)
    assert go_on(creation, clock).step == Step.DONE
    assert Token.objects.with_key().count() == 2


def test_nothing_is_sent_after_an_hour(account: Account, simulator: Simulator, clock: Clock) -> None:
    creation = asked(account)
    clock.forward(hours=2)
    creating.run(creation.pk, clock)
    creation.refresh_from_db()
    assert creation.step == Step.FAILED
    assert simulator.requests == []


def test_what_was_not_sent_can_be_stopped(account: Account, simulator: Simulator, clock: Clock) -> None:
    creation = asked(account)
    assert creating.give_up(actor(), creation)
    assert not creating.give_up(actor(), creation)
    creating.run(creation.pk, clock)
    creation.refresh_from_db()
    assert (creation.step, simulator.requests) == (Step.FAILED, [])


def test_whoever_comes_second_finds_nothing_to_do(account: Account, simulator: Simulator, clock: Clock) -> None:
    creation = asked(account)
    Creation.objects.filter(pk=creation.pk).update(lease_token="other", lease_until=clock.now + creating.LEASE)
    creating.run(creation.pk, clock)
    assert simulator.requests == []
    assert creating.claim_due(clock.now) == []
    clock.forward(seconds=76)
    assert creating.claim_due(clock.now) == [creation.pk]


def test_the_lease_is_renewed_with_every_step(account: Account, clock: Clock) -> None:
    """So that it may be short: after a crash a person waits no longer than for one step."""
    left: list[float] = []

    def slow_clock() -> datetime:
        clock.forward(seconds=20)
        row = Creation.objects.get()
        if row.lease_until:
            left.append((row.lease_until - clock.now).total_seconds())
        return clock.now

    creation = creating.run(asked(account).pk, slow_clock)
    assert creation.step == Step.DONE
    assert min(left) > 0


def test_a_token_deleted_on_the_gateway_in_the_middle_is_told(
    account: Account, simulator: Simulator, clock: Clock
) -> None:
    creation = asked(account)
    remote = simulator.add_token(simulator.account("alice"), creation.nonce, group="default")
    Creation.objects.filter(pk=creation.pk).update(step=Step.FOUND, remote_id=remote.id)
    remote.deleted = True
    creating.run(creation.pk, clock)
    creation.refresh_from_db()
    assert creation.step == Step.FAILED
    assert "deleted on the gateway" in creation.error


def test_the_gateways_trouble_at_the_first_look_is_not_the_tokens(
    account: Account, simulator: Simulator, clock: Clock
) -> None:
    creation = asked(account)
    creating.run(creation.pk, clock, patience=0)  # one step a run
    for _ in range(4):
        clock.forward(seconds=1)
        creating.run(creation.pk, clock, patience=0)
    creation.refresh_from_db()
    assert creation.step == Step.READ
    simulator.gateway_fault = "down"
    clock.forward(seconds=1)
    assert creating.run(creation.pk, clock).step == Step.DONE
    token = Token.objects.get()
    assert (token.state, token.probe_verdict) == ("new", "")
