"""Check tokens with their keys: claim what is due, look, judge, and store it all in one short transaction."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from tokens.gateways.records import Evidence
from tokens.health import schedule
from tokens.health.judge import combine
from tokens.health.states import ConfirmPolicy, gateway_outage
from tokens.health.verdicts import Judgement, State, Verdict, meaning
from tokens.models import Account, Gateway, Streak, Token
from tokens.models.bulk import write
from tokens.vault.cipher import WrongKey

from . import governor, incidents, looking, reasoning
from .looking import Batch, Job, Look
from .recording import HOT_FIELDS, QUIET_FIELDS, Recorded, keep_look, record

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]

BATCH = 500  # ids in one message: seconds of work, so that a killed worker delays little
OUTSTANDING = 4000  # ids claimed at one time: what bounds the queue, however far the workers are behind
QUEUED_FOR = timedelta(seconds=60)  # a claimed row whose message got lost falls due again after this
WORKED_FOR = timedelta(seconds=45)  # longer than looking.LOOK_FOR and a last call: after it the worker is dead
TOKEN_POLICY = ConfirmPolicy(looks=2, second_look=timedelta(seconds=45))
GATEWAY_POLICY = ConfirmPolicy(looks=2, second_look=timedelta(seconds=15), light="gateway")
KNOCK_EVERY = 60  # seconds between two looks at a gateway, or its check interval when that is shorter
NEEDED = ("uid", "key_sealed", "account_id", "state", "pending_verdict")  # before the looks
PROBE_FIELDS = [
    *HOT_FIELDS,
    "rank",
    "probe_verdict",
    "probe_note",
    "probed_at",
    "next_check_at",
    "lease_token",
    "lease_until",
]
QUIET_PROBE_FIELDS = [*QUIET_FIELDS, "probed_at", "next_check_at", "lease_token", "lease_until"]
LOADED = [*PROBE_FIELDS, "name", "gateway_id", "account_id", "facts_at", "facts_verdict", "facts_note"]


@dataclass(frozen=True, slots=True)
class Order:
    """What one message asks for: ids only, under one lease."""

    gateway_id: int
    ids: list[int]
    lease_token: str


def claim_due(now: datetime) -> list[Order]:
    """Take what is due of the gateways that answer, cut into batches of one gateway each."""
    ready = Token.objects.with_key().watched().filter(gateway__paused_at=None).exclude(gateway__state=State.FAILING)
    out = Token.objects.filter(
        next_check_at__lte=now, lease_until__gt=now
    ).count()  # leased rows stay due till looked at
    lease_token, ids = ready.claim(now, limit=max(0, OUTSTANDING - out), lease=QUEUED_FOR)
    rows = Token.objects.filter(pk__in=ids).order_by("gateway_id", "id").values_list("gateway_id", "id")
    return [
        Order(gateway_id, batch, lease_token)
        for gateway_id, group in groupby(rows, key=lambda row: row[0])
        for batch in _cut([pk for _, pk in group])
    ]


def check_batch(order: Order, clock: Clock = timezone.now) -> int:
    """Look at one order's tokens; returns how many verdicts were stored. A doubled message finds nothing to do."""
    now = clock()
    lease_token = Token.objects.take_over(order.ids, order.lease_token, now, lease=WORKED_FOR)
    gateway = Gateway.objects.filter(pk=order.gateway_id).first()
    tokens = list(Token.objects.filter(pk__in=order.ids, lease_token=lease_token).only(*NEEDED))
    if not gateway or not tokens:
        return 0
    grant = governor.grant(gateway, "checks", len(tokens), now)
    jobs = list(_jobs(tokens[: grant.calls]))
    batch = Batch()
    if jobs:
        with governor.slots(gateway, gateway.concurrency, now) as concurrency:
            batch = looking.look_at_keys(gateway.base_url, jobs, concurrency=concurrency)
    now = clock()
    reasoning.ask_reasons(gateway, batch, {token.pk: token for token in tokens}, jobs, now)
    retry_at = _heed_limit(gateway, batch, now) or grant.retry_at
    stored = conclude(gateway, batch, lease_token, now)
    Token.objects.all().hand_back(order.ids, lease_token, next_check_at=max(retry_at, now + timedelta(seconds=1)))
    return stored


def check_now(tokens: Sequence[Token], now: datetime) -> list[Order]:
    """Orders for tokens that a person asked for: due at once, ahead of the rest."""
    ids = [token.pk for token in tokens if token.has_key]
    Token.objects.filter(pk__in=ids).update(next_check_at=now)
    lease_token, held = Token.objects.filter(pk__in=ids).claim(now, limit=OUTSTANDING, lease=QUEUED_FOR)
    by_gateway = {token.pk: token.gateway_id for token in tokens}
    ordered = sorted(held, key=lambda pk: by_gateway[pk])
    return [
        Order(gateway_id, batch, lease_token)
        for gateway_id, group in groupby(ordered, key=by_gateway.__getitem__)
        for batch in _cut(list(group))
    ]


def conclude(gateway: Gateway, batch: Batch, lease_token: str, now: datetime) -> int:
    """Store what a batch saw: tokens, streaks, changes, the gateway's own light. One short transaction."""
    if not batch.looks:
        return 0
    with transaction.atomic():
        rows = Token.objects.filter(pk__in=[look.token_id for look in batch.looks], lease_token=lease_token)
        tokens = _held(rows, gateway)
        looks = [look for look in batch.looks if look.token_id in tokens]
        telling = [look for look in looks if _wants_account(tokens[look.token_id], look.judgement)]
        left = [_conclude_token(tokens[look.token_id], look, now) for look in looks]
        quiet = {look.token_id for look, one in zip(looks, left, strict=True) if one.quiet}
        write([tokens[pk] for pk in quiet], QUIET_PROBE_FIELDS, lease_token=lease_token)
        write([token for token in tokens.values() if token.pk not in quiet], PROBE_FIELDS, lease_token=lease_token)
        left.append(_conclude_gateway(gateway.pk, looks, now))
        keep(left)
        _wake_accounts(tokens, telling, now)
    return len(looks)


def keep(left: Iterable[Recorded]) -> None:
    """Store closed streaks and changes, in the caller's transaction."""
    left = list(left)
    Streak.objects.bulk_create([one.streak for one in left if one.streak], batch_size=500)
    incidents.follow([one.change for one in left if one.change])


def record_gateway(gateway: Gateway, judgement: Judgement, evidence: Evidence, now: datetime) -> Recorded:
    """One look at the gateway itself, on a locked row; freezes or thaws its tokens when its light turns."""
    interval = min(KNOCK_EVERY, gateway.check_interval)
    left = record(gateway, judgement, [evidence], now, GATEWAY_POLICY.within(interval))
    gateway.next_check_at = schedule.next_look(now, left.next_in or timedelta(seconds=interval), gateway.pk)
    if left.change and left.change.new_state == State.FAILING:
        gateway.frozen_at = now
    elif gateway.frozen_at and gateway.state != State.FAILING:
        gateway.frozen_at = None
        _spread(gateway, now)
    return left


GATEWAY_FIELDS = [*HOT_FIELDS, "next_check_at", "frozen_at"]


def _held(rows: QuerySet[Token], gateway: Gateway) -> dict[int, Token]:
    """The rows, locked, with what a look needs; one gateway and a few accounts serve them all."""
    tokens = {token.pk: token for token in rows.only(*LOADED).select_for_update()}
    accounts = Account.objects.in_bulk({token.account_id for token in tokens.values() if token.account_id})
    gateway_field, account_field = Token._meta.get_field("gateway"), Token._meta.get_field("account")
    for token in tokens.values():
        gateway_field.set_cached_value(token, gateway)
        account_field.set_cached_value(token, accounts.get(token.account_id or 0))
    return tokens


def _conclude_token(token: Token, look: Look, now: datetime) -> Recorded:
    judgement, tried = reasoning.keep_reason(token, _slow(look, token.gateway)), (token.probe_verdict, token.probe_note)
    facts = facts_judgement(token, now)
    if _is_elsewhere(judgement, token) or (facts and not meaning(judgement.verdict).state):
        # Nothing about the token: what its account's list and its last good try said stays as it is.
        keep_look(token, judgement.verdict, look.evidence, now)
        left = Recorded()
    else:
        if meaning(judgement.verdict).state:
            token.probe_verdict, token.probe_note = judgement.verdict.value, judgement.note[:300]
            token.probed_at = now
        policy = TOKEN_POLICY.within(token.gateway.check_interval)
        left = record(token, combine(facts, judgement), [look.evidence, *look.more], now, policy)
        left = replace(left, quiet=left.quiet and tried == (token.probe_verdict, token.probe_note))
    interval = left.next_in or timedelta(seconds=token.gateway.check_interval)
    token.next_check_at = schedule.next_look(now, interval, token.pk)
    token.lease_token, token.lease_until = "", None  # write() still asks for the old one
    return left


def _is_elsewhere(judgement: Judgement, token: Token) -> bool:
    """The gateway's trouble, or that of an account whose own light can say so: never the token's fault."""
    if judgement.verdict in (Verdict.RATE_LIMITED, Verdict.SKIPPED_BY_POLICY) or judgement.light == "gateway":
        return True
    return judgement.light == "account" and token.account_id is not None


def facts_judgement(token: Token, now: datetime) -> Judgement | None:
    """What the account's list said last, while it is fresh: a dead access token must not fix a verdict for ever."""
    interval = token.account.sweep_interval if token.account else 0
    if not token.facts_verdict or not _is_fresh(token.facts_at, interval, now):
        return None
    return Judgement(Verdict(token.facts_verdict), "token", token.facts_note)


def probe_judgement(token: Token, now: datetime) -> Judgement | None:
    """What the last try with the key said, while it is fresh."""
    if not token.probe_verdict or not _is_fresh(token.probed_at, token.gateway.check_interval, now):
        return None
    return Judgement(Verdict(token.probe_verdict), "token", token.probe_note)


def _is_fresh(at: datetime | None, interval: int, now: datetime) -> bool:
    """Not older than three intervals, and half an hour at least (limits and pauses delay looks)."""
    return at is not None and now - at <= max(timedelta(seconds=3 * interval), timedelta(minutes=30))


def _slow(look: Look, gateway: Gateway) -> Judgement:
    ms = look.evidence.latency_ms
    if look.judgement.verdict == Verdict.OK and ms is not None and ms >= gateway.slow_ms:
        return Judgement(Verdict.DEGRADED_SLOW, "token", f"{ms} ms")
    return look.judgement


def _conclude_gateway(gateway_id: int, looks: Sequence[Look], now: datetime) -> Recorded:
    """One look at the gateway made of the batch: down when enough failed on its side, else as fast as the median."""
    gateway = Gateway.objects.select_for_update().get(pk=gateway_id)
    silent = [look for look in looks if look.judgement.light == "gateway"]
    if gateway_outage(len(silent), len(looks)):
        verdict, _count = Counter(look.judgement.verdict for look in silent).most_common(1)[0]
        last = next(look for look in reversed(silent) if look.judgement.verdict == verdict)
        left = record_gateway(gateway, Judgement(verdict, "gateway", last.judgement.note), last.evidence, now)
    elif any(_vouches(look) for look in looks):
        spans = [look.evidence.latency_ms for look in looks if look.evidence.latency_ms is not None]
        seen = Evidence("models", looks[-1].evidence.asked, latency_ms=int(median(spans)) if spans else None)
        left = record_gateway(gateway, Judgement(Verdict.OK, "gateway"), seen, now)
    else:  # too few to say: knock at once
        gateway.next_check_at = now
        left = Recorded()
    write([gateway], GATEWAY_FIELDS)
    return left


def _vouches(look: Look) -> bool:
    """Whether this look says that the gateway is well: an error of its own that nobody understands does not."""
    own_error = look.judgement.verdict == Verdict.INCONCLUSIVE and (look.evidence.status or 0) >= 500
    return look.judgement.light != "gateway" and not own_error


def _jobs(tokens: Iterable[Token]) -> Iterable[Job]:
    for token in tokens:
        try:
            yield Job(token.pk, token.open_key())
        except WrongKey:  # the banner tells; this token stays as it is
            log.error("token %s: its key cannot be decrypted with the key ring in use", token.pk)


def _heed_limit(gateway: Gateway, batch: Batch, now: datetime) -> datetime | None:
    if batch.limited is None:
        return None
    return governor.block(gateway, "checks", batch.limited.retry_after, now)


def _wants_account(token: Token, judgement: Judgement) -> bool:
    """The account's own reading says why a key is refused, and must say so itself when the key works again."""
    if judgement.light == "account" or judgement.verdict == Verdict.UNKNOWN_OR_REVOKED:
        return True
    return judgement.verdict == Verdict.OK and token.state == State.FAILING and token.probe_verdict != Verdict.OK


def _wake_accounts(tokens: dict[int, Token], looks: Sequence[Look], now: datetime) -> None:
    """Read the accounts of these tokens soon."""
    accounts = {tokens[look.token_id].account_id for look in looks}
    known = [pk for pk in accounts if pk is not None]
    Account.objects.filter(pk__in=known, next_check_at__gt=now).update(next_check_at=now)


def _spread(gateway: Gateway, now: datetime) -> None:
    """After an outage: every token once within a quarter of the interval, not all in one second."""
    parts = 30
    step = timedelta(seconds=gateway.check_interval / 4 / parts)
    for part in range(parts):
        Token.objects.annotate(part=F("id") % parts).filter(gateway=gateway, part=part).update(
            next_check_at=now + part * step
        )


def _cut(ids: list[int]) -> list[list[int]]:
    return [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
