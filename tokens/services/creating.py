"""Create a token verified: one POST, found by its nonce, key fetched once, read back field by field, tried.

Each step is stored before the next one begins. After SENT nothing is ever posted again: a time-out and a crash are
resolved by looking. Until it is found, the token's name on the gateway is the nonce, which nobody else can have made.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tokens.gateways.errors import (
    AccountBanned,
    CredentialRefused,
    GatewayError,
    NotAGateway,
    NotSupported,
    Overloaded,
    RateLimited,
    Refused,
    Unreachable,
)
from tokens.gateways.management import ManagementClient
from tokens.gateways.records import TokenDraft, TokenFacts
from tokens.health import schedule
from tokens.health.judge import combine
from tokens.models import Account, Creation, Token, User
from tokens.vault.cipher import WrongKey
from tokens.vault.spelling import from_gateway

from . import adding, auditing, drafting, governor, looking, syncing
from .auditing import Actor
from .checking import TOKEN_POLICY, Clock, facts_judgement, keep
from .recording import record

T = TypeVar("T")

Step = Creation.Step
LEASE = timedelta(seconds=150)
LOOKS = (2, 5, 10, 30, 60, 120, 300, 600)  # seconds between two looks for a token whose POST was not answered
FIND_PAGES = 2  # a new token is on the first page; another one for a busy account
CALLS = 8  # management calls that a creation needs at most


class Later(Exception):
    """Not now: the gateway's limit or silence. The step is tried again after `seconds`."""

    def __init__(self, seconds: float, reason: str) -> None:
        super().__init__(reason)
        self.seconds = seconds


def ask(actor: Actor, account: Account, draft: TokenDraft, about: dict[str, Any]) -> Creation:
    """Store what is asked for. Nothing is sent yet; run() or the next tick takes it from there."""
    now = timezone.now()
    return Creation.objects.create(
        account=account,
        actor=actor.user,
        actor_name=actor.name,
        address=actor.address,
        request_id=actor.request_id,
        draft=drafting.as_json(draft),
        about=about,
        nonce=f"kw-{uuid4().hex[:22]}",
        created_at=now,
        next_try_at=now,
    )


def run(creation_id: int, clock: Clock = timezone.now) -> Creation:
    """Go on with a creation as far as it gets. One process at a time; whoever comes second finds nothing to do."""
    mine = uuid4().hex
    now = clock()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    Creation.objects.filter(free, pk=creation_id, next_try_at__isnull=False).update(
        lease_token=mine, lease_until=now + LEASE
    )
    creation = Creation.objects.select_related("account__gateway", "token__gateway", "token__account", "actor")
    one = creation.get(pk=creation_id)
    if one.lease_token == mine:
        _run(one, clock)
    return one


def claim_due(now: datetime) -> list[int]:
    """Creations that wait for another try: after a crash, a time-out, or a limit."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    return list(Creation.objects.filter(free, next_try_at__lte=now).values_list("pk", flat=True)[:20])


def _run(creation: Creation, clock: Clock) -> None:
    try:
        while not creation.is_over:
            started = time.perf_counter()
            before = creation.step
            STEPS[Step(creation.step)](creation, clock())
            creation.spans[before] = round((time.perf_counter() - started) * 1000)
            _store(creation)
    except Later as later:
        creation.error = str(later)[:300]
        creation.next_try_at = clock() + timedelta(seconds=later.seconds)
    except WrongKey as error:
        creation.error, creation.next_try_at = str(error), clock() + timedelta(minutes=5)
    _release(creation, clock())


def _store(creation: Creation) -> None:
    creation.error = "" if creation.step != Step.FAILED else creation.error
    creation.save()


def _release(creation: Creation, now: datetime) -> None:
    if creation.is_over:
        creation.next_try_at, creation.finished_at = None, creation.finished_at or now
    creation.lease_token, creation.lease_until = "", None
    creation.save()


# The steps: each does one thing on the gateway and sets the next step; _run stores it.


def _send(creation: Creation, now: datetime) -> None:
    """Note the newest id, store SENT, then post once."""
    _allow(creation.account, now)
    first = _call(creation.account, lambda client: client.page())
    creation.newest_before = max((facts.remote_id for facts in first.tokens), default=0)
    creation.step, creation.sent_at = Step.SENT, now
    creation.save()  # before the POST: a crash from here on is resolved by looking
    draft = replace(drafting.from_json(creation.draft), name=creation.nonce)
    try:
        made = _post(creation.account, draft)
    except RateLimited as error:  # an answer: nothing was made, so the one POST is still to come
        creation.step = Step.ASKED
        governor.block(creation.account.gateway, "management", error.retry_after, now)
        raise Later(error.retry_after or 60, _("The gateway asks for a pause.")) from None
    except (Refused, NotSupported, CredentialRefused, AccountBanned) as error:
        return _fail(creation, _("The gateway refused: %(said)s") % {"said": str(error)[:200]})
    if made and made.remote_id:
        _found(creation, made)


def _look(creation: Creation, now: datetime) -> None:
    """Find the token by its nonce among the ids that are new. A late one is still found minutes after."""
    facts = _find(creation)
    if facts:
        return _found(creation, facts)
    if creation.looked >= len(LOOKS):
        return _fail(creation, _("The gateway's list does not show it, looked for %(n)s times. Nothing was made.") % {
            "n": creation.looked + 1})  # fmt: skip
    creation.looked += 1
    raise Later(LOOKS[creation.looked - 1], _("The gateway has not answered yet. Keyward looks for the token."))


def _name(creation: Creation, now: datetime) -> None:
    """Give the found token the name that was asked for; the full PUT carries every other field too."""
    draft = drafting.from_json(creation.draft)

    async def rename(client: ManagementClient) -> None:
        facts = await client.get(_remote(creation))
        if facts.name != draft.name:
            await client.update(facts.remote_id, draft, facts.raw)

    try:
        _call(creation.account, rename)
    except Refused as error:
        # The token lives under its nonce. The receipt says so; a person decides.
        creation.error = str(error)[:200]
    creation.step = Step.NAMED


def _fetch_key(creation: Creation, now: datetime) -> None:
    """Fetch the key once and store it with its token, in one transaction."""
    facts = _call(creation.account, lambda client: client.get(_remote(creation)))
    key = facts.key or _reveal(creation, now)
    with transaction.atomic():
        creation.token = _save_token(creation, facts, key, now)
        creation.step = Step.KEYED
        creation.save()


def _read_back(creation: Creation, now: datetime) -> None:
    facts = _call(creation.account, lambda client: client.get(_remote(creation)))
    gateway = creation.account.gateway
    creation.kept = drafting.compare(drafting.from_json(creation.draft), facts, gateway.quota_per_unit)
    creation.step = Step.READ


def _try(creation: Creation, now: datetime) -> None:
    """The first look with the new key."""
    token = creation.token
    if token is None:
        return _fail(creation, _("The token was removed from Keyward meanwhile."))
    look = looking.look_at_key(token.gateway.base_url, token.open_key()) if token.has_key else None
    with transaction.atomic():
        locked = Token.objects.select_for_update(of=("self",)).select_related("gateway", "account").get(pk=token.pk)
        if look and look.judgement.light == "token":
            locked.probe_verdict, locked.probe_note = look.judgement.verdict.value, look.judgement.note
            locked.probed_at = now
            said = facts_judgement(locked)
            keep([record(locked, combine(said, look.judgement), [look.evidence], now, TOKEN_POLICY)])
        interval = timedelta(seconds=locked.gateway.check_interval)
        locked.next_check_at = schedule.next_look(now, interval, locked.pk)
        locked.save()
        creation.token, creation.step = locked, Step.DONE
        creation.save()


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
    auditing.record(_actor(creation), "token.create_failed", creation.account, name=str(creation))


def _find(creation: Creation) -> TokenFacts | None:
    async def walk(client: ManagementClient) -> TokenFacts | None:
        async for page in client.walk(limit_pages=FIND_PAGES):
            for facts in page.tokens:
                if facts.name == creation.nonce and facts.remote_id > creation.newest_before:
                    return facts
        return None

    return _call(creation.account, walk)


def _reveal(creation: Creation, now: datetime) -> str:
    """One critical call. When the bucket is empty the creation waits; without the route there is no key."""
    grant = governor.grant(creation.account.gateway, "critical", 1, now)
    if not grant.calls:
        wait = max((grant.retry_at - now).total_seconds(), 1)
        raise Later(wait, _("The gateway hands out few keys in 20 minutes. The key is fetched as soon as it may be."))
    try:
        return _call(creation.account, lambda client: client.reveal(_remote(creation)))
    except NotSupported:
        return ""


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


def _allow(account: Account, now: datetime) -> None:
    grant = governor.grant(account.gateway, "management", CALLS, now)
    if grant.calls < CALLS:
        wait = max((grant.retry_at - now).total_seconds(), 1)
        raise Later(wait, _("The gateway's limit is used up. Keyward goes on by itself in %(s)s s.") % {"s": int(wait)})


def _post(account: Account, draft: TokenDraft) -> TokenFacts | None:
    """The one POST. A failure after which nobody knows what happened is no error here: the next step looks."""
    try:
        return syncing.visit(account, lambda client: client.create(draft))
    except (Unreachable, Overloaded, NotAGateway):
        return None


def _call(account: Account, act: Callable[[ManagementClient], Awaitable[T]]) -> T:
    """One act with the account's client. Raises Later when the gateway is silent or asks for a pause, else Refused."""
    try:
        return syncing.visit(account, act)
    except (Refused, NotSupported):
        raise
    except GatewayError as error:
        if isinstance(error, RateLimited):
            governor.block(account.gateway, "management", error.retry_after, timezone.now())
            raise Later(error.retry_after or 60, _("The gateway asks for a pause.")) from None
        wait = 15 if isinstance(error, Unreachable) else 60
        raise Later(wait, _("The gateway said: %(said)s") % {"said": str(error)[:200]}) from None


def _remote(creation: Creation) -> int:
    assert creation.remote_id is not None  # noqa: S101 the steps before set it
    return creation.remote_id


def _actor(creation: Creation) -> Actor:
    return Actor(creation.actor, creation.actor_name, creation.address, creation.request_id)
