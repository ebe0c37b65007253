"""Gateways and accounts as their pages show them: a handful of grouped queries, whatever the number of tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import Count
from django.utils.translation import gettext as _

from tokens.health.verdicts import Meaning, State, Verdict, meaning
from tokens.models import Account, Bucket, Gateway, Incident, Token
from tokens.models.token import RANK

from . import charting, governor
from .forecasting import Forecast, Point, forecast

STATE_OF = {rank: state for state, rank in RANK.items()}
SOON = timedelta(days=14)  # a balance that is empty by then is worth a colour
Parts = list[tuple[str, int]]  # (state, count), failing first


@dataclass(frozen=True, slots=True)
class GatewayRow:
    gateway: Gateway
    accounts: list[Account]
    parts: Parts
    days: list[charting.Day]
    share: float | None
    latency: list[float | None]
    incident: Incident | None

    @property
    def tokens(self) -> int:
        return sum(count for _state, count in self.parts)


@dataclass(frozen=True, slots=True)
class AccountPanel:
    """An account with its tokens by state, its balance over time and when that is gone."""

    account: Account
    parts: Parts
    points: list[Point]
    forecast: Forecast | None
    now: datetime

    @property
    def tokens(self) -> int:
        return sum(count for _state, count in self.parts)

    @property
    def word(self) -> str:
        """What the badge says; "" for the state's own word."""
        if self.account.paused_at:
            return _("Paused")
        if self.account.state not in (State.DEGRADED, State.FAILING) or not self.account.verdict:
            return ""
        if self.account.verdict == Verdict.QUOTA_LOW:
            return _("Balance low")
        return str(meaning(self.account.verdict).title)

    @property
    def means(self) -> Meaning | None:
        """What is wrong, for an account that is failing."""
        return meaning(self.account.verdict) if self.account.is_failing and self.account.verdict else None

    @property
    def doubt(self) -> Meaning | None:
        """What the last reading said when it is not settled yet."""
        return meaning(self.account.pending_verdict) if self.account.pending_verdict else None

    @property
    def access(self) -> str:
        """works, refused or untried."""
        if self.account.verdict == Verdict.MANAGEMENT_CREDENTIAL_DEAD:
            return "refused"
        return "works" if self.account.checked_at or self.account.balance_read_at else "untried"

    @property
    def reading(self) -> bool:
        """Somebody reads it right now."""
        return self.account.lease_until is not None and self.account.lease_until > self.now

    @property
    def runs_dry(self) -> bool:
        return self.forecast is not None and self.forecast.empty_at - self.now < SOON

    @property
    def sure(self) -> bool:
        """The doubt is smaller than a day, so a range would say nothing."""
        return self.forecast is not None and self.forecast.latest - self.forecast.earliest < timedelta(days=1)

    @property
    def drawn(self) -> tuple[datetime | None, datetime | None, datetime | None]:
        """Empty at, earliest, latest, where the chart has room: not further ahead than twice what it looks back."""
        if self.forecast is None or self.forecast.empty_at - self.now > 2 * (self.points[-1][0] - self.points[0][0]):
            return None, None, None
        return self.forecast.empty_at, self.forecast.earliest, self.forecast.latest


@dataclass(frozen=True, slots=True)
class Allowed:
    """A meter of the governor: calls taken of those that may be made at once."""

    name: str
    taken: int
    capacity: int
    words: str
    blocked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class GatewayView:
    gateway: Gateway
    panels: list[AccountPanel]
    parts: Parts
    days: list[charting.Day]
    share: float | None
    latency: charting.Latency
    allowed: list[Allowed]
    incident: Incident | None
    means: Meaning | None
    doubt: Meaning | None = field(default=None)

    @property
    def tokens(self) -> int:
        return sum(count for _state, count in self.parts)


def survey(now: datetime, days: int = 30) -> list[GatewayRow]:
    """Every gateway with what its row shows, those in trouble first."""
    gateways = list(Gateway.objects.prefetch_related("accounts"))
    for gateway in gateways:
        for account in gateway.accounts.all():
            account.gateway = gateway  # its quota_per_unit, without a query
    parts, runs = _parts("gateway_id"), charting.history("gateway", gateways, days, now)
    incidents = _open_incidents(gateways)
    rows = [
        GatewayRow(
            gateway,
            list(gateway.accounts.all()),
            parts[gateway.pk],
            charting.days_of(runs[gateway.pk], days, now),
            charting.share_of(runs[gateway.pk]),
            [ms for _at, ms in charting.latency_series(gateway, now)],
            incidents.get(gateway.pk),
        )
        for gateway in gateways
    ]
    return sorted(rows, key=lambda row: (RANK[row.gateway.state], row.gateway.name.lower()))


def view(gateway: Gateway, now: datetime) -> GatewayView:
    """One gateway with everything on its page."""
    runs = charting.history("gateway", [gateway], 90, now)[gateway.pk]
    failing = gateway.is_failing and gateway.verdict
    return GatewayView(
        gateway,
        panels(gateway, now),
        _parts("gateway_id", gateway=gateway)[gateway.pk],
        charting.days_of(runs, 90, now),
        charting.share_of(runs),
        charting.latency("gateway", gateway, now),
        allowed(gateway, now),
        _open_incidents([gateway]).get(gateway.pk),
        meaning(gateway.verdict) if failing else None,
        meaning(gateway.pending_verdict) if gateway.pending_verdict else None,
    )


def panels(gateway: Gateway, now: datetime, account: Account | None = None) -> list[AccountPanel]:
    """The gateway's accounts, or the one that is asked for."""
    accounts = [account] if account else list(gateway.accounts.order_by("name"))
    parts = _parts("account_id", account__in=accounts)
    return [_panel(one, gateway, parts[one.pk], now) for one in accounts]


def allowed(gateway: Gateway, now: datetime) -> list[Allowed]:
    """What the governor has left for this host, as meters of what is taken."""
    blocks = dict(Bucket.objects.filter(host=gateway.host, blocked_until__gt=now).values_list("kind", "blocked_until"))
    kinds: list[tuple[governor.Kind, str, str]] = [
        ("checks", _("Checks"), _("%(n)d a minute") % {"n": gateway.checks_per_minute}),
        ("management", _("Management"), _("%(n)d a minute") % {"n": gateway.management_per_minute}),
        ("critical", _("Key fetches"), _("%(n)d in 20 min") % {"n": gateway.key_fetches_per_20_minutes}),
    ]
    return [
        Allowed(name, *governor.level(gateway, kind, now), words, blocks.get(kind))
        for kind, name, words in (kinds if gateway.manages else kinds[:1])
    ]


def _panel(account: Account, gateway: Gateway, parts: Parts, now: datetime) -> AccountPanel:
    account.gateway = gateway
    per_usd = gateway.quota_per_unit or 500_000
    points = [(datetime.fromtimestamp(stamp, UTC), units / per_usd) for stamp, units in account.balances]
    if account.balance_read_at and account.balance_units is not None:
        points.append((account.balance_read_at, account.balance_units / per_usd))
    return AccountPanel(account, parts, points, forecast(points, now), now)


def _parts(by: str, **only: object) -> dict[int, Parts]:
    """Tokens by state, counted by rank because an index holds (gateway, rank) and (account, rank)."""
    found: dict[int, Parts] = defaultdict(list)
    rows = Token.objects.filter(**only).order_by(by, "rank").values_list(by, "rank").annotate(n=Count("pk"))
    for owner, rank, count in rows:
        found[owner].append((STATE_OF[rank], count))
    return found


def _open_incidents(gateways: Sequence[Gateway]) -> dict[int, Incident]:
    """One open incident a gateway: its own before one of its accounts."""
    lights = ["account", "gateway"]
    rows = Incident.objects.filter(closed_at=None, light__in=lights, gateway__in=gateways)
    return {row.gateway_id: row for row in sorted(rows, key=lambda row: lights.index(row.light))}
