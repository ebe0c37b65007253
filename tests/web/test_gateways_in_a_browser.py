"""The gateways' pages in a real Chromium: probing while typing, and no fault that axe knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_account, make_gateway, make_token
from tokens.models import Gateway
from tokens.simulator import Simulator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = (Path(__file__).parents[1] / "look" / "axe" / "axe.min.js").read_text()
RUN_AXE = """async () => (await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
    "best-practice"]})).violations.map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ")).join(", "))"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def page(chromium: Any, live_server: Any, signed_in: Any) -> Iterator[Any]:
    context = chromium.new_context(base_url=live_server.url, reduced_motion="reduce")
    for name, morsel in signed_in.cookies.items():
        context.add_cookies([{"name": name, "value": morsel.value, "url": live_server.url}])
    tab = context.new_page()
    tab.complaints = []
    tab.on("console", lambda said: tab.complaints.append(said.text) if said.type in ("error", "warning") else None)
    tab.on("pageerror", lambda fault: tab.complaints.append(str(fault)))
    yield tab
    context.close()


def test_an_address_is_mended_with_one_click_and_connected(page: Any) -> None:
    with Simulator(brand="comet_api_error").running() as there:
        person = there.add_account("alice")
        page.goto(reverse("connect") + "?kind=family")
        address = page.get_by_label("Base URL")
        address.press_sequentially(f"{there.url}/console")
        page.get_by_label("Access token").fill(person.access_token)
        offered = page.get_by_role("button", name="Use this address")
        offered.click()
        offered.wait_for(state="detached")
        page.get_by_text("A gateway answers there.").wait_for()
        assert page.get_by_label("Base URL").input_value() == f"{there.url}/v1"
        assert page.get_by_label("Access token").input_value() == person.access_token
        page.get_by_role("button", name="Connect", exact=True).click()
        page.get_by_role("heading", name="CometAPI").wait_for()
        assert page.get_by_role("link", name="Bring in the account's tokens").is_visible()
    assert page.complaints == []
    assert Gateway.objects.get().accounts.count() == 1


@pytest.fixture
def busy() -> Gateway:
    """A gateway in trouble, with everything that its page can show."""
    now = timezone.now()
    look = {"at": int(now.timestamp()), "rung": "models", "asked": "GET /v1/models", "fault": "connect"}
    gateway = make_gateway(
        name="Ours", state="failing", verdict="gateway_down", verdict_since=now, frozen_at=now, evidence=[look],
        looks=[[int(now.timestamp()) - 600 * back, 500, "ok", 401] for back in range(40, 0, -1)],
    )  # fmt: skip
    balances = [
        [int((now - timedelta(hours=back)).timestamp()), 500_000 * (10 + back // 4)] for back in range(100, -1, -1)
    ]
    groups = [{"name": "vip", "description": "Faster", "ratio": 1.5}]
    account = make_account(
        gateway, state="failing", verdict="management_credential_dead", verdict_since=now, checked_at=now,
        balances=balances, balance_units=5_000_000, balance_read_at=now, groups=groups,
    )  # fmt: skip
    make_account(gateway)
    make_token(account=account)
    return gateway


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_have_no_fault_that_axe_knows_and_nothing_scrolls_sideways(
    page: Any, busy: Gateway, theme: str
) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    account = busy.accounts.first()
    assert account is not None
    addresses = [
        reverse("gateways"), reverse("connect") + "?kind=family", reverse("gateway", args=[busy.pk]),
        reverse("gateway_edit", args=[busy.pk]), reverse("account_access_token", args=[account.pk]),
        reverse("gateway_remove", args=[busy.pk]),
    ]  # fmt: skip
    found = {}
    for address in addresses:
        for width in (1440, 768, 360):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(address)
            page.evaluate(AXE)
            found[address, width] = (page.evaluate(SIDEWAYS), page.evaluate(RUN_AXE))
    assert {place: faults for place, faults in found.items() if faults != (0, [])} == {}
    assert page.complaints == []
