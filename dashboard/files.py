"""Files that Keyward makes in its data folder, and the sentence when it may not."""

import contextlib
import os
import secrets
from pathlib import Path

PRIVATE = 0o600


class DataFolderError(OSError):
    """The data folder cannot be used; the text is one sentence for the person who starts Keyward."""


def prepare(data_dir: Path) -> Path:
    """The data folder, made if missing and proven writable. Raises DataFolderError."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        proof = data_dir / f".write-{secrets.token_hex(4)}"
        proof.touch()
        proof.unlink()
    except OSError as error:
        raise DataFolderError(
            f"The data folder {data_dir} cannot be written to ({error.strerror}). "
            "Give this user the folder, or set KEYWARD_DATA_DIR to another one."
        ) from None
    if foreign := next((path for path in sorted(data_dir.iterdir()) if not usable(path)), None):
        raise DataFolderError(
            f"{foreign} cannot be used: it belongs to another user. "
            f"Give this user all of {data_dir}, or set KEYWARD_DATA_DIR to another one."
        )
    return data_dir


def usable(path: Path) -> bool:
    """Keys may be mounted read-only; all else is written too. What went away in the meantime does no harm."""
    wanted = os.R_OK if path.name in ("secret_key", "keyring.json") else os.R_OK | os.W_OK
    wanted |= os.X_OK if path.is_dir() else 0
    return os.access(path, wanted, effective_ids=os.access in os.supports_effective_ids) or not os.path.lexists(path)


def private_text(path: Path, made: str) -> str:
    """What `path` holds; if it is not there, it is written with `made`, readable by its owner only.

    The file appears whole or not at all (a link to a finished one), so two processes starting together agree.
    """
    if not path.exists():
        draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "w", encoding="utf-8") as file:
            file.write(made)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    if held := path.read_text(encoding="utf-8").strip():
        return held
    raise DataFolderError(f"{path} is empty. Put its content back from a backup, or remove it to have it made anew.")
