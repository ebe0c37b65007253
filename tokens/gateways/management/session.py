"""One account's calls: credentials on every request, evidence of every answer, errors by the tree in errors.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokens.network.client import Wire

from ..errors import (
    AccountBanned,
    CredentialRefused,
    GatewayError,
    NotAGateway,
    NotFound,
    NotSupported,
    Overloaded,
    RateLimited,
    Refused,
    Unreachable,
    UserIdNeeded,
)
from ..phrases import Phrase, recognise
from ..reading import Reading, ask
from ..records import Evidence, Rung

# Each fork reads its own and ignores the others, so all go at once (new-api from 2026-08 on reads none).
USER_ID_HEADERS = (
    "New-Api-User",
    "Veloera-User",
    "voapi-user",
    "User-id",
    "Rix-Api-User",
    "neo-api-user",
    "X-Api-User",
)
BY_PHRASE: dict[Phrase, type[GatewayError]] = {
    Phrase.BANNED: AccountBanned,
    Phrase.USER_ID_WANTED: UserIdNeeded,
    Phrase.ACCESS_REFUSED: CredentialRefused,
    Phrase.RIGHT_MISSING: CredentialRefused,
    Phrase.WRONG_PATH: NotSupported,
    Phrase.RATE_LIMITED: RateLimited,
    Phrase.OVERLOADED: Overloaded,
}


class Session:
    """Sends an access token raw, or after "Bearer " where a gateway wants that; `capabilities["bearer"]` remembers."""

    def __init__(
        self, wire: Wire, root: str, access_token: str, user_id: str, capabilities: dict[str, Any] | None
    ) -> None:
        self.calls: list[Evidence] = []
        self.capabilities: dict[str, Any] = capabilities if capabilities is not None else {}
        self._wire = wire
        self._root = root
        self._access_token = access_token.strip()
        self._user_id = user_id.strip()
        self._form_tried = False

    async def call(
        self,
        method: str,
        path: str,
        *,
        rung: Rung = "facts",
        body: Any = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Reading:
        """One successful answer of the management API. Raises GatewayError."""
        bearer = bool(self.capabilities.get("bearer"))
        reading = await self._send(method, path, rung, body, params, bearer)
        error = error_of(reading)
        if type(error) is CredentialRefused and not self._form_tried:
            bearer = not bearer  # a refused call did nothing, so asking again in the other form is safe
            reading = await self._send(method, path, rung, body, params, bearer)
            error = error_of(reading)
        self._form_tried = self._form_tried or not isinstance(error, Unreachable)
        if error is not None:
            raise error
        self.capabilities["bearer"] = bearer
        return reading

    async def _send(
        self, method: str, path: str, rung: Rung, body: Any, params: Mapping[str, str | int] | None, bearer: bool
    ) -> Reading:
        headers = {"Authorization": f"Bearer {self._access_token}" if bearer else self._access_token}
        if self._user_id:
            headers |= dict.fromkeys(USER_ID_HEADERS, self._user_id)
        reading = await ask(
            self._wire,
            rung,
            method,
            self._root + path,
            headers=headers,
            body=body,
            params=params,
            secrets=(self._access_token,),
        )
        self.calls.append(reading.evidence)
        return reading

    def __repr__(self) -> str:
        return f"<Session {self._root}>"


def error_of(reading: Reading) -> GatewayError | None:
    """Why an answer is no success: by what it is, then by its words, then by `success`, and by status at last."""
    evidence, status = reading.evidence, reading.evidence.status or 0
    if evidence.fault:
        return Unreachable(evidence)
    if status == 429:
        return RateLimited(evidence)
    if evidence.body != "json":
        return Overloaded(evidence) if status >= 500 else NotAGateway(evidence)
    if evidence.success:
        return None
    known = BY_PHRASE.get(recognise(evidence.code, evidence.message))
    return known(evidence) if known else _by_status(evidence, reading.payload)


def _by_status(evidence: Evidence, payload: Any) -> GatewayError | None:
    status = evidence.status or 0
    if status == 404:
        return NotSupported(evidence)
    if status == 401:
        return CredentialRefused(evidence)
    if status >= 500:
        return Overloaded(evidence)
    if "record not found" in evidence.message.lower():
        return NotFound(evidence)
    if evidence.success is False or status >= 400:
        return Refused(evidence)
    return None if isinstance(payload, dict) and "data" in payload else NotAGateway(evidence)
