"""The closed list of verdicts and what each one means. Printed into docs/verdicts.md by `manage.py verdicts`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Light = Literal["token", "account", "gateway"]


class Verdict(StrEnum):
    OK = "ok"
    DEGRADED_SLOW = "degraded_slow"
    QUOTA_LOW = "quota_low"
    EXPIRES_SOON = "expires_soon"
    RATE_LIMITED = "rate_limited"
    TOKEN_EXHAUSTED = "token_exhausted"
    ACCOUNT_EXHAUSTED = "account_exhausted"
    EXPIRED = "expired"
    DISABLED = "disabled"
    UNKNOWN_OR_REVOKED = "unknown_or_revoked"
    GROUP_FORBIDDEN = "group_forbidden"
    MODEL_FORBIDDEN = "model_forbidden"
    IP_BLOCKED = "ip_blocked"
    ACCOUNT_BANNED = "account_banned"
    NO_CHANNEL = "no_channel"
    WRONG_BASE_URL = "wrong_base_url"
    WAF_BLOCKED = "waf_blocked"
    GATEWAY_DOWN = "gateway_down"
    DNS_ERROR = "dns_error"
    TLS_ERROR = "tls_error"
    TIMEOUT = "timeout"
    UPSTREAM_ERROR = "upstream_error"
    PROTOCOL_MISMATCH = "protocol_mismatch"
    MANAGEMENT_CREDENTIAL_DEAD = "management_credential_dead"
    INCONCLUSIVE = "inconclusive"
    SKIPPED_BY_POLICY = "skipped_by_policy"


class State(StrEnum):
    """A settled state of a token; an account and a gateway use new, healthy, degraded, failing, paused."""

    NEW = "new"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    FAILING = "failing"
    PAUSED = "paused"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one look says. `light` is whose light the verdict turns; `note` is one line of detail (no secret), may be ""."""

    verdict: Verdict
    light: Light
    note: str = ""
