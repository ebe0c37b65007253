"""Secrets this process has had in hand, so that redaction knows one wherever it turns up.

Nothing is kept in clear: of each spelling only a hash of its first characters and a keyed digest of the whole. They
are found by looking up each position of a text, so the cost is the text's length, not the number of secrets.
"""

from __future__ import annotations

import base64
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator
from hashlib import blake2b
from urllib.parse import quote

WINDOW = 8  # characters; anything shorter is too common to be masked everywhere
CAPACITY = 8192  # secrets, the oldest forgotten first; about 1 kB each

_process_key = secrets.token_bytes(32)
_lock = threading.Lock()
_known: OrderedDict[bytes, tuple[tuple[int, int, bytes], ...]] = OrderedDict()
_by_start: dict[int, dict[tuple[int, bytes], int]] = {}  # start → {(length, digest): how many secrets share it}


def remember(secret: str) -> None:
    """Mask this secret from now on, also without sk-, URL-encoded and in base64. Shorter than 8: ignored."""
    stem = secret.strip().removeprefix("sk-")
    if len(stem) < WINDOW:
        return
    name = _digest(stem)
    with _lock:
        if name in _known:
            _known.move_to_end(name)
            return
        _known[name] = tuple(_marks(stem))
        for start, length, digest in _known[name]:
            same = _by_start.setdefault(start, {})
            same[length, digest] = same.get((length, digest), 0) + 1
        if len(_known) > CAPACITY:
            _forget(_known.popitem(last=False)[1])


def occurrences(text: str) -> Iterator[tuple[int, int]]:
    """Where remembered secrets stand in a text, as (start, end), from the left, not overlapping."""
    position, last = 0, len(text) - WINDOW
    while _by_start and position <= last:
        length = _length_at(text, position)
        if length:
            yield position, position + length
        position += length or 1


def _length_at(text: str, position: int) -> int:
    same = _by_start.get(hash(text[position : position + WINDOW]))
    if not same:
        return 0
    fits = (n for n, digest in tuple(same) if _digest(text[position : position + n]) == digest)
    return max(fits, default=0)


def _marks(stem: str) -> Iterator[tuple[int, int, bytes]]:
    for spelling in {stem, quote(stem, safe="", errors="surrogatepass"), *_base64_forms(stem)}:
        if len(spelling) >= WINDOW:
            yield hash(spelling[:WINDOW]), len(spelling), _digest(spelling)


def _base64_forms(stem: str) -> Iterator[str]:
    """Its base64 at each of the three offsets within a longer text, less the characters it shares with neighbours."""
    clear = stem.encode("utf-8", "surrogatepass")
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + clear).decode("ascii").rstrip("=")
        first = (shift * 8 + 5) // 6
        inner = encoded[first : (shift + len(clear)) * 8 // 6]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), key=_process_key, digest_size=16).digest()


def _forget(marks: tuple[tuple[int, int, bytes], ...]) -> None:
    for start, length, digest in marks:
        same = _by_start[start]
        same[length, digest] -= 1
        if not same[length, digest]:
            del same[length, digest]
        if not same:
            del _by_start[start]
