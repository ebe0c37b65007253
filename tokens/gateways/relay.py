"""Calls with a key. They never raise: whatever happens becomes Evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tokens.network.client import Wire
from tokens.vault.fingerprint import bearer_of

from .reading import Reading, ask
from .records import Evidence, Rung


async def look_models(wire: Wire, base_url: str, key: str) -> Evidence:
    """`GET {base_url}/models`: free; the gateway judges key, expiry, quota, ban and, since 2025-08, IP and group."""
    return models_evidence(await _ask_with_key(wire, "models", f"{base_url.rstrip('/')}/models", key))


async def look_usage(wire: Wire, base_url: str, key: str) -> Evidence:
    """`GET /api/usage/token/`: tells a dead key's reason. Scarce: 20 calls per 20 minutes from one address."""
    return usage_evidence(await _ask_with_key(wire, "usage", f"{management_root(base_url)}/api/usage/token/", key))


async def look_gateway(wire: Wire, base_url: str) -> Evidence:
    """`GET {base_url}/models` without a key: any answer in JSON, also a refusal, means that the gateway is there."""
    return models_evidence(await ask(wire, "status", "GET", f"{base_url.rstrip('/')}/models"))


def management_root(base_url: str) -> str:
    """Where /api begins: the base URL less a trailing /v1."""
    return base_url.rstrip("/").removesuffix("/v1").rstrip("/")


def models_evidence(reading: Reading) -> Evidence:
    """How many models the key may use; `data: null` (done-hub) is none."""
    payload = reading.payload
    if isinstance(payload, dict) and "data" in payload and "error" not in payload:
        listed = payload["data"]
        if listed is None or isinstance(listed, list):
            return replace(reading.evidence, models=len(listed or ()))
    if isinstance(payload, list):  # some compatible servers leave the envelope out
        return replace(reading.evidence, models=len(payload))
    return reading.evidence


def usage_evidence(reading: Reading) -> Evidence:
    """What is left and until when, in numbers and in a note; `message` "ok" is no error."""
    said = reading.payload.get("data") if isinstance(reading.payload, dict) else None
    if reading.evidence.status != 200 or reading.evidence.success is False or not isinstance(said, dict):
        return reading.evidence
    unlimited = said.get("unlimited_quota") is True
    left = None if unlimited else _whole(said.get("total_available"))
    note = "unlimited" if unlimited else "" if left is None else f"{left:,} units left"
    expires = _whole(said.get("expires_at"))
    return replace(
        reading.evidence,
        success=True,
        message="",
        note=note,
        left_units=left,
        expires_unix=expires if expires and expires > 0 else None,
    )


async def _ask_with_key(wire: Wire, rung: Rung, url: str, key: str) -> Reading:
    bearer = bearer_of(key)
    return await ask(wire, rung, "GET", url, headers={"Authorization": f"Bearer {bearer}"}, secrets=(bearer,))


def _whole(value: Any) -> int | None:
    """An integer from a number or a numeric string, as forks send them."""
    try:
        return None if isinstance(value, bool) or value is None else int(float(value))
    except (ValueError, TypeError, OverflowError):
        return None
