"""Verdicts become a settled state: one hiccup never fails anything, and what says nothing changes nothing. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .verdicts import CATALOGUE, Judgement, Light, State, Verdict


@dataclass(frozen=True, slots=True)
class ConfirmPolicy:
    """How many looks in a row it takes, and whose light is settled: a gateway's verdict never moves a token."""

    looks: int = 2  # failing looks before a light fails
    second_look: timedelta = timedelta(seconds=60)  # how soon the confirming look comes
    recovery_looks: int = 1  # good looks before a failing light recovers
    slow_looks: int = 2  # slow looks before slowness degrades
    light: Light = "token"

    def within(self, interval: float) -> ConfirmPolicy:
        """The same where looks come every `interval` seconds: the second one waits half of that at most."""
        return replace(self, second_look=min(self.second_look, timedelta(seconds=interval / 2)))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a light stands. `pending` counts looks in a row that say otherwise and are not yet enough."""

    state: State = State.NEW
    verdict: Verdict | None = None  # the verdict behind the state; None until the first
    since: datetime | None = None  # when that state or verdict began
    pending: Verdict | None = None
    pending_count: int = 0
    pending_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class StateChange:
    old_state: State
    new_state: State
    old_verdict: Verdict | None
    verdict: Verdict
    since: datetime  # when it began: of a failure, the first look that saw it
    at: datetime  # when it was settled


@dataclass(frozen=True, slots=True)
class Settled:
    standing: Standing
    change: StateChange | None = None
    next_in: timedelta | None = None  # a second look is wanted this soon


def settle(standing: Standing, judgement: Judgement, *, now: datetime, policy: ConfirmPolicy) -> Settled:
    """Weigh one look: the new standing, the change if the state turned, and whether to look again soon."""
    target = CATALOGUE[judgement.verdict].state
    if standing.state in (State.PAUSED, State.RETIRED):
        return Settled(standing)
    if target is None or not _concerns(judgement, policy.light):
        return Settled(standing, next_in=_second(standing, judgement, policy))
    if target == State.FAILING:
        return _worse(standing, judgement.verdict, now, policy)
    if judgement.verdict == Verdict.DEGRADED_SLOW:
        return _slow(standing, now, policy)
    return _better(standing, target, judgement.verdict, now, policy)


def gateway_outage(failed: int, looked: int, *, status_failures: int = 0) -> bool:
    """Whether a gateway's light turns: half a batch (at least two) fails on its side, or its status call fails twice.

    `failed` and `looked` count different tokens of one batch; `status_failures` counts looks in a row.
    """
    return (failed >= 2 and failed * 2 >= looked) or status_failures >= 2


def _concerns(judgement: Judgement, light: Light) -> bool:
    """A token suffers from its account's emptiness or ban, not from a dead access token, and never from the gateway."""
    if light == "gateway":
        return judgement.light == "gateway"
    if judgement.light == "gateway" or light == "account":
        return judgement.light == light
    return judgement.verdict != Verdict.MANAGEMENT_CREDENTIAL_DEAD


def _second(standing: Standing, judgement: Judgement, policy: ConfirmPolicy) -> timedelta | None:
    """A look that said nothing leaves the question open: ask again soon, unless the gateway asked for quiet."""
    open_question = _is_failing(standing.pending) and standing.state != State.FAILING
    return policy.second_look if open_question and judgement.verdict != Verdict.RATE_LIMITED else None


def _worse(standing: Standing, verdict: Verdict, now: datetime, policy: ConfirmPolicy) -> Settled:
    if standing.state == State.FAILING:
        return Settled(_quiet(replace(standing, verdict=verdict)))
    again = _is_failing(standing.pending)
    count = standing.pending_count + 1 if again else 1
    since = (standing.pending_since if again else None) or now
    if count >= policy.looks and CATALOGUE[verdict].confirms:
        return _turn(standing, State.FAILING, verdict, since, now)
    waiting = replace(standing, pending=verdict, pending_count=count, pending_since=since)
    return Settled(waiting, next_in=policy.second_look)


def _better(standing: Standing, target: State, verdict: Verdict, now: datetime, policy: ConfirmPolicy) -> Settled:
    if standing.state != State.FAILING:
        return _turn(standing, target, verdict, now, now)
    recovering = standing.pending is not None and not _is_failing(standing.pending)
    count = standing.pending_count + 1 if recovering else 1
    if count >= policy.recovery_looks:
        return _turn(standing, target, verdict, now, now)
    since = (standing.pending_since if recovering else None) or now
    waiting = replace(standing, pending=verdict, pending_count=count, pending_since=since)
    return Settled(waiting, next_in=policy.second_look)


def _slow(standing: Standing, now: datetime, policy: ConfirmPolicy) -> Settled:
    """Slow is an answer all the same: it counts as good until it was slow often enough in a row."""
    if standing.state == State.DEGRADED and standing.verdict == Verdict.DEGRADED_SLOW:
        return Settled(_quiet(standing))
    again = standing.pending == Verdict.DEGRADED_SLOW and standing.state != State.FAILING
    count = standing.pending_count + 1 if again else 1
    since = (standing.pending_since if again else None) or now
    if count >= policy.slow_looks and standing.state != State.FAILING:
        return _turn(standing, State.DEGRADED, Verdict.DEGRADED_SLOW, since, now)
    good = _better(standing, State.HEALTHY, Verdict.OK, now, policy)
    if good.standing.state == State.FAILING:
        return good
    noted = replace(good.standing, pending=Verdict.DEGRADED_SLOW, pending_count=count, pending_since=since)
    return Settled(noted, good.change)


def _turn(standing: Standing, state: State, verdict: Verdict, since: datetime, now: datetime) -> Settled:
    """Stand anew. Only a new state is a change; a new reason for the same state begins its own `since`."""
    if standing.state == state and standing.verdict == verdict:
        return Settled(_quiet(standing))
    change = (
        StateChange(standing.state, state, standing.verdict, verdict, since, now) if standing.state != state else None
    )
    return Settled(Standing(state, verdict, since), change)


def _quiet(standing: Standing) -> Standing:
    return replace(standing, pending=None, pending_count=0, pending_since=None)


def _is_failing(verdict: Verdict | None) -> bool:
    return verdict is not None and CATALOGUE[verdict].state == State.FAILING
