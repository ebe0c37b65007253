"""Print the table of verdicts as Markdown: `manage.py verdicts > docs/verdicts.md`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation

from tokens.health.verdicts import CATALOGUE, Meaning, Verdict

HEAD = """# Verdicts

Every look at a token, an account or a gateway ends in one of these verdicts. A failing one has to be seen twice before
a state changes; one without a state never changes any. This page is printed by `manage.py verdicts`.

| verdict | title | whose light | severity | state | why | what to do | fix |
|---|---|---|---|---|---|---|---|"""


def page() -> str:
    with translation.override("en"):
        return "\n".join([HEAD, *_rows()]) + "\n"


def _rows() -> Iterator[str]:
    for verdict, meaning in CATALOGUE.items():
        yield "| " + " | ".join(_cells(verdict, meaning)) + " |"


def _cells(verdict: Verdict, meaning: Meaning) -> Iterator[str]:
    yield f"`{verdict.value}`"
    yield str(meaning.title)
    yield meaning.light
    yield meaning.severity
    yield meaning.state.value if meaning.state else "unchanged"
    yield str(meaning.cause)
    yield str(meaning.advice)
    yield f"`{meaning.fix}`" if meaning.fix else ""


class Command(BaseCommand):
    help = "Print the table of verdicts as Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(), ending="")
