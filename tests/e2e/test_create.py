"""From the guided form to the receipt, to a quota that is used up, to unlimited by one click."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import violations
from tests.e2e.visitor import PASSWORD, Program, Visitor, program, visitor
from tokens.simulator import Simulator

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
SOON = 45  # seconds


@pytest.fixture
def keyward(tmp_path: Path) -> Iterator[Program]:
    person = {"KEYWARD_ADMIN_USER": "mira", "KEYWARD_ADMIN_PASSWORD": PASSWORD}
    with program(tmp_path, KEYWARD_CHECK_INTERVAL="30", **person) as started:
        yield started


def test_from_the_form_to_the_receipt_to_exhausted_to_healthy_again(chromium: Any, keyward: Program) -> None:
    simulator = Simulator(brand="comet_api_error")
    alice = simulator.add_account("alice")
    with simulator.running(), visitor(chromium, keyward.url) as mira:
        mira.sign_in("mira", PASSWORD)
        connect(mira, simulator, alice.access_token)
        fill_in(mira)
        key = read_the_receipt(mira, simulator.url)

        made = next(token for token in alice.living() if token.name == "fraud-scoring-v3")
        assert key == f"sk-{made.key}"
        assert models_with(simulator.url, key) > 0
        made.charge(made.remain_quota)

        see_it_exhausted(mira)
        mira.press("Set to unlimited quota")
        mira.sees("fraud-scoring-v3 is unlimited. Works")
        expect(mira.tab.locator("#badge")).to_contain_text("Healthy", timeout=SOON * 1000)
        assert made.unlimited_quota
        assert made.status == 1
    posts = [call for call in simulator.requests if call[:2] == ("POST", "/api/token/")]
    assert len(posts) == 1
    assert mira.complaints == []


def connect(mira: Visitor, simulator: Simulator, access_token: str) -> None:
    mira.open("/gateways/connect/?kind=family")
    mira.type(base_url=f"{simulator.url}/v1", name="Relay", account_name="alice", access_token=access_token)
    mira.press("Connect")
    mira.sees("Relay is connected.")


def fill_in(mira: Visitor) -> None:
    """The summary says what will be made while the form is filled in."""
    mira.open("/tokens/create/")
    mira.type(name="fraud-scoring-v3", purpose="Scores card payments", tags="prod, risk")
    mira.tab.get_by_label("Give it an amount").check()
    mira.tab.get_by_label("Amount in USD").fill("2.50")
    mira.tab.locator("label.k-option").filter(has_text="vip").click()
    summary = mira.tab.locator("#made")
    expect(summary).to_contain_text("fraud-scoring-v3")
    expect(summary).to_contain_text("$2.50")
    expect(mira.tab.locator("#amount-units")).to_contain_text("1,250,000")
    mira.press("Create and verify")


def read_the_receipt(mira: Visitor, gateway: str) -> str:
    """The key is shown once; the snippets carry the base URL and no key. Returns the key."""
    expect(mira.tab.locator("h1")).to_contain_text("fraud-scoring-v3 works", timeout=SOON * 1000)
    mira.sees("One POST, never a second", f"{gateway}/v1")
    is_clean(mira)
    mira.press("Show the key once")
    shown = mira.tab.locator("[data-key]")
    expect(shown).to_have_count(1)
    is_clean(mira)
    key = str(shown.inner_text())
    snippets = mira.tab.locator(".k-snips").inner_text()
    assert key not in snippets
    mira.tab.reload()
    mira.sees("It was shown, and is stored encrypted.")
    assert key not in mira.tab.content()
    return key


def is_clean(mira: Visitor) -> None:
    """The page as it stands, for axe, on a desk and on a phone."""
    found = {}
    for width in (360, 1280):
        mira.tab.set_viewport_size({"width": width, "height": 900})
        found[width] = violations(mira.tab)
    assert found == {360: [], 1280: []}


def models_with(gateway: str, key: str) -> int:
    """How many models the new key may call: it is the right one, and it works."""
    request = urllib.request.Request(f"{gateway}/v1/models", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return len(json.load(answer)["data"])


def see_it_exhausted(mira: Visitor) -> None:
    """Failing on its page, with the way out in the diagnosis."""
    mira.follow("Open token")
    mira.press("Check now")
    diagnosis = mira.tab.locator(".k-diag")
    expect(diagnosis).to_contain_text("quota", timeout=SOON * 1000)
    expect(mira.tab.locator("#badge")).to_contain_text("Failing", timeout=SOON * 1000)
