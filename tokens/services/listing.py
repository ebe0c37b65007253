"""List tokens: filters that come from the address, orders, keyset pages both ways, and the counts of the views."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db.models import Case, Count, F, FloatField, OrderBy, Q, When
from django.db.models.functions import Cast, NullIf
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tokens.health.verdicts import State, Verdict
from tokens.models import Account, Gateway, Tag, Token, User
from tokens.models.token import RANK, TokenQuerySet
from tokens.vault.fingerprint import PREFIX, hint

PAGE = 25
LONGEST = 1000  # characters of one parameter; a cursor holds a name
WHOLE_KEY = 20  # characters from which on an sk-… is a key and no name
SOON = timedelta(days=30)
DUE_COUNTED = 500  # a worker takes those first
REMEMBERED = 20  # seconds that a count and a list of choices are kept
OF_RANK = {rank: state for state, rank in RANK.items()}
# Columns that no row of the list shows; some are long.
UNSHOWN = ("evidence", "search_text", "facts_note", "probe_note")


@dataclass(frozen=True, slots=True)
class Column:
    """One key of an order. Where it may be null, rows without it come last."""

    name: str
    descending: bool = False
    nullable: bool = False

    def order(self, back: bool) -> OrderBy:
        down = self.descending != back
        if not self.nullable:
            return F(self.name).desc() if down else F(self.name).asc()
        last = {"nulls_first": True} if back else {"nulls_last": True}
        return F(self.name).desc(**last) if down else F(self.name).asc(**last)

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def beyond(self, value: Any, back: bool) -> Q | None:
        """Rows after `value` in this order, before it when going `back`; None when there can be none."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if back else None
        past = Q(**{f"{self.name}__{'lt' if self.descending != back else 'gt'}": value})
        return past | Q(**{f"{self.name}__isnull": True}) if self.nullable and not back else past


ID = Column("id")
SORTS: dict[str, tuple[Promise | str, tuple[Column, ...]]] = {
    "worst": (_("Worst first"), (Column("rank"), Column("name"), ID)),
    "name": (_("By name"), (Column("name"), ID)),
    "checked": (_("Last checked first"), (Column("checked_at", descending=True, nullable=True), ID)),
    "expiry": (_("Next expiry first"), (Column("expires_at", nullable=True), ID)),
    "quota": (_("Most quota used first"), (Column("share", descending=True, nullable=True), ID)),
    "latency": (_("Slowest first"), (Column("latency_ms", descending=True, nullable=True), ID)),
}
VIEWS: dict[str, Promise | str] = {
    "all": _("All"),
    "failing": _("Failing"),
    "degraded": _("Degraded"),
    "expiring": _("Expiring within 30 days"),
    "endless": _("Unlimited, never expires"),
    "paused": _("Paused"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for. Nonsense in it is dropped, so every address shows a list."""

    view: str = "all"
    q: str = ""
    status: str = ""
    verdict: str = ""
    gateway: str = ""
    account: str = ""
    group: str = ""
    owner: str = ""
    tag: str = ""
    sort: str = "worst"
    after: str = ""
    before: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Wanted:
        found = {one.name: str(given.get(one.name, ""))[:LONGEST].strip().replace("\0", "") for one in fields(cls)}
        for name in ("gateway", "account", "owner"):
            found[name] = found[name] if found[name].isdecimal() and len(found[name]) < 18 else ""
        for name, known in (("view", VIEWS), ("sort", SORTS), ("status", RANK), ("verdict", set(Verdict))):
            if found[name] not in known:
                found[name] = {"view": "all", "sort": "worst"}.get(name, "")
        return cls(**{**found, "q": without_key(found["q"])})

    def query(self, **changes: str) -> str:
        """The query string of this list with `changes`; a changed filter starts at the first page."""
        wanted = replace(self, **{"after": "", "before": "", **changes})
        given = {one.name: getattr(wanted, one.name) for one in fields(wanted)}
        return urlencode({name: value for name, value in given.items() if value and value != _DEFAULT[name]})

    @property
    def filters(self) -> dict[str, str]:
        """The filters that are on, by name."""
        names = ("q", "status", "verdict", "gateway", "account", "group", "owner", "tag")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


def without_key(words: str) -> str:
    """A whole key in the search is looked for by its last four, so that no page and no address repeats it."""
    return hint(words) if words.startswith(PREFIX) and len(words) >= WHOLE_KEY else words


_DEFAULT = {one.name: one.default for one in fields(Wanted)}


@dataclass(frozen=True, slots=True)
class Page:
    tokens: list[Token]
    total: int
    previous: str = ""  # cursors, "" at an end
    following: str = ""


def matching(wanted: Wanted, now: datetime) -> TokenQuerySet:
    """The tokens that a list shows, in no order."""
    found = _in_view(wanted.view, now).searching(wanted.q)
    if wanted.status:
        found = found.filter(rank=RANK[State(wanted.status)])
    if wanted.tag:
        found = found.filter(pk__in=Token.tags.through.objects.filter(tag__name=wanted.tag).values("token"))
    exact = {"verdict": wanted.verdict, "group": wanted.group, "gateway_id": wanted.gateway}
    exact |= {"account_id": wanted.account, "owner_id": wanted.owner}
    return found.filter(**{name: value for name, value in exact.items() if value})


def page(wanted: Wanted, now: datetime, total: int | None = None) -> Page:
    """One page. Its ids are found first, so that the database walks narrow indexes and not whole rows."""
    columns = SORTS[wanted.sort][1]
    back = bool(wanted.before)
    found = matching(wanted, now)
    if total is None:
        total = _total(wanted, found)
    keys = _ordered(found, wanted, columns, back)
    more, keys = len(keys) > PAGE, keys[:PAGE]
    if back:
        keys.reverse()
    if not keys and (wanted.after or wanted.before):
        return page(replace(wanted, after="", before=""), now, total)
    first, last = (_cursor(keys[0]), _cursor(keys[-1])) if keys else ("", "")
    return Page(
        _loaded([row[-1] for row in keys]),
        total,
        previous=first if (more if back else wanted.after) else "",
        following=last if (back or more) else "",
    )


def counts(now: datetime) -> dict[str, int]:
    """How many tokens each view shows: one grouped query over an index, and two counts kept for some seconds."""
    ranks = Token.objects.order_by().values_list("rank").annotate(n=Count("pk"))
    by_state = {OF_RANK[rank]: count for rank, count in ranks}
    found = {view: by_state.get(view, 0) for view in ("failing", "degraded", "paused")}
    for view in ("expiring", "endless"):
        found[view] = cache.get_or_set(f"tokens.view.{view}", _in_view(view, now).count, REMEMBERED) or 0
    return {"all": sum(by_state.values()), **found}


def running(now: datetime) -> int:
    """How many tokens are in a worker's hands right now, counted among those that are due for longest."""
    due = Token.objects.filter(next_check_at__lte=now).order_by("next_check_at")
    leases = due.values_list("lease_until", flat=True)[:DUE_COUNTED]
    return sum(until is not None and until > now for until in leases)


def choices() -> dict[str, list[tuple[str, str]]]:
    """What can be filtered for: (value, label) by filter. Kept for some seconds."""
    return cache.get_or_set("tokens.choices", _choices, REMEMBERED) or {}


def _choices() -> dict[str, list[tuple[str, str]]]:
    accounts = Account.objects.order_by("gateway__name", "name").values_list("pk", "name", "gateway__name")
    owners = User.objects.filter(pk__in=Token.objects.exclude(owner=None).values("owner"))
    groups = Token.objects.exclude(group="").order_by("group").values_list("group", flat=True).distinct()
    return {
        "gateway": [(str(pk), name) for pk, name in Gateway.objects.order_by("name").values_list("pk", "name")],
        "account": [(str(pk), f"{name}, {gateway}") for pk, name, gateway in accounts],
        "group": [(name, name) for name in groups[:200]],
        "owner": [(str(user.pk), user.shown_name) for user in owners.order_by("username")[:500]],
        "tag": [(name, name) for name in Tag.objects.values_list("name", flat=True)[:500]],
    }


def _in_view(view: str, now: datetime) -> TokenQuerySet:
    tokens = Token.objects.all()
    if view in RANK:
        return tokens.filter(rank=RANK[State(view)])
    if view == "expiring":
        return tokens.filter(expires_at__gt=now, expires_at__lte=now + SOON)
    return tokens.filter(unlimited=True, expires_at=None) if view == "endless" else tokens


def _total(wanted: Wanted, found: TokenQuerySet) -> int:
    key = hashlib.blake2s(wanted.query(sort="worst").encode()).hexdigest()
    return cache.get_or_set(f"tokens.total.{key}", found.count, REMEMBERED // 4) or 0


def _ordered(found: TokenQuerySet, wanted: Wanted, columns: tuple[Column, ...], back: bool) -> list[tuple[Any, ...]]:
    if wanted.sort == "quota":
        found = found.annotate(share=Cast("used_units", FloatField()) / NullIf(_whole(), 0.0))
    values = _values(wanted.before or wanted.after, len(columns))
    if values:
        try:
            found = found.filter(_beyond(columns, values, back))
        except (ValidationError, ValueError, TypeError):
            values = None  # somebody's own cursor: the first page
    ordered = found.order_by(*(column.order(back) for column in columns))
    return list(ordered.values_list(*(column.name for column in columns))[: PAGE + 1])


def _whole() -> Any:
    """Used and left of a limited token; null for every other, so that those come last."""
    whole = Cast("used_units", FloatField()) + Cast("remain_units", FloatField())
    return Case(When(unlimited=False, then=whole), default=None, output_field=FloatField())


def _beyond(columns: tuple[Column, ...], values: list[Any], back: bool) -> Q:
    """(a, b, c) > (x, y, z) in the order of the columns."""
    found, same = Q(pk__in=[]), Q()
    for column, value in zip(columns, values, strict=True):
        if (past := column.beyond(value, back)) is not None:
            found |= same & past
        same &= column.same(value)
    first, value = columns[0], values[0]
    if first.nullable:
        return found
    # Said again for the first column alone, so that the index is entered where the page begins.
    return found & Q(**{f"{first.name}__{'lte' if first.descending != back else 'gte'}": value})


def _loaded(ids: list[int]) -> list[Token]:
    rows = Token.objects.select_related("gateway", "account", "owner").defer(*UNSHOWN).filter(pk__in=ids)
    by_id = {token.pk: token for token in rows}
    return [by_id[pk] for pk in ids if pk in by_id]


def _cursor(row: tuple[Any, ...]) -> str:
    said = json.dumps(row, default=datetime.isoformat, separators=(",", ":"), ensure_ascii=False)  # to the microsecond
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def _values(cursor: str, count: int) -> list[Any] | None:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        return None
    plain = isinstance(values, list) and len(values) == count and isinstance(values[-1], int)
    return values if plain and all(isinstance(one, (str, int, float, type(None))) for one in values) else None
