"""What the token list shows: rows, views, chips. Plain values, so that the templates decide nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tokens.health.verdicts import State, Verdict
from tokens.models import Token
from tokens.models.watched import STATES
from tokens.services.charting import latency_series
from tokens.services.listing import SORTS, VIEWS, Wanted
from tokens.templatetags import wording

from . import sentences
from .sentences import Lights, Quota, Standing

LIVE_SECONDS = 3  # between two polls while a row of the page is being checked
IDLE_SECONDS = 20
WORKS = (State.HEALTHY, State.DEGRADED, State.NEW)  # latency says something of these
LABELS: dict[str, Promise | str] = {
    "q": gettext_lazy("Search"),
    "status": gettext_lazy("Status"),
    "verdict": gettext_lazy("Verdict"),
    "gateway": gettext_lazy("Gateway"),
    "account": gettext_lazy("Account"),
    "group": gettext_lazy("Group"),
    "owner": gettext_lazy("Owner"),
    "tag": gettext_lazy("Tag"),
}
Choices = Mapping[str, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Row:
    token: Token
    standing: Standing
    lights: Lights
    quota: Quota | None
    spark: list[float | None]
    latency: str
    checking: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A view or an order: where it leads, how many it shows, whether it is the one that is shown."""

    name: str
    label: Promise | str
    query: str
    current: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    value: str
    without: str  # the query string of the list without it


@dataclass(frozen=True, slots=True)
class Select:
    """One filter of the menu."""

    name: str
    label: str
    value: str
    options: list[tuple[str, str]]


def rows(tokens: Iterable[Token], now: datetime) -> list[Row]:
    return [_row(token, now) for token in tokens]


def poll_seconds(shown: Iterable[Row]) -> int:
    return LIVE_SECONDS if any(row.checking for row in shown) else IDLE_SECONDS


def views(wanted: Wanted, counts: Mapping[str, int]) -> list[Link]:
    return [
        Link(name, label, Wanted(view=name, sort=wanted.sort).query(), wanted.view == name, counts[name])
        for name, label in VIEWS.items()
    ]


def sorts(wanted: Wanted) -> dict[str, Link]:
    return {
        name: Link(name, label, wanted.query(sort=name), wanted.sort == name) for name, (label, _keys) in SORTS.items()
    }


def chips(wanted: Wanted, choices: Choices) -> list[Chip]:
    """What is filtered for, but the words of the search, which stand in their own field."""
    return [
        Chip(str(LABELS[name]), _label(name, value, choices), wanted.query(**{name: ""}))
        for name, value in wanted.filters.items()
        if name != "q"
    ]


def selects(wanted: Wanted, choices: Choices) -> list[Select]:
    options = {"status": _states(), "verdict": _verdicts(), **choices}
    return [
        Select(name, str(label), getattr(wanted, name), options[name])
        for name, label in LABELS.items()
        if name != "q" and (options[name] or getattr(wanted, name))
    ]


def _label(name: str, value: str, choices: Choices) -> str:
    if name == "status":
        return sentences.state_word(value)
    if name == "verdict":
        return sentences.title_of(value)
    return dict(choices.get(name, [])).get(value, value)


def _states() -> list[tuple[str, str]]:
    return [(state, str(word)) for state, word in STATES]


def _verdicts() -> list[tuple[str, str]]:
    return [(verdict.value, sentences.title_of(verdict.value)) for verdict in Verdict]


def _row(token: Token, now: datetime) -> Row:
    stands = sentences.standing(token, now)
    spark = [] if token.state not in WORKS else [ms for _at, ms in latency_series(token, now)][-24:]
    return Row(
        token, stands, sentences.lights(token), sentences.quota(token), spark, _latency(token),
        sentences.is_checking(token, now),
    )  # fmt: skip


def _latency(token: Token) -> str:
    if token.is_failing and token.looks:
        return _("refused") if token.looks[-1][3] else _("no answer")
    measured = token.latency_ms is not None and token.state in WORKS
    return wording.milliseconds(token.latency_ms or 0) if measured else ""
