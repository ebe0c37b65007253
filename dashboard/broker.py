"""The embedded queue: kombu's folder transport, made safe for several processes at once.

Kombu's own writes its files in place, so that a reader may find one half written, and takes a message by moving it
to the system's temporary folder, which is a copy when that is another disk. Here every file appears by a rename,
and a message belongs to whoever removes it.
"""

import fcntl
import json
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem


def write_whole(path: Path, content: Any) -> None:
    """`content` as JSON in `path`, which readers see complete or not at all."""
    draft = path.with_name(f".{path.name}-{uuid.uuid4()}")
    draft.write_text(json.dumps(content), encoding="utf-8")
    draft.rename(path)


class Channel(filesystem.Channel):
    """Messages are files named TIME_ID.QUEUE.msg in one folder, oldest first."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{time.time_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        write_whole(Path(self.data_folder_out, name), payload)

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

    def get_table(self, exchange: str) -> list[Any]:
        """Where an exchange leads; one that nobody has bound yet, to the queue of its own name (as Celery names them).

        Kombu remembers a binding before it writes it, so another thread may publish in between.
        """
        return self.bound(exchange) or [filesystem.exchange_queue_t(exchange, "", exchange)]

    def bound(self, exchange: str) -> list[Any]:
        table: list[Any] = super().get_table(exchange)  # type: ignore[no-untyped-call]
        return table

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        row = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with open(self.control_folder / "lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            table = self.bound(exchange)
            if row not in table:
                write_whole(self._exchange_file(exchange), [row, *table])  # type: ignore[no-untyped-call]


class Transport(filesystem.Transport):
    """What `broker_transport` names."""

    Channel = Channel
