"""A gateway on a socket for pages that ask one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tokens.simulator import Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    running = Simulator()
    with running.running():
        yield running
