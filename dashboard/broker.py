"""The embedded queue: kombu's folder transport, made safe for several processes at once.

Kombu's own writes a message in place, so a reader may take it half written, and takes it by moving it to the
system's temporary folder, which is a copy when that is another disk. Here a message appears by a rename and is
owned by whoever removes it.
"""

import json
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem


class Channel(filesystem.Channel):
    """Messages are files named TIME_ID.QUEUE.msg in one folder, oldest first."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        draft = folder / f".{name}"
        draft.write_text(json.dumps(payload), encoding="utf-8")
        draft.rename(folder / name)

    def _get(self, queue: str, timeout: Any = None) -> Any:
        for path in self.waiting(queue):
            try:
                text = path.read_text(encoding="utf-8")
                path.unlink()
            except FileNotFoundError:
                continue  # another worker was faster
            return json.loads(text)
        raise Empty

    def waiting(self, queue: str) -> list[Path]:
        end = f".{queue}.msg"
        names = sorted(name for name in os.listdir(self.data_folder_in) if name.endswith(end) and name[0] != ".")
        return [Path(self.data_folder_in, name) for name in names]


class Transport(filesystem.Transport):
    """What `broker_transport` names."""

    Channel = Channel
