"""A host's limits hold over every worker, and a 429 stops them all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tests.factories import make_gateway
from tests.usecases.conftest import Clock
from tokens.services import governor


@pytest.mark.django_db
def test_a_bucket_runs_dry_and_fills_again(clock: Clock) -> None:
    gateway = make_gateway(checks_per_minute=60)
    assert governor.grant(gateway, "checks", 100, clock.now).calls == 30
    dry = governor.grant(gateway, "checks", 1, clock.now)
    assert dry.calls == 0
    assert dry.retry_at > clock.now
    clock.forward(seconds=5)
    assert governor.grant(gateway, "checks", 100, clock.now).calls == 5


@pytest.mark.django_db
def test_what_was_not_used_is_there_for_the_next_but_not_after_a_429(clock: Clock) -> None:
    gateway = make_gateway(management_per_minute=30)
    assert governor.grant(gateway, "management", 12, clock.now).calls == 12
    governor.give_back(gateway, "management", 10, clock.now)
    assert governor.grant(gateway, "management", 30, clock.now).calls == 28
    governor.block(gateway, "management", 60, clock.now)
    governor.give_back(gateway, "management", 10, clock.now)
    clock.forward(seconds=61)
    assert governor.grant(gateway, "management", 40, clock.now).calls == 30
    governor.give_back(gateway, "management", 99, clock.now)
    assert governor.grant(gateway, "management", 99, clock.now).calls == 30


@pytest.mark.django_db
def test_two_gateways_on_one_host_share_its_bucket(clock: Clock) -> None:
    one = make_gateway(base_url="https://relay.example.com/v1", checks_per_minute=20)
    two = make_gateway(base_url="https://relay.example.com/other/v1", checks_per_minute=20)
    assert governor.grant(one, "checks", 7, clock.now).calls == 7
    assert governor.grant(two, "checks", 7, clock.now).calls == 3


@pytest.mark.django_db
def test_a_429_blocks_until_retry_after(clock: Clock) -> None:
    gateway = make_gateway()
    until = governor.block(gateway, "checks", 90, clock.now)
    assert governor.grant(gateway, "checks", 1, clock.now) == governor.Grant(0, until)
    clock.forward(seconds=91)
    assert governor.grant(gateway, "checks", 1, clock.now).calls == 1


@pytest.mark.django_db
def test_the_critical_bucket_is_half_of_what_a_stock_gateway_allows(clock: Clock) -> None:
    gateway = make_gateway()
    assert governor.grant(gateway, "critical", 20, clock.now).calls == 10


@pytest.mark.django_db
def test_slots_are_given_back_and_those_of_a_killed_worker_return(clock: Clock) -> None:
    gateway = make_gateway(concurrency=4)
    with governor.slots(gateway, 4, clock.now) as first, governor.slots(gateway, 4, clock.now) as second:
        assert (first, second) == (4, 1)  # at least one, so that work goes on
    with governor.slots(gateway, 4, clock.now) as again:
        assert again == 4
        clock.forward(minutes=7)  # whoever held them was killed
        with governor.slots(gateway, 4, clock.now) as returned:
            assert returned == 4


@pytest.mark.django_db(transaction=True)
def test_many_workers_together_never_take_more_than_there_is(clock: Clock) -> None:
    gateway = make_gateway(checks_per_minute=80)

    def take(_number: int) -> int:
        try:
            return governor.grant(gateway, "checks", 3, clock.now).calls
        finally:
            connection.close()

    governor.grant(gateway, "checks", 0, clock.now)
    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(take, range(30))) <= 40
