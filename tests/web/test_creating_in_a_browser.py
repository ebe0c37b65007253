"""From the guided form to the receipt, the key for a minute, exhaustion, one click, healthy; axe finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from tests.factories import make_gateway, make_incident, make_token
from tests.usecases.making import actor, asked, open_account
from tokens.models import Account, Creation, Token
from tokens.services import creating
from tokens.simulator import Simulator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = (Path(__file__).parents[1] / "look" / "axe" / "axe.min.js").read_text()
RUN_AXE = """async () => (await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
    "best-practice"]})).violations.map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ")).join(", "))"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CLIPBOARD = "navigator.clipboard.readText()"


def run(creation: Creation) -> Creation:
    """In a thread of its own: Playwright keeps an event loop in this one."""

    def there() -> Creation:
        try:
            return creating.run(creation.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(there).result()


@pytest.fixture
def page(chromium: Any, live_server: Any, signed_in: Any) -> Iterator[Any]:
    rights = ["clipboard-read", "clipboard-write"]
    context = chromium.new_context(base_url=live_server.url, reduced_motion="reduce", permissions=rights)
    for name, morsel in signed_in.cookies.items():
        context.add_cookies([{"name": name, "value": morsel.value, "url": live_server.url}])
    tab = context.new_page()
    tab.complaints = []
    tab.on("console", lambda said: tab.complaints.append(said.text) if said.type in ("error", "warning") else None)
    tab.on("pageerror", lambda fault: tab.complaints.append(str(fault)))
    yield tab
    context.close()


@pytest.fixture
def account(simulator: Simulator, settings: Any) -> Account:
    settings.KEYWARD_ALLOW_PRIVATE_ADDRESSES = True
    gateway = make_gateway(
        name="CometAPI", dialect="cometapi", base_url=f"{simulator.url}/v1", capabilities={"name_bytes": 50},
        management_per_minute=600,
    )  # fmt: skip
    return open_account(gateway, simulator, name="alice")


def test_from_the_form_to_the_receipt_to_exhaustion_and_back(page: Any, account: Account, simulator: Simulator) -> None:
    page.clock.install()
    page.goto(reverse("token_create"))
    page.locator("#id_name").press_sequentially("风控-bot")
    page.get_by_text("10 of 50 bytes").wait_for()
    page.locator("#id_amount_usd").fill("25")
    assert page.locator("input[name=quota][value=amount]").is_checked()  # who types an amount has chosen it
    page.get_by_text("12,500,000 units").first.wait_for()
    page.locator("details.k-fold summary").click()
    page.get_by_placeholder("Find a model").fill("mini")
    assert page.locator("input[name=models]").count() == 3
    assert page.locator("label:visible input[name=models]").count() == 1
    page.get_by_label("gpt-4o-mini").check()
    page.get_by_label("In 90 days").check()
    page.locator("#made").get_by_text("1 model").wait_for()
    page.get_by_role("button", name="Create and verify").click()

    page.get_by_role("heading", name="风控-bot works").wait_for()
    token = Token.objects.get()
    key = token.open_key()
    assert key not in page.content()
    page.get_by_role("button", name="Show the key once").click()
    page.locator("[data-key]").wait_for()
    assert page.locator("[data-key]").text_content() == key
    for name, hole in (("curl", "$COMETAPI_KEY"), ("Python", "os.environ"), ("Node", "process.env"), (".env", "…")):
        page.locator(".k-snips label", has_text=name).click()
        page.get_by_role("button", name="Copy with key").click()
        page.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate(CLIPBOARD)
        assert (key in copied, hole in copied) == (True, False), name
        page.clock.run_for(2000)
    page.clock.run_for(60_000)
    page.locator("#key").get_by_text("The minute is over").wait_for()
    assert key not in page.content()

    remote = simulator.account("alice").living()[0]
    remote.remain_quota, remote.status = 0, 4
    Token.objects.filter(pk=token.pk).update(state="failing", verdict="token_exhausted", rank=0, remain_units=0)
    page.goto(reverse("tokens"))
    page.get_by_role("button", name="Set to unlimited quota").click()
    page.get_by_text("风控-bot is unlimited. Works, tried in").wait_for()
    token.refresh_from_db()
    assert (token.state, token.unlimited, remote.status) == ("healthy", True, 1)
    assert page.complaints == []


def test_another_account_brings_its_own_groups_and_keeps_what_was_typed(
    page: Any, account: Account, simulator: Simulator
) -> None:
    open_account(account.gateway, simulator, "bob", groups=[{"name": "batch", "description": "Slow", "ratio": 0.5}])
    page.goto(reverse("token_create"))
    page.locator("#id_purpose").fill("Kept")
    page.locator("#id_account").focus()
    page.locator("#id_account").select_option(label="bob, CometAPI, $100.00 left")
    page.get_by_text("0.5 × price").first.wait_for()
    assert page.locator("#id_purpose").input_value() == "Kept"
    assert page.complaints == []


def test_the_page_of_a_creation_turns_into_its_receipt_by_itself(
    page: Any, account: Account, simulator: Simulator
) -> None:
    simulator.gateway_fault = "down"
    creation = run(asked(account))
    page.goto(creation.get_absolute_url())
    page.get_by_text("The gateway did not answer.").wait_for()
    simulator.gateway_fault = ""
    run(creation)
    page.get_by_role("heading", name="fraud-scoring-v3 works").wait_for()
    assert page.complaints == []


@pytest.fixture
def places(account: Account, simulator: Simulator, person: Any) -> list[str]:
    """Every page of this family, with all that it can show."""
    simulator.create_fault = "drop_ip_limits"
    receipt = run(asked(account, person, ip_limits="203.0.113.0/24"))
    failed, waiting = asked(account, name="failed"), asked(account, name="waiting")
    creating.give_up(actor(), failed)
    Creation.objects.filter(pk=waiting.pk).update(error="The gateway did not answer.")
    made = Token.objects.get()
    Token.objects.filter(pk=made.pk).update(state="failing", verdict="token_exhausted", rank=0)
    make_incident(made)
    make_token(account=account, group="gone")
    acts = ["edit", "enable", "disable", "unlimited", "delete", "reveal"]
    return [
        reverse("token_create"),
        *(one.get_absolute_url() for one in (receipt, failed, waiting, made)),
        *(reverse(f"token_{name}", args=[made.pk]) for name in acts),
        reverse("tokens"),
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(theme: str, page: Any, places: list[str]) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    for width in (1440, 768, 360):
        page.set_viewport_size({"width": width, "height": 900})
        for place in places:
            page.goto(place)
            for fold in page.locator("details.k-fold").all():
                fold.evaluate("it => it.open = true")
            page.evaluate(AXE)
            assert page.evaluate(RUN_AXE) == [], f"{place} at {width}"
            assert page.evaluate(SIDEWAYS) <= 0, f"{place} at {width}"
    assert page.complaints == []
