"""A body, decoded as it arrives and capped by its decoded size, so that neither a flood nor a bomb fills memory."""

from __future__ import annotations

import zlib
from typing import Protocol

GZIP_OR_ZLIB = zlib.MAX_WBITS | 32  # zlib tells the two apart by their first bytes


class TooLarge(Exception):
    """More decoded bytes came than the limit allows; nothing beyond it was kept."""


class Damaged(Exception):
    """The body cannot be decoded as its headers say."""


class Decoder(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Plain:
    """No encoding: the bytes as they are, at most `max_length` of them."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return data[:max_length]


def decoder_for(encoding: str) -> Decoder:
    """The decoder for a Content-Encoding. Raises Damaged for one that was never asked for."""
    match encoding.strip().lower():
        case "" | "identity":
            return Plain()
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(GZIP_OR_ZLIB)
    raise Damaged


class CappedBody:
    """Collects one body. `limit` is in decoded bytes."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._decoder = decoder_for(encoding)
        self._limit = limit
        self._kept = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Raises TooLarge (what fits is kept) or Damaged."""
        room = self._limit - len(self._kept)
        try:
            decoded = self._decoder.decompress(chunk, room + 1)  # one more than fits tells "full" from "too much"
        except zlib.error:
            raise Damaged from None
        self._kept += decoded[:room]
        if len(decoded) > room:
            raise TooLarge

    def bytes(self) -> bytes:
        return bytes(self._kept)
