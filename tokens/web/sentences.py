"""What a page says of one token: its state in a word, the reason in a sentence, its three lights, its quota."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from tokens.health.verdicts import State, Verdict, meaning
from tokens.models import Account, Gateway, Token
from tokens.models.watched import STATES
from tokens.templatetags import wording

STANDS_STILL = (State.HEALTHY, State.DEGRADED, State.FAILING)  # what an outage of the gateway freezes
STATE_WORDS = dict(STATES)
DUE_SHOWN = timedelta(seconds=30)
QUOTA_WARNS = 0.9  # share used from which the meter turns amber


@dataclass(frozen=True, slots=True)
class Standing:
    """A token's state for a badge, and the one line under it."""

    state: str
    word: str
    glyph: str
    why: str
    loud: bool  # failing or degraded: the line is for reading, not a note


@dataclass(frozen=True, slots=True)
class Lights:
    token: str
    account: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Quota:
    """What is used of a limited token's quota, for the meter."""

    used: str
    whole: str
    used_units: int
    whole_units: int
    percent: float
    state: str


def standing(token: Token, now: datetime) -> Standing:
    word, glyph = state_word(token.state), token.state
    if token.gateway.frozen_at and token.state in STANDS_STILL:
        at = wording.clock(token.gateway.frozen_at, now)
        word, glyph = _("%(state)s, frozen %(at)s") % {"state": word, "at": at}, "frozen"
    loud = token.state in (State.FAILING, State.DEGRADED)
    return Standing(token.state, word, glyph, reason(token, now), loud)


def state_word(state: str) -> str:
    return str(STATE_WORDS.get(state, state))


def is_checking(token: Token, now: datetime) -> bool:
    """In a worker's hands, or due just now; what is due for longer waits for something else."""
    if token.state in (State.PAUSED, State.RETIRED) or not token.has_key:
        return False
    if token.lease_until and token.lease_until > now:
        return True
    stands = token.gateway.paused_at or token.gateway.state == State.FAILING
    due = token.next_check_at
    return not stands and due is not None and now - DUE_SHOWN < due <= now


def lights(token: Token) -> Lights:
    return Lights(token.state, light_of(token.account), light_of(token.gateway))


def light_of(subject: Account | Gateway | None) -> str:
    if subject is None:
        return "none"
    return State.PAUSED.value if subject.paused_at else subject.state


def quota(token: Token) -> Quota | None:
    """None when the quota is unlimited or not known."""
    whole, used = token.quota_units, token.used_units or 0
    if whole is None:
        return None
    share = min(max(used / whole, 0.0), 1.0) if whole > 0 else 1.0
    state = "failing" if share >= 1 else "degraded" if share >= QUOTA_WARNS else ""
    per_usd = token.gateway.quota_per_unit
    used_usd, whole_usd = (wording.units_in_dollars(units, per_usd) for units in (used, whole))
    return Quota(used_usd, whole_usd, used, whole, share * 100, state)


def reason(token: Token, now: datetime) -> str:
    """One line: why it is as it is. Empty for what is well."""
    if token.state == State.PAUSED:
        return _paused(token)
    if token.state == State.RETIRED:
        return _("Retired on %(day)s") % {"day": wording.short_date(token.retired_at or now, now)}
    if token.state == State.NEW:
        age = wording.span((now - token.created_at).total_seconds())
        return _("Added %(age)s ago, waits for its first verdict") % {"age": age}
    if token.state == State.HEALTHY:
        return _("One look failed, looking again") if token.pending_verdict else ""
    say = SAYINGS.get(token.verdict)
    return (say(token, now) if say else "") or title_of(token.verdict)


def title_of(verdict: str) -> str:
    """The verdict's title, the word itself for one that this version does not know."""
    return str(meaning(verdict).title) if verdict in KNOWN else verdict


KNOWN = frozenset(verdict.value for verdict in Verdict)


def _paused(token: Token) -> str:
    words = {"who": token.paused_by or _("Keyward")}
    if token.paused_until is None:
        return _("Paused by %(who)s until resumed") % words
    return _("Paused by %(who)s until %(day)s") % {**words, "day": wording.day_and_time(token.paused_until)}


def _exhausted(token: Token, now: datetime) -> str:
    balance = token.account.balance_usd if token.account else None
    if balance is None or balance <= 0:
        return _("Quota used up")
    return _("Quota used up, though the account has %(balance)s") % {"balance": wording.dollars(balance)}


def _expired(token: Token, now: datetime) -> str:
    return _("Expired on %(day)s") % {"day": wording.day_and_time(token.expires_at)} if token.expires_at else ""


def _expires(token: Token, now: datetime) -> str:
    return _("Expires %(day)s") % {"day": wording.day_and_time(token.expires_at)} if token.expires_at else ""


def _low(token: Token, now: datetime) -> str:
    if token.remain_units is None:
        return ""
    left = wording.units_in_dollars(token.remain_units, token.gateway.quota_per_unit)
    return _("%(left)s of its quota left") % {"left": left}


def _slow(token: Token, now: datetime) -> str:
    if token.latency_ms is None or token.verdict_since is None:
        return ""
    words = {"at": wording.clock(token.verdict_since, now), "ms": wording.milliseconds(token.latency_ms)}
    return _("Slow since %(at)s: %(ms)s") % words


def _group(token: Token, now: datetime) -> str:
    if not token.group:
        return ""
    return _("Group %(group)s is not open to this account") % {"group": token.group}


SAYINGS: dict[str, Callable[[Token, datetime], str]] = {
    Verdict.TOKEN_EXHAUSTED: _exhausted,
    Verdict.EXPIRED: _expired,
    Verdict.EXPIRES_SOON: _expires,
    Verdict.QUOTA_LOW: _low,
    Verdict.DEGRADED_SLOW: _slow,
    Verdict.GROUP_FORBIDDEN: _group,
}
