"""Add keys that exist: pasted, one a line, each tried live; or brought in from an account's list."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tokens.gateways.answers import in_words
from tokens.gateways.errors import GatewayError, NotSupported, RateLimited
from tokens.gateways.records import Evidence, TokenFacts
from tokens.health import schedule
from tokens.health.judge import combine
from tokens.health.verdicts import State, Verdict, meaning
from tokens.models import Account, Gateway, Tag, Token, User
from tokens.vault.fingerprint import fingerprint
from tokens.vault.pasted import CleanKey, normalise_key
from tokens.vault.spelling import from_gateway, hint, stem

from . import auditing, governor, looking, syncing
from .auditing import KEYWARD, Actor
from .checking import TOKEN_POLICY, keep, probe_judgement
from .looking import Job, Look
from .recording import record

MOST_AT_ONCE = 200  # keys in one paste
PATIENCE = 10.0  # seconds for one call while a person waits
Outcome = Literal["added", "known", "refused", "untried", "unreadable"]


@dataclass(frozen=True, slots=True)
class About:
    """What Keyward itself keeps of new tokens."""

    owner: User | None = None
    purpose: str = ""
    tags: tuple[str, ...] = ()
    name: str = ""
    keep_refused: bool = False  # also the keys that the gateway does not accept now


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one pasted line. Shows the key's end, never the key."""

    number: int
    hint: str
    outcome: Outcome
    sentence: str
    token: Token | None = None
    pasted: str = field(default="", repr=False)  # SECRET: what to put back into the form, when it was not added
    corrections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One token of an account's list, and whether Keyward watches it already."""

    facts: TokenFacts
    known: Token | None


def add_pasted(actor: Actor, gateway: Gateway, account: Account | None, text: str, about: About) -> list[Line]:
    """Add every key of `text`, one a line; a line that cannot be added says why and is handed back."""
    now = timezone.now()
    lines = [line for line in text.splitlines() if line.strip()][:MOST_AT_ONCE]
    clean = [normalise_key(line) for line in lines]
    known = _known(gateway, [one.key for one in clean if not one.problem])
    seen: set[str] = set()
    fresh: dict[int, CleanKey] = {}
    out: dict[int, Line] = {}
    for number, (pasted, one) in enumerate(zip(lines, clean, strict=True), 1):
        mark = "" if one.problem else fingerprint(one.key)
        if one.problem:
            out[number] = Line(number, "", "unreadable", one.problem, pasted=pasted)
        elif mark in known:
            out[number] = Line(number, hint(one.key), "known", _already(known[mark]), known[mark])
        elif mark in seen:
            out[number] = Line(number, hint(one.key), "known", _("The same key stands further up."))
        else:
            seen.add(mark)
            fresh[number] = one
    looks = _try(gateway, {number: one.key for number, one in fresh.items()}, now)
    listed = _listed(account, now) if account and fresh else []
    for number, one in fresh.items():
        new = New(lines[number - 1], one, looks.get(number), _match(one.key, listed))
        out[number] = _settle_line(actor, gateway, account, number, new, about, now)
    return [out[number] for number in sorted(out)]


def candidates(account: Account, now: datetime) -> list[Candidate]:
    """The account's tokens as the gateway lists them now. Raises GatewayError."""
    known = {token.remote_id: token for token in Token.objects.filter(account=account, remote_id__isnull=False)}
    return [Candidate(facts, known.get(facts.remote_id)) for facts in _listed(account, now, loudly=True)]


def bring_in(actor: Actor, account: Account, remote_ids: Sequence[int], about: About) -> list[Token]:
    """Add the chosen tokens of the account's list; keys that the list masks are fetched as the limit allows."""
    now = timezone.now()
    chosen = [one.facts for one in candidates(account, now) if one.facts.remote_id in set(remote_ids) and not one.known]
    tokens = [_bring(actor, account, facts, about, now) for facts in chosen]
    fetch_keys(account, now)
    return tokens


def fetch_keys(account: Account, now: datetime) -> int:
    """Fetch wanted keys through reveal, within the critical limit; returns how many came. The rest wait."""
    wanted = list(Token.objects.filter(account=account, key_wanted=True, remote_id__isnull=False)[:100])
    if not wanted:
        return 0
    many = bool(account.gateway.capabilities.get("reveal_many"))
    grant = governor.grant(account.gateway, "critical", 1 if many else len(wanted), now)
    batch = wanted if many and grant.calls else wanted[: grant.calls]
    keys = _reveal(account, [token.remote_id for token in batch if token.remote_id], many, now) if batch else {}
    for token in batch:
        if token.remote_id in keys:
            _take_key(token, keys[token.remote_id], now)
    return len(keys)


@dataclass(frozen=True, slots=True)
class New:
    """A key that nobody watched before, tried, and perhaps found in the account's list."""

    pasted: str = field(repr=False)
    clean: CleanKey = field(repr=False)
    look: Look | None
    facts: TokenFacts | None


def _settle_line(
    actor: Actor, gateway: Gateway, account: Account | None, number: int, new: New, about: About, now: datetime
) -> Line:
    end, fixes = hint(new.clean.key), new.clean.corrections
    if new.look is None or new.look.judgement.light == "gateway" or new.look.judgement.verdict in _UNSURE:
        said = in_words(new.look.evidence) if new.look else _("The gateway's limit is used up. Try again in a minute.")
        sentence = _("Not added: it could not be tried. %(said)s") % {"said": said}
        return Line(number, end, "untried", sentence, pasted=new.pasted, corrections=fixes)
    means = meaning(new.look.judgement.verdict)
    if new.look.judgement.verdict == Verdict.UNKNOWN_OR_REVOKED and not new.facts and not about.keep_refused:
        sentence = _("Not added: the gateway refuses it. %(cause)s") % {"cause": means.cause}
        return Line(number, end, "refused", sentence, pasted=new.pasted, corrections=fixes)
    try:
        token = _save(actor, gateway, account, new, about, now)
    except IntegrityError:  # somebody else added it in the meantime
        twin = _known(gateway, [new.clean.key]).get(fingerprint(new.clean.key))
        return Line(number, end, "known", _already(twin) if twin else _("Watched already."), twin)
    sentence = _("Added as %(name)s. %(title)s.") % {"name": token.name, "title": means.title}
    return Line(number, end, "added", sentence, token, corrections=fixes)


_UNSURE = (Verdict.INCONCLUSIVE, Verdict.RATE_LIMITED, Verdict.SKIPPED_BY_POLICY)


def _save(actor: Actor, gateway: Gateway, account: Account | None, new: New, about: About, now: datetime) -> Token:
    assert new.look is not None  # noqa: S101 the caller tried it
    token = _waiting(account, new.facts) or Token(gateway=gateway, account=account)
    token.owner, token.purpose = about.owner or token.owner, about.purpose or token.purpose
    token.seal_key(new.clean.key)
    token.key_wanted = False
    token.name = (
        about.name
        or token.name
        or (new.facts.name if new.facts else "")
        or _("Key ending in %(h)s") % {"h": token.hint}
    )
    said = None
    if account and new.facts:
        token.remote_id = new.facts.remote_id
        said = syncing.judge_listed(account, new.facts, now)
        syncing.take_facts(token, new.facts, said, now)
    judgement = new.look.judgement
    token.probe_verdict, token.probe_note, token.probed_at = judgement.verdict.value, judgement.note, now
    with transaction.atomic():
        token.save()
        tag(token, about.tags)
        left = record(token, combine(said, judgement), [new.look.evidence], now, TOKEN_POLICY)
        token.next_check_at = schedule.next_look(now, left.next_in or _interval(gateway), token.pk)
        token.save()
        keep([left])
        auditing.record(actor, "token.add", token, fingerprint=token.fingerprint)
    return token


def _waiting(account: Account | None, facts: TokenFacts | None) -> Token | None:
    """The row that an account's list made already, and that this key belongs to."""
    return Token.objects.filter(account=account, remote_id=facts.remote_id).first() if account and facts else None


def _bring(actor: Actor, account: Account, facts: TokenFacts, about: About, now: datetime) -> Token:
    token = Token(gateway=account.gateway, account=account, remote_id=facts.remote_id, owner=about.owner)
    token.purpose, token.hint, token.name = about.purpose, facts.hint, facts.name or f"#{facts.remote_id}"
    clear = from_gateway(facts.key) if facts.key else ""
    if clear:
        same = Token.objects.filter(gateway=account.gateway, fingerprint=fingerprint(clear)).first()
        token = same or token
        token.account, token.remote_id = account, facts.remote_id
        token.seal_key(clear)
    token.key_wanted = not clear
    said = syncing.judge_listed(account, facts, now)
    syncing.take_facts(token, facts, said, now)
    with transaction.atomic():
        token.save()
        tag(token, about.tags)
        look = syncing.facts_look(facts)
        left = record(token, combine(said, probe_judgement(token, now)), [look], now, TOKEN_POLICY)
        token.next_check_at = now
        token.save()
        keep([left])
        auditing.record(actor, "token.add", token, fingerprint=token.fingerprint)
    return token


def _take_key(token: Token, key: str, now: datetime) -> None:
    """Store a revealed key; one that was pasted before is the same token, so the two rows become one."""
    clear = from_gateway(key)
    with transaction.atomic():
        same = Token.objects.filter(gateway=token.gateway, fingerprint=fingerprint(clear)).exclude(pk=token.pk).first()
        if same:
            account, remote_id = token.account, token.remote_id
            auditing.record(KEYWARD, "token.forget", token, changes={"same_key_as": ("", same.name)})
            token.delete()
            same.account, same.remote_id = account, remote_id
            same.save(update_fields=["account", "remote_id"])
            return
        token.seal_key(clear)
        token.key_wanted, token.next_check_at = False, now
        token.index_for_search()
        token.save(update_fields=[
            "key_sealed", "fingerprint", "hint", "key_wanted", "next_check_at", "search_text",
        ])  # fmt: skip
        auditing.record(KEYWARD, "token.fetch_key", token, fingerprint=token.fingerprint)


def _reveal(account: Account, remote_ids: list[int], many: bool, now: datetime) -> dict[int, str]:
    async def ask() -> dict[int, str]:
        async with looking.wire(concurrency=1) as through:
            client = syncing.client_of(account, through)
            if many:
                return await client.reveal_many(remote_ids)
            return {remote_id: await client.reveal(remote_id) for remote_id in remote_ids}

    try:
        return asyncio.run(ask())
    except RateLimited as error:
        governor.block(account.gateway, "critical", error.retry_after, now)
    except NotSupported:
        Token.objects.filter(account=account, remote_id__in=remote_ids).update(key_wanted=False)
    except GatewayError:
        pass  # the account's next reading tells its light; the keys stay wanted
    return {}


def _try(gateway: Gateway, keys: dict[int, str], now: datetime) -> dict[int, Look]:
    grant = governor.grant(gateway, "checks", len(keys), now)
    jobs = [Job(number, key) for number, key in list(keys.items())[: grant.calls]]
    if not jobs:
        return {}
    with governor.slots(gateway, gateway.concurrency, now) as concurrency:
        batch = looking.look_at_keys(gateway.base_url, jobs, concurrency=concurrency)
    return {look.token_id: look for look in batch.looks}


def _listed(account: Account, now: datetime, *, loudly: bool = False) -> list[TokenFacts]:
    """Every token of the account's list, once. A gateway's refusal is raised only when asked `loudly`."""
    grant = governor.grant(account.gateway, "management", 12, now)
    if grant.calls < 2:  # one call for the account, one for each page
        if not loudly:
            return []
        wait = (grant.retry_at - now).total_seconds()
        raise RateLimited(Evidence("facts", "GET /api/token/", retry_after=max(wait, 1.0), note="Keyward's own limit"))
    reading = syncing.read(account, calls=grant.calls, now=now, patience=PATIENCE)
    governor.give_back(account.gateway, "management", grant.calls - len(reading.calls), now)
    if reading.error and loudly:
        raise reading.error
    found = {facts.remote_id: facts for page in reading.pages for facts in page.tokens}
    return list(found.values())


def _match(key: str, listed: Iterable[TokenFacts]) -> TokenFacts | None:
    """The one token of the list that is this key: by the clear key, or by the mask's first and last four."""
    bare = stem(key)
    clear = [one for one in listed if one.key and stem(one.key) == bare]
    if clear:
        return clear[0]
    masked = [one for one in listed if one.masked_key and _fits(one.masked_key, bare)]
    return masked[0] if len(masked) == 1 else None


def _fits(mask: str, bare: str) -> bool:
    start, _stars, end = mask.partition("*")[0], "", mask.rpartition("*")[2]
    return len(start) + len(end) >= 4 and bare.startswith(start) and bare.endswith(end)


def _known(gateway: Gateway, keys: Iterable[str]) -> dict[str, Token]:
    marks = [fingerprint(key) for key in keys]
    rows = Token.objects.filter(gateway=gateway, fingerprint__in=marks)
    return {token.fingerprint: token for token in rows}


def _already(token: Token) -> str:
    if token.state == State.RETIRED:
        return _("Known already, as %(name)s, which was deleted on the gateway.") % {"name": token.name}
    return _("Watched already, as %(name)s.") % {"name": token.name}


def tag(token: Token, names: Iterable[str]) -> None:
    tags = [Tag.objects.get_or_create(name=name.strip().lower()[:40])[0] for name in names if name.strip()]
    if tags:
        token.tags.add(*tags)
    token.index_for_search()


def _interval(gateway: Gateway) -> timedelta:
    return timedelta(seconds=gateway.check_interval)
