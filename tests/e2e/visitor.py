"""A person with a browser, in front of the real program."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.platform.keyward import running, wait_for_page
from tests.services import free_port, wait_until

PASSWORD = "a long enough phrase"
# Reported by the browser itself, whatever the page does.
TELL_POLICY = """document.addEventListener("securitypolicyviolation",
    event => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"""
# htmx says so when a probe gives way to the next one, or when a page with a poll under way is left.
HARMLESS = ("htmx:afterRequest", "htmx:sendAbort")


@dataclass
class Program:
    """Keyward as `manage.py run` starts it."""

    url: str
    data: Path
    log: Path

    def said(self) -> str:
        return self.log.read_text(errors="replace")


@contextlib.contextmanager
def program(folder: Path, **given: str) -> Iterator[Program]:
    """Keyward running in a data folder of its own; gateways and webhooks on this machine are allowed."""
    data, log = folder / "data", folder / "log"
    usual = {"KEYWARD_PORT": str(free_port()), "KEYWARD_ALLOW_PRIVATE_ADDRESSES": "on"} | given
    with running(data, log, **usual):
        wait_for_page(int(usual["KEYWARD_PORT"]), "/readyz", seconds=60)
        yield Program(f"http://127.0.0.1:{usual['KEYWARD_PORT']}", data, log)


@dataclass
class Visitor:
    """One tab. What its console said, and which answers failed, stands in `complaints`."""

    tab: Any
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        self.tab.goto(address)

    def press(self, name: str, within: Any = None) -> None:
        """The one button of this name, on the page or in a part of it."""
        (within or self.tab).get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str, within: Any = None) -> None:
        (within or self.tab).get_by_role("link", name=name, exact=True).first.click()

    def type(self, **fields: str) -> None:
        """Into the fields of the page's form, by their names."""
        for name, text in fields.items():
            self.tab.locator(f"main [name={name}]").fill(text)

    def sign_in(self, name: str, password: str) -> None:
        self.open("/accounts/login/")
        self.type(login=name, password=password)
        self.press("Sign in")

    def sees(self, *words: str, seconds: float = 10) -> None:
        """Waits until the page says each of `words`."""
        from playwright.sync_api import expect

        for each in words:
            expect(self.tab.locator("body")).to_contain_text(each, timeout=seconds * 1000)

    def is_at(self, pattern: str, seconds: float = 10) -> None:
        """Waits until the address is this one, given as a regular expression of its path."""
        self.tab.wait_for_url(re.compile(rf"^https?://[^/]+{pattern}$"), timeout=seconds * 1000)


@contextlib.contextmanager
def visitor(chromium: Any, url: str, **options: Any) -> Iterator[Visitor]:
    context = chromium.new_context(base_url=url, reduced_motion="reduce", **options)
    context.add_init_script(TELL_POLICY)
    guest = Visitor(context.new_page())
    listen(guest)
    try:
        yield guest
    finally:
        context.close()


def listen(guest: Visitor) -> None:
    def complain(said: Any) -> None:
        if said.type in ("error", "warning") and not said.text.startswith(HARMLESS):
            guest.complaints.append(f"{said.text} ({guest.tab.url})")

    guest.tab.on("console", complain)
    guest.tab.on("pageerror", lambda fault: guest.complaints.append(str(fault)))


def one_time_code(log: Path) -> str:
    """The code of the first visit, which only the terminal shows."""
    wait_until(lambda: bool(code_in(log)), "the one-time code in the log")
    return code_in(log)


def code_in(log: Path) -> str:
    found = re.search(r"\b(?:[A-Z0-9]{4}-){3}[A-Z0-9]{4}\b", log.read_text(errors="replace"))
    return found[0] if found else ""


def make_administrator(guest: Visitor, log: Path) -> None:
    guest.open("/")
    guest.type(code=one_time_code(log), username="mira", email="mira@example.com", password=PASSWORD)
    guest.press("Make the account and sign in")
    guest.sees("Connect")
