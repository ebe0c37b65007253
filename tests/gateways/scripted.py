"""A gateway that says what a test wrote down for it, on a real socket, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from tokens.network.client import Wire
from tokens.network.policy import AddressPolicy

WIRE = Path(__file__).parent.parent / "wire"
LOCAL = AddressPolicy(allow_private=True)


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Script:
    """Answers by "METHOD /path": (status, body[, headers]); of a list each is used once, the last one stays."""

    answers: dict[str, Any]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        text = await request.text()
        self.asked.append(
            Asked(
                request.method,
                request.path,
                dict(request.query),
                {name.lower(): value for name, value in request.headers.items()},
                json.loads(text) if text else None,
            )
        )
        planned = self.answers.get(f"{request.method} {request.path}", self.answers.get("*", (404, NO_SUCH_PATH)))
        if isinstance(planned, list):
            planned = planned.pop(0) if len(planned) > 1 else planned[0]
        status, body, *rest = planned(self.asked[-1]) if callable(planned) else planned
        headers = dict(rest[0]) if rest else {}
        if not isinstance(body, str):
            body = json.dumps(body, ensure_ascii=False)
            headers.setdefault("Content-Type", "application/json; charset=utf-8")
        return web.Response(status=status, body=body.encode(), headers=headers)

    def paths(self) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.asked]


NO_SUCH_PATH = {"error": {"message": "Invalid URL", "type": "invalid_request_error", "param": "", "code": ""}}
PAGE = (200, "<!doctype html><html><title>New API</title><div id=root></div></html>", {"Content-Type": "text/html"})


@asynccontextmanager
async def scripted(answers: dict[str, Any]) -> AsyncIterator[tuple[Script, Wire]]:
    """The script running on a port, and a wire that may reach it."""
    script = Script(answers)
    runner = web.ServerRunner(web.Server(script.answer, access_log=None), shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    script.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with Wire(LOCAL, concurrency=4, total_timeout=5) as wire:
            yield script, wire
    finally:
        await runner.cleanup()


def recorded(version: str, case: str) -> Any:
    """The body of a recorded answer."""
    return next(e for e in json.loads((WIRE / f"{version}.json").read_text()) if e["case"] == case)["response"]["body"]


def ok(data: Any = None, **more: Any) -> tuple[int, Any]:
    return 200, {"success": True, "message": "", "data": data, **more}


def refused(message: str, status: int = 200, **more: Any) -> tuple[int, Any]:
    return status, {"success": False, "message": message, **more}
