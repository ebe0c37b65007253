"""How a key is spelled. Keys are kept as they are sent: "sk-…" with its prefix, another vendor's key with its own.

Gateways of the family list and reveal theirs without "sk-"; both spellings are one key.
"""

from __future__ import annotations

import re

PREFIX = "sk-"
# What the family makes: 48 letters and digits, on hubs also 59 with - and _ (wire contract, part 0.1).
FAMILY_KEY = re.compile(r"[A-Za-z0-9]{48}|[A-Za-z0-9_-]{59}")
# Vendors whose keys start otherwise; theirs are never given an sk-.
VENDOR_PREFIX = re.compile(r"(?:gsk_|xai-|pplx-|hf_|nvapi-|fw_|AIza|csk-|tgp_|key-|r8_|ak-|pk-|rk-)")


def stem(key: str) -> str:
    """The key without sk-, as gateways store and search it."""
    return key.strip().removeprefix(PREFIX)


def bearer_of(key: str) -> str:
    """What goes after "Bearer ": sk- is put before a bare key of the family, every other key is sent as it is."""
    key = key.strip()
    bare = FAMILY_KEY.fullmatch(key) and not key.startswith(PREFIX) and not VENDOR_PREFIX.match(key)
    return PREFIX + key if bare else key


def from_gateway(key: str) -> str:
    """A key that a gateway listed or revealed without sk-, as it is kept and sent: always with it."""
    return PREFIX + stem(key)


def hint(key: str) -> str:
    """The last four characters, for people. Never more."""
    return key.strip()[-4:]
