"""The present: people, gateways, accounts and tokens as the database holds them, agreeing with what was met."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zlib import crc32

from tokens.gateways.records import Evidence
from tokens.health.judge import combine, judge_account
from tokens.health.verdicts import Judgement, State, Verdict, meaning
from tokens.models import Account, Tag, Token, User
from tokens.models.token import RANK
from tokens.models.watched import Watched
from tokens.services import syncing
from tokens.vault.spelling import from_gateway

from .cast import ACCOUNTS, PEOPLE, UNITS, Purse
from .meeting import CHECK_EVERY, SWEEP_EVERY, Met
from .troupe import PARTS, Part

BEGAN = timedelta(days=90)  # Keyward was set up then
HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Seen:
    """A token of the story: its part, its row, what the last look at it said."""

    part: Part
    token: Token
    judgement: Judgement
    look: Evidence


def born(part: Part, now: datetime) -> datetime:
    """When it came to Keyward: with the first ones, or at some hour of its day."""
    hours = crc32(part.name.encode()) % 36_000 / 3600 if part.age > 1 else 0
    return max(now - BEGAN, now - timedelta(days=part.age)) + timedelta(hours=hours)


def people() -> dict[str, User]:
    """Nobody but the demo's own user can sign in; these are there to be named."""
    made = [
        User(username=one.username, first_name=one.first_name, last_name=one.last_name, email=one.email, is_staff=True)
        for one in PEOPLE
    ]
    for user in made:
        user.set_unusable_password()
        user.save()
    return {user.username: user for user in made}


def save_gateway(met: Met, now: datetime) -> None:
    gateway = met.gateway
    gateway.probed_at, gateway.next_check_at = now, now + timedelta(seconds=15)
    gateway.save()
    for purse in ACCOUNTS:
        if purse.username in met.accounts:
            _save_account(met, purse, now)


def _save_account(met: Met, purse: Purse, now: datetime) -> None:
    account, said = met.accounts[purse.username], met.readings[purse.username]
    assert said.account is not None  # noqa: S101 meeting raised otherwise
    account.gateway = met.gateway
    account.username, account.group = said.account.username, said.account.group
    account.balance_units, account.used_units = said.account.balance_units, said.account.used_units
    account.balance_read_at = account.groups_read_at = now
    account.groups = [
        {"name": one.name, "description": one.description, "ratio": one.ratio} for one in said.groups or ()
    ]
    judgement = judge_account(said.account, low_balance_units=account.low_balance_units)
    account.verdict, account.note = judgement.verdict.value, judgement.note
    account.next_check_at = now + timedelta(seconds=SWEEP_EVERY / 2)
    account.save()


def balances(purse: Purse, now: datetime, dice: Random) -> list[list[int]]:
    """One an hour for fourteen days, ending with what the account holds: spent by day more than by night."""
    at, held = now.replace(minute=0, second=0, microsecond=0), purse.balance
    found: list[list[int]] = []
    for back in range(14 * 24):
        found.append([int((at - back * HOUR).timestamp()), round(held * UNITS)])
        if back >= purse.empty_for:
            hour = (at - back * HOUR).hour
            held += purse.per_day / 24 * (1.5 if 7 <= hour < 19 else 0.5) * dice.uniform(0.6, 1.4)
        held -= sum(usd for days, usd in purse.topped_up if back == int(days * 24))
        held = max(held, 0.0)
    return found[::-1]


def save_tokens(met: Met, owners: dict[str, User], now: datetime, dice: Random) -> list[Seen]:
    seen = [_seen(met, part, owners[part.owner], now, dice) for part in PARTS if part.name in met.scene.tokens]
    Token.objects.bulk_create([one.token for one in seen])
    tags = {name: Tag.objects.get_or_create(name=name)[0] for one in seen for name in one.part.tags.split()}
    links = [Token.tags.through(token=one.token, tag=tags[name]) for one in seen for name in one.part.tags.split()]
    Token.tags.through.objects.bulk_create(links)
    for one in seen:
        one.token.index_for_search()
        one.token.created_at = born(one.part, now)
    Token.objects.bulk_update([one.token for one in seen], ["search_text", "created_at"])
    return seen


def _seen(met: Met, part: Part, owner: User, now: datetime, dice: Random) -> Seen:
    look, account = met.looks[part.name], met.accounts.get(part.account)
    token = Token(gateway=met.gateway, account=account, owner=owner, name=part.name, purpose=part.purpose)
    token.seal_key(from_gateway(met.scene.tokens[part.name].key))
    said = _facts(token, met, account, part, now) if account else None
    if meaning(look.judgement.verdict).state:
        token.probe_verdict, token.probe_note = look.judgement.verdict.value, look.judgement.note
    token.probed_at = now
    judgement = combine(said, look.judgement)
    token.next_check_at = now + timedelta(seconds=dice.uniform(5, CHECK_EVERY))
    return Seen(part, token, judgement, look.evidence)


def _facts(token: Token, met: Met, account: Account, part: Part, now: datetime) -> Judgement:
    """What the account's list says; of one that is gone, what it said last."""
    facts = met.facts[part.name]
    token.remote_id = facts.remote_id
    said = syncing.judge_listed(account, facts, now)
    syncing.take_facts(token, facts, said, now)
    if part.verdict == Verdict.UNKNOWN_OR_REVOKED:
        said = Judgement(Verdict.UNKNOWN_OR_REVOKED, "token", "the account's list no longer shows it")
        token.facts_digest, token.facts_verdict, token.facts_note = "gone", said.verdict.value, said.note
    return said


def set_aside(token: Token, part: Part, now: datetime, by: str) -> datetime:
    """Paused and retired tokens stopped being looked at; returns when the last look at a token was."""
    if part.paused_for:
        last = now - timedelta(hours=part.paused_for)
        token.paused_from, token.paused_by, token.state = token.state, by, State.PAUSED.value
    elif part.retired_for:
        last = now - timedelta(hours=part.retired_for)
        token.state, token.retired_at = State.RETIRED.value, last
    else:
        return now
    token.state_since, token.next_check_at = last, None
    token.rank = RANK[State(token.state)]
    return last


def stand(subject: Watched, state: State, verdict: Verdict | None, since: datetime, note: str) -> None:
    """A settled light."""
    subject.state, subject.state_since = state.value, since
    subject.verdict, subject.verdict_since = verdict.value if verdict else "", since if verdict else None
    subject.note = note if verdict else ""
    if isinstance(subject, Token):
        subject.rank = RANK[state]
