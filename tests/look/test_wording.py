"""How moments, spans, money and amounts are said."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from tokens.templatetags import saying, wording

NOW = datetime(2026, 11, 24, 14, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=38), "38 s"),
        (timedelta(minutes=23), "23 min"),
        (timedelta(hours=5), "5 h"),
        (timedelta(days=4), "20 Nov"),
        (timedelta(days=400), "20 Oct 2025"),
        (timedelta(minutes=-9), "in 9 min"),
        (timedelta(days=-6), "30 Nov"),
    ],
)
def test_a_moment_is_said_as_people_say_it(ago: timedelta, words: str) -> None:
    assert wording.moment(NOW - ago, NOW) == words


@pytest.mark.parametrize(
    ("seconds", "short", "long"),
    [(0, "0 s", "0 s"), (552, "9 min", "9 min 12 s"), (11100, "3 h", "3 h 5 min"), (172800, "2 days", "2 days")],
)
def test_a_span_has_one_unit_or_two(seconds: int, short: str, long: str) -> None:
    assert (wording.span(seconds), wording.long_span(seconds)) == (short, long)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (12.4, "$12.40"),
        (1234.5, "$1,234.50"),
        (0, "$0.00"),
        (0.0013, "$0.0013"),
        (-0.00262, "−$0.00262"),
        (1e-9, "<$0.000001"),
    ],
)
def test_money_never_reads_as_nothing_when_it_is_something(amount: float, words: str) -> None:
    assert wording.dollars(amount) == words


def test_units_become_dollars_by_the_gateways_own_rate() -> None:
    assert saying.usd(6_200_000) == "$12.40"
    assert saying.usd(6_200_000, 1_000_000) == "$6.20"
    assert saying.units(-1310) == "−1,310 units"


def test_latency_changes_to_seconds_where_milliseconds_are_too_fine() -> None:
    assert (saying.ms(612), saying.ms(999.4), saying.ms(4100)) == ("612 ms", "999 ms", "4.1 s")


@pytest.mark.parametrize("say", [saying.when, saying.clock, saying.ms, saying.usd, saying.duration, saying.percent])
def test_what_is_not_known_is_a_dash(say: Callable[[None], str]) -> None:
    assert say(None) == "–"


def test_a_time_carries_the_exact_instant_in_the_viewers_zone() -> None:
    with timezone.override(ZoneInfo("Asia/Shanghai")):
        said = saying.day(NOW)
    assert said == (
        '<time datetime="2026-11-24T14:32:00+00:00" title="24 November 2026, 22:32:00 CST">Tue 24 Nov, 22:32</time>'
    )


def test_clock_times_belong_to_the_viewers_day() -> None:
    evening = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert wording.clock(evening, NOW) == "23 Nov"
    with timezone.override(ZoneInfo("Asia/Shanghai")):
        assert wording.clock(evening, NOW) == "07:30"


def test_nothing_breaks_in_the_other_language() -> None:
    with translation.override("zh-hans"):
        assert wording.moment(NOW - timedelta(seconds=38), NOW)
        assert wording.day_and_time(NOW)


def test_a_long_list_shows_its_first_entries_and_folds_the_rest_away() -> None:
    assert saying.folded("gpt-4o, o3") == "gpt-4o, o3"
    shown, rest = saying.folded(", ".join(f"<{n}>" for n in range(200))).split("</summary>")
    assert "&lt;5&gt;" in shown
    assert "&lt;6&gt;" not in shown
    assert "and 194 more" in shown
    assert "&lt;199&gt;" in rest
