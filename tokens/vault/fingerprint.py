"""What can be known of a key without showing it, and the door to how keys are spelled and cleaned."""

from __future__ import annotations

import hmac
from hashlib import sha256

from .keyring import ring
from .pasted import CleanKey, normalise_key
from .spelling import PREFIX, bearer_of, from_gateway, hint, stem

__all__ = ["PREFIX", "CleanKey", "bearer_of", "fingerprint", "from_gateway", "hint", "normalise_key", "stem"]


def fingerprint(key: str) -> str:
    """HMAC-SHA256 in hex under the ring's own fingerprint key; equal with and without sk-. Raises KeyRingError."""
    return hmac.new(ring().fingerprint_key, stem(key).encode("utf-8", "surrogatepass"), sha256).hexdigest()
