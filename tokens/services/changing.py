"""Change a token on its gateway: read, write every field, read back, look. Never on top of somebody else's change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tokens.gateways.errors import GatewayError, NotFound, RateLimited, Unreachable
from tokens.gateways.management import ManagementClient
from tokens.gateways.records import Evidence, TokenDraft, TokenFacts
from tokens.health import schedule
from tokens.health.judge import combine
from tokens.health.states import ConfirmPolicy
from tokens.health.verdicts import State, meaning
from tokens.models import Account, Token
from tokens.models.token import RANK
from tokens.vault.errors import VaultError

from . import auditing, drafting, governor, incidents, looking, offering, syncing, telling
from .auditing import Actor
from .checking import TOKEN_POLICY, keep
from .looking import Look
from .recording import record

T = TypeVar("T")

ENABLED, DISABLED, EXPIRED, EXHAUSTED = 1, 2, 3, 4
# A person did it and it was read back: nothing is left to confirm.
AT_ONCE = ConfirmPolicy(looks=1, second_look=TOKEN_POLICY.second_look)


class ChangeRefused(Exception):
    """The change was not made, or not wholly; the text says what happened and what to do."""


class ChangedMeanwhile(ChangeRefused):
    """Somebody changed the token on the gateway since the form was shown; `rows` says what: field, was, now."""

    def __init__(self, rows: list[dict[str, Any]], facts: TokenFacts) -> None:
        super().__init__(_("Somebody changed this token on the gateway since this page was opened."))
        self.rows = rows
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Seen:
    """The token as the form showed it: what an edit may replace. `digest` tells whether it still is so."""

    draft: TokenDraft
    digest: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change left: the rows asked against kept, and the token as it is now."""

    token: Token
    rows: list[dict[str, Any]]
    look: Look | None = None

    @property
    def dropped(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if not row["same"]]


def current(token: Token) -> TokenFacts:
    """The token as the gateway has it now. Raises ChangeRefused."""
    _allow(token, 1)
    return _read(token)


def seen(facts: TokenFacts) -> Seen:
    return Seen(drafting.kept_draft(facts), digest(facts))


def differences(token: Token, now: TokenDraft, then: TokenDraft) -> list[dict[str, Any]]:
    """Field by field what `then` changes of `now`, in words: field, now, then."""
    per_usd = token.gateway.quota_per_unit
    before, after = drafting.in_words(now, per_usd), drafting.in_words(then, per_usd)
    return [
        {"field": field, "now": before[field], "then": after[field]} for field in after if before[field] != after[field]
    ]


def merge(shown: TokenDraft, wanted: TokenDraft, now: TokenDraft) -> TokenDraft:
    """What a person changed of what was shown, put on what stands there now; the rest stays as the other left it."""
    parts = {("unlimited", "quota_units"), ("name",), ("group",), ("expires_at",), ("model_limits",), ("ip_limits",)}
    changed = {
        name: getattr(wanted, name)
        for names in parts
        if any(getattr(wanted, name) != getattr(shown, name) for name in names)
        for name in names
    }
    return replace(now, **changed)


def edit(actor: Actor, token: Token, draft: TokenDraft, shown: Seen, *, same_quota: bool = False) -> Outcome:
    """Write `draft` over the token that was `shown`. Raises ChangedMeanwhile, ChangeRefused.

    `same_quota`: the person left the amount alone, so what was spent since the form was opened stays spent.
    """
    _allow(token, 3)
    before = _read(token)
    if digest(before) != shown.digest:
        raise ChangedMeanwhile(differences(token, shown.draft, drafting.kept_draft(before)), before)
    if same_quota and not draft.unlimited:
        draft = replace(draft, quota_units=before.remain_units)
    after = _write(token, draft, before)
    return _settle(actor, token, "token.edit", before, after, draft)


def set_unlimited(actor: Actor, token: Token) -> Outcome:
    """Quota first, then enable, then look: in the order that the wire demands (contract 0.2). One that a person
    disabled stays disabled."""
    _allow(token, 7)
    before = _read(token)
    draft = replace(drafting.kept_draft(before), unlimited=True, quota_units=0)
    after = _write(token, draft, before)
    if after.status == EXHAUSTED:
        after = _enable(token, draft)
    return _settle(actor, token, "token.set_unlimited", before, after, draft)


def enable(actor: Actor, token: Token) -> Outcome:
    _allow(token, 5)
    before = _read(token)
    draft = drafting.kept_draft(before)
    return _settle(actor, token, "token.enable", before, _enable(token, draft), draft)


def disable(actor: Actor, token: Token) -> Outcome:
    _allow(token, 3)
    before = _read(token)
    after = _set_status(token, enabled=False)
    if after.status != DISABLED:
        raise ChangeRefused(_("The gateway said yes, but the token is not disabled. Look at it on the gateway."))
    return _settle(actor, token, "token.disable", before, after, drafting.kept_draft(before))


def delete(actor: Actor, token: Token) -> None:
    """Delete on the gateway, see that it is gone, and retire it here: its history stays."""
    _allow(token, 2)

    async def away(client: ManagementClient) -> bool:
        try:
            await client.delete(_remote(token))
            await client.get(_remote(token))
        except NotFound:
            return True
        return False

    if not _visit(token, away):
        raise ChangeRefused(_("The gateway said yes, but still shows the token. Try again in a minute."))
    now, was = timezone.now(), token.state
    token.state, token.rank, token.state_since, token.retired_at = State.RETIRED.value, RANK[State.RETIRED], now, now
    token.pending_verdict, token.pending_count, token.pending_since = "", 0, None
    token.key_wanted = False
    fields = "state rank state_since retired_at pending_verdict pending_count pending_since key_wanted"
    with transaction.atomic():
        token.save(update_fields=fields.split())
        incidents.close_for(token, now)
        changes = {"state": (was, token.state)}
        auditing.record(actor, "token.delete", token, changes=changes, fingerprint=token.fingerprint)


def digest(facts: TokenFacts) -> str:
    """Equal while nobody changes what an edit writes; spending does not count."""
    return syncing.digest_of(replace(facts, used_units=0, last_used_at=None, remain_units=0, status=0))


def _read(token: Token) -> TokenFacts:
    return _visit(token, lambda client: client.get(_remote(token)))


def _write(token: Token, draft: TokenDraft, before: TokenFacts) -> TokenFacts:
    async def put(client: ManagementClient) -> TokenFacts:
        await client.update(before.remote_id, draft, before.raw)
        return await client.get(before.remote_id)

    return _visit(token, put)


def _enable(token: Token, draft: TokenDraft) -> TokenFacts:
    """Status 1, and once more by a full PUT where a cache keeps the token dead though the gateway said yes."""
    after = _set_status(token, enabled=True)
    if after.status != ENABLED:
        after = _write(token, draft, after)
    if after.status != ENABLED:
        raise ChangeRefused(_("The gateway said yes, but the token is still not enabled. Look at it on the gateway."))
    return after


def _set_status(token: Token, *, enabled: bool) -> TokenFacts:
    async def put(client: ManagementClient) -> TokenFacts:
        await client.set_status(_remote(token), enabled)
        return await client.get(_remote(token))

    return _visit(token, put)


def _settle(
    actor: Actor, token: Token, action: str, before: TokenFacts, after: TokenFacts, draft: TokenDraft
) -> Outcome:
    """Store what the gateway keeps now, write the audit event, and look with the key: a person waits for the answer."""
    per_usd = token.gateway.quota_per_unit
    was, has = (drafting.in_words(drafting.kept_draft(facts), per_usd) for facts in (before, after))
    was["status"], has["status"] = status_word(before.status), status_word(after.status)
    look = _look(token)
    now = timezone.now()
    with transaction.atomic():
        locked = Token.objects.select_for_update(of=("self",)).select_related("gateway", "account").get(pk=token.pk)
        _take(locked, after, look, now)
        locked.save()
        auditing.record(actor, action, locked, changes=auditing.differences(was, has), fingerprint=locked.fingerprint)
    rows = drafting.compare(draft, _unspent(before, after), per_usd)
    offering.learn(token.gateway, rows, draft, now)
    return Outcome(locked, rows, look)


def _take(token: Token, facts: TokenFacts, look: Look | None, now: datetime) -> None:
    """Put what was read back and what the key says on a locked row."""
    said = syncing.judge_listed(_account(token), facts, now)
    syncing.take_facts(token, facts, said, now)
    evidence: list[Evidence] = [syncing.facts_look(facts, f"GET /api/token/{facts.remote_id}")]
    tried = look.judgement if look and look.judgement.light == "token" else None
    if look and tried:
        evidence.append(look.evidence)
        token.probed_at = now
        if meaning(tried.verdict).state:
            token.probe_verdict, token.probe_note = tried.verdict.value, tried.note[:300]
    if token.state in (State.PAUSED, State.RETIRED):
        return
    left = record(token, combine(said, tried), evidence, now, AT_ONCE)
    interval = left.next_in or timedelta(seconds=token.gateway.check_interval)
    token.next_check_at = schedule.next_look(now, interval, token.pk)
    keep([left])


def _look(token: Token) -> Look | None:
    """One try with the key, when there is one that opens. The change is made by now, whatever comes of this."""
    try:
        return looking.look_at_key(token.gateway.base_url, token.open_key()) if token.has_key else None
    except VaultError:
        return None


def _unspent(before: TokenFacts, after: TokenFacts) -> TokenFacts:
    """What a busy token spent between two readings is not something that the gateway dropped."""
    return replace(after, remain_units=after.remain_units + max(0, after.used_units - before.used_units))


def status_word(status: int) -> str:
    words = {ENABLED: _("enabled"), DISABLED: _("disabled"), EXPIRED: _("expired"), EXHAUSTED: _("used up")}
    return words.get(status, str(status))


def _allow(token: Token, calls: int) -> None:
    """Take the calls of the whole act at once, so that it never stops half way. Raises ChangeRefused."""
    now = timezone.now()
    grant = governor.grant(_account(token).gateway, "management", calls, now)
    if grant.calls < calls:
        wait = int((grant.retry_at - now).total_seconds()) + 1
        raise ChangeRefused(_("The gateway's limit is used up. Try again in %(s)s s.") % {"s": wait})


def _visit(token: Token, act: Callable[[ManagementClient], Awaitable[T]]) -> T:
    """One visit with the account's client. Raises ChangeRefused with a plain sentence."""
    account = _account(token)
    try:
        return syncing.visit(account, act)
    except Unreachable:
        raise ChangeRefused(_("The gateway did not answer. Read the token again to see what it has.")) from None
    except GatewayError as error:
        if isinstance(error, RateLimited):
            governor.block(account.gateway, "management", error.retry_after, timezone.now())
        raise ChangeRefused(telling.why(error)) from None
    except VaultError as error:
        raise ChangeRefused(str(error)) from None


def _account(token: Token) -> Account:
    if token.account is None or token.remote_id is None:
        raise ChangeRefused(_("Keyward knows only the key of this token. Connect its account to change it from here."))
    return token.account


def _remote(token: Token) -> int:
    _account(token)
    return int(token.remote_id or 0)
