"""Why a management call did not do what was asked.

GatewayError                  every one below; carries the Evidence
├── Unreachable               no answer: dns, tls, connect, timeout, closed (gateway's light)
├── NotAGateway               an answer, but no gateway's: HTML, redirect, not JSON (wrong_base_url, protocol_mismatch)
├── RateLimited               429; retry_after in seconds or None
├── Overloaded                5xx of the gateway itself
├── CredentialRefused         the access token is wrong, replaced or lacks the right
│   └── UserIdNeeded          the token may be good: the gateway wants a (matching) user id beside it
├── AccountBanned
├── NotSupported              the gateway has no such call
└── Refused                   success:false for a reason in `message` (validation, not found, limit reached)
    └── NotFound
"""

from __future__ import annotations

from .records import Evidence


class GatewayError(Exception):
    """A call failed; `evidence` says how. Its text never holds a key or an access token."""

    def __init__(self, evidence: Evidence, message: str = "") -> None:
        super().__init__(message or evidence.message or evidence.fault or f"HTTP {evidence.status}")
        self.evidence = evidence


class Unreachable(GatewayError): ...


class NotAGateway(GatewayError): ...


class RateLimited(GatewayError):
    @property
    def retry_after(self) -> float | None:
        return self.evidence.retry_after


class Overloaded(GatewayError): ...


class CredentialRefused(GatewayError): ...


class UserIdNeeded(CredentialRefused): ...


class AccountBanned(GatewayError): ...


class NotSupported(GatewayError): ...


class Refused(GatewayError): ...


class NotFound(Refused): ...
