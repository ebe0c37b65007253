"""The README and docs/ name only what exists, and the example of a signature works."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands
from django.urls import resolve
from django.utils import timezone

from dashboard import env
from dashboard.paths import BASE_DIR
from tests.factories import make_channel
from tests.listeners import webhook
from tokens.services import alerting, delivering

PAGES = [BASE_DIR / "README.md", BASE_DIR / "CHANGELOG.md", *sorted((BASE_DIR / "docs").glob("*.md"))]
MAKEFILE = (BASE_DIR / "Makefile").read_text()
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SETTING = re.compile(r"\bKEYWARD_[A-Z_]*[A-Z]\b|\bDATABASE_URL\b|\bCELERY_BROKER_URL\b")
MAKE, COMMAND = re.compile(r"\bmake ([a-z]+)"), re.compile(r"manage\.py ([a-z_]+)")
PATH = re.compile(r"(?:GET |POST )?(/[\w./<>-]*)")
AT_HOME = re.compile(r"https?://(?:127\.0\.0\.1:8000|keyward\.example\.com)(/[\w./-]*)")
# Paths of gateways and folders of a machine, and the page that only developers get.
ELSEWHERE = re.compile(r"/(v1|api|chat|console|opt|var|run|data|_sim|_sheet)\b|/[\w.]+\.\w+$")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def code(page: Path) -> list[str]:
    """What stands in code spans and code blocks."""
    text = page.read_text()
    return [*SPAN.findall(BLOCK.sub("", text)), *BLOCK.findall(text)]


def anchors(page: Path) -> set[str]:
    """The headings as a link names them."""
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(page.read_text())}


def paths(page: Path) -> Iterator[str]:
    spans = SPAN.findall(page.read_text())
    named = [found[1] for span in spans if (found := PATH.fullmatch(span)) and not ELSEWHERE.match(found[1])]
    yield from [*named, *AT_HOME.findall(page.read_text())]


@every_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@every_page
def test_every_setting_exists(page: Path) -> None:
    known = {row.name for row in env.rows()}
    named = {name.removesuffix("_FILE") for name in SETTING.findall(page.read_text())}
    assert named <= known


@every_page
def test_every_make_target_and_every_command_exists(page: Path) -> None:
    said = "\n".join(code(page))
    assert set(MAKE.findall(said)) <= set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    assert set(COMMAND.findall(said)) <= set(get_commands())


@every_page
def test_every_page_that_is_named_exists(page: Path) -> None:
    for path in paths(page):
        resolve(path)


def test_pictures_are_small() -> None:
    pictures = list((BASE_DIR / "docs" / "img").iterdir())
    assert pictures
    assert all(picture.stat().st_size < 120_000 for picture in pictures)


@pytest.mark.django_db
def test_the_example_of_a_signature_takes_a_real_delivery_and_no_other(settings: Any) -> None:
    settings.KEYWARD_ALLOW_PRIVATE_ADDRESSES = True
    with webhook() as hook:
        channel = make_channel(target=hook.url)
        alerting.send_test(channel, timezone.now())
        assert delivering.deliver_due() == 1
    example = next(block for block in BLOCK.findall((BASE_DIR / "docs" / "alerts.md").read_text()) if "hmac" in block)
    said: dict[str, Any] = {}
    exec(example, said)
    body, header, secret = hook.bodies[0], hook.headers[0]["Keyward-Signature"], channel.open_secret()
    assert said["is_from_keyward"](secret, header, body)
    assert not said["is_from_keyward"](secret, header, body + b" ")
    assert not said["is_from_keyward"]("another secret", header, body)
    old = delivering.signature(secret, int(timezone.now().timestamp()) - 301, body)
    assert not said["is_from_keyward"](secret, old, body)
