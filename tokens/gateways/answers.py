"""What came back instead of the answer that was asked for, in one sentence for the person who waits."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .records import Evidence

KINDS = {
    "html": gettext_lazy("A web page came back where the API should be (HTTP %(status)s)."),
    "challenge": gettext_lazy("A firewall in front of the gateway refused the call (HTTP %(status)s)."),
    "redirect": gettext_lazy("A redirect came back (HTTP %(status)s), and Keyward follows none with a key."),
    "empty": gettext_lazy("The answer was empty (HTTP %(status)s)."),
    "bad_json": gettext_lazy("The answer was JSON that cannot be read (HTTP %(status)s)."),
    "stream": gettext_lazy("The answer was a stream where JSON was expected (HTTP %(status)s)."),
    "text": gettext_lazy("The answer was plain text where JSON was expected (HTTP %(status)s)."),
}


def in_words(evidence: Evidence) -> str:
    """One or two sentences. The gateway's own words are cleaned of secrets already (reading.py)."""
    if evidence.fault:
        return evidence.message
    if evidence.status == 429:
        return pause_in_words(evidence.retry_after)
    said = evidence.message and _("It said: %(said)s") % {"said": evidence.message}
    return f"{_what(evidence)} {said}".strip()


def pause_in_words(seconds: float | None) -> str:
    """A 429, and when to try again."""
    if not seconds:
        return _("The gateway asks for a pause (HTTP 429). Try again in a few minutes.")
    whole = max(1, round(seconds))
    words = ngettext(
        "The gateway asks for a pause (HTTP 429). Try again in %(n)s second.",
        "The gateway asks for a pause (HTTP 429). Try again in %(n)s seconds.",
        whole,
    )
    return words % {"n": whole}


def _what(evidence: Evidence) -> str:
    status = {"status": evidence.status}
    if (evidence.status or 0) >= 500:
        return _("The gateway failed by itself (HTTP %(status)s).") % status
    if evidence.body in KINDS:
        return KINDS[evidence.body] % status
    if evidence.status == 404:
        return _("There is no such call at this address (HTTP 404).")
    return _("The answer was JSON, but not the one that was expected (HTTP %(status)s).") % status
