"""The recorded answers that Keyward's rungs can meet, as evidence. Read once from tests/wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from tokens.gateways.reading import read
from tokens.gateways.records import Evidence, Rung
from tokens.gateways.relay import models_evidence, usage_evidence
from tokens.health.judge import judge_management, judge_relay
from tokens.health.verdicts import Judgement
from tokens.network.client import Answer

WIRE = Path(__file__).parent.parent / "wire"
RUNGS: dict[tuple[str, str], Rung] = {
    ("GET", "/v1/models"): "models",
    ("GET", "/api/usage/token"): "usage",
    ("GET", "/api/usage/token/"): "usage",
    ("GET", "/api/token/"): "facts",
    ("GET", "/api/user/self"): "account",
    ("GET", "/api/user/self/groups"): "account",
    ("GET", "/api/user_group_map"): "account",
    ("GET", "/api/status"): "status",
    ("POST", "/v1/chat/completions"): "call",
}
RECORDED_AT = datetime(2026, 11, 24, 6, 10, tzinfo=UTC)  # when the recordings were made, all within the hour
RELAY = ("models", "usage", "dry", "call")
# Not answers but summaries that whoever recorded them wrote in place of the body.
SUMMARIES = frozenset({("new-api-2026-08", "relay-autoban-models-after")})


@dataclass(frozen=True)
class Case:
    version: str
    name: str
    rung: Rung
    request: dict[str, Any]
    response: dict[str, Any]

    @property
    def evidence(self) -> Evidence:
        body = self.response["body"]
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        headers = httpx.Headers(self.response["headers"])
        answer = Answer(self.response["status"], headers, text.encode(), latency_ms=20, truncated=False)
        reading = read(self.rung, f"{self.request['method']} {self.path}", answer)
        shape = {"models": models_evidence, "usage": usage_evidence}.get(self.rung)
        return shape(reading) if shape else reading.evidence

    @property
    def path(self) -> str:
        return str(self.request["path"]).split("?")[0]

    @property
    def judgement(self) -> Judgement:
        return judge_relay(self.evidence, now=RECORDED_AT) if self.rung in RELAY else judge_management(self.evidence)


@cache
def cases() -> tuple[Case, ...]:
    return tuple(_read())


def _read() -> Iterator[Case]:
    for file in sorted(WIRE.glob("*.json")):
        for entry in json.loads(file.read_text()):
            request = entry.get("request") or {}
            rung = RUNGS.get((request.get("method", ""), str(request.get("path", "")).split("?")[0]))
            if rung and (file.stem, entry["case"]) not in SUMMARIES:
                yield Case(file.stem, entry["case"], _dry(rung, request), request, entry["response"])


def _dry(rung: Rung, request: dict[str, Any]) -> Rung:
    body = request.get("body")
    return "dry" if rung == "call" and isinstance(body, dict) and "messages" not in body else rung
