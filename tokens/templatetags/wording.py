"""How moments, spans, money and amounts are said. Pure but for the active language and zone; `now` is an argument."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

MINUTE, HOUR, DAY = 60, 3600, 86400
UNITS_PER_USD = 500_000
Number = int | float | Decimal


def span(seconds: float) -> str:
    """One unit, the largest that fits: "38 s", "23 min", "5 h", "12 days"."""
    whole = int(abs(seconds))
    if whole < MINUTE:
        return _("%(n)d s") % {"n": whole}
    if whole < HOUR:
        return _("%(n)d min") % {"n": whole // MINUTE}
    if whole < 2 * DAY:
        return _("%(n)d h") % {"n": whole // HOUR}
    return ngettext("%(n)d day", "%(n)d days", whole // DAY) % {"n": whole // DAY}


def long_span(seconds: float) -> str:
    """Two units where the second tells something: "9 min 12 s", "3 h 5 min"; otherwise as `span`."""
    whole = int(abs(seconds))
    if MINUTE <= whole < HOUR and whole % MINUTE:
        return f"{span(whole)} {span(whole % MINUTE)}"
    if HOUR <= whole < 2 * DAY and whole % HOUR >= MINUTE:
        return f"{span(whole)} {span(whole % HOUR)}"
    return span(whole)


def moment(value: datetime, now: datetime) -> str:
    """How long ago within a day ("38 s", "5 h", or "in 23 min"), the date otherwise ("20 Nov"), in the active zone."""
    ahead = (value - now).total_seconds()
    if 0 < ahead < DAY:
        return _("in %(span)s") % {"span": span(ahead)}
    if -DAY < ahead <= 0:
        return span(ahead)
    return short_date(value, now)


def short_date(value: datetime, now: datetime) -> str:
    """ "20 Nov", with the year when it is not this one."""
    here = timezone.localtime(value)
    same_year = here.year == timezone.localtime(now).year
    pattern = pgettext("date format", "j M") if same_year else pgettext("date format", "j M Y")
    return date_format(here, pattern)


def clock(value: datetime, now: datetime) -> str:
    """ "14:08" on the same day of the active zone, the date otherwise."""
    if timezone.localtime(value).date() == timezone.localtime(now).date():
        return date_format(timezone.localtime(value), "H:i")
    return short_date(value, now)


def day_and_time(value: datetime) -> str:
    """ "Mon 30 Nov, 16:00" in the active zone."""
    return date_format(timezone.localtime(value), pgettext("date format", "D j M, H:i"))


def exact(value: datetime) -> str:
    """ "24 November 2026, 14:31:22 UTC": the whole instant, with its zone, for the tooltip."""
    here = timezone.localtime(value)
    return date_format(here, pgettext("date format", "j F Y, H:i:s")) + f" {here.tzname()}"


def seconds_of(value: timedelta | Number) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def milliseconds(value: Number) -> str:
    """ "612 ms", from a second on "4.1 s"."""
    if value < 1000:
        return _("%(n)s ms") % {"n": f"{round(value):,}"}
    return _("%(n)s s") % {"n": f"{value / 1000:,.1f}"}


def dollars(amount: Number) -> str:
    """ "$12.40"; below a cent as many places as two figures need, so that it never reads as nothing: "$0.0013"."""
    sign, size = ("−" if amount < 0 else ""), abs(float(amount))
    if size == 0 or size >= 0.01:
        return f"{sign}${size:,.2f}"
    return f"{sign}${size:.6f}".rstrip("0") if size >= 0.000001 else f"{sign}<$0.000001"


def units_in_dollars(units: Number, per_usd: Number = UNITS_PER_USD) -> str:
    """A gateway's units as USD; `per_usd` is its quota_per_unit."""
    return dollars(float(units) / float(per_usd or UNITS_PER_USD))


def units(value: Number) -> str:
    return _("%(n)s units") % {"n": number(value)}


def number(value: Number) -> str:
    return f"{value:,}".replace("-", "−")


def percent(value: Number) -> str:
    """A share of 100 with two places at most: "99.98 %", "100 %"."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + " %"
