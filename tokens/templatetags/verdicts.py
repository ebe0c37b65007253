"""What a verdict means: `{% load verdicts %}`, `{% with means=incident.verdict|meaning %}{{ means.title }}`."""

from __future__ import annotations

from django import template

from tokens.health.verdicts import CATALOGUE, Meaning, Verdict

register = template.Library()


@register.filter
def meaning(verdict: str) -> Meaning | None:
    """The row of the table with title, cause and advice; None for a word that is not on the list."""
    try:
        return CATALOGUE[Verdict(verdict)]
    except ValueError:
        return None
