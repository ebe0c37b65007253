"""Do one thing to several tokens: check now, pause, resume, tag. Each act is audited on its own token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tokens.health.verdicts import State
from tokens.models import Account, Tag, Token

from . import auditing, checking, pausing
from .auditing import Actor
from .checking import Order

MOST_AT_ONCE = 500  # tokens in one request


class NothingToDo(ValueError):
    """Nothing ticked, or nothing that the act fits; the text says so."""


@dataclass(frozen=True, slots=True)
class Result:
    sentence: str
    orders: list[Order] = field(default_factory=list)  # for the broker


def act(actor: Actor, deed: str, ids: Sequence[int], tag: str = "") -> Result:
    """Raises NothingToDo."""
    chosen = Token.objects.select_related("gateway", "account", "owner").filter(pk__in=list(ids)[:MOST_AT_ONCE])
    tokens = list(chosen)
    if not tokens:
        raise NothingToDo(_("No token was ticked, so nothing was done."))
    match deed:
        case "check":
            return _check(actor, tokens)
        case "pause":
            return _pause(actor, tokens)
        case "resume":
            return _resume(actor, tokens)
        case "tag":
            return _tag(actor, tokens, tag)
    raise NothingToDo(_("Nothing was chosen to be done."))


def look_soon(actor: Actor, tokens: Sequence[Token]) -> list[Order]:
    """Orders for the keys; the accounts behind them are read soon too, since their lists tell the reasons."""
    now = timezone.now()
    accounts = {token.account_id for token in tokens if token.account_id}
    Account.objects.filter(pk__in=accounts, next_check_at__gt=now, lease_until=None).due_now(now)
    watched = [token for token in tokens if token.state not in (State.PAUSED, State.RETIRED)]
    return checking.check_now(watched, now)


def _check(actor: Actor, tokens: list[Token]) -> Result:
    watched = [token for token in tokens if token.state not in (State.PAUSED, State.RETIRED)]
    if not watched:
        raise NothingToDo(_("None of these is watched. Resume them first."))
    count = len(watched)
    words = ngettext("%(n)s token is checked now", "%(n)s tokens are checked now", count) % {"n": count}
    return Result(words + _rest(len(tokens) - count), look_soon(actor, watched))


def _pause(actor: Actor, tokens: list[Token]) -> Result:
    running = [token for token in tokens if token.state not in (State.PAUSED, State.RETIRED)]
    if not running:
        raise NothingToDo(_("All of these are paused already."))
    for token in running:
        pausing.pause(actor, token)
    count = len(running)
    words = ngettext("%(n)s token is paused", "%(n)s tokens are paused", count) % {"n": count}
    return Result(words + _rest(len(tokens) - count))


def _resume(actor: Actor, tokens: list[Token]) -> Result:
    paused = [token for token in tokens if token.state == State.PAUSED]
    if not paused:
        raise NothingToDo(_("None of these is paused."))
    for token in paused:
        pausing.resume(actor, token)
    count = len(paused)
    words = ngettext("%(n)s token is watched again", "%(n)s tokens are watched again", count) % {"n": count}
    return Result(words + _rest(len(tokens) - count))


def _tag(actor: Actor, tokens: list[Token], text: str) -> Result:
    name = text.strip().lower()[:40]
    if not name:
        raise NothingToDo(_("The tag has no name, so no token was tagged."))
    with transaction.atomic():
        tag = Tag.objects.get_or_create(name=name)[0]
        fresh = [token for token in tokens if not token.tags.filter(pk=tag.pk).exists()]
        for token in fresh:
            before = [one.name for one in token.tags.order_by("name")]
            token.tags.add(tag)
            token.index_for_search()
            token.save(update_fields=["search_text"])
            changes = {"tags": (before, sorted([*before, name]))}
            auditing.record(actor, "token.describe", token, changes=changes, fingerprint=token.fingerprint)
    count = len(fresh)
    if not fresh:
        raise NothingToDo(_("All of these have the tag %(tag)s already.") % {"tag": name})
    words = ngettext("%(n)s token is tagged %(tag)s", "%(n)s tokens are tagged %(tag)s", count)
    return Result(words % {"n": count, "tag": name} + _rest(len(tokens) - count))


def _rest(count: int) -> str:
    """The end of the sentence, with how many were left as they were."""
    if not count:
        return "."
    return ", " + ngettext("%(n)s was left as it is.", "%(n)s were left as they are.", count) % {"n": count}
