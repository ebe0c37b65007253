"""Calls with a key: what they say, and that nothing makes them raise."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator

import pytest

from tokens.gateways.records import Evidence
from tokens.gateways.relay import look_gateway, look_models, look_usage, management_root
from tokens.network.client import Wire
from tokens.simulator import Account, Simulator

from .scripted import LOCAL, scripted


@pytest.fixture
def sim() -> Iterator[Simulator]:
    simulator = Simulator(brand="comet_api_error")
    with simulator.running():
        yield simulator


@pytest.fixture
def alice(sim: Simulator) -> Account:
    return sim.add_account("alice")


def models(sim: Simulator, key: str) -> Evidence:
    async def ask() -> Evidence:
        async with Wire(LOCAL, total_timeout=1) as wire:
            return await look_models(wire, f"{sim.url}/v1", key)

    return asyncio.run(ask())


def usage(sim: Simulator, key: str) -> Evidence:
    async def ask() -> Evidence:
        async with Wire(LOCAL, total_timeout=1) as wire:
            return await look_usage(wire, f"{sim.url}/v1", key)

    return asyncio.run(ask())


def test_a_good_key_tells_how_many_models_it_may_use(sim: Simulator, alice: Account) -> None:
    said = models(sim, sim.add_token(alice, "ci").key)
    assert said.status == 200
    assert said.models
    assert said.family
    assert said.latency_ms is not None


def test_a_key_is_sent_with_its_prefix_once(sim: Simulator, alice: Account) -> None:
    token = sim.add_token(alice, "ci")
    assert models(sim, token.key).status == models(sim, f"sk-{token.key}").status == 200


def test_a_refused_key_carries_the_brand_and_the_words(sim: Simulator) -> None:
    said = models(sim, secrets.token_hex(24))
    assert (said.status, said.brand, said.message) == (401, "comet_api_error", "Invalid token")
    assert said.request_id


def test_usage_tells_what_is_left(sim: Simulator, alice: Account) -> None:
    limited = usage(sim, sim.add_token(alice, "ci", remain_quota=1200).key)
    assert (limited.left_units, limited.note) == (1200, "1,200 units left")
    assert usage(sim, sim.add_token(alice, "big").key).note == "unlimited"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("down", ("closed", "")),
        ("html", ("", "html")),
        ("redirect", ("", "redirect")),
        ("empty", ("", "empty")),
        ("bad_json", ("", "bad_json")),
        ("huge", ("too_large", "")),
        ("slow", ("timeout", "")),
        ("429", ("", "empty")),
        ("429_retry_after", ("", "empty")),
    ],
)
def test_every_fault_of_a_gateway_becomes_evidence(
    sim: Simulator, alice: Account, fault: str, expected: tuple[str, str]
) -> None:
    token = sim.add_token(alice, "ci")
    sim.slow_seconds = 3
    sim.gateway_fault = fault
    said = models(sim, token.key)
    assert (said.fault, said.body) == expected


def test_an_empty_or_missing_list_counts_as_no_model() -> None:
    async def count(body: object) -> int | None:
        async with scripted({"GET /v1/models": (200, body)}) as (script, wire):
            return (await look_models(wire, f"{script.url}/v1", secrets.token_hex(24))).models

    assert asyncio.run(count({"object": "list", "data": []})) == 0
    assert asyncio.run(count({"object": "list", "data": None})) == 0
    assert asyncio.run(count([{"id": "m"}])) == 1
    assert asyncio.run(count({"success": False, "message": "get user group failed"})) is None


def test_a_look_at_the_gateway_sends_no_credential() -> None:
    async def ask() -> dict[str, str]:
        async with scripted({"GET /v1/models": (401, {"error": {"message": "Invalid token"}})}) as (script, wire):
            await look_gateway(wire, f"{script.url}/v1")
            return script.asked[0].headers

    assert "authorization" not in asyncio.run(ask())


def test_management_begins_where_v1_ends() -> None:
    assert management_root("https://api.example.com/v1/") == "https://api.example.com"
    assert management_root("https://example.com/gateway/v1") == "https://example.com/gateway"
    assert management_root("https://example.com") == "https://example.com"
