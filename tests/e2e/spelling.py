"""How a secret may be spelled where it should not be, and whether a heap of bytes holds it."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from urllib.parse import quote

PART = 12  # characters of a secret that may not stand anywhere either; people see the last four
# Django's signed values: base64 text, zlib-packed when it starts with a dot, and two more parts.
SIGNED = re.compile(rb"(\.?[A-Za-z0-9_-]{16,}):[A-Za-z0-9]{6}:[A-Za-z0-9_-]{20,}")


def spellings(secret: str) -> set[bytes]:
    """Clear, in parts, URL-encoded, as HTML and JSON write it, as hex, in base64 at each of the three offsets."""
    stem = secret.removeprefix("sk-")
    parts = [stem[start : start + PART] for start in range(0, len(stem) - PART + 1, PART)]
    texts = [stem, *parts, quote(stem, safe=""), quote(quote(stem, safe=""), safe=""), html.escape(stem)]
    texts += [json.dumps(stem)[1:-1].replace(sign, escaped) for sign, escaped in (("/", "\\/"), ("+", "\\u002B"))]
    texts += [stem.encode().hex(), stem.encode().hex().upper(), stem[::-1]]
    return {text.encode() for text in texts} | {coded for part in (stem,) for coded in in_base64(part.encode())}


def in_base64(clear: bytes) -> Iterator[bytes]:
    """What base64 of any text around `clear` holds, whichever of the three offsets it falls on; both alphabets."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + clear)
        first, last = (before * 8 + 5) // 6, (before + len(clear)) * 8 // 6
        inner = whole[first:last]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def opened(heap: bytes) -> bytes:
    """The heap with what its signed values hold behind it: sessions and messages may be packed."""
    return b"\n".join([heap, *(unpacked(found[1]) for found in SIGNED.finditer(heap))])


def unpacked(value: bytes) -> bytes:
    packed = value.startswith(b".")
    try:
        clear = base64.urlsafe_b64decode(value.lstrip(b".") + b"==")
        return zlib.decompress(clear) if packed else clear
    except (binascii.Error, zlib.error):
        return b""


def held(heap: bytes, secrets: Iterable[tuple[str, str]]) -> list[str]:
    """The names of the secrets that the heap holds in any spelling. `secrets` are (name, secret)."""
    whole = opened(heap)
    return [name for name, secret in secrets if any(spelled in whole for spelled in spellings(secret))]
