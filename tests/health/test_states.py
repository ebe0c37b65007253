"""How looks settle into states."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.health.states import ConfirmPolicy, Settled, Standing, gateway_outage, settle
from tokens.health.verdicts import CATALOGUE, Judgement, Light, State, Verdict

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POLICY = ConfirmPolicy()
GATEWAY_SIDE = [verdict for verdict, found in CATALOGUE.items() if found.light == "gateway"]
SILENT = [Verdict.INCONCLUSIVE, Verdict.RATE_LIMITED, Verdict.SKIPPED_BY_POLICY]


def look(verdict: Verdict, light: Light | None = None) -> Judgement:
    return Judgement(verdict, light or CATALOGUE[verdict].light)


def after(*verdicts: Verdict, start: Standing = Standing(), policy: ConfirmPolicy = POLICY) -> list[Settled]:  # noqa: B008
    """One look a minute."""
    settled, now = [Settled(start)], NOW
    for verdict in verdicts:
        settled.append(settle(settled[-1].standing, look(verdict), now=now, policy=policy))
        now += MINUTE
    return settled[1:]


def states(*verdicts: Verdict, start: Standing = Standing(), policy: ConfirmPolicy = POLICY) -> list[str]:  # noqa: B008
    return [one.standing.state.value for one in after(*verdicts, start=start, policy=policy)]


HEALTHY = Standing(State.HEALTHY, Verdict.OK, NOW - timedelta(days=1))
FAILING = Standing(State.FAILING, Verdict.EXPIRED, NOW - timedelta(hours=1))


def test_the_first_good_look_makes_a_new_token_healthy() -> None:
    (settled,) = after(Verdict.OK)
    assert settled.change is not None
    assert (settled.change.old_state, settled.change.new_state) == (State.NEW, State.HEALTHY)


def test_one_failing_look_fails_nothing_but_asks_for_another_soon() -> None:
    (settled,) = after(Verdict.EXPIRED, start=HEALTHY)
    assert (settled.standing.state, settled.standing.verdict) == (State.HEALTHY, Verdict.OK)
    assert (settled.standing.pending, settled.standing.pending_count) == (Verdict.EXPIRED, 1)
    assert settled.change is None
    assert settled.next_in == POLICY.second_look


def test_the_second_failing_look_fails_it_since_the_first() -> None:
    _first, second = after(Verdict.EXPIRED, Verdict.EXPIRED, start=HEALTHY)
    assert second.standing == Standing(State.FAILING, Verdict.EXPIRED, NOW)
    assert second.change is not None
    assert (second.change.since, second.change.at) == (NOW, NOW + MINUTE)


def test_two_different_failing_verdicts_count_together_and_the_last_is_kept() -> None:
    _first, second = after(Verdict.UNKNOWN_OR_REVOKED, Verdict.DISABLED, start=HEALTHY)
    assert (second.standing.state, second.standing.verdict) == (State.FAILING, Verdict.DISABLED)


def test_a_hiccup_leaves_no_trace() -> None:
    _first, second = after(Verdict.EXPIRED, Verdict.OK, start=HEALTHY)
    assert second.standing == HEALTHY
    assert second.change is None


@pytest.mark.parametrize("silent", SILENT)
def test_a_look_that_says_nothing_neither_counts_nor_forgets(silent: Verdict) -> None:
    assert states(Verdict.EXPIRED, silent, Verdict.EXPIRED, start=HEALTHY) == ["healthy", "healthy", "failing"]
    assert after(silent, start=FAILING)[0].standing == FAILING
    assert after(silent)[0].standing == Standing()


def test_an_unanswered_question_is_asked_again_soon_but_not_against_a_429() -> None:
    pending = after(Verdict.EXPIRED, start=HEALTHY)[0].standing
    assert after(Verdict.INCONCLUSIVE, start=pending)[0].next_in == POLICY.second_look
    assert after(Verdict.RATE_LIMITED, start=pending)[0].next_in is None


@pytest.mark.parametrize("verdict", GATEWAY_SIDE)
def test_the_gateways_trouble_never_moves_a_token(verdict: Verdict) -> None:
    for start in (Standing(), HEALTHY, FAILING):
        assert [one.standing for one in after(verdict, verdict, verdict, start=start)] == [start] * 3


def test_a_dead_access_token_is_the_accounts_and_not_the_tokens() -> None:
    assert (
        states(Verdict.MANAGEMENT_CREDENTIAL_DEAD, Verdict.MANAGEMENT_CREDENTIAL_DEAD, start=HEALTHY)[-1] == "healthy"
    )
    account = ConfirmPolicy(light="account")
    dead = states(Verdict.MANAGEMENT_CREDENTIAL_DEAD, Verdict.MANAGEMENT_CREDENTIAL_DEAD, start=HEALTHY, policy=account)
    assert dead[-1] == "failing"


def test_a_gateways_own_light_is_settled_by_its_own_verdicts_only() -> None:
    gateway = ConfirmPolicy(light="gateway")
    assert states(Verdict.GATEWAY_DOWN, Verdict.TIMEOUT, start=HEALTHY, policy=gateway)[-1] == "failing"
    assert states(Verdict.EXPIRED, Verdict.EXPIRED, start=HEALTHY, policy=gateway)[-1] == "healthy"


def test_one_good_look_recovers() -> None:
    (settled,) = after(Verdict.OK, start=FAILING)
    assert settled.standing == Standing(State.HEALTHY, Verdict.OK, NOW)
    assert settled.change is not None
    assert settled.change.old_verdict == Verdict.EXPIRED


def test_recovery_may_be_asked_to_prove_itself() -> None:
    careful = ConfirmPolicy(recovery_looks=2)
    assert states(Verdict.OK, Verdict.EXPIRED, Verdict.OK, Verdict.OK, start=FAILING, policy=careful) == [
        "failing",
        "failing",
        "failing",
        "healthy",
    ]


def test_a_failing_token_takes_a_new_reason_without_a_new_change() -> None:
    (settled,) = after(Verdict.DISABLED, start=FAILING)
    assert (settled.standing.verdict, settled.standing.since) == (Verdict.DISABLED, FAILING.since)
    assert settled.change is None


def test_worries_degrade_at_once_and_lift_at_once() -> None:
    assert states(Verdict.QUOTA_LOW, Verdict.EXPIRES_SOON, Verdict.OK, start=HEALTHY) == [
        "degraded",
        "degraded",
        "healthy",
    ]


def test_slowness_needs_two_looks_in_a_row() -> None:
    slow = Verdict.DEGRADED_SLOW
    assert states(slow, Verdict.OK, slow, slow, slow, Verdict.OK, start=HEALTHY) == [
        "healthy",
        "healthy",
        "healthy",
        "degraded",
        "degraded",
        "healthy",
    ]


def test_a_slow_answer_is_an_answer() -> None:
    assert states(Verdict.DEGRADED_SLOW, start=FAILING) == ["healthy"]
    assert states(Verdict.DEGRADED_SLOW) == ["healthy"]


@pytest.mark.parametrize("state", [State.PAUSED, State.RETIRED])
def test_what_is_not_watched_stays_as_it_is(state: State) -> None:
    start = replace(HEALTHY, state=state)
    assert [one.standing for one in after(Verdict.EXPIRED, Verdict.EXPIRED, start=start)] == [start] * 2


@pytest.mark.parametrize(
    ("failed", "looked", "outage"),
    [(0, 0, False), (1, 1, False), (2, 2, True), (2, 4, True), (2, 5, False), (9, 9, True), (1, 100, False)],
)
def test_a_gateway_is_out_when_half_a_batch_and_two_fail_together(failed: int, looked: int, outage: bool) -> None:
    assert gateway_outage(failed, looked) == outage


def test_a_gateway_is_out_when_its_own_call_fails_twice() -> None:
    assert not gateway_outage(0, 1, status_failures=1)
    assert gateway_outage(0, 1, status_failures=2)


LIGHTS = st.sampled_from(["token", "account", "gateway"])
LOOKS = st.lists(st.builds(Judgement, st.sampled_from(list(Verdict)), LIGHTS), max_size=30)
POLICIES = st.builds(
    ConfirmPolicy,
    looks=st.integers(1, 4),
    recovery_looks=st.integers(1, 3),
    slow_looks=st.integers(1, 3),
    light=LIGHTS,
)


@given(looks=LOOKS, policy=POLICIES)
def test_no_run_of_looks_breaks_the_rules(looks: list[Judgement], policy: ConfirmPolicy) -> None:
    standing, now, failed_in_a_row = Standing(), NOW, 0
    for judgement in looks:
        settled = settle(standing, judgement, now=now, policy=policy)
        target = CATALOGUE[judgement.verdict].state
        failed_in_a_row += target == State.FAILING
        assert (settled.change is not None) == (settled.standing.state != standing.state)
        assert settled.standing.state in (State.NEW, State.HEALTHY, State.DEGRADED, State.FAILING)
        assert (settled.standing.pending is None) == (settled.standing.pending_count == 0)
        if settled.change and settled.change.new_state == State.FAILING:
            assert failed_in_a_row >= policy.looks
            assert settled.change.since <= settled.change.at == now
        if target is None or (policy.light == "token" and judgement.light == "gateway"):
            assert settled.standing == standing
        standing, now = settled.standing, now + MINUTE
