"""From what people type to what stands there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver
from hypothesis import given
from hypothesis import strategies as st

from tokens.gateways.addresses import base_paths, origins, take_apart
from tokens.gateways.probe import probe
from tokens.gateways.records import ProbeResult
from tokens.network.client import Wire
from tokens.network.policy import AddressPolicy, AddressRefused
from tokens.simulator import Simulator

from .scripted import LOCAL, PAGE, ok, recorded, refused, scripted

NO_KEY = {"error": {"message": "Invalid token (request id: r1)", "type": "comet_api_error", "code": ""}}


def probed(typed: str, answers: dict[str, Any], *, preset: str = "") -> ProbeResult:
    """Probe `typed`, in which {host} stands for the scripted server's."""

    async def inner() -> ProbeResult:
        async with scripted(answers) as (script, wire):
            return await probe(wire, typed.format(host=script.url.removeprefix("http://")), preset=preset)

    return asyncio.run(inner())


class Nowhere(AbstractResolver):
    """No name resolves: these tests never leave the machine."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> Any:
        raise OSError("no such name")

    async def close(self) -> None: ...


def codes(found: ProbeResult) -> list[str]:
    return [correction.code for correction in found.corrections]


@pytest.mark.parametrize(
    ("typed", "corrections"),
    [
        ("http://{host}/v1", []),
        ("http://{host}/v1/", ["trailing_slash"]),
        ("http://{host}", ["missing_v1"]),
        ("http://{host}/", ["missing_v1"]),
        ("{host}/v1", ["no_scheme"]),
        ("http://{host}/v1/chat/completions", ["path"]),
        ("http://{host}/v1/models", ["path"]),
        ("http://{host}/console", ["html"]),
        ("http://{host}/console/token?show=1#top", ["html"]),
        ("  http://{host}/v1  ", []),
    ],
)
def test_whatever_is_typed_ends_in_the_base_url_that_an_sdk_wants(typed: str, corrections: list[str]) -> None:
    answers = {"GET /v1/models": (401, NO_KEY), "GET /console/models": PAGE, "GET /console/token/models": PAGE}
    found = probed(typed, answers)
    assert found.answers
    assert found.base_url.startswith("http://127.0.0.1:")
    assert found.base_url.endswith("/v1")
    assert codes(found) == corrections


def test_no_probe_sends_a_credential() -> None:
    async def inner() -> list[str]:
        async with scripted({"GET /v1/models": (401, NO_KEY)}) as (script, wire):
            await probe(wire, script.url)
            return [name for asked in script.asked for name in asked.headers]

    assert "authorization" not in asyncio.run(inner())


@pytest.mark.parametrize(
    ("brand", "version", "dialect"),
    [
        ("new_api_error", "new-api-2026-08", "new-api"),
        ("comet_api_error", "new-api-2026-08", "cometapi"),
        ("one_api_error", "one-api", "one-api"),
        ("one_hub_error", "one-hub", "one-hub"),
        ("one_hub_error", "done-hub", "done-hub"),
        ("veloera_error", "veloera", "veloera"),
        ("renamed_error", "new-api-2025-04", "new-api"),
        ("renamed_error", "one-hub", "one-hub"),
    ],
)
def test_the_dialect_is_told_by_brand_and_by_the_shape_of_the_status(brand: str, version: str, dialect: str) -> None:
    answers = {
        "GET /v1/models": (401, {"error": {"message": "Invalid token", "type": brand, "code": ""}}),
        "GET /api/status": (200, recorded(version, "read-status")),
        "GET /api/user/self": refused("无权进行此操作，未登录且未提供 access token", 401),
    }
    found = probed("http://{host}/v1", answers)
    assert found.dialect == dialect
    assert found.quota_per_unit == 500_000


def test_the_newest_gateway_is_known_with_what_it_can_do() -> None:
    sim = Simulator(brand="comet_api_error")

    async def inner() -> ProbeResult:
        async with Wire(LOCAL) as wire:
            return await probe(wire, sim.url)

    with sim.running():
        found = asyncio.run(inner())
    assert found.dialect == "cometapi"
    assert found.version
    able = found.capabilities
    assert (able["reveal"], able["reveal_many"], able["user_id"], able["name_bytes"]) == (True, True, False, 50)
    assert [step.state for step in found.steps][-1] == "none"


def test_an_old_gateway_wants_a_user_id_and_shows_keys_in_clear() -> None:
    sim = Simulator(dialect="new-api-2025-04")

    async def inner() -> ProbeResult:
        async with Wire(LOCAL) as wire:
            return await probe(wire, sim.url)

    with sim.running():
        able = asyncio.run(inner()).capabilities
    assert (able["reveal"], able["keys_in_clear"], able["user_id"], able["name_bytes"]) == (False, True, True, 30)


def test_a_plain_openai_server_is_watched_by_keys_alone() -> None:
    said = {"error": {"message": "You didn't provide an API key.", "type": "invalid_request_error", "code": None}}
    found = probed("http://{host}", {"GET /v1/models": (401, said)})
    assert (found.answers, found.dialect, found.capabilities) == (True, "openai", {})
    local = probed("http://{host}/v1", {"GET /v1/models": ok([{"id": "llama"}])})
    assert (local.answers, local.dialect) == (True, "openai")


def test_a_server_below_a_path_of_its_own_is_found() -> None:
    found = probed("http://{host}/openai", {"GET /openai/v1/models": (401, NO_KEY)})
    assert found.base_url.endswith("/openai/v1")


def test_a_server_without_v1_is_found_as_typed() -> None:
    found = probed("http://{host}/api/v3", {"GET /api/v3/models": (401, NO_KEY)})
    assert found.base_url.endswith("/api/v3")
    assert codes(found) == []


def test_a_redirect_is_reported_and_not_followed() -> None:
    away = (301, "", {"Location": "https://gateway.example.com/v1/models?x=1"})
    found = probed("http://{host}/v1", {"*": away})
    assert not found.answers
    assert codes(found) == ["redirect"]
    assert "gateway.example.com" in found.corrections[0].text
    assert found.base_url == "https://gateway.example.com/v1"


def test_a_redirect_to_a_forbidden_place_is_not_offered() -> None:
    away = (302, "", {"Location": "http://169.254.169.254/latest/meta-data"})
    found = probed("http://{host}/v1", {"*": away})
    assert "169.254" not in found.base_url


def test_a_web_page_everywhere_is_no_gateway() -> None:
    found = probed("http://{host}", {"*": PAGE})
    assert not found.answers
    assert codes(found) == ["html"]


def test_a_dead_host_is_asked_once_and_said_to_be_dead() -> None:
    async def inner() -> ProbeResult:
        async with Wire(LOCAL) as wire:
            return await probe(wire, "http://127.0.0.1:1/some/path")

    found = asyncio.run(inner())
    assert not found.answers
    assert [step.state for step in found.steps] == ["failing"]
    assert found.evidence is not None
    assert found.evidence.fault == "connect"


def _refused(typed: str, policy: AddressPolicy) -> str:
    async def inner() -> Any:
        async with Wire(policy) as wire:
            call: Awaitable[Any] = probe(wire, typed)
            return await call

    with pytest.raises(AddressRefused) as caught:
        asyncio.run(inner())
    return caught.value.code


def test_forbidden_addresses_are_refused_before_anything_is_asked() -> None:
    strict = AddressPolicy()
    assert _refused("https://mira:secret@api.example.com/v1", strict) == "credentials"
    assert _refused("http://127.0.0.1:9000", strict) == "private"
    assert _refused("169.254.169.254", LOCAL) == "metadata"
    assert _refused("ftp://example.com", strict) == "scheme"
    assert _refused("", strict) == "url"
    assert _refused("http://", strict) == "url"


def test_the_two_wrong_addresses_for_cometapi_lead_to_the_right_one() -> None:
    for typed, code in (("https://api.openai.com/v1", "openai_default"), ("www.cometapi.com/console", "other_host")):

        async def inner(address: str = typed) -> ProbeResult:
            async with Wire(AddressPolicy(), resolver=Nowhere()) as wire:
                return await probe(wire, address, preset="cometapi")

        found = asyncio.run(inner())
        assert found.base_url == "https://api.cometapi.com/v1"
        assert codes(found)[0] == code


def test_https_is_tried_before_http_on_public_hosts_and_after_it_at_home() -> None:
    assert origins(take_apart("http://api.example.com")) == ("https://api.example.com", "http://api.example.com")
    assert origins(take_apart("api.example.com")) == ("https://api.example.com",)
    assert origins(take_apart("192.168.1.5:3000")) == ("http://192.168.1.5:3000", "https://192.168.1.5:3000")
    assert origins(take_apart("https://localhost:3000")) == ("https://localhost:3000",)


@given(st.text(max_size=60) | st.from_regex(r"(https?://)?[a-z0-9.:@/\[\]%-]{0,40}", fullmatch=True))
def test_nothing_that_can_be_typed_breaks_the_taking_apart(typed: str) -> None:
    try:
        taken = take_apart(typed)
    except ValueError:
        return
    assert all(origin.startswith("http") for origin in origins(taken))
    assert base_paths(taken.path)


@pytest.mark.parametrize(
    "typed", ["a b", "http://[::1", "https://x:abc/v1", "https://exa mple.com", "\x00", "https:///v1"]
)
def test_what_is_no_address_is_refused_as_one(typed: str) -> None:
    assert _refused(typed, AddressPolicy()) in ("url", "host")


def test_base_paths_are_tried_from_the_likeliest() -> None:
    assert base_paths("") == ("/v1",)
    assert base_paths("/v1/chat/completions") == ("/v1",)
    assert base_paths("/proxy/v1/models") == ("/proxy/v1", "/v1")
    assert base_paths("/openai") == ("/openai/v1", "/v1", "/openai")
    assert base_paths("/v1beta/models") == ("/v1beta", "/v1")
    assert base_paths("/api/token") == ("/v1",)  # a call of the management API
