"""The first day with Keyward, in one go: set up, connect, add, watch, be told of a failure and of its end."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import violations
from tests.e2e.visitor import Program, Visitor, make_administrator, program, visitor
from tests.factories import make_key
from tests.listeners import Hook, Mailbox, mail_server, webhook
from tests.services import wait_until
from tokens.simulator import Simulator

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
SOON = 60  # seconds: what a change may take to be seen twice and told


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook() as end:
        yield end


@pytest.fixture
def keyward(tmp_path: Path, mailbox: Mailbox) -> Iterator[Program]:
    mail = {"KEYWARD_SMTP_HOST": "127.0.0.1", "KEYWARD_SMTP_PORT": str(mailbox.port), "KEYWARD_SMTP_TLS": "off"}
    with program(tmp_path, KEYWARD_CHECK_INTERVAL="30", **mail) as started:
        yield started


def test_from_the_first_visit_to_an_alert_and_its_end(
    chromium: Any, keyward: Program, hook: Hook, mailbox: Mailbox
) -> None:
    simulator = Simulator(brand="comet_api_error")
    alice = simulator.add_account("alice")
    checkout = simulator.add_token(alice, "checkout-assistant")
    for name in ("nightly-report", "search-ranking"):
        simulator.add_token(alice, name)
    with simulator.running(), visitor(chromium, keyward.url) as mira:
        make_administrator(mira, keyward.log)
        connect_with_a_wrong_address(mira, simulator, alice.access_token)
        paste_keys(mira, checkout.key)
        bring_in_the_rest(mira)
        see_them_healthy(mira)
        secret = add_channels(mira, hook, mailbox)

        checkout.fault = "disabled"
        see_it_fail(mira)
        told_of_failure(hook, mailbox, secret, keyward.url, checkout.key)

        checkout.fault = ""
        see_it_recover(mira)
        told_of_recovery(hook, mailbox, secret)
    assert mira.complaints == []


def connect_with_a_wrong_address(mira: Visitor, simulator: Simulator, access_token: str) -> None:
    """Typed from the browser's address bar, so without /v1 and with a page behind it; one click corrects it."""
    mira.open("/gateways/connect/")
    mira.tab.get_by_label("new-api or one-api").check()
    # Key by key, as a person does: htmx binds a field that it just swapped in some 20 ms later.
    mira.tab.get_by_label("Base URL").press_sequentially(f"{simulator.url}/console/token", delay=10)
    expect(mira.tab.get_by_role("button", name="Use this address")).to_be_visible()
    assert violations(mira.tab) == []
    mira.press("Use this address")
    expect(mira.tab.get_by_label("Base URL")).to_have_value(f"{simulator.url}/v1")
    mira.type(name="Relay", account_name="alice", access_token=access_token)
    mira.press("Connect")
    mira.sees("Relay is connected.", "alice")


def paste_keys(mira: Visitor, key: str) -> None:
    """A fine one, the same again, a masked one and a wrong one: each line has its own answer."""
    mira.follow("Add existing keys")
    lines = [f"sk-{key}", f"Bearer sk-{key}", f"sk-{key[:4]}**********{key[-4:]}", make_key()]
    mira.type(keys="\n".join(lines), purpose="Helps people to pay")
    mira.tab.get_by_label("Account").select_option(label="alice, Relay")
    mira.press("Try and add")
    mira.sees("1 of 4 keys added")
    results = mira.tab.locator("[aria-labelledby=h-results] li")
    for row, (state, words) in enumerate(
        [("healthy", "checkout-assistant"), ("new", "Line 2"), ("failing", "masked"), ("failing", "Line 4")]
    ):
        expect(results.nth(row)).to_have_attribute("data-state", state)
        expect(results.nth(row)).to_contain_text(words)
    assert violations(mira.tab) == []
    assert f"sk-{key}" not in mira.tab.content()


def bring_in_the_rest(mira: Visitor) -> None:
    mira.tab.locator("[aria-labelledby=h-bring]").get_by_role("link", name="alice").click()
    mira.sees("3 tokens on the gateway, 1 watched already")
    expect(mira.tab.get_by_label("Select checkout-assistant")).to_be_disabled()
    mira.tab.get_by_label("Select all").check()
    mira.press("Watch the ticked tokens")
    mira.sees("2 tokens are watched from now on.")


def see_them_healthy(mira: Visitor) -> None:
    """The rows turn by themselves; nobody loads the page again."""
    mira.open("/tokens/")
    for name in ("checkout-assistant", "nightly-report", "search-ranking"):
        row = mira.tab.get_by_role("row").filter(has_text=name)
        expect(row).to_contain_text("Token healthy", timeout=SOON * 1000)
        expect(row).to_contain_text("ms", timeout=SOON * 1000)  # a look with the key, fetched from the gateway


def add_channels(mira: Visitor, hook: Hook, mailbox: Mailbox) -> str:
    """A signed webhook and an email channel, each tried at once; returns the webhook's secret."""
    mira.open("/alerts/")
    mira.follow("Signed webhook")
    mira.type(name="Our pager", url=hook.url)
    mira.press("Make the channel")
    secret = mira.tab.locator("[aria-labelledby=h-secret] code").inner_text()
    send_test(mira)
    assert hook.events == ["test"]
    assert signed_by(secret, hook, 0)

    mira.open("/alerts/")
    mira.follow("Email")
    mira.type(name="The team", addresses="team@example.com")
    mira.press("Make the channel")
    send_test(mira)
    assert [mail["Subject"] for mail in mailbox.messages] == ["Keyward test for The team"]
    return secret


def send_test(mira: Visitor) -> None:
    mira.press("Send test")
    mira.sees("The test went out.", seconds=20)


def signed_by(secret: str, hook: Hook, number: int) -> bool:
    """As docs/alerts.md tells receivers to verify it."""
    parts = dict(part.split("=", 1) for part in hook.headers[number]["Keyward-Signature"].split(","))
    mac = hmac.new(secret.encode(), f"{parts['t']}.".encode() + hook.bodies[number], hashlib.sha256)
    return hmac.compare_digest(mac.hexdigest(), parts["v1"]) and time.time() - int(parts["t"]) < 300


def see_it_fail(mira: Visitor) -> None:
    """On the list first, by itself; then the reason and the proof on the token's page, and the incident."""
    mira.open("/tokens/")
    row = mira.tab.get_by_role("row").filter(has_text="checkout-assistant")
    expect(row).to_contain_text("Token failing", timeout=SOON * 1000)  # the word may be “Checking” just now
    expect(row).to_contain_text(re.compile("disabled", re.IGNORECASE))
    mira.follow("checkout-assistant")
    diagnosis = mira.tab.locator(".k-diag")
    expect(diagnosis).to_contain_text(re.compile("disabled", re.IGNORECASE))
    expect(diagnosis.get_by_role("table")).to_contain_text("401")
    mira.follow("Incident 1")
    mira.sees("checkout-assistant", "nobody on it")


def told_of_failure(hook: Hook, mailbox: Mailbox, secret: str, url: str, key: str) -> None:
    """Both channels: name, hint, reason, link; and nowhere the key."""
    wait_until(lambda: "failing" in hook.events and len(mailbox.messages) > 1, "the alert on both channels", 20)
    assert signed_by(secret, hook, hook.events.index("failing"))
    body = hook.bodies[hook.events.index("failing")].decode()
    mail = mailbox.messages[1].get_content()
    for told in (body, mail):
        for words in ("checkout-assistant", key[-4:], "isabled", f"{url}/tokens/1/"):
            assert words in told
        assert key not in told
        assert key[:-4] not in told


def see_it_recover(mira: Visitor) -> None:
    """Asked to look again, Keyward shows the token healthy by itself, and the incident is closed."""
    mira.press("Check again")
    expect(mira.tab.locator("#badge")).to_contain_text("Healthy", timeout=SOON * 1000)
    mira.open("/incidents/1/")
    expect(mira.tab.locator("h1")).to_contain_text("Closed")


def told_of_recovery(hook: Hook, mailbox: Mailbox, secret: str) -> None:
    wait_until(lambda: "recovered" in hook.events and len(mailbox.messages) > 2, "the recovery on both channels", 20)
    assert hook.events == ["test", "failing", "recovered"]
    assert signed_by(secret, hook, 2)
    assert [mail["Subject"].endswith("works again") for mail in mailbox.messages] == [False, False, True]
