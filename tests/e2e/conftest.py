"""The demo, running once for all tests that look at its pages."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.visitor import Program, program
from tests.services import free_port, listens


@pytest.fixture(scope="session")
def demo(tmp_path_factory: Any) -> Iterator[Program]:
    """`make demo`: two gateways, sixty tokens in every state, ninety days of history."""
    folder: Path = tmp_path_factory.mktemp("demo")
    with program(folder, KEYWARD_PORT=str(three_free_ports()), KEYWARD_DEMO="on") as running:
        yield running


def three_free_ports() -> int:
    """The first of three: the demo's two gateways listen on the ports behind the dashboard's."""
    tries = (free_port() for _ in itertools.repeat(None, 50))
    return next(port for port in tries if port < 65533 and not listens(port + 1) and not listens(port + 2))
