"""Sealing: AES-256-GCM, the key's id in the text, the row and field bound to it so that swapped rows do not open.

Sealed text is "v1." + key id + "." + base64url(nonce + ciphertext + tag).
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils.translation import gettext as _

from .errors import WrongKey
from .keyring import KeyRing, ring
from .remembered import remember

__all__ = ["WrongKey", "is_stale", "open_sealed", "reseal", "ring_check", "ring_matches", "seal"]

NONCE_BYTES = 12
SEALED = re.compile(r"v1\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{38,})")  # 38: nonce and tag of an empty text
CHECK = "ring.check"


def seal(clear: str, *, bound_to: str) -> str:
    """Seal a secret for one field of one row, such as "token.key:<uuid>", under the active key."""
    remember(clear)
    return _seal(clear, bound_to, ring())


def open_sealed(sealed: str, *, bound_to: str) -> str:
    """The secret in clear. Raises WrongKey for an unknown key, another row or field, or a changed text."""
    clear = _open(sealed, bound_to, ring())
    remember(clear)
    return clear


def is_stale(sealed: str) -> bool:
    """True when another than the active key sealed this: rotation has to seal it again. Raises WrongKey."""
    return _split(sealed)[0] != ring().active


def reseal(sealed: str, *, bound_to: str) -> str:
    """The same secret under the active key. Raises WrongKey."""
    current = ring()
    return _seal(_open(sealed, bound_to, current), bound_to, current)


def ring_check(of: KeyRing) -> str:
    """A sealed constant to keep in the database: it tells later whether a ring is the one that belongs to it."""
    return _seal(_constant(of), CHECK, of)


def ring_matches(check: str, of: KeyRing) -> bool:
    """Whether this ring opens what `check`'s ring sealed, and fingerprints as it did."""
    try:
        return hmac.compare_digest(_open(check, CHECK, of), _constant(of))
    except WrongKey:
        return False


def _constant(of: KeyRing) -> str:
    return hmac.digest(of.fingerprint_key, CHECK.encode(), "sha256").hex()


def _seal(clear: str, bound_to: str, with_ring: KeyRing) -> str:
    if not bound_to:
        raise ValueError("A sealed secret is bound to a row and a field.")
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher = AESGCM(with_ring.keys[with_ring.active])
    body = nonce + cipher.encrypt(nonce, _bytes(clear), _bytes(bound_to))
    return f"v1.{with_ring.active}.{base64.urlsafe_b64encode(body).decode('ascii').rstrip('=')}"


def _open(sealed: str, bound_to: str, with_ring: KeyRing) -> str:
    key_id, body = _split(sealed)
    key = with_ring.keys.get(key_id)
    if key is None:
        raise WrongKey(_("This secret was sealed by key %(id)s, which the key ring does not have.") % {"id": key_id})
    try:
        clear = AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], _bytes(bound_to))
    except InvalidTag:
        sentence = _("This secret does not open: it was sealed by another key, belongs elsewhere, or was changed.")
        raise WrongKey(sentence) from None
    return clear.decode("utf-8", "surrogatepass")


def _split(sealed: str) -> tuple[str, bytes]:
    """Key id and body. Raises WrongKey for anything that was never sealed, an empty text included."""
    parts = SEALED.fullmatch(sealed)
    if parts is None or len(parts[2]) % 4 == 1:
        raise WrongKey(_("This is not a sealed secret."))
    return parts[1], base64.urlsafe_b64decode(parts[2] + "=" * (-len(parts[2]) % 4))


def _bytes(text: str) -> bytes:
    # surrogatepass: an encoding error would carry the whole secret in its arguments
    return text.encode("utf-8", "surrogatepass")
