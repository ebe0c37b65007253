"""Pictures drawn on the server: `{% load charts %}`. Shapes stretch with the panel, text does not; CSS gives colour.

Every function is pure: the moments and the zone of their labels are arguments or taken from the active zone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from . import wording

register = template.Library()

Moment = datetime
Day = tuple[date | str, str, str]
EMPTY = SafeString("")

# Trouble stands up: the silhouette of a strip reads without colour. Heights of 32.
BAR_CLASS = {"healthy": "ok", "degraded": "slow", "failing": "down"}
BAR_HEIGHT = {"ok": 15, "slow": 23, "down": 32, "none": 3}
WIDTH, HEIGHT = 1000, 100  # the inner drawing of a plot
FLOOR = 92  # where the dots of failed looks lie


def figure(value: float) -> str:
    """A coordinate with two places at most; a page holds thousands of them."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _drawn(markup: str) -> SafeString:
    return mark_safe(markup)  # noqa: S308  only numbers and class names of this file


# ---- strips and sparks


@register.simple_tag(name="uptime_strip")
def strip(days: Sequence[Day], label: object = "", small: bool = False, titles: bool = True) -> SafeString:
    """One bar a day, oldest first. `days` holds (day, state, title); a state of another name means no checks."""
    bars: dict[str, list[str]] = {}
    for place, (_day, state, _title) in enumerate(days):
        kind = BAR_CLASS.get(state, "none")
        bars.setdefault(kind, []).append(f"M{place * 4 + 2} 32V{32 - BAR_HEIGHT[kind]}")
    shapes = _drawn("".join(f'<path class="{kind}" d="{"".join(path)}"/>' for kind, path in bars.items()))
    return format_html(
        '<svg class="k-strip{}" viewBox="0 0 {} 32" preserveAspectRatio="none" role="img" aria-label="{}">{}{}</svg>',
        " k-strip-sm" if small else "", max(len(days), 1) * 4, label or strip_words(days), shapes,
        _day_titles(days) if titles and not small else EMPTY,
    )  # fmt: skip


def _day_titles(days: Sequence[Day]) -> SafeString:
    places = ((place * 4, title) for place, (_day, _state, title) in enumerate(days) if title)
    return format_html_join("", '<rect x="{}" width="4" height="32"><title>{}</title></rect>', places)


def strip_words(days: Sequence[Day]) -> str:
    """What a strip says to someone who does not see it."""
    states = [state for _day, state, _title in days]
    failing, degraded = states.count("failing"), states.count("degraded")
    if not failing and not degraded:
        return ngettext("%(n)d day, no trouble", "%(n)d days, no trouble", len(days)) % {"n": len(days)}
    return _("%(n)d days: failing on %(failing)d, degraded on %(degraded)d") % {
        "n": len(days), "failing": failing, "degraded": degraded,
    }  # fmt: skip


@register.simple_tag
def spark(values: Sequence[float | None]) -> SafeString:
    """Decoration beside a number; gaps where a value is None; nothing below two values."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return EMPTY
    scaled = [(place, value) for place, value in zip(_spread(len(values), 100), values, strict=True)]
    path = _line(scaled, max(known) * 1.15 or 1, 20)
    return _drawn(
        '<svg class="k-spark" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">'
        f'{_area(scaled, max(known) * 1.15 or 1, 20)}<path class="l1" d="{path}"/></svg>'
    )


def _spread(count: int, width: float) -> list[float]:
    return [width * place / max(count - 1, 1) for place in range(count)]


Points = Sequence[tuple[float, float | None]]


def _line(points: Points, top: float, height: float) -> str:
    """The `d` of a line through (x, value); a None lifts the pen. A lone point between gaps becomes a dot."""
    parts, pen_down = [], False
    for x, value in points:
        if value is not None:
            parts.append(f"{'L' if pen_down else 'M'}{figure(x)} {figure(height - height * value / top)}")
        pen_down = value is not None
    return "".join(parts)


def _area(points: Points, top: float, height: float) -> str:
    """The tint under a line, one shape for each unbroken run."""
    shapes = []
    for run in _runs(points):
        path = _line(run, top, height)
        shapes.append(f'<path class="a1" d="{path}V{figure(height)}H{figure(run[0][0])}z"/>')
    return "".join(shapes)


def _runs(points: Points) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for x, value in points:
        if value is None:
            runs.append([])
        else:
            runs[-1].append((x, value))
    return [run for run in runs if len(run) > 1]


# ---- plots


@dataclass(frozen=True, slots=True)
class Text:
    """A label on an event: x in percent of the width, y in pixels."""

    x: float
    y: float
    words: str
    anchor: str = "end"


def plot(
    under: str, over: str, ys: Sequence[str], xs: Sequence[str], label: str, texts: Iterable[Text] = ()
) -> SafeString:
    """The frame of a chart: shapes below and above the grid, axes as HTML beside it, the sentence in words."""
    words = format_html_join(
        "", '<text x="{}%" y="{}" text-anchor="{}">{}</text>', ((figure(t.x), t.y, t.anchor, t.words) for t in texts)
    )
    return format_html(
        '<div class="k-plot"><svg role="img" aria-label="{}"><svg viewBox="0 0 1000 100" preserveAspectRatio="none"'
        ' width="100%" height="100%" overflow="visible">{}{}{}</svg>{}</svg>'
        '<div class="y" aria-hidden="true">{}</div><div class="x" aria-hidden="true">{}</div></div>',
        label, _drawn(under), _drawn(_grid(len(ys))), _drawn(over), words, _spans(ys), _spans(xs),
    )  # fmt: skip


def _spans(words: Iterable[str]) -> SafeString:
    return format_html_join("", "<span>{}</span>", ((word,) for word in words))


def _grid(count: int) -> str:
    heights = [figure(HEIGHT * line / (count - 1)) for line in range(count)]
    return "".join(
        f'<line class="{"base" if y == heights[-1] else "grid"}" x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>'
        for y in heights
    )


def nice_top(highest: float) -> float:
    """The next 1, 1.2, 1.5, 2, 2.4, 3, 4, 5, 6, 8 or 10 times a power of ten: round figures on the axis."""
    if highest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next(step * power for step in (1, 1.2, 1.5, 2, 2.4, 3, 4, 5, 6, 8, 10) if step * power >= highest * 0.999)


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of time a plot shows."""

    start: Moment
    end: Moment

    def x(self, at: Moment) -> float:
        whole = (self.end - self.start).total_seconds() or 1
        return min(max((at - self.start).total_seconds() / whole, 0), 1) * WIDTH

    def labels(self, count: int, last: str) -> list[str]:
        """Evenly spaced moments: clock times within two days, dates beyond."""
        step = (self.end - self.start) / (count - 1)
        return [self._say(self.start + step * place) for place in range(count - 1)] + [last]

    def _say(self, at: Moment) -> str:
        short = self.end - self.start <= timedelta(days=2)
        return date_format(timezone.localtime(at), "H:i" if short else pgettext("date format", "j M"))


Look = tuple[Moment, float | None]


@register.simple_tag(name="latency_chart")
def latency(looks: Sequence[Look], event: str = "", high: Sequence[Look] = (), filled: bool = False) -> SafeString:
    """Latency over time. `looks` holds (moment, ms), None for a failed look; `high` a second line, the 95th percentile.

    `event` is written on the failing stretch that lasts until now ("401 since 13:45").
    """
    looks = sorted(looks, key=lambda look: look[0])
    if len(looks) < 2:
        return EMPTY
    window = Window(looks[0][0], looks[-1][0])
    known = [value for _at, value in (*looks, *high) if value is not None]
    top = nice_top(max(known, default=1000) * 1.1)
    down_since = _down_since(looks)
    points, second = _place(looks, window), _place(sorted(high, key=lambda look: look[0]), window)
    under, edge = _failing_stretch(window, down_since)
    over = "".join((
        _area(points, top, HEIGHT) if filled else "",
        f'<path class="l2" d="{_line(second, top, HEIGHT)}"/>' if second else "",
        f'<path class="l1" d="{_line(points, top, HEIGHT)}"/>',
        edge,
        _failed_dots(points),
    ))  # fmt: skip
    texts = [_event(window.x(down_since), event)] if down_since and event else []
    return plot(under, over, _latency_axis(top), window.labels(5, _("now")), latency_words(looks), texts)


def _latency_axis(top: float) -> list[str]:
    """One unit on one axis: seconds from a second on."""
    steps = [top * share for share in (1, 2 / 3, 1 / 3)]
    if top < 1000:
        return [wording.milliseconds(step) for step in steps] + ["0"]
    return [_("%(n)s s") % {"n": figure(step / 1000)} for step in steps] + ["0"]


def _place(looks: Iterable[Look], window: Window) -> list[tuple[float, float | None]]:
    return [(window.x(at), value) for at, value in looks]


def _down_since(looks: Sequence[Look]) -> Moment | None:
    """The first of the failed looks that nothing good has followed."""
    since = None
    for at, value in reversed(looks):
        if value is not None:
            break
        since = at
    return since


def _failing_stretch(window: Window, since: Moment | None) -> tuple[str, str]:
    if since is None:
        return "", ""
    x = figure(window.x(since))
    width = figure(WIDTH - float(x))
    return f'<rect class="abad" x="{x}" width="{width}" height="{HEIGHT}"/>', f'<path class="bad" d="M{x} 0V{HEIGHT}"/>'


def _failed_dots(points: Points) -> str:
    dots = "".join(f"M{figure(x)} {FLOOR}h.01" for x, value in points if value is None)
    return f'<path class="dot" d="{dots}"/>' if dots else ""


def _event(x: float, words: str) -> Text:
    """Written on the side of the line where there is room."""
    share = x / WIDTH * 100
    return Text(share - 1.2, 15, words) if share > 50 else Text(share + 1.2, 15, words, "start")


def latency_words(looks: Sequence[Look]) -> str:
    known = sorted(value for _at, value in looks if value is not None)
    failed = len(looks) - len(known)
    if not known:
        return ngettext("%(n)d look, failed", "%(n)d looks, all failed", failed) % {"n": failed}
    said = _("Latency: median %(median)s, slowest %(slowest)s") % {
        "median": wording.milliseconds(known[len(known) // 2]),
        "slowest": wording.milliseconds(known[-1]),
    }
    if failed:
        said += "; " + ngettext("%(n)d look failed", "%(n)d looks failed", failed) % {"n": failed}
    return said


# ---- burn-down


@register.simple_tag(name="burn_chart")
def burn(
    points: Sequence[tuple[Moment, float]],
    until: Moment | None = None,
    empty_from: Moment | None = None,
    empty_to: Moment | None = None,
    label: str = "",
) -> SafeString:
    """What is left over time, in USD: the past solid; with `until` a dotted forecast and a tinted fan for the doubt.

    `until` is when it runs dry (or where the forecast ends), `empty_from` and `empty_to` the edges of the doubt.
    """
    if len(points) < 2:
        return EMPTY
    now, left = points[-1]
    window = Window(points[0][0], max(until or now, empty_to or now, now))
    top = nice_top(max(value for _at, value in points) or 1)
    drawn = [(window.x(at), value) for at, value in points]
    under, forecast = _forecast(window, now, left / top, until, empty_from, empty_to)
    dry = f'<path class="dot" d="M{figure(window.x(now))} {HEIGHT}h.01"/>' if left <= 0 else ""
    over = f'{_area(drawn, top, HEIGHT)}<path class="l1" d="{_line(drawn, top, HEIGHT)}"/>{forecast}{dry}'
    ys = [wording.dollars(top * share).removesuffix(".00") for share in (1, 0.5, 0)]
    return plot(
        under, over, ys, _burn_labels(window, now), label or burn_words(points, until), _burn_texts(window, now, until)
    )


def _forecast(
    window: Window, now: Moment, share: float, until: Moment | None, empty_from: Moment | None, empty_to: Moment | None
) -> tuple[str, str]:
    if until is None or until <= now:
        return "", ""
    x, y = figure(window.x(now)), figure(HEIGHT - HEIGHT * share)
    early, late = window.x(empty_from or until), window.x(empty_to or until)
    fan = f'<path class="awarn" d="M{x} {y}L{figure(early)} {HEIGHT}H{figure(late)}z"/>'
    line = f'<path class="l3" d="M{x} {y}L{figure(window.x(until))} {HEIGHT}"/><path class="base" d="M{x} 0V{HEIGHT}"/>'
    return fan, line


def _burn_labels(window: Window, now: Moment) -> list[str]:
    """Evenly spaced, so "now" is written on the line itself when the forecast goes on."""
    return window.labels(4, _("now") if window.end == now else window._say(window.end))


def _burn_texts(window: Window, now: Moment, until: Moment | None) -> list[Text]:
    if until is None or until <= now:
        return []
    at = date_format(timezone.localtime(until), pgettext("date format", "D j M"))
    today = window.x(now) / 10 - 1
    two_lines = today > 10
    empty = Text(min(window.x(until) / 10, 100), 28 if two_lines else 12, _("empty %(day)s") % {"day": at})
    # Under one another: side by side they would meet on a narrow screen.
    return [Text(today, 12, _("today")), empty] if two_lines else [empty]


def burn_words(points: Sequence[tuple[Moment, float]], until: Moment | None) -> str:
    (start, first), (_now, left) = points[0], points[-1]
    said = _("From %(first)s on %(day)s to %(left)s now") % {
        "first": wording.dollars(first),
        "day": date_format(timezone.localtime(start), pgettext("date format", "j M")),
        "left": wording.dollars(left),
    }
    if until:
        said += "; " + _("at this pace empty about %(day)s") % {"day": wording.day_and_time(until)}
    return said


# ---- split bar


@register.simple_tag(name="split_bar")
def split(parts: Iterable[tuple[str, int]], label: str = "") -> SafeString:
    """How many are in which state, failing first. Parts of nothing are left out; small ones stay visible."""
    some = [(state, count) for state, count in parts if count > 0]
    if not some:
        return EMPTY
    widths = [max(count / sum(count for _state, count in some) * 100, 0.9) for _state, count in some]
    scale, x, bars = 100 / sum(widths), 0.0, []
    for (state, _count), width in zip(some, widths, strict=True):
        bars.append((figure(x), figure(max(width * scale - 0.25, 0.5)), state))
        x += width * scale
    said = label or ", ".join(f"{count} {state}" for state, count in some)
    rects = format_html_join("", '<rect x="{}%" width="{}%" height="10" data-state="{}"/>', bars)
    return format_html('<svg class="k-split" role="img" aria-label="{}">{}</svg>', said, rects)
