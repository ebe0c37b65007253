"""What the vault says when it cannot do its work. No text here ever holds key material or a secret.

VaultError
├── KeyRingError      no ring, a damaged one, or one that others may read
└── WrongKey          sealed by a key that the ring lacks, for another row or field, or changed since
"""

from __future__ import annotations


class VaultError(Exception):
    """The vault refuses; its text is one plain sentence for a person."""


class KeyRingError(VaultError): ...


class WrongKey(VaultError): ...
