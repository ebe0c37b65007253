"""From an HTTP answer to Evidence and payload: nothing here raises, and no secret gets into the evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from tokens.network.client import Answer, NetworkFault, Wire
from tokens.network.policy import AddressRefused
from tokens.vault.redaction import scrub

from .records import BodyKind, Evidence, Rung

MESSAGE_LENGTH = 300
REQUEST_ID_HEADERS = ("x-oneapi-request-id", "x-cometapi-request-id", "x-request-id", "cf-ray")
FAMILY_HEADERS = ("x-oneapi-request-id", "x-cometapi-request-id", "x-new-api-version")
REQUEST_ID = re.compile(r"\s*\(request id: ?([^)]*)\)")
# Gateways of 2025 show a refused key's first and last three characters: sk-abc***xyz.
MASKED_KEY = re.compile(r"(sk-)?(<[^>]*>|[\w-]){0,40}\*{3,}(<[^>]*>|[\w-]){0,40}")
UPSTREAM_PLACE = re.compile(r"https?://[^\s\"'<>)]+|(?<=lookup )\S+|(?<=dial tcp )\S+", re.IGNORECASE)
TITLE = re.compile(r"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
CHALLENGE = re.compile(
    r"just a moment|attention required|cf-chl|challenge-platform|captcha|ddos.guard|you have been blocked"
    r"|request unsuccessful\. incapsula|access denied|security check|web application firewall|waf",
    re.IGNORECASE,
)
WEB_PAGE = re.compile(rb"^\s*(<!doctype html|<html|<head|<body|<!--|<a href)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """One call: what may be kept of it, and the body, which may hold secrets and is not to be kept."""

    evidence: Evidence
    payload: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


async def ask(
    wire: Wire,
    rung: Rung,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    params: Mapping[str, str | int] | None = None,
    secrets: Iterable[str] = (),
) -> Reading:
    """Send one request and read what comes, also when nothing comes. `secrets` are masked in every text."""
    asked = f"{method} {urlsplit(url).path}"
    try:
        answer = await wire.send(method, url, headers=headers, json=body, params=params)
    except NetworkFault as fault:
        return Reading(Evidence(rung, asked, fault=fault.kind, message=_clean(fault.sentence, secrets)))
    except AddressRefused as refusal:
        return Reading(Evidence(rung, asked, fault="refused_address", message=refusal.sentence))
    return read(rung, asked, answer, secrets=secrets)


def read(rung: Rung, asked: str, answer: Answer, *, secrets: Iterable[str] = ()) -> Reading:
    kind, payload = _body(answer)
    error = _error(payload)
    text = error["message"] or (_title(answer.body) if kind in ("html", "challenge") else "")
    said, request_id = _without_request_id(text)
    evidence = Evidence(
        rung,
        asked,
        status=answer.status,
        latency_ms=answer.latency_ms,
        body=kind,
        brand=error["type"],
        code=error["code"],
        message=_clean(said, secrets),
        request_id=_clean(_first(answer.headers, REQUEST_ID_HEADERS) or request_id, secrets)[:80],
        retry_after=_retry_after(answer.headers),
        success=_flag(payload, "success"),
        location=_place(answer.headers.get("location", "")),
        family=True if _first(answer.headers, FAMILY_HEADERS) or "(request id:" in text else None,
    )
    return Reading(evidence, payload, answer.headers)


def _body(answer: Answer) -> tuple[BodyKind, Any]:
    """The kind of a body by what it is, not by what its content type says: JSON comes as text/plain, HTML as 200."""
    if 300 <= answer.status < 400:
        return "redirect", None
    text = answer.body.strip()
    if not text:
        return "empty", None
    kind = answer.headers.get("content-type", "").lower()
    if "html" in kind or WEB_PAGE.match(text):
        return _page(answer), None
    try:
        return "json", json.loads(text)
    except (ValueError, RecursionError):
        pass
    if "event-stream" in kind or text.startswith(b"data:"):
        return "stream", None
    return ("bad_json" if "json" in kind or text[:1] in (b"{", b"[") else "text"), None


def _page(answer: Answer) -> BodyKind:
    marked = answer.headers.get("cf-mitigated") or CHALLENGE.search(answer.body[:20_000].decode("utf-8", "replace"))
    return "challenge" if marked and answer.status in (401, 403, 405, 406, 429, 503) else "html"


def _title(body: bytes) -> str:
    found = TITLE.search(body[:20_000].decode("utf-8", "replace"))
    return " ".join(found[1].split()) if found else ""


def _error(payload: Any) -> dict[str, str]:
    """type, code and message of an error in any of the shapes met: OpenAI's, the management envelope, a bare string."""
    if not isinstance(payload, dict):
        return {"type": "", "code": "", "message": ""}
    inner = payload.get("error")
    source = inner if isinstance(inner, dict) else payload
    message = inner[:2000] if isinstance(inner, str) else _text(source.get("message"))
    kind = _text(source.get("type")) if isinstance(inner, dict) else ""
    return {"type": kind[:60], "code": _text(source.get("code"))[:60], "message": message}


def _text(value: Any) -> str:
    """Strings and numbers as text; booleans (`code: true` of the usage call) and containers are no text."""
    return str(value)[:2000] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _flag(payload: Any, name: str) -> bool | None:
    value = payload.get(name) if isinstance(payload, dict) else None
    return value if isinstance(value, bool) else None


def _without_request_id(text: str) -> tuple[str, str]:
    found = REQUEST_ID.search(text)
    return REQUEST_ID.sub("", text).strip(), found[1] if found else ""


def _clean(text: str, secrets: Iterable[str]) -> str:
    if not text:  # a good answer says nothing that could hold a secret
        return ""
    if not text:  # most answers say nothing, and scrubbing costs more than reading them
        return ""
    for secret in secrets:
        bare = secret.removeprefix("sk-")
        if len(bare) >= 4:
            text = text.replace(secret, "…").replace(bare, "…")
    text = UPSTREAM_PLACE.sub("***", scrub(MASKED_KEY.sub("***", text)))
    return "".join(letter if letter.isprintable() else " " for letter in text)[:MESSAGE_LENGTH]


def _first(headers: Mapping[str, str], names: Iterable[str]) -> str:
    return next((value for name in names if (value := headers.get(name))), "")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from a number or an HTTP date (against the answer's own Date when it has one)."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    until = _date(value)
    return max(0.0, (until - (_date(headers.get("date", "")) or datetime.now(UTC))).total_seconds()) if until else None


def _date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _place(location: str) -> str:
    """Host and path of a redirect's target; a query may hold anything."""
    try:
        parts = urlsplit(location)
        return ((parts.hostname or "") + (f":{parts.port}" if parts.port else "") + parts.path)[:200]
    except ValueError:
        return ""
