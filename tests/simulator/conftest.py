"""A running simulator with one account and one token, and a plain way to ask it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from tokens.simulator import Account, Simulator, Token


@dataclass(frozen=True)
class Said:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks one simulator; every call on a connection of its own."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim

    def ask(self, method: str, path: str, credential: str = "", *, timeout: float = 5, **sent: Any) -> Said:
        """`body` for JSON, `form` for a form. Raises OSError or HTTPException where no answer comes."""
        headers = {"Authorization": credential} if credential else {}
        text = None
        if "form" in sent:
            text, headers["Content-Type"] = urlencode(sent["form"]), "application/x-www-form-urlencoded"
        if "body" in sent:
            text, headers["Content-Type"] = json.dumps(sent["body"]), "application/json"
        link = http.client.HTTPConnection("127.0.0.1", self.sim.port, timeout=timeout)
        try:
            link.request(method, path, text, {**headers, **sent.get("headers", {})})
            answer = link.getresponse()
            return Said(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            link.close()

    def get(self, path: str, credential: str = "", **sent: Any) -> Said:
        return self.ask("GET", path, credential, **sent)

    def models(self, token: Token, **sent: Any) -> Said:
        return self.get("/v1/models", f"Bearer sk-{token.key}", **sent)

    def listed(self, account: Account) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/api/token/?page_size=100", account.access_token).json["data"]["items"]
        return found

    def row(self, account: Account, token: Token) -> dict[str, Any]:
        return next(row for row in self.listed(account) if row["id"] == token.id)

    def put(self, account: Account, body: dict[str, Any], query: str = "") -> Said:
        return self.ask("PUT", f"/api/token/{query}", account.access_token, body=body)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    simulator = Simulator()
    with simulator.running():
        yield simulator


@pytest.fixture
def alice(sim: Simulator) -> Account:
    return sim.add_account("alice", balance_units=20_000_000)


@pytest.fixture
def token(sim: Simulator, alice: Account) -> Token:
    return sim.add_token(alice, "ci")


@pytest.fixture
def client(sim: Simulator) -> Client:
    return Client(sim)


@pytest.fixture
def client_of() -> Callable[[Simulator], Client]:
    return Client
