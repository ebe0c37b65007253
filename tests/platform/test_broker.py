"""The embedded queue: each message reaches one reader, whole, and nobody else may read it."""

import itertools
import threading
import uuid
from collections import Counter
from pathlib import Path

import pytest
from kombu import Connection
from kombu.simple import SimpleQueue

from dashboard.celery_settings import broker


class Queue:
    """A queue in a folder. kombu remembers what it declared for the whole process, so each has its own name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, f"work-{uuid.uuid4()}"

    def connect(self) -> Connection:
        options = broker("", self.folder)
        return Connection(
            options["broker_url"],
            transport=options["broker_transport"],
            transport_options=options["broker_transport_options"] | {"polling_interval": 0.01},
        )

    def write(self, start: int, count: int) -> None:
        with self.connect() as link, SimpleQueue(link, self.name) as work:
            for number in range(start, start + count):
                work.put({"number": number})

    def drain(self, into: list[int]) -> None:
        with self.connect() as link, SimpleQueue(link, self.name) as work:
            while True:
                try:
                    message = work.get(block=True, timeout=1)
                except work.Empty:
                    return
                into.append(message.payload["number"])
                message.ack()


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path)


def test_what_goes_in_comes_out(queue: Queue) -> None:
    queue.write(0, 1)
    queue.write(1, 1)
    got: list[int] = []
    queue.drain(got)
    assert sorted(got) == [0, 1]


def test_four_readers_and_two_writers_lose_and_double_nothing(queue: Queue) -> None:
    got: list[list[int]] = [[] for _ in range(4)]
    threads = [threading.Thread(target=queue.write, args=(start, 100)) for start in (0, 100)]
    threads += [threading.Thread(target=queue.drain, args=(own,)) for own in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Counter(itertools.chain(*got)) == Counter(range(200))
    assert not list((queue.folder / "queue").iterdir())


def test_the_folders_are_private(queue: Queue) -> None:
    broker("", queue.folder)
    for name in ("queue", "queue-control"):
        assert (queue.folder / name).stat().st_mode & 0o077 == 0
