"""What one-api, the hubs and forks do differently, with answers as recorded."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from tokens.gateways.errors import CredentialRefused, NotSupported
from tokens.gateways.management import ManagementClient, client_for
from tokens.gateways.management.session import USER_ID_HEADERS
from tokens.gateways.records import TokenDraft

from .scripted import NO_SUCH_PATH, Script, ok, recorded, refused, scripted

T = TypeVar("T")
ACCESS_TOKEN = secrets.token_urlsafe(24)
SELF = ok({"id": 2, "username": "alice", "group": "default", "status": 1, "quota": 5, "used_quota": 1})


def run(
    dialect: str,
    answers: dict[str, Any],
    work: Callable[[ManagementClient, Script], Awaitable[T]],
    *,
    user_id: str = "2",
    capabilities: dict[str, Any] | None = None,
) -> T:
    async def inner() -> T:
        async with scripted(answers) as (script, wire):
            client = client_for(dialect, wire, f"{script.url}/v1", ACCESS_TOKEN, user_id, capabilities)
            return await work(client, script)

    return asyncio.run(inner())


def test_the_user_id_goes_out_under_every_name_at_once() -> None:
    async def names(client: ManagementClient, script: Script) -> set[str]:
        await client.account()
        return {name for name in USER_ID_HEADERS if script.asked[0].headers.get(name.lower()) == "2"}

    assert run("veloera", {"GET /api/user/self": SELF}, names) == set(USER_ID_HEADERS)


def test_an_access_token_refused_raw_is_tried_after_bearer_once_and_remembered() -> None:
    def judge(asked: Any) -> tuple[int, Any]:
        return SELF if asked.headers["authorization"].startswith("Bearer ") else refused("Unauthorized", 401)

    found: dict[str, Any] = {}

    async def ask(client: ManagementClient, script: Script) -> list[str]:
        await client.account()
        await client.account()
        return [asked.headers["authorization"].split()[0] for asked in script.asked]

    forms = run("cometapi", {"GET /api/user/self": judge}, ask, capabilities=found)
    assert forms == [ACCESS_TOKEN, "Bearer", "Bearer"]
    assert found["bearer"] is True


def test_success_false_with_status_200_is_a_refusal() -> None:
    async def ask(client: ManagementClient, _script: Script) -> None:
        with pytest.raises(CredentialRefused):
            await client.account()

    run("one-api", {"GET /api/user/self": refused("无权进行此操作，access token 无效")}, ask)


def test_one_api_is_walked_by_tens_from_zero() -> None:
    def page(asked: Any) -> tuple[int, Any]:
        first = 100 - 10 * int(asked.query["p"])
        return ok([{"id": number, "name": "x", "status": 1} for number in range(first, max(first - 10, 75), -1)])

    async def walk(client: ManagementClient, script: Script) -> tuple[int, list[str]]:
        count = sum([len(page.tokens) async for page in client.walk()])
        return count, [asked.query["p"] for asked in script.asked]

    assert run("one-api", {"GET /api/token/": page}, walk) == (25, ["0", "1", "2"])


def test_hubs_are_walked_by_page() -> None:
    def page(asked: Any) -> tuple[int, Any]:
        number = int(asked.query["page"])
        rows = [{"id": 1000 - 100 * number - index, "status": 1} for index in range(100 if number < 3 else 7)]
        return ok({"data": rows, "page": number, "size": 100, "total_count": 207})

    async def walk(client: ManagementClient, script: Script) -> int:
        assert all(asked for asked in script.asked)
        return sum([len(page.tokens) async for page in client.walk()])

    assert run("one-hub", {"GET /api/token/": page}, walk) == 207


def test_a_gateway_that_repeats_a_page_forever_is_left() -> None:
    same = ok({"items": [{"id": 1, "status": 1}], "page": 1, "page_size": 1, "total": 9999})

    async def walk(client: ManagementClient, _script: Script) -> int:
        return len([page async for page in client.walk()])

    assert run("new-api", {"GET /api/token/": same}, walk) == 2


def test_one_api_has_no_groups_and_names_models_elsewhere() -> None:
    async def ask(client: ManagementClient, _script: Script) -> tuple[str, ...]:
        with pytest.raises(NotSupported):
            await client.groups()
        return await client.models()

    answers = {"GET /api/user/available_models": (200, recorded("one-api", "read-user-available-models"))}
    assert run("one-api", answers, ask) == ("fake-unpriced",)


def test_hubs_keep_limits_in_their_setting_and_the_rest_of_it_unchanged() -> None:
    raw = {"id": 5, "status": 4, "used_quota": 3, "backup_group": "b", "setting": {"heartbeat": {"enabled": True}}}

    async def update(client: ManagementClient, script: Script) -> Any:
        await client.update(5, TokenDraft("ci", model_limits=("m",)), raw)
        return script.asked[0].body

    body = run("done-hub", {"PUT /api/token/": ok({})}, update)
    assert body["setting"]["heartbeat"] == {"enabled": True}
    assert body["setting"]["limits"]["limit_model_setting"] == {"enabled": True, "models": ["m"]}
    assert body["backup_group"] == "b"
    assert "status" not in body
    assert body["expired_time"] == -1


def test_unknown_fields_go_back_as_they_came() -> None:
    raw = {"id": 5, "status": 1, "cross_group_retry": True, "auto_groups": ["a"], "new_thing": {"x": 1}}

    async def update(client: ManagementClient, script: Script) -> Any:
        await client.update(5, TokenDraft("ci", group="auto"), raw)
        return script.asked[0].body

    body = run("new-api", {"PUT /api/token/": ok({})}, update)
    assert (body["cross_group_retry"], body["auto_groups"], body["new_thing"]) == (True, ["a"], {"x": 1})


def test_done_hub_says_what_it_made() -> None:
    key = secrets.token_hex(24)

    async def create(client: ManagementClient, _script: Script) -> tuple[int, str, str]:
        made = await client.create(TokenDraft("ci"))
        assert made is not None
        return made.remote_id, made.key, made.name

    answers = {
        "POST /api/token/": ok({"id": 9, "key": key}),
        "GET /api/token/9": ok({"id": 9, "key": key, "name": "ci", "status": 1}),
    }
    assert run("done-hub", answers, create) == (9, key, "ci")


def test_a_version_without_reveal_is_asked_for_it_once() -> None:
    key = secrets.token_hex(24)
    found: dict[str, Any] = {}

    async def reveal(client: ManagementClient, script: Script) -> list[str]:
        assert await client.reveal(9) == await client.reveal(9) == key
        return script.paths()

    answers = {"POST /api/token/9/key": (404, NO_SUCH_PATH), "GET /api/token/9": ok({"id": 9, "key": f"sk-{key}"})}
    paths = run("new-api", answers, reveal, capabilities=found)
    assert paths == ["POST /api/token/9/key", "GET /api/token/9", "GET /api/token/9"]
    assert found["reveal"] is False


def test_a_key_that_stays_masked_is_not_taken_for_one() -> None:
    async def reveal(client: ManagementClient, _script: Script) -> None:
        with pytest.raises(NotSupported):
            await client.reveal(9)

    answers = {"POST /api/token/9/key": (404, NO_SUCH_PATH), "GET /api/token/9": ok({"id": 9, "key": "abcd****wxyz"})}
    run("new-api", answers, reveal)


def test_a_search_that_is_refused_becomes_a_walk() -> None:
    key = secrets.token_hex(24)
    row = {"id": 3, "status": 1, "key": f"{key[:4]}**********{key[-4:]}"}

    async def find(client: ManagementClient, _script: Script) -> int | None:
        found = await client.find_by_key(key)
        return found.remote_id if found else None

    answers = {
        "GET /api/token/search": refused("令牌数量超过上限，仅允许精确搜索，请勿使用 % 通配符"),
        "GET /api/token/": ok({"items": [row], "page": 1, "page_size": 100, "total": 1}),
    }
    assert run("new-api", answers, find) == 3


def test_more_than_a_hundred_keys_are_not_asked_for_in_one_call() -> None:
    async def reveal(client: ManagementClient, _script: Script) -> None:
        with pytest.raises(ValueError, match="100"):
            await client.reveal_many(range(101))

    run("new-api", {}, reveal)
