"""The dialects that the simulator speaks: what differs between gateway versions, as flags."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """Everything about a version that a client can see."""

    name: str
    paged_list: bool = True  # items/total, 1-based; else a flat list, 0-based
    masked_keys: bool = True
    reveals: bool = True  # key, batch and auto-groups routes
    usage: bool = True  # /api/usage/token/
    user_header: bool = False  # New-Api-User demanded
    real_401: bool = True  # a wrong access token is a 401, not 200 success:false
    quota_checked: bool = True
    one_refusal: bool = True  # unknown, disabled, expired and exhausted keys answer alike
    early_group_check: bool = True  # GET /v1/models looks at IP and group
    networks: bool = True  # IP limits may be networks and junk denies; else only plain addresses count
    echoes_limits: bool = False  # GET /v1/models shows a token's limit list, served or not
    error_codes: bool = True
    speaks_english: bool = True
    version_header: bool = True
    retry_after: bool = True
    trusts_by_need: bool = False  # an account with 100 times the pre-charge is trusted, whatever the token holds
    name_bytes: int = 50
    go_type: str = "tokenRequest.Token"
    ga_limit: int = 360
    gw_limit: int = 120


NEWEST = Dialect("new-api-2026-08")
APRIL_2025 = Dialect(
    "new-api-2025-04",
    paged_list=False,
    masked_keys=False,
    reveals=False,
    usage=False,
    user_header=True,
    real_401=False,
    quota_checked=False,
    one_refusal=False,
    early_group_check=False,
    networks=False,
    echoes_limits=True,
    error_codes=False,
    speaks_english=False,
    version_header=False,
    retry_after=False,
    trusts_by_need=True,
    name_bytes=30,
    go_type="Token",
    ga_limit=180,
    gw_limit=60,
)
DIALECTS = {dialect.name: dialect for dialect in (NEWEST, APRIL_2025)}
