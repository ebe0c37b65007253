"""Management calls against the simulator, in the newest dialect and an old one."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from tokens.gateways.errors import (
    AccountBanned,
    CredentialRefused,
    GatewayError,
    NotAGateway,
    NotFound,
    Overloaded,
    RateLimited,
    Refused,
    Unreachable,
    UserIdNeeded,
)
from tokens.gateways.management import ManagementClient, client_for
from tokens.gateways.records import TokenDraft
from tokens.network.client import Wire
from tokens.simulator import Account, Simulator

from .scripted import LOCAL

T = TypeVar("T")


@pytest.fixture(params=["new-api-2026-08", "new-api-2025-04"])
def sim(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    simulator = Simulator(dialect=request.param)
    with simulator.running():
        yield simulator


@pytest.fixture
def alice(sim: Simulator) -> Account:
    return sim.add_account("alice", balance_units=1_000_000)


def with_client(sim: Simulator, account: Account, work: Callable[[ManagementClient], Awaitable[T]]) -> T:
    async def run() -> T:
        async with Wire(LOCAL, total_timeout=2) as wire:
            client = client_for("new-api", wire, f"{sim.url}/v1", account.access_token, str(account.user_id))
            return await work(client)

    return asyncio.run(run())


def failure(sim: Simulator, account: Account, work: Callable[[ManagementClient], Awaitable[object]]) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        with_client(sim, account, work)
    return caught.value


def test_an_account_tells_its_balance(sim: Simulator, alice: Account) -> None:
    facts = with_client(sim, alice, lambda client: client.account())
    assert (facts.user_id, facts.username, facts.balance_units) == (str(alice.user_id), "alice", 1_000_000)


def test_groups_have_names_and_ratios(sim: Simulator, alice: Account) -> None:
    groups = with_client(sim, alice, lambda client: client.groups())
    assert "default" in {group.name for group in groups}


def test_a_walk_brings_every_token_once(sim: Simulator, alice: Account) -> None:
    made = {sim.add_token(alice, f"ci-{number}").id for number in range(230)}

    async def walk(client: ManagementClient) -> tuple[list[int], int]:
        pages = [page async for page in client.walk()]
        return [token.remote_id for page in pages for token in page.tokens], len(pages)

    found, pages = with_client(sim, alice, walk)
    assert sorted(found) == sorted(made)
    assert pages == 3


def test_an_empty_account_is_one_empty_page(sim: Simulator, alice: Account) -> None:
    async def walk(client: ManagementClient) -> list[int]:
        return [len(page.tokens) async for page in client.walk()]

    assert with_client(sim, alice, walk) == [0]


def test_a_key_is_revealed_whether_the_list_masks_it_or_not(sim: Simulator, alice: Account) -> None:
    token = sim.add_token(alice, "ci")
    assert with_client(sim, alice, lambda client: client.reveal(token.id)) == token.key


def test_many_keys_are_revealed_together(sim: Simulator, alice: Account) -> None:
    tokens = [sim.add_token(alice, f"ci-{number}") for number in range(3)]
    found = with_client(sim, alice, lambda client: client.reveal_many([token.id for token in tokens]))
    assert found == {token.id: token.key for token in tokens}


def test_a_token_is_found_by_its_key_and_the_key_is_in_no_address(sim: Simulator, alice: Account) -> None:
    tokens = [sim.add_token(alice, f"ci-{number}") for number in range(5)]
    found = with_client(sim, alice, lambda client: client.find_by_key(f"sk-{tokens[2].key}"))
    assert found is not None
    assert found.remote_id == tokens[2].id
    assert not any(tokens[2].key in path for _method, path, _status in sim.requests)
    assert with_client(sim, alice, lambda client: client.find_by_key(secrets.token_hex(24))) is None


def test_what_is_created_never_expires_unless_asked(sim: Simulator, alice: Account) -> None:
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)

    async def create(client: ManagementClient) -> None:
        await client.create(TokenDraft("forever"))
        await client.create(
            TokenDraft("limited", unlimited=False, quota_units=500, expires_at=tomorrow, group="default",
                       model_limits=("fake-mini",), ip_limits=("127.0.0.1",))
        )  # fmt: skip

    with_client(sim, alice, create)
    tokens = {token.name: token for token in alice.tokens.values()}
    assert (tokens["forever"].expired_time, tokens["forever"].unlimited_quota) == (-1, True)
    assert tokens["limited"].remain_quota == 500
    assert tokens["limited"].expired_time == int(tomorrow.timestamp())
    assert (tokens["limited"].model_limits, tokens["limited"].allow_ips) == ("fake-mini", "127.0.0.1")


def test_an_update_changes_what_it_names_and_keeps_the_rest(sim: Simulator, alice: Account) -> None:
    token = sim.add_token(alice, "ci", remain_quota=700)

    async def update(client: ManagementClient) -> None:
        facts = await client.get(token.id)
        await client.update(token.id, TokenDraft("renamed", unlimited=False, quota_units=900), facts.raw)

    with_client(sim, alice, update)
    assert (token.name, token.remain_quota, token.expired_time, token.status) == ("renamed", 900, -1, 1)


def test_an_exhausted_token_is_mended_by_a_full_update_and_then_a_status(sim: Simulator, alice: Account) -> None:
    token = sim.add_token(alice, "ci", remain_quota=0, status=4)

    async def mend(client: ManagementClient) -> int:
        facts = await client.get(token.id)
        await client.update(token.id, TokenDraft("ci"), facts.raw)
        await client.set_status(token.id, enabled=True)
        return (await client.get(token.id)).status

    assert with_client(sim, alice, mend) == 1
    assert token.unlimited_quota


def test_disabling_stores_disabled_and_nothing_else(sim: Simulator, alice: Account) -> None:
    token = sim.add_token(alice, "ci", remain_quota=700)
    with_client(sim, alice, lambda client: client.set_status(token.id, enabled=False))
    assert (token.status, token.remain_quota) == (2, 700)


def test_a_deleted_token_is_not_found(sim: Simulator, alice: Account) -> None:
    token = sim.add_token(alice, "ci")
    with_client(sim, alice, lambda client: client.delete(token.id))
    assert isinstance(failure(sim, alice, lambda client: client.get(token.id)), NotFound)


def test_a_refusal_says_why(sim: Simulator, alice: Account) -> None:
    error = failure(sim, alice, lambda client: client.create(TokenDraft("n" * 60)))
    assert isinstance(error, Refused)
    assert str(error)


def test_a_dead_access_token_is_tried_in_both_forms_and_is_not_in_the_error(sim: Simulator, alice: Account) -> None:
    old = alice.access_token
    sim.replace_access_token(alice)

    async def ask(client: ManagementClient) -> int:
        with pytest.raises(CredentialRefused) as caught:
            await client.account()
        assert old not in str(caught.value)
        assert old not in repr(client.calls)
        return len(client.calls)

    async def run() -> int:
        async with Wire(LOCAL) as wire:
            return await ask(client_for("new-api", wire, sim.url, old, str(alice.user_id)))

    assert asyncio.run(run()) == 2


def test_a_banned_account_is_no_dead_access_token(sim: Simulator, alice: Account) -> None:
    alice.fault = "banned"
    assert isinstance(failure(sim, alice, lambda client: client.account()), AccountBanned)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("down", Unreachable),
        ("slow", Unreachable),
        ("html", NotAGateway),
        ("redirect", NotAGateway),
        ("empty", NotAGateway),
        ("bad_json", NotAGateway),
        ("huge", Unreachable),
        ("success_false", Refused),
        ("429", RateLimited),
        ("500", Overloaded),
    ],
)
def test_every_fault_of_a_gateway_is_an_error_of_the_tree(
    sim: Simulator, alice: Account, fault: str, error: type[GatewayError]
) -> None:
    sim.slow_seconds = 4
    sim.gateway_fault = fault
    assert isinstance(failure(sim, alice, lambda client: client.account()), error)


def test_an_old_version_wants_the_user_id_and_says_so() -> None:
    simulator = Simulator(dialect="new-api-2025-04")
    account = simulator.add_account("alice")

    async def run(user_id: str) -> None:
        async with Wire(LOCAL) as wire:
            await client_for("new-api", wire, simulator.url, account.access_token, user_id).account()

    with simulator.running():
        asyncio.run(run(str(account.user_id)))
        with pytest.raises(UserIdNeeded):
            asyncio.run(run(""))
