"""What can be done with an account's access token, one protocol for every dialect."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from tokens.network.client import Wire

from ..records import AccountFacts, Evidence, GroupFacts, TokenDraft, TokenFacts, TokenPage
from ..relay import management_root
from .clients import HubClient, NewApiClient, OneApiClient
from .session import Session

__all__ = ["DIALECTS", "ManagementClient", "client_for"]


class ManagementClient(Protocol):
    """Every call raises GatewayError. Keys come and go without `sk-`."""

    capabilities: dict[str, Any]  # what was found out on the way; the caller may store it

    @property
    def calls(self) -> list[Evidence]: ...  # what was asked so far

    async def account(self) -> AccountFacts: ...
    async def groups(self) -> tuple[GroupFacts, ...]: ...
    async def models(self, group: str = "") -> tuple[str, ...]: ...
    async def page(self, cursor: int | None = None) -> TokenPage: ...
    def walk(self, limit_pages: int = 200) -> AsyncIterator[TokenPage]: ...
    async def get(self, remote_id: int) -> TokenFacts: ...
    async def find_by_key(self, key: str) -> TokenFacts | None: ...
    async def reveal(self, remote_id: int) -> str: ...
    async def reveal_many(self, remote_ids: Sequence[int]) -> dict[int, str]: ...
    async def create(self, draft: TokenDraft) -> TokenFacts | None: ...
    async def update(self, remote_id: int, draft: TokenDraft, raw: dict[str, Any]) -> None: ...
    async def set_status(self, remote_id: int, enabled: bool) -> None: ...
    async def delete(self, remote_id: int) -> None: ...


DIALECTS: dict[str, type[NewApiClient]] = {
    "new-api": NewApiClient,
    "cometapi": NewApiClient,
    "veloera": NewApiClient,
    "one-api": OneApiClient,
    "one-hub": HubClient,
    "done-hub": HubClient,
}


def client_for(
    dialect: str,
    wire: Wire,
    base_url: str,
    access_token: str,
    user_id: str = "",
    capabilities: dict[str, Any] | None = None,
) -> ManagementClient:
    """The client of a dialect; `capabilities` is read and, when given, written. KeyError for "openai": it has none."""
    return DIALECTS[dialect](Session(wire, management_root(base_url), access_token, user_id, capabilities))
