"""What stands behind the gateway: a provider that answers "ok", and the faults of one that does not."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class UpstreamFault:
    """An error that the gateway passes on; `ours` marks those that it words itself."""

    status: int
    message: str
    type: str = ""
    code: str | None = None
    param: str = ""
    ours: bool = False

    def error(self) -> dict[str, Any]:
        return {"message": self.message, "type": self.type, "param": self.param, "code": self.code}

    def applies(self, body: dict[str, Any]) -> bool:
        return not self.param or self.param in body


_BAD_STATUS = UpstreamFault(502, "openai_error", "bad_response_status_code", "bad_response_status_code")
_TOO_HOT = UpstreamFault(
    400,
    "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got {temperature} instead.",
    "invalid_request_error",
    "decimal_above_max_value",
    "temperature",
)
_UNREACHABLE = UpstreamFault(500, "upstream error: do request failed", code="do_request_failed", ours=True)
_WRONG_KEY = "Incorrect API key provided: sk-up***. You can find your API key at https://***.com/***"

UPSTREAM_FAULTS: dict[str, UpstreamFault] = {
    "401": UpstreamFault(401, _WRONG_KEY, "invalid_request_error", "invalid_api_key"),
    "403": UpstreamFault(
        403,
        "Country, region, or territory not supported",
        "request_forbidden",
        "unsupported_country_region_territory",
    ),
    "404": UpstreamFault(
        404,
        "The model `up-404` does not exist or you do not have access to it.",
        "invalid_request_error",
        "model_not_found",
    ),
    "429": UpstreamFault(
        429, "Rate limit reached for requests. Please try again in 20s.", "requests", "rate_limit_exceeded"
    ),
    "quota": UpstreamFault(
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
        "insufficient_quota",
    ),
    "500": UpstreamFault(500, "The server had an error while processing your request.", "server_error"),
    "502": _BAD_STATUS,
    "html": _BAD_STATUS,
    "503": UpstreamFault(503, "The engine is currently overloaded, please try again later", "server_error"),
    "drop": _UNREACHABLE,
    "slow": _UNREACHABLE,  # the gateway gave up waiting
    "unreachable": _UNREACHABLE,
    "empty": UpstreamFault(500, "unexpected end of JSON input", "bad_response_body", "bad_response_body"),
    "junk": UpstreamFault(
        500, "invalid character 'h' in literal true (expecting 'r')", "bad_response_body", "bad_response_body"
    ),
    "maxtok": UpstreamFault(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "invalid_request_error",
        "unsupported_parameter",
        "max_tokens",
    ),
}


def refusal(behaviour: str, body: dict[str, Any]) -> UpstreamFault | None:
    """What the provider has against a request; None when it answers it. A temperature above 2 proves the whole way
    to the provider and costs nothing."""
    fault = UPSTREAM_FAULTS.get(behaviour)
    if fault is not None and fault.applies(body):
        return fault
    heat = body.get("temperature", 0)
    if isinstance(heat, int | float) and heat > 2:
        return replace(_TOO_HOT, message=_TOO_HOT.message.format(temperature=heat))
    return None


def completion(model: str, prompt_tokens: int) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": 1, "total_tokens": prompt_tokens + 1}
    return json.dumps({**_head(model, "chat.completion"), "choices": [choice], "usage": usage}).encode()


def stream(model: str) -> bytes:
    """The same as server-sent events."""
    deltas: list[tuple[dict[str, str], str | None]] = [
        ({"role": "assistant", "content": ""}, None),
        ({"content": "ok"}, None),
        ({}, "stop"),
    ]
    lines = []
    for delta, reason in deltas:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        lines.append("data: " + json.dumps({**_head(model, "chat.completion.chunk"), "choices": [choice]}))
    return "\n\n".join([*lines, "data: [DONE]", ""]).encode()


def _head(model: str, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-simulated", "object": kind, "created": 1700000000, "model": model}
