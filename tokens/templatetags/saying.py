"""The filters of `ui`: words for a value in a page. None reads as a dash."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from . import wording

MANY, FIRST = 12, 6  # a list of more than MANY shows its FIRST and folds the rest away


def when(value: datetime | None) -> SafeString | str:
    """ "38 s", "5 h", "20 Nov", with the exact instant on hover."""
    return _time(value, wording.moment(value, timezone.now())) if value else "–"


def clock(value: datetime | None) -> SafeString | str:
    """ "14:08" today, "20 Nov" before."""
    return _time(value, wording.clock(value, timezone.now())) if value else "–"


def day(value: datetime | None) -> SafeString | str:
    """ "Mon 30 Nov, 16:00"."""
    return _time(value, wording.day_and_time(value)) if value else "–"


def _time(value: datetime, words: str) -> SafeString:
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), wording.exact(value), words)


def duration(value: timedelta | float | None) -> str:
    """ "45 min" of a timedelta or of seconds."""
    return "–" if value is None else wording.span(wording.seconds_of(value))


def duration_long(value: timedelta | float | None) -> str:
    """ "9 min 12 s"."""
    return "–" if value is None else wording.long_span(wording.seconds_of(value))


def ms(value: float | None) -> str:
    return "–" if value is None else wording.milliseconds(value)


def usd(value: float | None, per_usd: float = wording.UNITS_PER_USD) -> str:
    """A gateway's units in USD: `{{ token.used_units|usd:gateway.quota_per_unit }}`."""
    return "–" if value is None else wording.units_in_dollars(value, per_usd)


def dollars(value: float | None) -> str:
    return "–" if value is None else wording.dollars(value)


def units(value: int | None) -> str:
    return "–" if value is None else wording.units(value)


def number(value: int | None) -> str:
    return "–" if value is None else wording.number(value)


def percent(value: float | None) -> str:
    return "–" if value is None else wording.percent(value)


def folded(value: str) -> SafeString | str:
    """A long list, "a, b, c", with all but its first entries folded away. What is short stays as it is."""
    entries = value.split(", ")
    if len(entries) <= MANY:
        return value
    more = _("and %(n)s more") % {"n": wording.number(len(entries) - FIRST)}
    return format_html(
        '<details class="k-more"><summary>{} <span class="k-link">{}</span></summary>{}</details>',
        ", ".join(entries[:FIRST]), more, ", ".join(entries[FIRST:]),
    )  # fmt: skip
