"""The state of a simulated gateway in a file, so that a restarted demo keeps its keys. 0600: it holds them in clear."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .world import World


def load(path: Path) -> dict[str, Any] | None:
    """The saved state; None where there is no file. Raises ValueError for a file that is none."""
    if not path.exists():
        return None
    seed = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(seed, dict):
        raise ValueError(f"{path.name} holds no state of a simulator")
    return seed


class StateFile:
    """Writes a world when it has changed since the last time."""

    def __init__(self, path: Path, world: World) -> None:
        self.path, self.world = path, world
        self._saved = -1

    def save(self) -> None:
        """By way of a second file, so that a crash leaves the old or the new one whole."""
        if self._saved == self.world.changes:
            return
        changes = self.world.changes
        draft = self.path.with_name(f"{self.path.name}.new")
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(self.world.export(), file, ensure_ascii=False)
        draft.replace(self.path)
        self._saved = changes
