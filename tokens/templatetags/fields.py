"""What the field component needs to know of a Django form field: kind, state, ids, and the widget with our class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.forms import BoundField
from django.forms.widgets import Input
from django.utils.safestring import SafeString

CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxInput, "checkbox"),
    (forms.Textarea, "textarea"),
    (forms.CheckboxSelectMultiple, "checkbox"),
    (forms.RadioSelect, "radio"),
    (forms.Select, "select"),
    (Input, "input"),
)


def context(
    bound: BoundField, *, help_text: object, warning: object, mono: bool, attrs: Mapping[str, object]
) -> dict[str, Any]:
    """The context of ui/field.html. Keyword attributes of the tag go to the widget, `_` read as `-`."""
    errors = bound.errors
    kind = _kind(bound)
    given = {name.replace("_", "-"): value for name, value in attrs.items()}
    return {
        "field": bound,
        "kind": kind,
        "help_text": help_text,
        "warning": "" if errors else warning,
        "state": "failing" if errors else "degraded" if warning else "",
        "error_id": f"{bound.auto_id}_error",
        "widget": ""
        if kind in ("radios", "checks")
        else _widget(bound, mono, given, _described_by(bound, help_text, warning)),
    }


def _kind(bound: BoundField) -> str:
    widget = bound.field.widget
    if bound.is_hidden:
        return "hidden"
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return "checks"
    if isinstance(widget, forms.RadioSelect):
        return "radios"
    return "check" if isinstance(widget, forms.CheckboxInput) else "text"


def _widget(bound: BoundField, mono: bool, given: Mapping[str, object], described_by: Iterable[str]) -> SafeString:
    attrs: dict[str, str | bool] = {"class": _classes(bound, mono)}
    if described := " ".join(described_by):
        attrs["aria-describedby"] = described
    attrs |= {name: value if isinstance(value, bool) else str(value) for name, value in given.items()}
    return bound.as_widget(attrs=attrs)


def _described_by(bound: BoundField, help_text: object, warning: object) -> Iterator[str]:
    if help_text:
        yield f"{bound.auto_id}_helptext"
    if bound.errors or warning:
        yield f"{bound.auto_id}_error"


def _classes(bound: BoundField, mono: bool) -> str:
    widget = bound.field.widget
    base = next((name for kind, name in CLASSES if isinstance(widget, kind)), "input")
    own = widget.attrs.get("class", "")
    return " ".join(filter(None, (base, "font-mono" if mono else "", own)))
