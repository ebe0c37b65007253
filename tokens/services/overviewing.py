"""What stands on the first page: grouped queries, as many at ten tokens as at a hundred thousand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Case, Count, When
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from tokens.health.verdicts import State, Verdict, meaning
from tokens.models import Account, Change, Gateway, Incident, Notification, Token
from tokens.models.token import RANK

from . import charting, pulsing
from .forecasting import forecast

STATE_OF = {rank: state for state, rank in RANK.items()}
SHOWN_FIRST = ("failing", "degraded", "healthy", "new", "paused", "retired")
CHANGE_FIELDS = (
    "old_state", "new_state", "old_verdict", "verdict", "note", "at",
    "token__name", "account__name", "account__gateway_id", "gateway__name",
)  # fmt: skip
INCIDENTS, CHANGES, NEXT, GATEWAYS = 8, 6, 6, 30
SOON = timedelta(days=60)
KEPT = 15  # seconds that a figure which takes a walk through many rows may be old
KEPT_LONG = 300  # seconds that a forecast may be old: balances are noted once an hour
STRIP = 30  # days
# A gateway covers its tokens, an account its own.
WIDEST = Case(When(light="gateway", then=0), When(light="account", then=1), default=2)


@dataclass(frozen=True, slots=True)
class Counts:
    """Tokens by state, in all and on each gateway, from one grouped query over an index."""

    states: Counter[str]
    of_gateway: dict[int, int]
    frozen: int

    @property
    def total(self) -> int:
        return self.states.total()

    @property
    def parts(self) -> list[tuple[str, int]]:
        return [(state, self.states[state]) for state in SHOWN_FIRST]


@dataclass(frozen=True, slots=True)
class Light:
    """One of the three lights: how many fail and how many are degraded; `well` when neither."""

    name: Any
    icon: str
    failing: int
    degraded: int
    well: int


@dataclass(frozen=True, slots=True)
class Coming:
    """What expires or runs dry: `at` is None where only the share that is used is known."""

    name: str
    url: str
    icon: str
    words: str
    at: datetime | None
    used: float | None = None  # percent of the quota


@dataclass(frozen=True, slots=True)
class GatewayRow:
    gateway: Gateway
    tokens: int
    spark: list[float | None]
    days: list[charting.Day]
    share: float | None


@dataclass(frozen=True, slots=True)
class OwnPulse:
    """How Keyward itself is doing."""

    alive: pulsing.Alive
    oldest: datetime | None  # the verdict that has waited longest, frozen and paused ones aside
    looks: int
    sent: int
    failed: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Overview:
    now: datetime
    counts: Counts
    lights: list[Light]
    incidents: list[Incident]
    open_incidents: int
    down: list[Incident] = field(default_factory=list)  # open incidents of gateways, for the banner


def overview(now: datetime) -> Overview:
    """The part that matters most and is polled most often."""
    gateways = list(Gateway.objects.values_list("pk", "state", "frozen_at"))
    counts = count({pk for pk, _state, frozen_at in gateways if frozen_at})
    accounts = Counter(Account.objects.order_by().values_list("state", flat=True))
    lights = [
        _light(_("Token"), "key-round", counts.states),
        _light(_("Account"), "wallet", accounts),
        _light(_("Gateway"), "server", Counter(state for _pk, state, _frozen in gateways)),
    ]
    found = Incident.objects.filter(closed_at=None)
    first = list(found.select_related("acknowledged_by").defer("evidence").order_by(WIDEST, "-opened_at")[:INCIDENTS])
    down = [one for one in first if one.light == "gateway"]
    return Overview(now, counts, lights, first, found.count(), down)


def count(frozen_gateways: set[int]) -> Counts:
    states: Counter[str] = Counter()
    of_gateway: Counter[int] = Counter()
    frozen = 0
    for gateway_id, rank, number in Token.objects.order_by().values_list("gateway_id", "rank").annotate(n=Count("pk")):
        states[STATE_OF[rank]] += number
        of_gateway[gateway_id] += number
        frozen += number if gateway_id in frozen_gateways and STATE_OF[rank] not in ("paused", "retired") else 0
    return Counts(states, dict(of_gateway), frozen)


def gateway_rows(counts: Counts, now: datetime) -> list[GatewayRow]:
    """Worst first, at most thirty; their strips come from one query."""
    order = [State.FAILING, State.DEGRADED, State.NEW, State.HEALTHY, State.PAUSED]
    gateways = sorted(Gateway.objects.all()[:200], key=lambda one: (order.index(State(one.state)), one.name))[:GATEWAYS]
    history = charting.history("gateway", gateways, STRIP, now)
    return [
        GatewayRow(
            gateway,
            counts.of_gateway.get(gateway.pk, 0),
            [ms for _at, ms in charting.latency_series(gateway, now)],
            charting.days_of(history[gateway.pk], STRIP, now),
            charting.share_of(history[gateway.pk]),
        )
        for gateway in gateways
    ]


def coming(now: datetime) -> list[Coming]:
    """What ends next: expiries and forecasts by date, then quotas that are nearly used up."""
    tokens = Token.objects.select_related("gateway").defer("evidence", "looks", "key_sealed", "search_text")
    ending = tokens.filter(expires_at__gt=now, expires_at__lt=now + SOON).exclude(state=State.RETIRED)
    dated = [_expiry(token, now) for token in ending.order_by("expires_at")[:NEXT]]
    dated += cache.get_or_set(f"overview.dry.{get_language()}", lambda: _dry(now), KEPT_LONG) or []
    dated.sort(key=lambda one: one.at or now)
    low = tokens.filter(rank=RANK[State.DEGRADED], verdict=Verdict.QUOTA_LOW).order_by("rank", "name", "pk")[:NEXT]
    dated = dated[:NEXT]
    return [*dated, *(_low(token) for token in low)][: NEXT + 2]


def last_changes() -> list[dict[str, Any]]:
    """Entries for the timeline."""
    changes = Change.objects.select_related("token", "account", "gateway").only(*CHANGE_FIELDS)
    return [
        {
            "state": change.new_state,
            "title": change.subject().name,
            "url": change.subject().get_absolute_url(),
            "at": change.at,
            "note": change_words(change),
        }
        for change in changes.order_by("-pk")[:CHANGES]
    ]


def change_words(change: Change) -> str:
    """What a change says of itself in a line."""
    title = str(meaning(change.verdict).title)
    if change.event == "recovered":
        if change.old_state == State.NEW:
            return _("New, and its first check is good")
        was = meaning(change.old_verdict).title if change.old_verdict else ""
        return _("Works again. It was: %(what)s") % {"what": was} if was else _("Works again")
    return f"{title}, {change.note}" if change.note else title


def own_pulse(now: datetime) -> OwnPulse:
    sent = cache.get_or_set("overview.alerts", lambda: _alerts(now), KEPT) or {}
    oldest = cache.get_or_set("overview.oldest", lambda: _oldest() or "", KEPT)
    return OwnPulse(
        alive=pulsing.alive(now),
        oldest=oldest or None,
        looks=pulsing.looks_in_a_day(now),
        sent=sent.get("sent", 0),
        failed=sent.get("failed", 0),
        waiting=sent.get("waiting", 0) + sent.get("sending", 0),
    )


def started() -> bool:
    """Whether a gateway is connected; before that the page shows the first steps."""
    return Gateway.objects.exists()


def _light(name: Any, icon: str, states: Counter[str]) -> Light:
    failing, degraded = states["failing"], states["degraded"]
    return Light(name, icon, failing, degraded, states["healthy"])


def _expiry(token: Token, now: datetime) -> Coming:
    left = (token.expires_at or now) - now
    hours = int(left.total_seconds()) // 3600
    words = {"gateway": token.gateway.name, "n": hours if hours < 48 else left.days}
    said = (
        _("Expires in %(n)d h, on %(gateway)s")
        if hours < 48
        else ngettext("Expires in %(n)d day, on %(gateway)s", "Expires in %(n)d days, on %(gateway)s", left.days)
    )
    return Coming(token.name, token.get_absolute_url(), "calendar-clock", said % words, token.expires_at)


def _low(token: Token) -> Coming:
    used, whole = token.used_units or 0, token.quota_units
    words = _("$%(left).2f of its quota left") % {"left": token.gateway.usd(token.remain_units or 0)}
    return Coming(token.name, token.get_absolute_url(), "flame", words, None, used * 100 / whole if whole else None)


def _dry(now: datetime) -> list[Coming]:
    accounts = Account.objects.select_related("gateway").filter(balance_units__gt=0).defer("evidence", "looks")[:200]
    return [coming for account in accounts if (coming := _forecast(account, now))]


def _forecast(account: Account, now: datetime) -> Coming | None:
    per_usd = account.gateway.quota_per_unit or 500_000
    points = [(datetime.fromtimestamp(at, UTC), units / per_usd) for at, units in account.balances]
    told = forecast(points, now)
    if not told or told.empty_at > now + SOON:
        return None
    words = _("Account: $%(left).2f left at $%(pace).2f a day") % {"left": points[-1][1], "pace": told.per_day}
    return Coming(account.name, account.get_absolute_url(), "flame", words, told.empty_at)


def _oldest() -> datetime | None:
    """The index on checked_at gives the oldest first; paused, retired and frozen ones are stepped over."""
    frozen = list(Gateway.objects.exclude(frozen_at=None).values_list("pk", flat=True))
    watched = Token.objects.watched().exclude(gateway_id__in=frozen).filter(checked_at__isnull=False)
    return watched.order_by("checked_at").values_list("checked_at", flat=True).first()


def _alerts(now: datetime) -> dict[str, int]:
    rows = Notification.objects.filter(created_at__gte=now - timedelta(hours=24)).order_by()
    return dict(rows.values_list("progress").annotate(n=Count("pk")))
