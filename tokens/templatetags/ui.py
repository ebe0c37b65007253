"""The small parts of every page: `{% load ui %}`. docs/look.md lists each with its parameters and an example."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.forms import BoundField
from django.forms.boundfield import BoundWidget
from django.template.context import Context
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import fields, glyphs, saying

register = template.Library()

EMPTY = SafeString("")
STATES = ("new", "healthy", "degraded", "failing", "paused", "retired")
WORDS = {
    "new": gettext_lazy("New"),
    "healthy": gettext_lazy("Healthy"),
    "degraded": gettext_lazy("Degraded"),
    "failing": gettext_lazy("Failing"),
    "paused": gettext_lazy("Paused"),
    "retired": gettext_lazy("Retired"),
    "none": gettext_lazy("None"),
    "frozen": gettext_lazy("Frozen"),
    "unsure": gettext_lazy("Inconclusive"),
    "checking": gettext_lazy("Checking"),
}
THEMES = {"light": "keyward", "dark": "keyward-dark"}
# States that borrow the colours of another.
COLOURS = {"frozen": "paused", "unsure": "paused", "checking": "new"}


def _word(state: str) -> str:
    return str(WORDS.get(state, state))


# ---- drawings


@register.simple_tag
def icon(name: str, cls: str = "") -> SafeString:
    """A lucide icon, hidden from screen readers: the word or label beside it speaks."""
    return format_html(
        '<svg class="k-icon{}" viewBox="0 0 24 24" aria-hidden="true">{}</svg>',
        cls and f" {cls}",
        glyphs.icon_body(name),
    )


@register.simple_tag
def glyph(state: str, cls: str = "") -> SafeString:
    name = state if state in glyphs.GLYPHS else "none"
    return format_html('<svg class="k-glyph{}" aria-hidden="true"><use href="#g-{}"/></svg>', cls and f" {cls}", name)


@register.simple_tag
def glyph_sprite() -> SafeString:
    return glyphs.sprite()


@register.simple_tag
def mark() -> SafeString:
    return mark_safe(glyphs.MARK)  # noqa: S308  a constant


# ---- state


@register.simple_tag
def status(state: str, word: object = "", glyph_name: str = "") -> SafeString:
    """The badge. `glyph_name` draws another glyph in the state's colours, as "frozen" does."""
    return _status("k-status", state, word, glyph_name)


@register.simple_tag
def status_quiet(state: str, word: object = "", glyph_name: str = "") -> SafeString:
    """Glyph and word without the badge: rows, tables, everything that is well."""
    return _status("k-status k-status-quiet", state, word, glyph_name)


def _status(cls: str, state: str, word: object, glyph_name: str) -> SafeString:
    drawn = icon("loader-circle", "k-spin size-3.5") if state == "checking" else glyph(glyph_name or state)
    colour = COLOURS.get(state, state)
    return format_html('<span class="{}" data-state="{}">{}{}</span>', cls, colour, drawn, word or _word(state))


@register.simple_tag
def lights(token: str, account: str = "none", gateway: str = "none") -> SafeString:
    """Three glyphs on a thread, always in this order, always all three; "" means none known."""
    named = ((_("Token"), token), (_("Account"), account), (_("Gateway"), gateway))
    items = (
        (COLOURS.get(state, state), f"{name}: {_word(state).lower()}", glyph(state), f"{name} {_word(state).lower()}")
        for name, state in ((name, state or "none") for name, state in named)
    )
    return format_html(
        '<ul class="k-lights">{}</ul>',
        format_html_join("", '<li data-state="{}" title="{}">{}<span class="sr-only">{}</span></li>', items),
    )


# ---- words in a frame


@register.simple_tag
def key_hint(hint: str) -> SafeString:
    """The last four characters of a key, never more."""
    return format_html('<span class="k-key">sk-…{}</span>', str(hint)[-4:])


@register.simple_tag
def tag(text: object) -> SafeString:
    return format_html('<span class="k-tag">{}</span>', text)


@register.simple_tag
def avatar(name: object) -> SafeString:
    return format_html('<span class="k-avatar" aria-hidden="true">{}</span>', _initials(str(name)))


@register.simple_tag
def person(name: object) -> SafeString:
    return format_html('<span class="inline-flex items-center gap-2">{}{}</span>', avatar(name), name)


def _initials(name: str) -> str:
    words = name.split()
    picked = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0] for word in picked).upper()


@register.simple_tag
def chip(label: object, value: object, remove: str, op: object = "", edit: str = "") -> SafeString:
    """A filter that is on: field, operator, value, and a link `remove` to the list without it."""
    words = format_html("{} {} <b>{}</b>", label, op or _("is"), value)
    said = format_html('<a href="{}">{}</a>', edit, words) if edit else format_html("<span>{}</span>", words)
    aria = _("Remove filter %(label)s") % {"label": label}
    return format_html(
        '<span class="k-chip">{}<a href="{}" aria-label="{}">{}</a></span>', said, remove, aria, icon("x")
    )


@register.simple_tag
def stat(label: object, value: object, note: object = "", state: str = "") -> SafeString:
    """One figure of a `<dl>`: label above, value, one note."""
    attrs = format_html(' data-state="{}" class="k-say"', state) if state else EMPTY
    below = format_html('<dd class="k-note">{}</dd>', note) if note else EMPTY
    return format_html('<div class="k-stat"><dt>{}</dt><dd{}>{}</dd>{}</div>', label, attrs, value, below)


@register.simple_tag
def meter(value: float, maximum: float, label: object, state: str = "") -> SafeString:
    """What is used of a limit, never what is left. `state` degraded from the warning on, failing at 100 %."""
    attr = format_html(' data-state="{}"', state) if state else EMPTY
    top = max(float(maximum), 1e-9)
    used = min(max(float(value), 0.0), top)
    return format_html(
        '<progress class="k-meter" value="{}" max="{}" aria-label="{}"{}></progress>',
        f"{used:.12g}",
        f"{top:.12g}",
        label,
        attr,
    )


@register.simple_tag
def field_error(text: object, state: str = "failing", html_id: str = "") -> SafeString:
    """The line under a field: what is wrong and what to do next."""
    attr = format_html(' id="{}"', html_id) if html_id else EMPTY
    return format_html('<p class="k-error" data-state="{}"{}>{}<span>{}</span></p>', state, attr, glyph(state), text)


@register.simple_tag
def copy_button(text: str, label: object = "", icon_only: bool = False) -> SafeString:
    """Copies `text`; appears only where script runs. Never for a key that was not revealed on this very page."""
    word = label or _("Copy")
    face = format_html("{}{}", icon("copy"), "" if icon_only else word)
    shape = "btn btn-ghost btn-sm btn-square" if icon_only else "btn btn-sm"
    return format_html(
        '<button type="button" class="{}" data-copy="{}" data-copied="{}" aria-label="{}" hidden>{}</button>',
        shape, text, _("Copied"), word, face,
    )  # fmt: skip


# ---- parts with something inside


@register.simple_block_tag
def banner(content: str, state: str, role: str = "status") -> SafeString:
    """What concerns the page or Keyward itself. Inside: one `<p>`, then links or buttons."""
    return format_html('<div class="k-banner" data-state="{}" role="{}">{}{}</div>', state, role, glyph(state), content)


@register.simple_block_tag
def hint(content: str, state: str = "", icon_name: str = "info") -> SafeString:
    """A note inside a form: with a state its glyph, without one an icon."""
    if state:
        return format_html('<p class="k-hint" data-state="{}">{}<span>{}</span></p>', state, glyph(state), content)
    return format_html('<p class="k-hint">{}<span>{}</span></p>', icon(icon_name), content)


@register.simple_block_tag
def fold(content: str, title: object, note: object = "", opened: bool = False) -> SafeString:
    """Evidence one fold away."""
    aside = format_html('<span class="k-note ml-auto">{}</span>', note) if note else EMPTY
    return format_html(
        '<details class="k-fold"{}><summary><span class="k-turn">{}</span>{}{}</summary>{}</details>',
        SafeString(" open") if opened else "", icon("chevron-right"), title, aside, content,
    )  # fmt: skip


@register.simple_block_tag
def diagnosis(content: str, state: str, title: object, html_id: str = "h-say") -> SafeString:
    """The tinted head of a `k-diag`: glyph, the sentence, then why and the actions. Folds follow it in the section."""
    return format_html(
        '<div class="k-diag-say">{}<h2 class="k-diag-title" id="{}">{}</h2>{}</div>',
        glyph(state),
        html_id,
        title,
        content,
    )


@register.simple_block_tag
def menu(
    content: str, label: object, icon_name: str = "ellipsis", side: str = "end", small: bool = False
) -> SafeString:
    """ "…" and what opens from it: links, buttons in forms, `<hr>`. `side` start or end: where it is flush."""
    shape = "btn btn-ghost btn-sm btn-square" if small else "btn btn-square"
    return format_html(
        '<details class="k-pop" data-side="{}"><summary class="{}" aria-label="{}">{}</summary>'
        '<div class="k-menu">{}</div></details>',
        side, shape, label, icon(icon_name), content,
    )  # fmt: skip


@register.simple_block_tag
def empty_state(content: str, title: object, icon_name: str = "search") -> SafeString:
    """What is missing, why, and the one step. Inside: a `<p class="text-sm">`, then actions."""
    return format_html(
        '<div class="k-empty"><span class="text-ink-3">{}</span><h2>{}</h2>{}</div>',
        icon(icon_name, "k-icon-lg"),
        title,
        content,
    )


@register.simple_block_tag
def choice(
    content: str, name: str, value: object, title: object, checked: bool = False, disabled: bool = False
) -> SafeString:
    """A radio in a frame: title and consequence. Put them in a `<div class="k-choices">`."""
    flags = (" checked" if checked else "") + (" disabled" if disabled else "")
    return format_html(
        '<label class="k-choice"><input type="radio" class="radio" name="{}" value="{}"{}>'
        '<span class="k-choice-title">{}</span>{}</label>',
        name, value, SafeString(flags), title, content,
    )  # fmt: skip


# ---- lists


@register.inclusion_tag("ui/timeline.html")
def timeline(entries: Iterable[Any]) -> dict[str, Any]:
    """Entries with title, and where there is one: state, glyph, icon, url, at (moment or words), note."""
    return {"entries": entries}


@register.inclusion_tag("ui/walk.html")
def walk(steps: Iterable[Any]) -> dict[str, Any]:
    """Steps with state, title, and where there is one: note, ms."""
    return {"steps": steps}


@register.inclusion_tag("ui/pager.html")
def pager(shown: int, total: int, previous: str = "", following: str = "") -> dict[str, Any]:
    """Keyset pager: addresses of the pages before and after, "" where there is none."""
    return {"shown": shown, "total": total, "previous": previous, "following": following}


# ---- forms


@register.inclusion_tag("ui/field.html")
def field(
    bound: BoundField,
    note: object = "",
    warning: object = "",
    mono: bool = False,
    label: object = "",
    help_text: object = None,
    **attrs: object,
) -> dict[str, Any]:
    """Label, widget, help and errors of one form field. `warning` is a correction: shown amber, does not block."""
    return {
        "label": label or bound.label,
        "note": note,
        **fields.context(
            bound,
            help_text=bound.help_text if help_text is None else help_text,
            warning=warning,
            mono=mono,
            attrs=attrs,
        ),
    }


@register.filter
def drawn(option: BoundWidget, cls: str) -> SafeString:
    """One input of a radio or checkbox group, with our class and without Django's label."""
    option.data["attrs"]["class"] = cls
    return option.tag(wrap_label=False)


@register.inclusion_tag("ui/form_errors.html")
def form_errors(form: Any) -> dict[str, Any]:
    return {"errors": form.non_field_errors()}


# ---- navigation


@register.simple_tag
def nav_url(name: str, *args: object) -> str:
    """The address of a page, "" while that page does not exist."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@register.inclusion_tag("ui/navitem.html", takes_context=True)
def navitem(
    context: Context, name: str, label: object, icon_name: str, count: object = "", compact: bool = False
) -> dict[str, Any]:
    """One place of the navigation; nothing where the page does not exist, current where the address lies below it."""
    href = nav_url(name)
    path = getattr(context.get("request"), "path", "")
    below = bool(href) and href != "/" and path.startswith(href)
    current = "page" if href and path == href else "true" if below else ""
    return {
        "href": href, "label": label, "icon_name": icon_name, "count": count, "current": current, "compact": compact,
        "alarm": name == "incidents" and count,
    }  # fmt: skip


@register.simple_tag(takes_context=True)
def chosen_theme(context: Context) -> str:
    """The theme of the cookie: "light", "dark", or "system"."""
    chosen = getattr(context.get("request"), "COOKIES", {}).get("theme", "")
    return chosen if chosen in THEMES else "system"


@register.simple_tag(takes_context=True)
def theme_attribute(context: Context) -> SafeString:
    """What `<html>` wears; nothing when the system decides."""
    name = THEMES.get(chosen_theme(context))
    return format_html(' data-theme="{}"', name) if name else EMPTY


@register.filter
def message_state(level: str) -> str:
    """The state whose colours a message of Django's levels wears."""
    return {"success": "healthy", "warning": "degraded", "error": "failing"}.get(level, "paused")


# ---- filters: how things are said

for each in (
    saying.when,
    saying.clock,
    saying.day,
    saying.duration,
    saying.duration_long,
    saying.ms,
    saying.usd,
    saying.dollars,
    saying.units,
    saying.number,
    saying.percent,
    saying.folded,
):
    register.filter(each)
