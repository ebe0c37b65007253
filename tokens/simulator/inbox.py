"""A place for webhooks to arrive: what an alert sends to POST /_sim/inbox is kept a while and shown on the page."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from html import escape
from typing import Any

from .world import World

KEPT = 20
SHOWN = 5  # the older ones are one fold away
MOST_BYTES = 64 * 1024


class NotTaken(ValueError):
    """What arrived is no small JSON object."""


def take(world: World, body: bytes) -> None:
    """Keep one delivery, the newest last. Raises NotTaken."""
    try:
        said = json.loads(body) if len(body) <= MOST_BYTES else None
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise NotTaken("The inbox takes JSON objects of at most 64 kB")
    put(world, said, int(time.time()))


def put(world: World, said: dict[str, Any], at: int) -> None:
    """`at` in unix seconds."""
    world.inbox = [*world.inbox, {"at": at, "body": said}][-KEPT:]
    world.touch()


def section(world: World) -> str:
    """The last deliveries for the page, newest first."""
    rows = [_row(one) for one in reversed(world.inbox)]
    older = "".join(rows[SHOWN:])
    fold = f'<details class="mail"><summary>{len(rows) - SHOWN} older</summary>{older}</details>' if older else ""
    nothing = '<p class="rest">Nothing arrived yet. What a webhook sends to POST /_sim/inbox is shown here.</p>'
    return f'<section id="inbox"><h2>Inbox, the last deliveries</h2>{"".join(rows[:SHOWN]) or nothing}{fold}</section>'


def _row(one: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(one["at"], UTC)
    title = str(one["body"].get("title") or "no title")[:200]
    event = str(one["body"].get("event") or "")[:20]
    mark = " failing" if event == "failing" else ""
    return (
        f'<details class="mail{mark}"><summary><time datetime="{at.isoformat()}">{at:%d %b, %H:%M:%S} UTC</time> '
        f"<strong>{escape(event)}</strong> <span>{escape(title)}</span></summary>"
        f"<pre>{escape(json.dumps(one['body'], ensure_ascii=False, indent=2))}</pre></details>"
    )
