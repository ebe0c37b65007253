"""The management clients. All dialects share one shape; each overrides what the recordings show to differ."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from tokens.vault.fingerprint import stem

from ..errors import NotFound, NotSupported, Refused
from ..records import AccountFacts, Evidence, GroupFacts, Rung, TokenDraft, TokenFacts, TokenPage
from .parsing import account_facts, bare_key, group_facts, is_masked, listing, matches, model_names, token_facts
from .session import Session
from .writing import Fields, hub_fields, new_api_fields, one_api_fields

PAGE = 100
MOST_KEYS = 100


class NewApiClient:
    """new-api of every year, CometAPI and Veloera: what a version lacks is found out and remembered as a capability."""

    groups_path = "/api/user/self/groups"
    models_path = "/api/user/models"
    searches = True

    def __init__(self, session: Session) -> None:
        self._session = session
        self.capabilities = session.capabilities

    @property
    def calls(self) -> list[Evidence]:
        return self._session.calls

    async def account(self) -> AccountFacts:
        data = await self._data("GET", "/api/user/self", "account")
        return account_facts(data if isinstance(data, dict) else {})

    async def groups(self) -> tuple[GroupFacts, ...]:
        return group_facts(await self._data("GET", self.groups_path, "account"))

    async def models(self, group: str = "") -> tuple[str, ...]:
        reading = await self._session.call(
            "GET", self.models_path, rung="account", params={"group": group} if group else None
        )
        return model_names(reading.payload.get("data"), group)

    async def page(self, cursor: int | None = None) -> TokenPage:
        """A hundred tokens. `p` counts from 0 or 1 by version, hubs count `page`: the first answer tells which."""
        params = {"p": cursor or 0, "page": cursor or 1, "page_size": PAGE, "size": PAGE}
        reading = await self._session.call("GET", "/api/token/", params=params)
        found = listing(reading.payload)
        tokens = tuple(token_facts(row) for row in found.rows)
        return TokenPage(tokens, reading.evidence, found.next_page(cursor), found.total)

    async def walk(self, limit_pages: int = 200) -> AsyncIterator[TokenPage]:
        """Pages until the end. Tokens made meanwhile shift pages; a page that brings no new id ends the walk."""
        seen: set[int] = set()
        cursor: int | None = None
        for _number in range(limit_pages):
            page = await self.page(cursor)
            fresh = {token.remote_id for token in page.tokens} - seen
            if not fresh and seen:
                page = replace(page, next_cursor=None)
            yield page
            if page.next_cursor is None:
                return
            seen |= fresh
            cursor = page.next_cursor

    async def get(self, remote_id: int) -> TokenFacts:
        data = await self._data("GET", f"/api/token/{int(remote_id)}")
        if not isinstance(data, dict):
            raise NotFound(self.calls[-1], "The gateway returned no token.")
        return token_facts(data)

    async def find_by_key(self, key: str) -> TokenFacts | None:
        """The token of this account that has this key: searched where the dialect can, else by a walk of the list.

        By its first and last four characters, since a whole key has no place in a URL.
        """
        bare = stem(key)
        if self.searches and len(bare) >= 16:
            try:
                return await self._search(bare)
            except (NotSupported, Refused):
                pass  # too many tokens for a pattern, or a version without it
        async for page in self.walk():
            for facts in page.tokens:
                if matches(facts, bare):
                    return facts
        return None

    async def _search(self, bare: str) -> TokenFacts | None:
        pattern = f"{bare[:4]}%{bare[-4:]}"
        reading = await self._session.call("GET", "/api/token/search", params={"token": pattern, "page_size": PAGE})
        found = (token_facts(row) for row in listing(reading.payload).rows)
        return next((facts for facts in found if matches(facts, bare)), None)

    async def reveal(self, remote_id: int) -> str:
        """The clear key. Versions without a reveal call (before 2026-03) show it in the token itself."""
        if self.capabilities.get("reveal") is not False:
            try:
                data = await self._data("POST", f"/api/token/{int(remote_id)}/key")
            except NotSupported:
                self.capabilities["reveal"] = False
            else:
                self.capabilities["reveal"] = True
                return self._clear(data.get("key") if isinstance(data, dict) else data)
        return self._clear((await self.get(remote_id)).key)

    async def reveal_many(self, remote_ids: Sequence[int]) -> dict[int, str]:
        """Up to a hundred clear keys in one call; one by one where the gateway has no such call."""
        if len(remote_ids) > MOST_KEYS:
            raise ValueError(f"At most {MOST_KEYS} keys a call.")
        if not remote_ids:
            return {}
        if self.capabilities.get("reveal_many") is not False:
            try:
                data = await self._data("POST", "/api/token/batch/keys", body={"ids": [int(one) for one in remote_ids]})
            except NotSupported:
                self.capabilities["reveal_many"] = False
            else:
                self.capabilities["reveal_many"] = True
                return _keys(data, set(remote_ids))
        return {remote_id: await self.reveal(remote_id) for remote_id in remote_ids}

    async def create(self, draft: TokenDraft) -> TokenFacts | None:
        """None where the gateway says nothing about what it made: then look for it. Not to be repeated blindly."""
        data = await self._data("POST", "/api/token/", body=self._fields(draft, {}))
        if not isinstance(data, dict) or not token_facts(data).remote_id:
            return None
        made = token_facts(data)
        return made if "status" in data else replace(await self.get(made.remote_id), key=made.key)

    async def update(self, remote_id: int, draft: TokenDraft, raw: Fields) -> None:
        """Write the draft over the record `raw` as it was read; fields that Keyward does not know go back unchanged."""
        await self._data("PUT", "/api/token/", body=self._fields(draft, raw) | {"id": int(remote_id)})

    async def set_status(self, remote_id: int, enabled: bool) -> None:
        body = {"id": int(remote_id), "status": 1 if enabled else 2}
        await self._session.call("PUT", "/api/token/", params={"status_only": "true"}, body=body)

    async def delete(self, remote_id: int) -> None:
        await self._data("DELETE", f"/api/token/{int(remote_id)}")

    def _fields(self, draft: TokenDraft, raw: Fields) -> Fields:
        return new_api_fields(draft, raw)

    async def _data(self, method: str, path: str, rung: Rung = "facts", body: Any = None) -> Any:
        reading = await self._session.call(method, path, rung=rung, body=body)
        return reading.payload.get("data") if isinstance(reading.payload, dict) else None

    def _clear(self, key: Any) -> str:
        bare = bare_key(key)
        if not bare or is_masked(bare):
            raise NotSupported(self.calls[-1], "The gateway does not show this key in clear.")
        return bare


class OneApiClient(NewApiClient):
    """No groups, keys always in clear, lists of ten, `models` and `subnet` instead of limits; search ignores keys."""

    models_path = "/api/user/available_models"
    searches = False

    async def groups(self) -> tuple[GroupFacts, ...]:
        raise NotSupported(Evidence("account", "", note="This dialect has no groups to choose from."))

    def _fields(self, draft: TokenDraft, raw: Fields) -> Fields:
        return one_api_fields(draft, raw)


class HubClient(NewApiClient):
    """one-hub and done-hub: public groups only, limits inside `setting`, no search."""

    groups_path = "/api/user_group_map"
    models_path = "/api/available_model"
    searches = False

    def _fields(self, draft: TokenDraft, raw: Fields) -> Fields:
        return hub_fields(draft, raw)


def _keys(data: Any, wanted: set[int]) -> dict[int, str]:
    """`{"keys": {"12": "…"}}`; ids of others, and of nobody, are silently left out by the gateway."""
    found = data.get("keys") if isinstance(data, dict) else None
    if not isinstance(found, dict):
        return {}
    pairs = ((int(one), bare_key(key)) for one, key in found.items() if str(one).isdecimal())
    return {one: key for one, key in pairs if one in wanted and key and not is_masked(key)}
