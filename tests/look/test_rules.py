"""Rules of the look that a reader of a diff may miss."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SHEET = (ROOT / "dashboard/static/keyward/keyward.css").read_text()
INLINE = re.compile(r"""\sstyle=|<style|<script(?![^>]*\ssrc=)|\son[a-z]+=["']|\shx-on""")
COMPOSED = re.compile(r'class="[^"]*-\{\{')
OUTSIDE = re.compile(r'(?:src|href)="(?:https?:)?//')


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_hold_nothing_inline_and_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text()
    found = [rule.pattern for rule in (INLINE, COMPOSED, OUTSIDE) if rule.search(text)]
    assert found == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_table_that_becomes_cards_spells_its_roles_out(path: Path) -> None:
    text = path.read_text()
    for table in re.findall(r"<table[^>]*k-cards.*?</table>", text, re.S):
        bare = re.findall(r"<(?:table|thead|tbody|tr|th|td)\b(?![^>]*\srole=)[^>]*>", table)
        assert bare == []


def test_every_component_class_of_the_templates_is_in_the_stylesheet() -> None:
    used = {name for path in TEMPLATES for name in re.findall(r"\bk-[a-z][a-z0-9-]*", path.read_text())}
    missing = sorted(name for name in used if f".{name}" not in SHEET)
    assert missing == []


def test_the_stylesheet_is_small_and_asks_nobody_for_anything() -> None:
    import gzip

    assert len(gzip.compress(SHEET.encode(), 9)) < 20_000
    addresses = re.findall(r"url\(([^)]*)\)", SHEET)
    assert all(each.strip("\"'").startswith("fonts/") for each in addresses)
