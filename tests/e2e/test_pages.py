"""Every page of the running demo: clean for axe at three widths in both themes, never wider than the screen, quiet in
the console, and usable without script."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import colour_violations, violations
from tests.e2e.visitor import Program, Visitor, visitor
from tests.factories import make_key

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

WIDTHS = (1440, 768, 360)
NARROWEST = 320
# Each page, and the row of the database that its {} stands for.
PAGES = {
    "/": "",
    "/tokens/": "",
    "/tokens/?status=failing&sort=checked": "",
    "/tokens/?q=nothing-has-this-name": "",
    "/tokens/add/": "",
    "/tokens/create/": "",
    "/tokens/bring-in/{}/": "SELECT id FROM tokens_account ORDER BY id",
    "/tokens/{}/": "SELECT id FROM tokens_token WHERE state = 'healthy' AND unlimited = 0 ORDER BY id",
    "/tokens/{}/?failing": "SELECT id FROM tokens_token WHERE state = 'failing' ORDER BY id",
    "/tokens/{}/?exhausted": "SELECT id FROM tokens_token WHERE verdict = 'token_exhausted' ORDER BY id",
    "/tokens/{}/?degraded": "SELECT id FROM tokens_token WHERE state = 'degraded' ORDER BY id",
    "/tokens/{}/?new": "SELECT id FROM tokens_token WHERE state = 'new' ORDER BY id",
    "/tokens/{}/?paused": "SELECT id FROM tokens_token WHERE state = 'paused' ORDER BY id",
    "/tokens/{}/?retired": "SELECT id FROM tokens_token WHERE state = 'retired' ORDER BY id",
    "/tokens/{}/describe/": "SELECT id FROM tokens_token ORDER BY id",
    "/tokens/{}/forget/": "SELECT id FROM tokens_token ORDER BY id",
    "/tokens/{}/edit/": "SELECT id FROM tokens_token WHERE state = 'healthy' AND account_id > 0 ORDER BY id",
    "/tokens/{}/delete/": "SELECT id FROM tokens_token WHERE state = 'healthy' AND account_id > 0 ORDER BY id",
    "/tokens/{}/disable/": "SELECT id FROM tokens_token WHERE state = 'healthy' AND account_id > 0 ORDER BY id",
    "/tokens/{}/reveal/": "SELECT id FROM tokens_token WHERE state = 'healthy' ORDER BY id",
    "/gateways/": "",
    "/gateways/connect/?kind=openai": "",
    "/gateways/{}/": "SELECT id FROM tokens_gateway ORDER BY id",
    "/gateways/{}/edit/": "SELECT id FROM tokens_gateway ORDER BY id",
    "/gateways/{}/remove/": "SELECT id FROM tokens_gateway ORDER BY id",
    "/gateways/{}/accounts/add/": "SELECT id FROM tokens_gateway ORDER BY id",
    "/accounts-on-gateways/{}/edit/": "SELECT id FROM tokens_account ORDER BY id",
    "/accounts-on-gateways/{}/access-token/": "SELECT id FROM tokens_account ORDER BY id",
    "/accounts-on-gateways/{}/remove/": "SELECT id FROM tokens_account ORDER BY id",
    "/incidents/": "",
    "/incidents/?state=closed": "",
    "/incidents/{}/": "SELECT id FROM tokens_incident WHERE closed_at IS NULL ORDER BY id",
    "/incidents/{}/?account": "SELECT id FROM tokens_incident WHERE light = 'account' ORDER BY id",
    "/incidents/{}/?closed": "SELECT id FROM tokens_incident WHERE closed_at > 0 ORDER BY id",
    "/alerts/": "",
    "/alerts/deliveries/": "",
    "/alerts/deliveries/{}/": "SELECT id FROM tokens_notification ORDER BY id",
    "/alerts/{}/": "SELECT id FROM tokens_channel WHERE kind = 'webhook' ORDER BY id",
    "/alerts/{}/?email": "SELECT id FROM tokens_channel WHERE kind = 'email' ORDER BY id",
    "/alerts/{}/remove/": "SELECT id FROM tokens_channel ORDER BY id",
    "/alerts/new/email/": "",
    "/alerts/new/telegram/": "",
    "/alerts/new/webhook/": "",
    "/audit/": "",
    "/audit/?find": "",
    "/audit/{}/": "SELECT id FROM tokens_auditevent WHERE changes != '{}' ORDER BY id DESC",
    "/accounts/password/change/": "",
    "/no-such-page/": "",
}


def address(page: str, program: Program) -> str:
    """The page's path, with the first row that its query finds in the running program's database."""
    if not PAGES[page]:
        return page
    with closing(sqlite3.connect(f"file:{program.data / 'keyward.sqlite3'}?mode=ro", uri=True)) as database:
        row = database.execute(PAGES[page]).fetchone()
    assert row, f"the demo has no row for {page}"
    return page.format(row[0])


@pytest.fixture(scope="module")
def signed_in_state(chromium: Any, demo: Program) -> Any:
    """The cookies of a person who is signed in."""
    with visitor(chromium, demo.url) as guest:
        guest.sign_in("demo", (demo.data / "demo-password").read_text().strip())
        guest.is_at("/")
        return guest.tab.context.storage_state()


@pytest.fixture
def guest(chromium: Any, demo: Program, signed_in_state: Any) -> Iterator[Visitor]:
    with visitor(chromium, demo.url, storage_state=signed_in_state) as person:
        yield person


@pytest.fixture
def plain(chromium: Any, demo: Program, signed_in_state: Any) -> Iterator[Visitor]:
    """The same person in a browser without script."""
    with visitor(chromium, demo.url, storage_state=signed_in_state, java_script_enabled=False) as person:
        yield person


@pytest.mark.parametrize("page", PAGES)
def test_page_is_clean_at_every_width_in_both_themes(guest: Visitor, demo: Program, page: str) -> None:
    """What a theme changes is colours: the second time only they are looked at."""
    here, found, wider = address(page, demo), {}, {}
    for theme, look in (("light", violations), ("dark", colour_violations)):
        guest.tab.emulate_media(color_scheme=theme, reduced_motion="reduce")
        guest.open(here)  # again, since colours on their way from one theme to the other would be measured half-way
        for width in WIDTHS:
            guest.tab.set_viewport_size({"width": width, "height": 900})
            found[width, theme] = look(guest.tab)
            wider[width] = sideways(guest.tab)
    guest.tab.set_viewport_size({"width": NARROWEST, "height": 900})
    wider[NARROWEST] = sideways(guest.tab)
    assert {place: what for place, what in found.items() if what} == {}
    assert {width: by for width, by in wider.items() if by} == {}
    assert [said for said in guest.complaints if "404" not in said or "/no-such-page/" not in page] == []


def sideways(tab: Any) -> int:
    """By how many pixels the page is wider than the screen."""
    by: int = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return by


@pytest.mark.parametrize("page", [page for page in PAGES if "no-such-page" not in page])
def test_page_is_there_without_script(plain: Visitor, demo: Program, page: str) -> None:
    answer = plain.tab.goto(address(page, demo))
    assert answer.status == 200
    assert plain.tab.locator("h1:visible").count() == 1
    assert plain.tab.locator("main").inner_text().strip()


def test_sign_in_and_out_without_script(chromium: Any, demo: Program) -> None:
    with visitor(chromium, demo.url, java_script_enabled=False) as person:
        person.open("/tokens/")
        person.is_at("/accounts/login/.*")
        person.type(login="demo", password="not the password")
        person.press("Sign in")
        expect(person.tab.locator("[role=alert]")).to_be_visible()
        person.type(login="demo", password=(demo.data / "demo-password").read_text().strip())
        person.press("Sign in")
        person.is_at("/tokens/")
        person.open("/accounts/logout/")
        person.press("Sign out", person.tab.locator("main"))
        person.open("/")
        person.is_at("/accounts/login/.*")


def test_keys_are_added_without_script(plain: Visitor) -> None:
    plain.open("/tokens/add/")
    plain.type(keys=make_key(), purpose="Added without script")
    plain.tab.get_by_label("Also keep keys that the gateway refuses").check()
    plain.press("Try and add")
    plain.sees("1 of 1 key added")


def test_a_token_is_checked_paused_and_resumed_without_script(plain: Visitor, demo: Program) -> None:
    plain.open(address("/tokens/{}/", demo))
    plain.press("Check now")
    plain.is_at(r"/tokens/\d+/")
    plain.tab.locator("summary").filter(has_text="Pause").click()
    plain.press("For 1 day")
    plain.sees("is paused: no checks and no alerts.")
    plain.press("Resume")
    plain.sees("is watched again.")


def test_the_list_is_searched_and_filtered_without_script(plain: Visitor, demo: Program) -> None:
    plain.open("/tokens/")
    plain.tab.locator("#find").fill("no token is called like that")
    plain.tab.locator("#find").press("Enter")
    plain.sees("Clear")
