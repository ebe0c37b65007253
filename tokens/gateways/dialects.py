"""Which dialect a gateway speaks and what it can do, from what it answers to nobody in particular. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .records import Evidence

BY_BRAND = {
    "new_api_error": "new-api",
    "comet_api_error": "cometapi",
    "one_api_error": "one-api",
    "one_hub_error": "one-hub",
    "veloera_error": "veloera",
}
NAMES = {
    "new-api": "new-api",
    "cometapi": "CometAPI",
    "one-api": "one-api",
    "one-hub": "one-hub",
    "done-hub": "done-hub",
    "veloera": "Veloera",
    "openai": "OpenAI-compatible",
}
DEFAULT_UNITS = 500_000.0  # quota units to the dollar, where the gateway does not say


@dataclass(frozen=True, slots=True)
class Signs:
    """What was seen of a gateway, all of it without a credential."""

    models: Evidence  # GET {base}/models
    status: Mapping[str, Any] = field(default_factory=dict)  # /api/status's data, {} when it has none
    headers: Mapping[str, str] = field(default_factory=dict)
    account: Evidence | None = None  # GET /api/user/self
    reveal: Evidence | None = None  # POST /api/token/0/key
    reveal_many: Evidence | None = None  # POST /api/token/batch/keys


def dialect_of(signs: Signs) -> str:
    """By brand, then by header, then by the shape of the status, which renamed forks keep."""
    by_brand = BY_BRAND.get(signs.models.brand, "")
    if by_brand == "one-hub":
        return "done-hub" if "builtin_chat_enabled" in signs.status or "ClaudeAPIEnabled" in signs.status else "one-hub"
    if by_brand:
        return by_brand
    if signs.headers.get("x-new-api-version") or "self_use_mode_enabled" in signs.status:
        return "new-api"
    if "PaymentUSDRate" in signs.status:
        return "one-hub"
    return "one-api" if "quota_per_unit" in signs.status else "openai"


def version_of(signs: Signs) -> str:
    return str(signs.status.get("version") or signs.headers.get("x-new-api-version") or "")[:60]


def units_to_the_dollar(signs: Signs) -> float:
    try:
        units = float(signs.status.get("quota_per_unit") or DEFAULT_UNITS)
    except (TypeError, ValueError):
        return DEFAULT_UNITS
    return units if 0 < units < float("inf") else DEFAULT_UNITS


def capabilities_of(signs: Signs, dialect: str) -> dict[str, Any]:
    """What create, reveal and checks need to know; found by asking, since versions and names promise nothing."""
    if dialect == "openai":
        return {}
    new = bool(signs.headers.get("x-new-api-version"))  # on every answer since 2026-01-30
    reveal = _is_there(signs.reveal)
    return {
        "reveal": reveal,
        "reveal_many": _is_there(signs.reveal_many),
        "keys_in_clear": not reveal,
        "user_id": dialect in ("new-api", "veloera", "cometapi") and not _says_code(signs.account),
        "usage": reveal,  # /api/usage/token/ is half a year older than reveal
        "groups": dialect != "one-api",
        "groups_complete": dialect not in ("one-api", "one-hub", "done-hub"),  # hubs hide private groups
        "name_bytes": 50 if new else 30,
        "system_name": str(signs.status.get("system_name") or "")[:60],
    }


def _is_there(evidence: Evidence | None) -> bool:
    """A call exists when it asks for a credential; where it is missing the answer is a 404 before any question."""
    return evidence is not None and evidence.status in (200, 401, 403) and evidence.body == "json"


def _says_code(evidence: Evidence | None) -> bool:
    """From 2026-08 on refusals carry a code, and the user id is no longer asked for."""
    return evidence is not None and evidence.code.startswith("AUTH_")
