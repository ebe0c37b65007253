"""The pages in a real Chromium: no fault that axe knows, no sideways scroll, no report of the content policy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.look.urls"), pytest.mark.django_db(transaction=True)]

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text()
RUN_AXE = """async () => (await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
    "best-practice"]})).violations.map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ")).join(", "))"""
WIDTHS = (1440, 768, 360)
ADDRESSES = ("/look/sheet", "/accounts/login/", "/accounts/password/reset/", "/look/error/404")


@pytest.fixture
def page(chromium: Any, live_server: Any) -> Iterator[Any]:
    """A tab whose console and refused requests are kept in `page.complaints`."""
    context = chromium.new_context(base_url=live_server.url, reduced_motion="reduce")
    tab = context.new_page()
    tab.complaints, tab.context_url = [], live_server.url
    tab.on("console", lambda said: tab.complaints.append(said.text) if said.type in ("error", "warning") else None)
    tab.on("pageerror", lambda fault: tab.complaints.append(str(fault)))
    yield tab
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_axe_finds_nothing_at_any_width(page: Any, address: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address)
        page.evaluate(AXE)  # not an inline script: the policy of the page stays in force
        found[width] = page.evaluate(RUN_AXE)
    assert found == {width: [] for width in WIDTHS}
    assert page.complaints == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_scrolls_sideways(page: Any, address: str) -> None:
    wider = {}
    for width in (*WIDTHS, 320):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address)
        wider[width] = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert set(wider.values()) == {0}


@pytest.mark.parametrize("address", ["/accounts/password/change/", "/accounts/reauthenticate/", "/accounts/logout/"])
def test_account_pages_of_a_signed_in_person_are_clean_too(page: Any, signed_in: Any, address: str) -> None:
    for name, morsel in signed_in.cookies.items():
        page.context.add_cookies([{"name": name, "value": morsel.value, "url": page.context_url}])
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        answer = page.goto(address)
        assert answer.url.endswith(address)
        page.evaluate(AXE)
        found[width] = page.evaluate(RUN_AXE)
    assert found == {width: [] for width in WIDTHS}
    assert page.complaints == []


def test_the_theme_switch_works_at_once_and_is_remembered(page: Any) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/look/sheet")
    page.locator(".k-side details.k-pop > summary").click()
    with page.expect_response("**/theme"):
        page.locator(".k-side [data-theme-switch]").get_by_role("button", name="Dark").click()
    assert page.locator("html").get_attribute("data-theme") == "keyward-dark"
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "keyward-dark"


def test_a_menu_closes_by_escape_and_by_a_click_elsewhere(page: Any) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/look/sheet")
    menu = page.locator(".k-side details.k-pop")
    menu.locator("summary").click()
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    menu.locator("summary").click()
    page.locator("h1").click()
    assert menu.get_attribute("open") is None


def test_a_message_is_a_toast_that_can_be_dismissed(page: Any) -> None:
    page.goto("/look/sheet?toast")
    toast = page.locator("#toasts .k-toast")
    assert "healthy again" in toast.inner_text()
    toast.get_by_role("button", name="Dismiss").click()
    assert toast.count() == 0


def test_the_zone_of_the_viewer_is_told_by_a_cookie(chromium: Any, live_server: Any) -> None:
    context = chromium.new_context(base_url=live_server.url, timezone_id="Asia/Shanghai")
    context.new_page().goto("/look/sheet")
    assert {each["name"]: each["value"] for each in context.cookies()}["tz"] == "Asia/Shanghai"
    context.close()


def test_the_box_in_the_head_ticks_the_rows(page: Any) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/look/sheet")
    page.get_by_label("Select all 4").check()
    assert page.locator("tbody .checkbox:checked").count() == 4


def test_the_slash_key_leads_to_the_search(page: Any) -> None:
    page.goto("/look/sheet")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"


def test_pages_work_without_script(chromium: Any, live_server: Any) -> None:
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    tab = context.new_page()
    tab.goto("/look/sheet")
    tab.locator(".k-side details.k-pop > summary").click()
    tab.locator(".k-side [data-theme-switch]").get_by_role("button", name="Dark").click()
    assert tab.locator("html").get_attribute("data-theme") == "keyward-dark"
    assert tab.locator("button[data-copy]:visible").count() == 0
    context.close()
