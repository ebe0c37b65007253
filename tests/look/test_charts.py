"""The pictures, as markup: pure functions of their data."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from tokens.templatetags import charts

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def looks(*values: float | None) -> list[tuple[datetime, float | None]]:
    return [(NOW - timedelta(minutes=10 * (len(values) - 1 - place)), value) for place, value in enumerate(values)]


def well_formed(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<p>{markup}</p>")


def test_in_a_strip_trouble_stands_up() -> None:
    drawn = charts.strip([("1", "healthy", ""), ("2", "degraded", ""), ("3", "failing", ""), ("4", "new", "")])
    paths = {each.get("class"): each.get("d") for each in well_formed(drawn).iter("path")}
    assert paths == {"ok": "M2 32V17", "slow": "M6 32V9", "down": "M10 32V0", "none": "M14 32V29"}


def test_a_strip_of_ninety_days_costs_few_nodes_and_says_itself_in_words() -> None:
    days = [(str(day), "failing" if day == 5 else "healthy", "") for day in range(90)]
    root = well_formed(charts.strip(days))
    assert len(list(root.iter())) == 4
    assert root[0].get("aria-label") == "90 days: failing on 1, degraded on 0"


def test_day_titles_are_escaped() -> None:
    drawn = charts.strip([("1", "healthy", "<script>alert(1)</script>")], label='"><script>')
    assert "<script>" not in drawn
    well_formed(drawn)


@pytest.mark.parametrize("values", [[], [1.0], [None, 3.0]])
def test_a_spark_of_nearly_nothing_is_nothing(values: list[float | None]) -> None:
    assert charts.spark(values) == ""


def test_a_failed_look_lifts_the_pen_and_lies_on_the_floor() -> None:
    drawn = charts.latency(looks(100, 120, None, 110, 90))
    line = re.search(r'class="l1" d="([^"]+)"', drawn)
    assert line
    assert line.group(1).count("M") == 2
    assert f"M500 {charts.FLOOR}h.01" in drawn
    assert 'class="abad"' not in drawn


def test_the_stretch_that_fails_until_now_is_tinted_and_named() -> None:
    drawn = charts.latency(looks(100, 120, 90, None, None), event="401 since <13:45>")
    assert '<rect class="abad" x="750" width="250"' in drawn
    assert "401 since &lt;13:45&gt;" in drawn
    assert "2 looks failed" in drawn
    well_formed(drawn)


def test_looks_may_come_in_any_order_and_may_all_have_failed() -> None:
    assert charts.latency(list(reversed(looks(1, 2, 3)))) == charts.latency(looks(1, 2, 3))
    assert "2 looks, all failed" in charts.latency(looks(None, None))


def test_a_forecast_is_dotted_and_its_doubt_is_a_fan() -> None:
    points = [(NOW - timedelta(days=2), 30.0), (NOW, 15.0)]
    until = NOW + timedelta(days=2)
    drawn = charts.burn(points, until, until - timedelta(days=1), until + timedelta(days=1))
    assert 'class="l3" d="M400 50L800 100"' in drawn
    assert 'class="awarn" d="M400 50L600 100H1000z"' in drawn
    assert "empty Thu 26 Nov" in drawn


def test_a_past_forecast_is_not_drawn() -> None:
    points = [(NOW - timedelta(days=2), 30.0), (NOW, 0.0)]
    drawn = charts.burn(points, until=NOW - timedelta(hours=1))
    assert 'class="l3"' not in drawn
    assert 'class="dot"' in drawn


def test_a_split_bar_keeps_small_parts_visible_and_fits() -> None:
    rects = list(well_formed(charts.split([("failing", 1), ("healthy", 9999), ("paused", 0)])).iter("rect"))
    assert [each.get("data-state") for each in rects] == ["failing", "healthy"]
    widths = [float(str(each.get("width")).rstrip("%")) for each in rects]
    assert widths[0] >= 0.5
    assert sum(widths) <= 100


@pytest.mark.parametrize(("value", "top"), [(0, 1), (0.9, 1), (873, 1000), (1010, 1200), (1900, 2000), (2.86, 3)])
def test_axes_end_on_round_figures(value: float, top: float) -> None:
    assert charts.nice_top(value) == pytest.approx(top)


@pytest.mark.parametrize("draw", [charts.strip, charts.latency, charts.burn, charts.split, charts.spark])
def test_no_data_is_no_error(draw: Any) -> None:
    assert "NaN" not in draw([])
