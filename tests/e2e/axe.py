"""axe-core in a page, without loosening the page's own policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dashboard.paths import BASE_DIR

SCRIPT = Path(BASE_DIR, "tests/look/axe/axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast"]
RUN = """async only => (await axe.run(document, {runOnly: only})).violations
    .map(each => each.id + ": " + each.nodes.map(node => node.target.join(" ")).join(", "))"""


def violations(tab: Any) -> list[str]:
    """What axe finds on the page as it stands, a line for each rule."""
    return _found(tab, {"type": "tag", "values": RULES})


def colour_violations(tab: Any) -> list[str]:
    """The same for what another theme changes: the colours."""
    return _found(tab, {"type": "rule", "values": COLOURS})


def _found(tab: Any, only: dict[str, Any]) -> list[str]:
    if not tab.evaluate("'axe' in window"):
        tab.evaluate(SCRIPT)
    found: list[str] = tab.evaluate(RUN, only)
    return found
