"""Put looks on their subjects: settle the light, extend or close the streak, keep the last looks. No I/O here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tokens.gateways.records import Evidence
from tokens.health.states import ConfirmPolicy, Standing, StateChange, settle
from tokens.health.verdicts import Judgement, State, Verdict
from tokens.models import Account, Change, Gateway, Streak, Token
from tokens.models.token import RANK
from tokens.models.watched import LOOKS_KEPT, Watched

EVIDENCE_KEPT = 8
LOOKS_FRESH = 23  # looks kept as they came
OLD_LOOKS_APART = 40 * 60  # seconds: the rest of the 60 then covers a day
RUNG_ORDER = ("status", "account", "facts", "models", "usage", "dry", "call")

# What record() may change on any subject; each writer adds its own facts.
HOT_FIELDS = (
    "state state_since verdict verdict_since note evidence pending_verdict pending_count pending_since "
    "checked_at latency_ms looks streak_verdict streak_rung streak_first_at streak_last_at streak_looks "
    "streak_ms_min streak_ms_max streak_ms_sum"
).split()

# What a look changes that says what the last one said: all that most looks write.
QUIET_FIELDS = (
    "note checked_at latency_ms looks streak_rung streak_last_at streak_looks streak_ms_min streak_ms_max streak_ms_sum"
).split()


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one look leaves beside its subject's own row."""

    streak: Streak | None = None
    change: Change | None = None
    next_in: timedelta | None = None  # a second look is wanted this soon
    quiet: bool = False  # only QUIET_FIELDS were touched


def record(
    subject: Watched, judgement: Judgement, looks: Sequence[Evidence], now: datetime, policy: ConfirmPolicy
) -> Recorded:
    """Apply one look to `subject` (not saved here); `looks` is the evidence behind it, oldest first."""
    last = looks[-1] if looks else None
    before, begun = _standing(subject), subject.streak_first_at
    settled = settle(before, judgement, now=now, policy=policy)
    _stand(subject, settled.standing, judgement, now)
    telling = settled.change or settled.standing.pending or not subject.evidence or subject.state == State.FAILING
    if telling:
        goes_on = subject.state == State.FAILING or settled.standing.pending_count > 1
        _keep_evidence(subject, looks, now, afresh=not goes_on)
    streak = _extend(subject, judgement.verdict, last, now)
    if last and last.rung not in ("facts", "account"):
        subject.latency_ms = last.latency_ms
        keep_look(subject, judgement.verdict, last, now)
    subject.checked_at = now
    change = _change(subject, settled.change, judgement) if settled.change else None
    same = not telling and settled.standing == before and subject.streak_first_at == begun
    return Recorded(streak, change, settled.next_in, quiet=same)


def keep_look(subject: Watched, verdict: Verdict, look: Evidence, now: datetime) -> None:
    """Add a look to the short memory that the chart is drawn from."""
    row = [int(now.timestamp()), look.latency_ms, verdict.value, look.status]
    subject.looks = thinned([*subject.looks, row])


def thinned(looks: list[list[Any]]) -> list[list[Any]]:
    """At most LOOKS_KEPT: the one that has just become old goes when it follows another too closely, else the oldest.

    So a gateway that is looked at every minute and a token every ten minutes both remember a day.
    """
    if len(looks) <= LOOKS_KEPT:
        return looks
    crossing = len(looks) - 1 - LOOKS_FRESH
    close = looks[crossing][0] - looks[crossing - 1][0] < OLD_LOOKS_APART
    dropped = crossing if close else 0
    return (looks[:dropped] + looks[dropped + 1 :])[-LOOKS_KEPT:]


def close_streak(subject: Watched) -> Streak | None:
    """The open streak as a row, when something ends it."""
    if not subject.streak_looks or subject.streak_first_at is None or subject.streak_last_at is None:
        return None
    return Streak(
        light=light_of(subject),
        subject_id=subject.pk,
        day=subject.streak_first_at.astimezone(UTC).date(),
        rung=subject.streak_rung,
        verdict=subject.streak_verdict,
        first_at=subject.streak_first_at,
        last_at=subject.streak_last_at,
        looks=subject.streak_looks,
        ms_min=subject.streak_ms_min,
        ms_max=subject.streak_ms_max,
        ms_sum=subject.streak_ms_sum,
        evidence=subject.last_evidence() if subject.streak_verdict != Verdict.OK else {},
    )


def light_of(subject: Watched) -> str:
    return {Token: "token", Account: "account", Gateway: "gateway"}[type(subject)]


def stored(evidence: Evidence, now: datetime) -> dict[str, Any]:
    return {"at": int(now.timestamp()), **evidence.as_dict()}


def _standing(subject: Watched) -> Standing:
    return Standing(
        state=State(subject.state),
        verdict=subject.verdict_or_none,
        since=subject.verdict_since,
        pending=Verdict(subject.pending_verdict) if subject.pending_verdict else None,
        pending_count=subject.pending_count,
        pending_since=subject.pending_since,
    )


def _stand(subject: Watched, standing: Standing, judgement: Judgement, now: datetime) -> None:
    if subject.state != standing.state or subject.state_since is None:
        subject.state_since = now
    if standing.verdict == judgement.verdict:
        subject.note = judgement.note[:300]
    subject.state = standing.state.value
    subject.verdict = standing.verdict.value if standing.verdict else ""
    subject.verdict_since = standing.since
    subject.pending_verdict = standing.pending.value if standing.pending else ""
    subject.pending_count = standing.pending_count
    subject.pending_since = standing.pending_since
    if isinstance(subject, Token):
        subject.rank = RANK[subject.state]


def _keep_evidence(subject: Watched, looks: Iterable[Evidence], now: datetime, *, afresh: bool) -> None:
    kept = [] if afresh else list(subject.evidence)
    subject.evidence = (kept + [stored(look, now) for look in looks])[-EVIDENCE_KEPT:]


def _extend(subject: Watched, verdict: Verdict, look: Evidence | None, now: datetime) -> Streak | None:
    """Same verdict on the same UTC day: the open streak grows, whatever the rung; else it closes and another begins.

    The dearest rung used names the streak, so that a token seen by two rungs writes one row a day and not one a look.
    """
    first = subject.streak_first_at
    same_day = first is not None and first.astimezone(UTC).date() == now.astimezone(UTC).date()
    closed = None
    if subject.streak_verdict != verdict or not same_day:
        closed = close_streak(subject)
        subject.streak_verdict, subject.streak_rung = verdict.value, ""
        subject.streak_first_at, subject.streak_looks = now, 0
        subject.streak_ms_min, subject.streak_ms_max, subject.streak_ms_sum = None, None, 0
    subject.streak_last_at = now
    subject.streak_looks += 1
    if look:
        _measure(subject, look)
    return closed


def _measure(subject: Watched, look: Evidence) -> None:
    if subject.streak_rung not in RUNG_ORDER or RUNG_ORDER.index(look.rung) > RUNG_ORDER.index(subject.streak_rung):
        subject.streak_rung = look.rung
    if (ms := look.latency_ms) is None or look.rung in ("facts", "account"):
        return
    subject.streak_ms_min = ms if subject.streak_ms_min is None else min(ms, subject.streak_ms_min)
    subject.streak_ms_max = ms if subject.streak_ms_max is None else max(ms, subject.streak_ms_max)
    subject.streak_ms_sum += ms


def _change(subject: Watched, change: StateChange, judgement: Judgement) -> Change:
    made = Change(
        light=light_of(subject),
        old_state=change.old_state.value,
        new_state=change.new_state.value,
        old_verdict=change.old_verdict.value if change.old_verdict else "",
        verdict=change.verdict.value,
        note=judgement.note[:300],
        since=change.since,
        at=change.at,
    )
    if isinstance(subject, Token):
        made.token, made.account_id, made.gateway_id = subject, subject.account_id, subject.gateway_id
    elif isinstance(subject, Account):
        made.account, made.gateway = subject, subject.gateway
    elif isinstance(subject, Gateway):
        made.gateway = subject
    return made
