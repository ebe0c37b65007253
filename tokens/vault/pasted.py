"""A key as people paste it: in quotes, headers, shell lines. Cleaned where the meaning is sure, refused otherwise."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from .spelling import PREFIX, bearer_of, hint, stem

SHORTEST, LONGEST = 8, 512  # characters without sk-
LONGEST_TEXT = 4096  # a header or a shell line around a key; beyond it nothing is looked at, since peeling takes time
LEGAL = re.compile(r"[A-Za-z0-9._~+/=:|@-]+")
MASKED = re.compile(r"[*…•●·]|\.\.\.|x{6,}|X{6,}")
ACCESS_TOKEN = re.compile(r"(?=.*[+/=])(?:[A-Za-z0-9+/=]{28}|[A-Za-z0-9+/=]{32})")  # base64, as new-api makes them
ADDRESS = re.compile(r"https?://", re.IGNORECASE)
DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－"), "-")

SPACE = gettext_noop("Spaces and line breaks were removed.")
UNSEEN = gettext_noop("Invisible characters were removed.")
DASH = gettext_noop("A long dash was made a hyphen.")
QUOTES = gettext_noop("Quotes or brackets around the key were removed.")
COMMA = gettext_noop("A comma or semicolon after the key was removed.")
NAME = gettext_noop("The name in front of the key was removed.")
HEADER = gettext_noop("The header around the key was removed.")
DOUBLE = gettext_noop("The doubled sk- was made one.")
CAPITAL = gettext_noop("The sk- was put in small letters.")
ADDED = gettext_noop("The missing sk- was put in front.")

# Peeled off one layer at a time, as often as they fit: a curl line holds a header in quotes, that holds a key.
LAYERS = (
    (re.compile(r"^\s+|\s+$"), SPACE),
    (re.compile(r"^[\"'`“”‘’«»<({\[]+|(?:\\?[\"'`“”‘’«»>)}\]])+$"), QUOTES),
    (re.compile(r"[,;]+$"), COMMA),
    (re.compile(r"^(?:-H|--header)\s+"), HEADER),
    (re.compile(r"^(?:authorization|x-api-key|x-goog-api-key)[\"']?\s*[:=]\s*", re.IGNORECASE), HEADER),
    (re.compile(r"^bearer\s+", re.IGNORECASE), HEADER),
    (re.compile(r"^(?:export\s+|set\s+|\$env:)?[A-Za-z_][A-Za-z0-9_]*[\"']?\s*=\s*(?=[^=\s])"), NAME),
    (re.compile(r"^[A-Za-z_]*(?:key|token)[\"']?\s*:\s*", re.IGNORECASE), NAME),
)


@dataclass(frozen=True, slots=True)
class CleanKey:
    """A pasted key made clean, or the problem that it has: `key` is "" then. All texts are sentences for people."""

    key: str = field(default="", repr=False)  # SECRET, as it is sent
    corrections: tuple[str, ...] = ()  # what was changed, in order
    problem: str = ""  # why it cannot be used, and what to do

    @property
    def bearer(self) -> str:
        """What goes after "Bearer "."""
        return bearer_of(self.key)

    @property
    def hint(self) -> str:
        return hint(self.key)


def normalise_key(text: str) -> CleanKey:
    """The key in a pasted text. Never raises: what cannot be a key comes back as a problem."""
    if len(text) > LONGEST_TEXT:
        return CleanKey(problem=_too_long())
    key, changes = _peel(*_visible(text))
    key, joined = _join(key)
    changes += joined
    if problem := _problem(key):
        return CleanKey(problem=problem)
    key, prefixed = _prefix(key)
    changes += prefixed
    if problem := _wrong_size(key):
        return CleanKey(problem=problem)
    return CleanKey(key, tuple(_(each) for each in dict.fromkeys(changes)))


def _visible(text: str) -> tuple[str, list[str]]:
    """Without zero-width, direction and control characters; typographic dashes as hyphens, full-width as plain."""
    plain = text.translate(DASHES)
    seen = "".join(c for c in plain if c.isspace() or unicodedata.category(c) not in ("Cf", "Cc", "Cn", "Co", "Cs"))
    folded = "".join(unicodedata.normalize("NFKC", c) if "！" <= c <= "～" else c for c in seen)
    return folded, list(_names((plain != text, DASH), (folded != plain, UNSEEN)))


def _names(*pairs: tuple[bool, str]) -> Iterator[str]:
    return (name for happened, name in pairs if happened)


def _peel(text: str, changes: list[str]) -> tuple[str, list[str]]:
    before = None
    while before != text:
        before = text
        for layer, name in LAYERS:
            text, count = layer.subn("", text)
            changes += [name] * bool(count)
    return text, changes


def _join(key: str) -> tuple[str, list[str]]:
    """A key broken by spaces or lines, made whole; other texts with spaces stay, to be refused."""
    joined = "".join(key.split())
    one = key.lower().startswith(PREFIX) and not _holds_several(key) and LEGAL.fullmatch(joined)
    return (joined, [SPACE]) if one and joined != key else (key, [])


def _holds_several(key: str) -> bool:
    return len(re.findall(r"(?<![A-Za-z0-9-])sk-", key)) > 1


def _problem(key: str) -> str:
    if not key:
        return _("There is no key here. Paste one.")
    if ADDRESS.match(key):
        return _("This is an address, not a key. Paste the key that belongs to it.")
    if MASKED.search(key):
        return _("This key is masked, so it cannot be used. Copy the whole key where it was made, or make a new one.")
    if _holds_several(key):
        return _("There is more than one key here. Put each on a line of its own.")
    if ACCESS_TOKEN.fullmatch(key):
        return _("This looks like an access token, which opens an account. Add it to the account, and a key here.")
    if not LEGAL.fullmatch(key):
        return _illegal(key)
    return ""


def _illegal(key: str) -> str:
    """Names the first character that does not belong; one character gives nothing away."""
    odd = next(c for c in key if not LEGAL.fullmatch(c))
    if odd.isspace():
        return _("There are words beside the key. Paste the key alone.")
    return _("A key cannot hold the character %(character)s. Copy the key again.") % {"character": odd}


def _prefix(key: str) -> tuple[str, list[str]]:
    """One small sk- where one belongs."""
    changes: list[str] = []
    if key[:3] != PREFIX and key[:3].lower() == PREFIX:
        key, changes = PREFIX + key[3:], [CAPITAL]
    while key.startswith(PREFIX * 2):
        key, changes = key.removeprefix(PREFIX), [*changes, DOUBLE]
    sent = bearer_of(key)
    return sent, [*changes, *_names((sent != key, ADDED))]


def _wrong_size(key: str) -> str:
    if len(stem(key)) < SHORTEST:
        return _("This is too short to be a key. Copy the whole of it.")
    if len(key) > LONGEST:
        return _too_long()
    return ""


def _too_long() -> str:
    return _("This is too long to be a key. Paste the key alone.")
