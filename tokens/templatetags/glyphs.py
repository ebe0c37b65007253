"""The drawings: our state glyphs, the mark, lucide's icons. Trusted markup, made here or read from the package."""

from __future__ import annotations

from functools import cache
from xml.etree import ElementTree

import lucide
from django.utils.safestring import SafeString, mark_safe

# Each state has another silhouette, so that it reads without colour. `--cut` is the colour of what lies under it.
GLYPHS = {
    "healthy": '<circle cx="8" cy="8" r="7" fill="currentColor"/><path d="m5 8.3 2.1 2.1L11.1 6" fill="none"'
    ' stroke="var(--cut)" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"/>',
    "degraded": '<path d="M8 2 14.6 13.6H1.4z" fill="currentColor" stroke="currentColor" stroke-width="1.8"'
    ' stroke-linejoin="round"/><path d="M8 6v3.4M8 11.7v.1" stroke="var(--cut)" stroke-width="1.7"'
    ' stroke-linecap="round"/>',
    "failing": '<path d="M5.3 1.2h5.4l4.1 4.1v5.4l-4.1 4.1H5.3l-4.1-4.1V5.3z" fill="currentColor" stroke="currentColor"'
    ' stroke-width=".8" stroke-linejoin="round"/><path d="m5.7 5.7 4.6 4.6m0-4.6-4.6 4.6" stroke="var(--cut)"'
    ' stroke-width="1.7" stroke-linecap="round"/>',
    "new": '<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor"'
    ' stroke-width="1.7" stroke-dasharray="2.6 2.27" stroke-linecap="round"/>'
    '<circle cx="8" cy="8" r="1.6" fill="currentColor"/>',
    "paused": '<circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M6.3 5.6v4.8m3.4-4.8v4.8" stroke="var(--cut)"'
    ' stroke-width="1.7" stroke-linecap="round"/>',
    "retired": '<rect x="1.9" y="1.9" width="12.2" height="12.2" rx="3.4" fill="none" stroke="currentColor"'
    ' stroke-width="1.6"/><path d="M5.2 8h5.6" stroke="currentColor" stroke-width="1.7" stroke-linecap="round"/>',
    "frozen": '<path d="M8 1v14M1.94 4.5l12.12 7M14.06 4.5l-12.12 7M6 2l2 1.6L10 2M6 14l2-1.6L10 14M1.7 7l2.4-1-.4-2.6'
    'M14.3 9l-2.4 1 .4 2.6M14.3 7l-2.4-1 .4-2.6M1.7 9l2.4 1-.4 2.6" fill="none" stroke="currentColor"'
    ' stroke-width="1.2" stroke-linecap="round" stroke-linejoin="round"/>',
    "unsure": '<circle cx="8" cy="8" r="6.6" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    '<path d="M6.2 6.3a1.9 1.9 0 1 1 2.6 1.8c-.5.2-.8.6-.8 1.1v.2M8 11.4v.1" fill="none" stroke="currentColor"'
    ' stroke-width="1.5" stroke-linecap="round"/>',
    "none": '<path d="M4.6 8h6.8" stroke="currentColor" stroke-width="1.7" stroke-linecap="round"/>',
}

MARK = (
    '<svg class="k-mark" viewBox="0 0 24 24" aria-hidden="true">'
    '<rect width="24" height="24" rx="6.5" fill="currentColor"/>'
    '<circle cx="10.2" cy="8.5" r="3.3" fill="none" stroke="#fff" stroke-width="2.1"/>'
    '<path d="M10.2 11.9v7.9M10.2 15h4.6M10.2 18.75h6.9" stroke="#fff" stroke-width="2.1" fill="none"/></svg>'
)


def sprite() -> SafeString:
    """Every state glyph once, for `<use href="#g-…">`; base.html and bare.html carry it."""
    symbols = "".join(f'<symbol id="g-{name}" viewBox="0 0 16 16">{body}</symbol>' for name, body in GLYPHS.items())
    return mark_safe(f"<svg hidden>{symbols}</svg>")  # noqa: S308  constants of this file


@cache
def icon_body(name: str) -> SafeString:
    """The inner shapes of a lucide icon; raises lucide.IconDoesNotExist for a name that lucide does not know."""
    shapes = lucide._load_icon(name)
    drawn = (ElementTree.tostring(shape, encoding="unicode").strip() for shape in shapes)
    return mark_safe("".join(drawn).replace(" />", "/>"))  # noqa: S308  from the package, not from people
