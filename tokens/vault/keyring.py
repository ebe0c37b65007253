"""The key ring: the keys that seal secrets, and the separate key that fingerprints them. A file of mode 0600."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import os
import re
import secrets
import stat
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from .errors import KeyRingError

__all__ = ["KeyRing", "KeyRingError", "forget_ring", "ring", "use_ring"]

KEY_BYTES = 32  # AES-256, and HMAC-SHA256's own width
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")  # no dot: sealed text is split at dots
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class KeyRing:
    """`active` seals, every one of `keys` opens, `fingerprint_key` never changes: it answers "seen before?"."""

    active: str
    keys: Mapping[str, bytes] = field(repr=False)
    fingerprint_key: bytes = field(repr=False)

    @classmethod
    def new(cls) -> KeyRing:
        """A fresh ring of one key, in memory only."""
        key_id = _new_id()
        keys = MappingProxyType({key_id: secrets.token_bytes(KEY_BYTES)})
        return cls(key_id, keys, secrets.token_bytes(KEY_BYTES))

    @classmethod
    def generate(cls, path: str | Path) -> KeyRing:
        """Make a new ring file. Raises KeyRingError when there is one: a ring is never overwritten."""
        made = cls.new()
        target = Path(path)
        draft = _write_draft(target, made.to_json())
        try:
            os.link(draft, target)  # appears whole or not at all, and fails when the name is taken
        except FileExistsError:
            taken = True
        except OSError as error:
            raise KeyRingError(_cannot_write(target, error)) from None
        else:
            taken = False
        finally:
            draft.unlink(missing_ok=True)
        if taken:
            raise KeyRingError(_("There is a key ring at %(path)s already. It was left as it is.") % {"path": target})
        return made

    @classmethod
    def from_file(cls, path: str | Path) -> KeyRing:
        """Read a ring file and close it to others. Raises KeyRingError."""
        return cls.from_json(_read_private(Path(path)), origin=str(path))

    @classmethod
    def from_json(cls, text: str, *, origin: str = "KEYWARD_KEYRING") -> KeyRing:
        """Read a ring from its JSON. Raises KeyRingError, which names `origin` and never the content."""
        found = _parse(text)
        if found is None:
            raise KeyRingError(
                _("The key ring in %(origin)s is damaged. Restore it from a backup: without it no secret opens.")
                % {"origin": origin}
            )
        return found

    def to_json(self) -> str:
        """The ring as its file holds it. SECRET."""
        keys = {key_id: _encode(key) for key_id, key in self.keys.items()}
        return json.dumps({"active": self.active, "keys": keys, "fingerprint": _encode(self.fingerprint_key)}, indent=1)

    def rotated(self) -> KeyRing:
        """The same ring with a new active key; the old keys stay, so that what they sealed still opens."""
        key_id = _new_id()
        keys = MappingProxyType({**self.keys, key_id: secrets.token_bytes(KEY_BYTES)})
        return replace(self, active=key_id, keys=keys)

    def save(self, path: str | Path) -> None:
        """Replace the ring file in one step (for rotation). Raises KeyRingError."""
        target = Path(path)
        draft = _write_draft(target, self.to_json())
        try:
            draft.replace(target)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise KeyRingError(_cannot_write(target, error)) from None


def _new_id() -> str:
    return secrets.token_hex(4)


def _encode(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


def _decode(text: object) -> bytes:
    key = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    if len(key) != KEY_BYTES:
        raise ValueError("not a key")
    return key


def _parse(text: str) -> KeyRing | None:
    """The ring, or None: parser errors hold the text, so none of them leaves this function."""
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error):
        data: dict[str, Any] = json.loads(text)
        keys = {key_id: _decode(key) for key_id, key in data["keys"].items() if KEY_ID.fullmatch(key_id)}
        if data["active"] in keys and len(keys) == len(data["keys"]):
            return KeyRing(data["active"], MappingProxyType(keys), _decode(data["fingerprint"]))
    return None


def _write_draft(target: Path, text: str) -> Path:
    """A whole, flushed, private file beside the target, to be linked or renamed into place."""
    draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise KeyRingError(_cannot_write(target, error)) from None
    return draft


def _cannot_write(target: Path, error: OSError) -> str:
    return _("The key ring cannot be written to %(path)s: %(reason)s.") % {"path": target, "reason": error.strerror}


def _read_private(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            _close_to_others(file.fileno(), path)
            return file.read()
    except FileNotFoundError:
        sentence = _(
            "There is no key ring at %(path)s. Restore it from a backup, or start with an empty data directory."
        )
        raise KeyRingError(sentence % {"path": path}) from None
    except UnicodeDecodeError:
        return ""  # damaged: the parser says so
    except OSError as error:
        sentence = _("The key ring at %(path)s cannot be read: %(reason)s.")
        raise KeyRingError(sentence % {"path": path, "reason": error.strerror}) from None


def _close_to_others(handle: int, path: Path) -> None:
    """Take group's and others' rights away; a ring that stays readable to them is refused."""
    if os.fstat(handle).st_mode & OTHERS:
        with contextlib.suppress(OSError):
            os.fchmod(handle, 0o600)
    if os.fstat(handle).st_mode & OTHERS:
        sentence = _("Other users of this machine may read the key ring at %(path)s. Run chmod 600 on it.")
        raise KeyRingError(sentence % {"path": path})


_lock = threading.Lock()
_ring: KeyRing | None = None


def ring() -> KeyRing:
    """The ring in use, read once from the settings. Raises KeyRingError."""
    global _ring
    with _lock:
        if _ring is None:
            _ring = _from_settings()
        return _ring


def use_ring(chosen: KeyRing) -> None:
    """Use this ring in the whole process from now on (tests, rotation)."""
    global _ring
    with _lock:
        _ring = chosen


def forget_ring() -> None:
    """Read the settings anew when a ring is next asked for."""
    global _ring
    with _lock:
        _ring = None


def _from_settings() -> KeyRing:
    if text := getattr(settings, "KEYWARD_KEYRING", ""):
        return KeyRing.from_json(text)
    if path := getattr(settings, "KEYWARD_KEYRING_FILE", ""):
        return KeyRing.from_file(path)
    raise KeyRingError(_("No key ring is set. Set KEYWARD_KEYRING_FILE to the path of one."))
