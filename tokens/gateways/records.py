"""What a gateway told us, as frozen records: no I/O, no secrets but the fields that say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Rung = Literal["facts", "models", "usage", "account", "status", "dry", "call"]
Fault = Literal["", "dns", "tls", "connect", "timeout", "closed", "too_large", "refused_address"]
BodyKind = Literal[
    "", "json", "html", "challenge", "stream", "text", "empty", "redirect", "bad_json"
]  # challenge: a firewall's page


@dataclass(frozen=True, slots=True)
class Evidence:
    """One call and what came back, safe to store and to show: no key, no access token, no query with either."""

    rung: Rung
    asked: str  # "GET /v1/models"
    status: int | None = None  # HTTP status, None when no answer came
    latency_ms: int | None = None
    fault: Fault = ""
    body: BodyKind = ""
    brand: str = ""  # error.type
    code: str = ""  # error.code, or the management envelope's code
    message: str = ""  # scrubbed, at most 300 characters
    request_id: str = ""
    retry_after: float | None = None  # seconds
    success: bool | None = None  # the management envelope's own word
    models: int | None = None  # how many models the key may use (models rung)
    location: str = ""  # where a redirect points, host and path only
    note: str = ""  # anything a reader of the evidence should know
    family: bool | None = None  # True: the answer carries the marks of the new-api / one-api family
    left_units: int | None = None  # usage rung: quota left; None = unlimited or unknown
    expires_unix: int | None = None  # usage rung: unix seconds; None = never or unknown

    def as_dict(self) -> dict[str, Any]:
        """Only what says something, for a JSON column."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) not in ("", None)}


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """One token as the account's list shows it. Quotas are gateway units; times are aware UTC, None = never/unknown."""

    remote_id: int
    name: str
    status: int  # 1 enabled, 2 disabled, 3 expired, 4 exhausted; as stored, which is lazy
    group: str
    unlimited: bool
    remain_units: int
    used_units: int
    expires_at: datetime | None  # None = never
    expired_zero: bool = False  # expired_time stored as 0 or negative other than -1: dead on new-api
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    model_limits: tuple[str, ...] = ()  # empty = every model
    ip_limits: tuple[str, ...] = ()
    no_models: bool = False  # the model limit is on and its list is empty: every model is refused
    masked_key: str = ""  # as the list showed it, when it was masked (never with sk-)
    key: str = field(default="", repr=False)  # SECRET, without sk-, when the gateway lists keys in clear
    raw: dict[str, Any] = field(default_factory=dict, repr=False)  # the record less its key, for read-modify-write

    @property
    def hint(self) -> str:
        """The last four characters, from a masked or a clear key."""
        return (self.key or self.masked_key)[-4:]


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """The account behind an access token. Units as the gateway counts them; balance may be negative."""

    user_id: str
    username: str
    group: str
    status: int
    balance_units: int
    used_units: int


@dataclass(frozen=True, slots=True)
class GroupFacts:
    name: str
    description: str = ""
    ratio: float | None = None  # None when the gateway says a word ("auto")


@dataclass(frozen=True, slots=True)
class TokenPage:
    """One page of an account's list, and the cursor of the next (None at the end)."""

    tokens: tuple[TokenFacts, ...]
    evidence: Evidence
    next_cursor: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class TokenDraft:
    """What a token should be: the editable fields, in the gateway's units. expires_at None = never."""

    name: str
    unlimited: bool = True
    quota_units: int = 0
    group: str = ""
    expires_at: datetime | None = None
    model_limits: tuple[str, ...] = ()
    ip_limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a probe's walk: what was asked, what came back."""

    title: str
    note: str
    state: Literal["healthy", "degraded", "failing", "none"]
    latency_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """Why the typed address is not the right one, in a sentence with a bold start."""

    code: str  # http, no_scheme, missing_v1, path, html, redirect, openai_default, other_host, trailing_slash
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What stands at an address. `base_url` is the right one, ending in /v1 as an SDK wants it."""

    typed: str
    base_url: str
    answers: bool  # something that speaks the OpenAI dialect answered at base_url
    dialect: str = "openai"  # new-api, one-api, one-hub, done-hub, veloera, cometapi, openai
    version: str = ""
    quota_per_unit: float = 500_000
    capabilities: dict[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    corrections: tuple[Correction, ...] = ()
    evidence: Evidence | None = None
