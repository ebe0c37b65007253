"""The past of every light: streaks, changes and incidents, and the row that they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tokens.gateways.records import Evidence
from tokens.health.verdicts import State, Verdict, meaning
from tokens.models import Account, Change, Gateway, Incident, Streak, Token, User
from tokens.services import recording

from . import course, rows
from .cast import ACCOUNTS, Purse
from .course import Pace, Stretch, Turn
from .meeting import Met
from .rows import BEGAN, Seen

Subject = Gateway | Account | Token
REMEMBERED = ("streak_verdict streak_rung streak_first_at streak_last_at streak_looks "
              "streak_ms_min streak_ms_max streak_ms_sum").split()  # fmt: skip


@dataclass(slots=True)
class Past:
    """What is to be stored, gathered over all subjects, so that ids follow time."""

    now: datetime
    dice: Random
    streaks: list[Streak] = field(default_factory=list)
    turns: list[tuple[Subject, Turn, list[dict[str, Any]]]] = field(default_factory=list)

    def of_gateway(self, met: Met) -> None:
        house, gateway = met.scene.house, met.gateway
        told = course.stretches(self.now - BEGAN, self.now, house.past, self.now, (Verdict.OK, self.now))
        look = Evidence("models", "GET /v1/models", status=200, latency_ms=house.latency, body="json")
        self._lay(gateway, told, Pace(house.latency + 15, house.jitter), look)
        gateway.created_at = self.now - BEGAN
        gateway.save()

    def of_account(self, met: Met, purse: Purse) -> None:
        account = met.accounts[purse.username]
        account.balances = rows.balances(purse, self.now, self.dice)
        told = _purse_course(account, purse, self.now)
        self._lay(account, told, Pace(None), met.readings[purse.username].calls[0])
        account.created_at = self.now - BEGAN
        account.save()

    def of_token(self, met: Met, seen: Seen) -> None:
        part, token, house = seen.part, seen.token, met.scene.house
        born = rows.born(part, self.now)
        since = self.now - timedelta(hours=part.since)
        token_by = token.owner.shown_name if token.owner else ""
        end = self.now - timedelta(hours=part.paused_for or part.retired_for)
        told = course.stretches(born, end, part.past, self.now, (seen.judgement.verdict, since))
        self._lay(token, told, Pace(house.latency + 10, house.jitter), seen.look, seen.judgement.note)
        rows.set_aside(token, part, self.now, token_by)
        token.save()

    def store(self, people: dict[str, User]) -> list[Change]:
        """Everything in the order in which it happened."""
        Streak.objects.bulk_create(self.streaks, batch_size=500)
        changes: list[Change] = []
        open_now: dict[tuple[str, int], Incident] = {}
        for subject, turn, evidence in sorted(self.turns, key=lambda one: one[1].at):
            change = _change(subject, turn)
            key = (change.light, subject.pk)
            if turn.after.state == State.FAILING:
                change.incident = open_now[key] = _incident(subject, change, evidence)
            elif key in open_now:
                change.incident = incident = open_now.pop(key)
                incident.closed_at = change.at
                incident.save(update_fields=["closed_at"])
            changes.append(change)
        _acknowledge(open_now, people)
        return Change.objects.bulk_create(changes, batch_size=500)

    def _lay(self, subject: Subject, told: list[Stretch], pace: Pace, look: Evidence, note: str = "") -> None:
        """Put a course on a subject: its light, its memory, its open streak; keep the rest for store()."""
        light, last = recording.light_of(subject), told[-1]
        known = meaning(last.verdict).state is not None
        since = next((turn.since for turn in reversed(list(course.turns(told)))), last.start)
        rows.stand(subject, last.state, last.verdict if known else None, since, note or subject.note)
        subject.verdict_since = last.start if known else None
        subject.checked_at, subject.latency_ms = last.end - timedelta(seconds=5), look.latency_ms
        evidence = [self._as_of(look, last.start + course.CONFIRMED_AFTER * nth) for nth in range(2)]
        subject.evidence = evidence if last.state == State.FAILING else evidence[:1]
        if light != "account":
            subject.looks = course.looks(told, pace, self.dice)
        closed = list(course.streaks(told, pace, look.rung, light, subject.pk, self.dice))
        _reopen(subject, closed.pop())
        self.streaks += closed
        for turn in course.turns(told):
            now_failing = turn.after is last and last.state == State.FAILING
            self.turns.append((subject, turn, evidence if now_failing else _told(turn, look)))

    def _as_of(self, look: Evidence, at: datetime) -> dict[str, Any]:
        """The same answer, given then: another request, a little faster or slower."""
        asked = f"{at:%Y%m%d%H%M%S}{self.dice.getrandbits(72):018x}" if look.request_id else ""
        late = look.latency_ms and look.latency_ms + self.dice.randrange(-9, 40)
        return recording.stored(replace(look, request_id=asked, latency_ms=late), at)


def _purse_course(account: Account, purse: Purse, now: datetime) -> list[Stretch]:
    """Low since the balance fell below the limit, exhausted since it was gone: as the balances say."""
    low = _since(account.balances, account.low_balance_units, now)
    if not purse.empty_for:
        verdict = Verdict(account.verdict)
        return course.stretches(now - BEGAN, now, purse.past, now, (verdict, low if verdict != Verdict.OK else now))
    gone = _since(account.balances, 0, now)
    before = course.stretches(now - BEGAN, gone, purse.past, now, (Verdict.QUOTA_LOW, low))
    return [*before, Stretch(Verdict.ACCOUNT_EXHAUSTED, gone, now)]


def _since(balances: Sequence[Sequence[int]], limit: int, now: datetime) -> datetime:
    """When the balance came down to the limit, after it was last above."""
    at = balances[-1][0]
    for stamp, units in reversed(balances):
        if units > limit:
            break
        at = stamp
    return datetime.fromtimestamp(min(at, int(now.timestamp()) - 120), now.tzinfo)


def _reopen(subject: Subject, streak: Streak) -> None:
    for name in REMEMBERED:
        setattr(subject, name, getattr(streak, name.removeprefix("streak_")))


def _told(turn: Turn, look: Evidence) -> list[dict[str, Any]]:
    """The evidence of a failure that is over: two looks, with the status that it had."""
    if turn.after.state != State.FAILING:
        return []
    status = course.HTTP.get(turn.after.verdict)
    seen = Evidence(
        look.rung, look.asked, status=status, fault="" if status else "timeout", body="json" if status else ""
    )
    return [recording.stored(seen, turn.since), recording.stored(seen, turn.at)]


def _change(subject: Subject, turn: Turn) -> Change:
    before = turn.before
    change = Change(
        light=recording.light_of(subject),
        old_state=(before.state if before else State.NEW).value,
        new_state=turn.after.state.value,
        old_verdict=before.verdict.value if before else "",
        verdict=turn.after.verdict.value,
        note=subject.note if subject.verdict == turn.after.verdict else "",
        since=turn.since,
        at=turn.at,
        processed_at=turn.at + timedelta(seconds=1),
    )
    if isinstance(subject, Gateway):
        change.gateway = subject
    elif isinstance(subject, Account):
        change.account, change.gateway = subject, subject.gateway
    else:
        change.token, change.account, change.gateway = subject, subject.account, subject.gateway
    return change


def _incident(subject: Subject, change: Change, evidence: list[dict[str, Any]]) -> Incident:
    return Incident.objects.create(
        light=change.light,
        gateway=change.gateway,
        account=change.account,
        token=change.token,
        subject_name=subject.name,
        verdict=change.verdict,
        note=change.note,
        severity=meaning(change.verdict).severity,
        evidence=evidence,
        tokens_affected=1 if isinstance(subject, Token) else subject.tokens.count(),
        started_at=change.since,
        opened_at=change.at,
    )


def _acknowledge(open_now: dict[tuple[str, int], Incident], people: dict[str, User]) -> None:
    """Somebody is on the two that have been open longest."""
    oldest = sorted(open_now.values(), key=lambda one: one.opened_at)[:2]
    for incident, name in zip(oldest, ("liwei", "priya"), strict=False):
        incident.acknowledged_by = people[name]
        incident.acknowledged_at = incident.opened_at + timedelta(minutes=47)
        incident.save(update_fields=["acknowledged_by", "acknowledged_at"])


def purses(met: Met) -> list[Purse]:
    return [purse for purse in ACCOUNTS if purse.username in met.accounts]
