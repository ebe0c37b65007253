"""Create a token verified: one POST, found by its nonce, key fetched once, read back field by field, tried.

Each step is stored before the next one begins. After SENT nothing is ever posted again: a time-out and a crash are
resolved by looking. Until it is found, the token's name on the gateway is the nonce, which nobody else can have made.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tokens.gateways.errors import (
    AccountBanned,
    CredentialRefused,
    GatewayError,
    NotFound,
    NotSupported,
    RateLimited,
    Refused,
)
from tokens.gateways.management import ManagementClient
from tokens.gateways.records import TokenDraft, TokenFacts
from tokens.health import schedule
from tokens.health.judge import combine
from tokens.health.verdicts import meaning
from tokens.models import Account, Creation, Token, User
from tokens.vault.errors import VaultError
from tokens.vault.spelling import from_gateway

from . import adding, asking, auditing, drafting, governor, looking, offering, syncing, telling
from .asking import Later
from .auditing import Actor
from .checking import TOKEN_POLICY, Clock, facts_judgement, keep
from .looking import Look
from .recording import Recorded, record, stored

T = TypeVar("T")

Step = Creation.Step
LEASE = timedelta(seconds=75)  # renewed with every step; the longest makes three calls of 12 s
LOOKS = (2, 5, 10, 30, 60, 120, 300, 600)  # seconds between two looks for a token whose POST was not answered
FIND_PAGES = 2  # a new token is on the first page; another one for a busy account
PATIENCE = 90.0  # seconds that one run may take before it hands over to the next
UNSENT_FOR = timedelta(hours=1)  # a token that nobody could ask for in this time is not made behind people's backs
RENAMES = 3  # refusals of the name before the token keeps its nonce


class Lost(Exception):
    """The lease ran out and another process has this creation: what was about to be stored is dropped."""


def ask(actor: Actor, account: Account, draft: TokenDraft, about: dict[str, Any], uid: UUID | None = None) -> Creation:
    """Store what is asked for. Nothing is sent yet; run() or the next tick takes it from there.

    A form that is sent twice carries the same `uid` and gets the creation of the first time. Raises DraftRefused when
    somebody else took the name since the draft was judged.
    """
    now, uid = timezone.now(), uid or uuid4()
    asked = {
        "account": account,
        "actor": actor.user,
        "actor_name": actor.name,
        "address": actor.address,
        "request_id": actor.request_id,
        "draft": drafting.as_json(draft),
        "about": about,
        "nonce": f"kw-{uuid4().hex[:22]}",
        "created_at": now,
        "next_try_at": now,
    }
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)  # one at a time looks at the names of an account
        before = Creation.objects.filter(uid=uid).first()
        problem = "" if before else drafting.taken(account, draft.name)
        if problem:
            raise drafting.DraftRefused({"name": problem})
        return before or Creation.objects.create(uid=uid, **asked)


def give_up(actor: Actor, creation: Creation) -> bool:
    """Stop a creation of which nothing was sent; False when it is too late for that."""
    now = timezone.now()
    unsent = Creation.objects.filter(_free(now), pk=creation.pk, step=Step.ASKED)
    reason = _("Stopped by %(name)s before anything was sent.") % {"name": actor.name}
    with transaction.atomic():
        if not unsent.update(step=Step.FAILED, error=reason[:300], next_try_at=None, finished_at=now):
            return False
        _audit_failure(actor, creation, reason)
    return True


def run(creation_id: int, clock: Clock = timezone.now, patience: float = PATIENCE) -> Creation:
    """Go on with a creation: one step at least, and none begun after `patience` seconds.

    One process at a time; whoever comes second finds nothing to do.
    """
    mine = uuid4().hex
    now = clock()
    Creation.objects.filter(_free(now), pk=creation_id, next_try_at__isnull=False).update(
        lease_token=mine, lease_until=now + LEASE
    )
    creation = Creation.objects.select_related("account__gateway", "token__gateway", "token__account", "actor")
    one = creation.get(pk=creation_id)
    if one.lease_token != mine:
        return one
    try:
        _run(one, clock, patience)
    except Lost:
        one.refresh_from_db()
    return one


def claim_due(now: datetime) -> list[int]:
    """Creations that wait for another try: after a crash, a time-out, or a limit."""
    return list(Creation.objects.filter(_free(now), next_try_at__lte=now).values_list("pk", flat=True)[:20])


def _free(now: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lt=now)


def _run(creation: Creation, clock: Clock, patience: float) -> None:
    try:
        _walk(creation, clock, patience)
    except Later as later:
        creation.error = str(later)[:300]
        creation.next_try_at = clock() + timedelta(seconds=later.seconds)
    except NotFound:
        _fail(creation, _("The token was deleted on the gateway before it was finished."))
    except VaultError as error:
        creation.error, creation.next_try_at = str(error)[:300], clock() + timedelta(minutes=5)
    _release(creation, clock())


def _walk(creation: Creation, clock: Clock, patience: float) -> None:
    begun = time.monotonic()
    while not creation.is_over:
        started = time.monotonic()
        before = creation.step
        STEPS[Step(before)](creation, clock())
        creation.spans[before] = round((time.monotonic() - started) * 1000)
        creation.error = creation.error if creation.step == Step.FAILED else ""
        creation.lease_until = clock() + LEASE
        _store(creation)
        if not creation.is_over and time.monotonic() - begun > patience:
            raise Later(0, "")


def _store(creation: Creation, **also: Any) -> None:
    """Write every column, while the lease is ours. Raises Lost when it is not."""
    columns = [field.attname for field in Creation._meta.concrete_fields if not field.primary_key]
    row = {name: getattr(creation, name) for name in columns} | also
    if not Creation.objects.filter(pk=creation.pk, lease_token=creation.lease_token).update(**row):
        raise Lost


def _release(creation: Creation, now: datetime) -> None:
    if creation.is_over:
        creation.next_try_at, creation.finished_at = None, creation.finished_at or now
    _store(creation, lease_token="", lease_until=None)
    creation.lease_token, creation.lease_until = "", None


# The steps: each does one thing on the gateway and sets the next step; _run stores it.


def _send(creation: Creation, now: datetime) -> None:
    """Note the newest id, store SENT, then post once."""
    if now - creation.created_at > UNSENT_FOR:
        return _fail(creation, _("Not sent within an hour. %(why)s") % {"why": creation.error})
    asking.allow(creation.account, now)
    first = asking.call(creation.account, lambda client: client.page())
    creation.newest_before = max((facts.remote_id for facts in first.tokens), default=0)
    creation.step, creation.sent_at = Step.SENT, now
    _store(creation)  # before the POST: a crash from here on is resolved by looking
    draft = replace(drafting.from_json(creation.draft), name=creation.nonce)
    try:
        made = asking.post(creation.account, draft)
    except (RateLimited, CredentialRefused) as error:  # an answer: nothing was made, so the one POST is still to come
        creation.step, creation.sent_at = Step.ASKED, None
        raise asking.later(creation.account, error) from None
    except (Refused, NotSupported, AccountBanned) as error:
        return _fail(creation, telling.why(error))
    if made and made.remote_id:
        _found(creation, made)


def _look(creation: Creation, now: datetime) -> None:
    """Find the token by its nonce among the ids that are new. A late one is still found minutes after."""
    facts = _find(creation)
    if facts:
        return _found(creation, facts)
    if creation.looked >= len(LOOKS):
        said = _(
            "The gateway did not answer, and its list does not show the token, looked for %(n)s times over 19 min."
        )
        return _fail(creation, said % {"n": creation.looked + 1})
    creation.looked += 1
    raise Later(LOOKS[creation.looked - 1], _("The gateway did not answer. Keyward looks whether the token is there."))


def _name(creation: Creation, now: datetime) -> None:
    """Give the found token the name that was asked for; the full PUT carries every other field too."""
    draft = drafting.from_json(creation.draft)

    async def rename(client: ManagementClient) -> None:
        facts = await client.get(_remote(creation))
        if facts.name != draft.name:
            await client.update(facts.remote_id, draft, facts.raw)

    try:
        asking.call(creation.account, rename, Refused)
    except NotFound:
        raise
    except Refused as error:
        _note_refusal(creation, telling.why(error))
    creation.step = Step.NAMED


def _note_refusal(creation: Creation, said: str) -> None:
    """A passing refusal is tried again. A lasting one leaves the token under its nonce; the receipt says so."""
    refused = int(creation.about.get("name_refused", 0)) + 1
    creation.about = {**creation.about, "name_refused": refused, "name_refusal": said}
    if refused < RENAMES:
        raise Later(5 * refused, said)


def _fetch_key(creation: Creation, now: datetime) -> None:
    """Fetch the key once and store it with its token, in one transaction."""
    facts = asking.call(creation.account, lambda client: client.get(_remote(creation)), NotFound)
    key = facts.key or _reveal(creation, now)
    with transaction.atomic():
        creation.token = _save_token(creation, facts, key, now)
        creation.step = Step.KEYED
        _store(creation)


def _read_back(creation: Creation, now: datetime) -> None:
    facts = asking.call(creation.account, lambda client: client.get(_remote(creation)), NotFound)
    gateway = creation.account.gateway
    draft = drafting.from_json(creation.draft)
    creation.kept = drafting.compare(draft, facts, gateway.quota_per_unit)
    offering.learn(gateway, creation.kept, draft, now)
    creation.step = Step.READ


def _try(creation: Creation, now: datetime) -> None:
    """The first look with the new key."""
    token = creation.token
    if token is None:
        return _fail(creation, _("The token was removed from Keyward meanwhile."))
    look = looking.look_at_key(token.gateway.base_url, token.open_key()) if token.has_key else None
    with transaction.atomic():
        locked = Token.objects.select_for_update(of=("self",)).select_related("gateway", "account").get(pk=token.pk)
        left = _first_verdict(locked, look, now)
        interval = left.next_in or timedelta(seconds=locked.gateway.check_interval)
        locked.next_check_at = schedule.next_look(now, interval, locked.pk)
        locked.save()
        creation.look = _look_kept(look, now) if look else {}
        creation.token, creation.step = locked, Step.DONE
        _store(creation)


def _first_verdict(token: Token, look: Look | None, now: datetime) -> Recorded:
    """Put the first look on the token. The gateway's trouble is not the token's."""
    if not look or look.judgement.light != "token":
        return Recorded()
    if meaning(look.judgement.verdict).state:
        token.probe_verdict, token.probe_note = look.judgement.verdict.value, look.judgement.note[:300]
    token.probed_at = now
    policy = TOKEN_POLICY.within(token.gateway.check_interval)
    left = record(token, combine(facts_judgement(token, now), look.judgement), [look.evidence], now, policy)
    keep([left])
    return left


def _look_kept(look: Look, now: datetime) -> dict[str, Any]:
    return {"verdict": look.judgement.verdict.value, "light": look.judgement.light, **stored(look.evidence, now)}


STEPS: dict[Step, Callable[[Creation, datetime], None]] = {
    Step.ASKED: _send,
    Step.SENT: _look,
    Step.FOUND: _name,
    Step.NAMED: _fetch_key,
    Step.KEYED: _read_back,
    Step.READ: _try,
}


def _found(creation: Creation, facts: TokenFacts) -> None:
    creation.remote_id, creation.step = facts.remote_id, Step.FOUND


def _fail(creation: Creation, reason: str) -> None:
    creation.step, creation.error = Step.FAILED, reason[:300]
    _audit_failure(_actor(creation), creation, reason)


def _audit_failure(actor: Actor, creation: Creation, reason: str) -> None:
    changes = {"reason": ("", reason[:300])}
    auditing.record(actor, "token.create_failed", creation.account, name=str(creation), changes=changes)


def _find(creation: Creation) -> TokenFacts | None:
    """The new token that carries the nonce. Should two carry it, ours is the one that fits, and the first made."""
    draft = drafting.from_json(creation.draft)

    async def walk(client: ManagementClient) -> list[TokenFacts]:
        pages = [page async for page in client.walk(limit_pages=FIND_PAGES)]
        return [facts for page in pages for facts in page.tokens]

    ours = [
        facts
        for facts in asking.call(creation.account, walk)
        if facts.name == creation.nonce and facts.remote_id > creation.newest_before
    ]
    return min(ours, key=lambda facts: (not _fits(draft, facts), facts.remote_id), default=None)


def _fits(draft: TokenDraft, facts: TokenFacts) -> bool:
    return (draft.unlimited, draft.group) == (facts.unlimited, facts.group) and (
        draft.unlimited or draft.quota_units == facts.remain_units
    )


def _reveal(creation: Creation, now: datetime) -> str:
    """One critical call. When the bucket is empty the creation waits; without the route there is no key."""
    account = creation.account
    grant = governor.grant(account.gateway, "critical", 1, now)
    if not grant.calls:
        wait = max((grant.retry_at - now).total_seconds(), 1)
        raise Later(wait, _("The gateway hands out few keys in 20 minutes. The key is fetched as soon as it may be."))
    try:
        return syncing.visit(account, lambda client: client.reveal(_remote(creation)))
    except NotSupported:
        return ""
    except NotFound:
        raise
    except GatewayError as error:
        raise asking.later(account, error, "critical") from None


def _save_token(creation: Creation, facts: TokenFacts, key: str, now: datetime) -> Token:
    account = creation.account
    token = Token.objects.filter(account=account, remote_id=facts.remote_id).first() or Token(
        gateway=account.gateway, account=account, remote_id=facts.remote_id
    )
    about = creation.about
    token.owner = User.objects.filter(pk=about.get("owner")).first()
    token.purpose, token.name = about.get("purpose", ""), facts.name
    if key:
        token.seal_key(from_gateway(key))
    syncing.take_facts(token, facts, syncing.judge_listed(account, facts, now), now)
    token.save()
    adding.tag(token, about.get("tags", []))
    token.save()
    asked = drafting.in_words(drafting.from_json(creation.draft), account.gateway.quota_per_unit)
    changes = {field: ("", value) for field, value in asked.items()}
    auditing.record(_actor(creation), "token.create", token, changes=changes, fingerprint=token.fingerprint)
    return token


def _remote(creation: Creation) -> int:
    assert creation.remote_id is not None  # noqa: S101 the steps before set it
    return creation.remote_id


def _actor(creation: Creation) -> Actor:
    return Actor(creation.actor, creation.actor_name, creation.address, creation.request_id)
