"""Change a token on its gateway: read, write every field, read back, look. Never on top of somebody else's change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tokens.gateways.errors import GatewayError, NotFound, RateLimited, Refused, Unreachable
from tokens.gateways.management import ManagementClient
from tokens.gateways.records import TokenDraft, TokenFacts
from tokens.health.judge import combine
from tokens.health.states import ConfirmPolicy
from tokens.health.verdicts import State
from tokens.models import Account, Token
from tokens.models.token import RANK

from . import auditing, drafting, governor, incidents, looking, syncing
from .auditing import Actor
from .checking import TOKEN_POLICY, facts_judgement, keep
from .recording import record

ENABLED, DISABLED, EXPIRED, EXHAUSTED = 1, 2, 3, 4
AT_ONCE = ConfirmPolicy(looks=TOKEN_POLICY.looks, second_look=TOKEN_POLICY.second_look)


class ChangeRefused(Exception):
    """The change was not made, or not wholly; the text says what happened and what to do."""


class ChangedMeanwhile(ChangeRefused):
    """Somebody changed the token on the gateway since the form was shown; `rows` says what."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        super().__init__(_("Somebody changed this token on the gateway since this page was opened."))
        self.rows = rows


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change left: the rows asked against kept, and the token as it is now."""

    token: Token
    rows: list[dict[str, Any]]

    @property
    def dropped(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if not row["same"]]


def current(token: Token) -> TokenFacts:
    """The token as the gateway has it now. Raises ChangeRefused."""
    return _visit(token, lambda client: client.get(_remote(token)))


def differences(token: Token, draft: TokenDraft, facts: TokenFacts) -> list[dict[str, Any]]:
    """What an edit would change: field, now, then."""
    per_usd = token.gateway.quota_per_unit
    now, then = drafting.in_words(drafting.kept_draft(facts), per_usd), drafting.in_words(draft, per_usd)
    return [{"field": field, "now": now[field], "then": then[field]} for field in then if now[field] != then[field]]


def edit(actor: Actor, token: Token, draft: TokenDraft, *, seen: str) -> Outcome:
    """Write `draft` over the token that was `seen` (its digest). Raises ChangedMeanwhile, ChangeRefused."""
    before = current(token)
    if digest(before) != seen:
        raise ChangedMeanwhile(differences(token, drafting.kept_draft(before), _as_seen(token, before)))
    after = _write(token, draft, before)
    return _settle(actor, token, "token.edit", before, after, draft)


def set_unlimited(actor: Actor, token: Token) -> Outcome:
    """Quota first, then enable, then look: in the order that the wire demands (contract 0.2)."""
    before = current(token)
    draft = replace(drafting.kept_draft(before), unlimited=True, quota_units=0)
    _write(token, draft, before)
    after = _enable(token, draft)
    return _settle(actor, token, "token.set_unlimited", before, after, draft)


def enable(actor: Actor, token: Token) -> Outcome:
    before = current(token)
    draft = drafting.kept_draft(before)
    return _settle(actor, token, "token.enable", before, _enable(token, draft), draft)


def disable(actor: Actor, token: Token) -> Outcome:
    before = current(token)
    after = _set_status(token, enabled=False)
    if after.status != DISABLED:
        raise ChangeRefused(_("The gateway said yes, but the token is not disabled. Look at it on the gateway."))
    return _settle(actor, token, "token.disable", before, after, drafting.kept_draft(before))


def delete(actor: Actor, token: Token) -> None:
    """Delete on the gateway, see that it is gone, and retire it here: its history stays."""

    async def away(client: ManagementClient) -> bool:
        try:
            await client.delete(_remote(token))
            await client.get(_remote(token))
        except NotFound:
            return True
        return False

    if not _visit(token, away):
        raise ChangeRefused(_("The gateway said yes, but still shows the token. Try again in a minute."))
    now = timezone.now()
    token.state, token.rank, token.state_since, token.retired_at = State.RETIRED, RANK[State.RETIRED], now, now
    token.key_wanted = False
    with transaction.atomic():
        token.save(update_fields=["state", "rank", "state_since", "retired_at", "key_wanted"])
        incidents.close_for(token, now)
        auditing.record(actor, "token.delete", token, fingerprint=token.fingerprint)


def digest(facts: TokenFacts) -> str:
    """Equal while nobody changes what an edit writes; spending does not count."""
    return syncing.digest_of(replace(facts, used_units=0, last_used_at=None, remain_units=0, status=0))


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
    now = timezone.now()
    per_usd = token.gateway.quota_per_unit
    was, has = (drafting.in_words(drafting.kept_draft(facts), per_usd) for facts in (before, after))
    was["status"], has["status"] = str(before.status), str(after.status)
    look = looking.look_at_key(token.gateway.base_url, token.open_key()) if token.has_key else None
    with transaction.atomic():
        locked = Token.objects.select_for_update(of=("self",)).select_related("gateway", "account").get(pk=token.pk)
        said = syncing.judge_listed(_account(locked), after, now)
        syncing.take_facts(locked, after, said, now)
        evidence = [syncing.facts_look(after, f"GET /api/token/{after.remote_id}")]
        if look and look.judgement.light == "token":
            locked.probe_verdict, locked.probe_note = look.judgement.verdict.value, look.judgement.note
            locked.probed_at = now
            evidence.append(look.evidence)
        if locked.state != State.PAUSED:
            judged = combine(said, look.judgement if look else facts_judgement(locked))
            keep([record(locked, judged, evidence, now, AT_ONCE)])
        locked.save()
        auditing.record(actor, action, locked, changes=auditing.differences(was, has), fingerprint=locked.fingerprint)
    return Outcome(locked, drafting.compare(draft, after, per_usd))


def _visit(token: Token, act: Any) -> Any:
    """One visit with the account's client, in the governor's limits. Raises ChangeRefused with a plain sentence."""
    account = _account(token)
    now = timezone.now()
    grant = governor.grant(account.gateway, "management", 2, now)
    if grant.calls < 2:
        wait = int((grant.retry_at - now).total_seconds()) + 1
        raise ChangeRefused(_("The gateway's limit is used up. Try again in %(s)s s.") % {"s": wait})
    try:
        return syncing.visit(account, act)
    except NotFound:
        raise ChangeRefused(_("The gateway no longer has this token. It was deleted there.")) from None
    except Refused as error:
        raise ChangeRefused(_("The gateway refused: %(said)s") % {"said": str(error)[:200]}) from None
    except RateLimited as error:
        governor.block(account.gateway, "management", error.retry_after, now)
        raise ChangeRefused(_("The gateway asks for a pause (HTTP 429). Try again in a few minutes.")) from None
    except Unreachable:
        raise ChangeRefused(
            _("The gateway did not answer. Whether the change was made is shown by reading it again.")
        ) from None
    except GatewayError as error:
        raise ChangeRefused(_("The gateway said: %(said)s") % {"said": str(error)[:200]}) from None


def _account(token: Token) -> Account:
    if token.account is None or token.remote_id is None:
        raise ChangeRefused(_("Keyward knows only the key of this token. Connect its account to change it from here."))
    return token.account


def _remote(token: Token) -> int:
    _account(token)
    return int(token.remote_id or 0)


def _as_seen(token: Token, now: TokenFacts) -> TokenFacts:
    """The facts that Keyward had when the form was shown, to say what is different now."""
    return replace(
        now,
        name=token.name,
        group=token.group,
        unlimited=bool(token.unlimited),
        expires_at=token.expires_at,
        model_limits=tuple(token.model_limits),
        ip_limits=tuple(token.ip_limits),
    )
