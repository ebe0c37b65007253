"""A gateway on a socket, and a clock that goes as fast as a test wants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import make_gateway
from tokens.models import Gateway
from tokens.simulator import Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    running = Simulator()
    with running.running():
        yield running


@pytest.fixture
def gateway(db: None, simulator: Simulator, settings: Any) -> Gateway:
    settings.KEYWARD_ALLOW_PRIVATE_ADDRESSES = True
    return make_gateway(name="Relay", base_url=f"{simulator.url}/v1", checks_per_minute=60_000, state="new")


class Clock:
    """now() that moves only when told to."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()
