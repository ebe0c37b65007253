"""Read an account: its balance, its groups and the facts of all its tokens, a hundred to a call."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tokens.gateways.errors import GatewayError, NotSupported, RateLimited
from tokens.gateways.management import ManagementClient, client_for
from tokens.gateways.records import AccountFacts, Evidence, GroupFacts, TokenFacts, TokenPage
from tokens.health import schedule
from tokens.health.judge import Thresholds, combine, judge_account, judge_facts, judge_management
from tokens.health.states import ConfirmPolicy
from tokens.health.verdicts import Judgement, State, Verdict
from tokens.models import Account, Gateway, Token
from tokens.models.bulk import write
from tokens.network.client import Wire

from . import governor, looking
from .checking import GATEWAY_FIELDS, TOKEN_POLICY, Clock, keep, probe_judgement, record_gateway
from .recording import HOT_FIELDS, Recorded, record

T = TypeVar("T")
LONGEST_READING = 100.0  # seconds for all calls of one reading
READ_FOR = timedelta(seconds=150)  # its lease: after it the worker is dead
ACCOUNT_POLICY = ConfirmPolicy(looks=2, second_look=timedelta(seconds=30), light="account")
GROUPS_EVERY = timedelta(hours=1)
BALANCE_EVERY = timedelta(hours=1)  # at the latest
LARGE = 500  # tokens of an account whose balance is not asked for at every reading
WELL_OFF = 4  # times the balance at which a warning is due
AT_ONCE = 5000  # ids in one statement
THRESHOLDS = Thresholds()
VISIT_TIMEOUT = 12.0  # seconds for each call of a visit: somebody waits in the browser
BALANCES_KEPT = 14 * 24
FACT_FIELDS = (
    "group unlimited remain_units used_units expires_at model_limits ip_limits remote_status "
    "last_used_at remote_created_at facts_at facts_digest facts_verdict facts_note name search_text"
).split()
ACCOUNT_FIELDS = (
    "user_id username group balance_units used_units balance_read_at balances groups groups_read_at "
    "next_check_at lease_token lease_until"
).split()


@dataclass(slots=True)
class Reading:
    """What one visit to an account brought, before anything is stored."""

    account: AccountFacts | None = None
    groups: tuple[GroupFacts, ...] | None = None
    pages: list[TokenPage] = field(default_factory=list)
    complete: bool = False  # every page was read
    error: GatewayError | None = None
    calls: list[Evidence] = field(default_factory=list)
    capabilities: dict[str, Any] = field(default_factory=dict)


def claim_due(now: datetime, *, limit: int = 200) -> list[tuple[int, str]]:
    """Accounts whose reading is due, with their lease."""
    ready = Account.objects.filter(paused_at=None, gateway__paused_at=None).exclude(access_token_sealed="")
    lease_token, ids = ready.exclude(gateway__state=State.FAILING).claim(now, limit=limit, lease=READ_FOR)
    return [(pk, lease_token) for pk in ids]


def sync_account(account_id: int, lease_token: str, clock: Clock = timezone.now) -> int:
    """Read one account and store what it says; returns how many tokens were judged."""
    now = clock()
    mine = Account.objects.take_over([account_id], lease_token, now, lease=READ_FOR)
    account = Account.objects.select_related("gateway").filter(pk=account_id, lease_token=mine).first()
    if account is None:
        return 0
    budget = governor.grant(account.gateway, "management", _calls_wanted(account, now), now)
    if budget.calls < 2:
        Account.objects.all().hand_back([account_id], mine, next_check_at=budget.retry_at)
        return 0
    reading = read(account, calls=budget.calls, now=now, balance=_wants_balance(account, now))
    now = clock()
    if isinstance(reading.error, RateLimited):
        governor.block(account.gateway, "management", reading.error.retry_after, now)
    return store(account_id, mine, reading, now)


def client_of(account: Account, through: Wire) -> ManagementClient:
    """The account's management client. The access token is opened here, for as long as the client lives."""
    gateway = account.gateway
    capabilities = {**gateway.capabilities}
    return client_for(
        gateway.dialect, through, gateway.base_url, account.open_access_token(), account.user_id, capabilities
    )


def visit(account: Account, act: Callable[[ManagementClient], Awaitable[T]]) -> T:
    """One act with the account's management client, in a loop of its own. Raises GatewayError."""

    async def go() -> T:
        async with looking.wire(concurrency=1, total_timeout=VISIT_TIMEOUT) as through:
            return await act(client_of(account, through))

    return asyncio.run(go())


def read(account: Account, *, calls: int, now: datetime, patience: float = 30, balance: bool = True) -> Reading:
    """Ask the gateway, at most `calls` times of `patience` seconds. A GatewayError is in the reading, never raised."""
    wants_groups = account.groups_read_at is None or now - account.groups_read_at > GROUPS_EVERY
    return asyncio.run(_read(account, calls, balance, wants_groups, patience))


def _wants_balance(account: Account, now: datetime) -> bool:
    """Whether to ask for the balance too: always, but of a large account that is well off only every third reading.

    Its list tells of a ban and of a dead access token as well. A reading that came early was asked for.
    """
    interval = timedelta(seconds=account.sweep_interval)
    if (
        account.verdict != Verdict.OK
        or account.pending_verdict
        or not account.checked_at
        or not account.balance_read_at
    ):
        return True
    if (account.balance_units or 0) < WELL_OFF * account.low_balance_units or now - account.checked_at < 0.8 * interval:
        return True
    old = now - account.balance_read_at >= min(2.5 * interval, BALANCE_EVERY)
    return old or account.tokens.count() < LARGE


async def _read(account: Account, calls: int, balance: bool, wants_groups: bool, patience: float) -> Reading:
    reading = Reading()
    async with looking.wire(concurrency=2, total_timeout=patience) as through:
        client = client_of(account, through)
        try:
            async with asyncio.timeout(LONGEST_READING):
                if balance:
                    reading.account = await client.account()
                if wants_groups:
                    reading.groups = await _groups(client)
                await _pages(client, reading, calls)
        except GatewayError as error:
            reading.error = error
        except TimeoutError:
            pass  # what came so far is stored, the rest next time
        reading.calls, reading.capabilities = list(client.calls), client.capabilities
    return reading


async def _groups(client: ManagementClient) -> tuple[GroupFacts, ...] | None:
    try:
        return await client.groups()
    except NotSupported:
        return None


async def _pages(client: ManagementClient, reading: Reading, calls: int) -> None:
    async for page in client.walk():
        reading.pages.append(page)
        if page.next_cursor is None:
            reading.complete = True
            return
        if len(client.calls) >= calls:
            return
    reading.complete = True


def store(account_id: int, lease_token: str, reading: Reading, now: datetime) -> int:
    """One transaction: the account's light, its facts, and the facts of its tokens."""
    with transaction.atomic():
        locked = Account.objects.select_for_update(of=("self",)).select_related("gateway")
        account = locked.filter(pk=account_id, lease_token=lease_token).first()
        if account is None:
            return 0
        left = [_store_account(account, reading, now)]
        _store_capabilities(account.gateway, reading.capabilities)
        if reading.error and judge_management(reading.error.evidence).light == "gateway":
            left.append(_blame_gateway(account.gateway_id, reading.error.evidence, now))
        listed = {one.remote_id: one for page in reading.pages for one in page.tokens}
        sorted_out = _sort_out(account, listed, now)
        _store_quiet(sorted_out.quiet, now)
        _store_loud(account, sorted_out.loud, listed, left, reading, now)
        if reading.complete and not reading.error:
            _store_missing(account, sorted_out.missing, left, now)
            if any(one.next_in for one in left):
                soon = now + TOKEN_POLICY.within(account.sweep_interval).second_look
                account.next_check_at = min(account.next_check_at or now, soon)
        account.lease_token, account.lease_until = "", None
        write([account], [*HOT_FIELDS, *ACCOUNT_FIELDS], lease_token=lease_token)
        keep(left)
    return len(sorted_out.quiet) + len(sorted_out.loud)


def _store_account(account: Account, reading: Reading, now: datetime) -> Recorded:
    if reading.account:
        _note_balance(account, reading.account, now)
    if reading.groups is not None:
        account.groups = [
            {"name": group.name, "description": group.description, "ratio": group.ratio} for group in reading.groups
        ]
        account.groups_read_at = now
    judgement = _judge(account, reading)
    looks = [reading.error.evidence] if reading.error else reading.calls[:1]
    left = Recorded()
    if judgement.light == "account" or judgement.verdict == Verdict.OK:
        left = record(account, judgement, looks, now, ACCOUNT_POLICY.within(account.sweep_interval))
    interval = left.next_in or timedelta(seconds=account.sweep_interval)
    if reading.error and reading.error.evidence.retry_after:
        interval = max(interval, timedelta(seconds=reading.error.evidence.retry_after))
    account.next_check_at = schedule.next_look(now, interval, account.pk)
    return left


def _store_capabilities(gateway: Gateway, found: dict[str, Any]) -> None:
    """What the client learned on the way (how it signs in, which calls exist) saves the next one the asking."""
    if found and {**gateway.capabilities, **found} != gateway.capabilities:
        gateway.capabilities = {**gateway.capabilities, **found}
        Gateway.objects.filter(pk=gateway.pk).update(capabilities=gateway.capabilities)


def _judge(account: Account, reading: Reading) -> Judgement:
    if reading.error:
        return judge_management(reading.error.evidence)
    if reading.account is None:  # not asked this time, or not answered
        return Judgement(Verdict.OK if reading.pages else Verdict.INCONCLUSIVE, "account")
    return judge_account(reading.account, low_balance_units=account.low_balance_units)


def _note_balance(account: Account, facts: AccountFacts, now: datetime) -> None:
    account.user_id, account.username, account.group = facts.user_id, facts.username, facts.group
    account.balance_units, account.used_units, account.balance_read_at = facts.balance_units, facts.used_units, now
    stamp = int(now.timestamp())
    if not account.balances or stamp - account.balances[-1][0] >= 3600:
        account.balances = [*account.balances, [stamp, facts.balance_units]][-BALANCES_KEPT:]


def _blame_gateway(gateway_id: int, evidence: Evidence, now: datetime) -> Recorded:
    gateway = Gateway.objects.select_for_update().get(pk=gateway_id)
    left = record_gateway(gateway, judge_management(evidence), evidence, now)
    write([gateway], GATEWAY_FIELDS)
    return left


@dataclass(slots=True)
class SortedOut:
    """An account's rows: what says nothing new, what says something, and what the list does not show."""

    quiet: list[int] = field(default_factory=list)
    loud: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)


def _sort_out(account: Account, listed: Mapping[int, TokenFacts], now: datetime) -> SortedOut:
    """One narrow query for all tokens of the account; only those that say something are loaded whole."""
    found, today, usable = SortedOut(), now.date(), _usable_groups(account)
    rows = Token.objects.filter(account=account, remote_id__isnull=False).exclude(state=State.RETIRED)
    columns = "pk remote_id state facts_digest facts_verdict streak_verdict verdict pending_verdict streak_first_at"
    for pk, remote_id, state, digest, said, streak, verdict, pending, first in rows.values_list(*columns.split()):
        one = listed.get(remote_id)
        if one is None:
            if state != State.PAUSED:
                found.missing.append(pk)
            continue
        nothing_new = (
            streak == verdict
            and not pending
            and first is not None
            and first.date() == today
            and digest == digest_of(one)
            and said == _judge_listed(one, usable, now).verdict
        )
        (found.quiet if nothing_new else found.loud).append(pk)
    return found


def _store_quiet(ids: Sequence[int], now: datetime) -> None:
    """Tokens that say nothing new share one UPDATE."""
    for start in range(0, len(ids), AT_ONCE):
        Token.objects.filter(pk__in=ids[start : start + AT_ONCE]).update(
            facts_at=now, checked_at=now, streak_last_at=now, streak_looks=F("streak_looks") + 1
        )


def _store_loud(
    account: Account,
    ids: Sequence[int],
    listed: Mapping[int, TokenFacts],
    left: list[Recorded],
    reading: Reading,
    now: datetime,
) -> None:
    if not ids:
        return
    asked, usable = reading.pages[0].evidence.asked, _usable_groups(account)
    locked = Token.objects.select_for_update(of=("self",)).select_related("gateway", "account", "owner")
    tokens = list(locked.prefetch_related("tags").filter(pk__in=ids))
    for token in tokens:
        if token.remote_id is None:
            continue
        one = listed[token.remote_id]
        take_facts(token, one, _judge_listed(one, usable, now), now)
        if token.state != State.PAUSED:
            left.append(_record_facts(token, one, asked, now))
    write(tokens, [*HOT_FIELDS, *FACT_FIELDS, "rank", "next_check_at"])


def _record_facts(token: Token, facts: TokenFacts, asked: str, now: datetime) -> Recorded:
    said = Judgement(Verdict(token.facts_verdict), "token", token.facts_note)
    look = facts_look(facts, asked)
    policy = TOKEN_POLICY.within(token.account.sweep_interval) if token.account else TOKEN_POLICY
    recorded = record(token, combine(said, probe_judgement(token, now)), [look], now, policy)
    if recorded.next_in and token.account_id:
        soon = now + recorded.next_in
        Account.objects.filter(pk=token.account_id, next_check_at__gt=soon).update(next_check_at=soon)
    return recorded


def take_facts(token: Token, facts: TokenFacts, judgement: Judgement, now: datetime) -> None:
    """Put what the list says of a token on its row (not saved here)."""
    token.name = facts.name[:120] or token.name
    token.group, token.unlimited = facts.group, facts.unlimited
    token.remain_units, token.used_units = facts.remain_units, facts.used_units
    token.expires_at, token.remote_status = facts.expires_at, facts.status
    token.model_limits, token.ip_limits = list(facts.model_limits), list(facts.ip_limits)
    token.last_used_at, token.remote_created_at = facts.last_used_at, facts.created_at
    token.facts_at, token.facts_digest = now, digest_of(facts)
    token.facts_verdict, token.facts_note = judgement.verdict.value, judgement.note[:300]
    token.index_for_search()


def _store_missing(account: Account, gone: Sequence[int], left: list[Recorded], now: datetime) -> None:
    """A complete walk that does not show a token says that it was deleted on the gateway."""
    if not gone:
        return
    locked = Token.objects.select_for_update(of=("self",)).select_related("gateway", "account")
    tokens = list(locked.filter(pk__in=gone))
    judgement = Judgement(Verdict.UNKNOWN_OR_REVOKED, "token", "the account's list no longer shows it")
    look = Evidence("facts", "GET /api/token/", status=200, body="json", note="not in the list")
    policy = TOKEN_POLICY.within(account.sweep_interval)
    for token in tokens:
        token.facts_at, token.facts_digest = now, "gone"
        token.facts_verdict, token.facts_note = judgement.verdict.value, judgement.note
        left.append(record(token, judgement, [look], now, policy))
    write(tokens, [*HOT_FIELDS, "facts_at", "facts_digest", "facts_verdict", "facts_note", "rank"])


def facts_look(facts: TokenFacts, asked: str = "GET /api/token/") -> Evidence:
    """The list's line about one token, as evidence."""
    return Evidence("facts", asked, status=200, body="json", note=describe(facts))


def judge_listed(account: Account, facts: TokenFacts, now: datetime) -> Judgement:
    """What the account's list says of a token, with the groups that the account may use."""
    return _judge_listed(facts, _usable_groups(account), now)


def _judge_listed(facts: TokenFacts, usable: frozenset[str] | None, now: datetime) -> Judgement:
    return judge_facts(facts, now=now, thresholds=THRESHOLDS, usable_groups=usable)


def _usable_groups(account: Account) -> frozenset[str] | None:
    complete = account.groups and account.gateway.capabilities.get("groups_complete", True)  # hubs hide private groups
    return frozenset(account.group_names()) if complete else None


def digest_of(facts: TokenFacts) -> str:
    """Equal for equal facts: what tells a token that says nothing new."""
    said = (
        facts.status, facts.name, facts.group, facts.unlimited, facts.remain_units, facts.used_units,
        facts.expires_at, facts.expired_zero, facts.no_models, facts.last_used_at, facts.model_limits, facts.ip_limits,
    )  # fmt: skip
    return hashlib.blake2s(repr(said).encode(), digest_size=16).hexdigest()


def describe(facts: TokenFacts) -> str:
    """The list's own words, for the evidence."""
    quota = "unlimited" if facts.unlimited else f"remain_quota {facts.remain_units:,}"
    expiry = f"expires {facts.expires_at:%Y-%m-%d %H:%M} UTC" if facts.expires_at else "never expires"
    return f"status {facts.status}, {quota}, {expiry}, group {facts.group or 'of the account'}"


def _calls_wanted(account: Account, now: datetime) -> int:
    tokens = account.tokens.count()
    return 3 + tokens // 100
