"""A gateway that answers as fast as one core can, so that what is measured is Keyward and not the other side.

    python -m bench.mock [--port 0] [--latency-ms 0] [--tokens-per-account 1000]

Speaks HTTP/1.1 with keep-alive: `GET /v1/models` for any key, and the four management calls that a sweep makes.
Prints its port on the first line. `GET /_count` tells how many requests it took; it is not counted itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from subprocess import PIPE, Popen
from sys import executable
from typing import Any
from urllib.parse import parse_qs, urlsplit

USER = re.compile(rb"\r\nnew-api-user: *(\d+)", re.IGNORECASE)
PAGE = 100
BORN = 1_760_000_000  # unix seconds
MODELS = ("gpt-5", "gpt-5-mini", "claude-sonnet-4-5", "gemini-2.5-pro", "deepseek-chat")


class Gateway(asyncio.Protocol):
    """One connection. Requests have no body and come one after another."""

    latency = 0.0  # seconds
    per_account = 1000
    counts: Counter[str] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.waiting = b""

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            head, self.waiting = self.waiting[:end], self.waiting[end + 4 :]
            self.answer(head)

    def answer(self, head: bytes) -> None:
        target = head.split(b" ", 2)[1].decode("ascii")
        path = target.partition("?")[0]
        if path == "/_count":
            self.transport.write(response(dict(self.counts)))
            return
        self.counts[path] += 1
        found = USER.search(head) if path.startswith("/api/") else None
        answer = answer_to(target, int(found[1]) if found else 0, self.per_account)
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self.transport.write, answer)
        else:
            self.transport.write(answer)


@cache
def answer_to(target: str, user: int, per_account: int) -> bytes:
    """The whole answer, made once: the same question is asked for hours."""
    parts = urlsplit(target)
    match parts.path:
        case "/v1/models":
            rows = [{"id": name, "object": "model", "created": BORN, "owned_by": "mock"} for name in MODELS]
            return response({"object": "list", "data": rows, "success": True})
        case "/api/user/self":
            facts = {"id": user, "username": f"user{user}", "group": "default", "status": 1}
            return said(facts | {"quota": 900_000_000, "used_quota": 1_000_000})
        case "/api/user/self/groups":
            return said({"default": {"ratio": 1, "desc": "Default"}, "vip": {"ratio": 0.8, "desc": "Vip"}})
        case "/api/token/":
            number = int(parse_qs(parts.query)["page"][0])
            return said(listing(user, number, per_account))
    return response({"error": {"message": "Invalid URL", "type": "new_api_error"}}, 404)


def listing(user: int, number: int, per_account: int) -> dict[str, Any]:
    first = (number - 1) * PAGE
    ids = range(first, min(first + PAGE, per_account))
    rows = [token(user, user * 100_000 + one) for one in ids]
    return {"page": number, "page_size": PAGE, "total": per_account, "items": rows}


def token(user: int, remote_id: int) -> dict[str, Any]:
    """One line of a list, with every field that new-api sends."""
    return {
        "id": remote_id,
        "user_id": user,
        "key": f"{remote_id:08x}"[:4] + "**********" + f"{remote_id:08x}"[-4:],
        "status": 1,
        "name": f"token-{remote_id}",
        "created_time": BORN,
        "accessed_time": BORN + 60,
        "expired_time": -1,
        "remain_quota": 5_000_000,
        "unlimited_quota": remote_id % 3 == 0,
        "model_limits_enabled": remote_id % 5 == 0,
        "model_limits": "gpt-5,gpt-5-mini" if remote_id % 5 == 0 else "",
        "allow_ips": "",
        "used_quota": 250_000,
        "group": "default",
        "cross_group_retry": False,
    }


def said(data: Any) -> bytes:
    return response({"success": True, "message": "", "data": data})


def response(payload: Any, status: int = 200) -> bytes:
    body = json.dumps(payload, separators=(",", ":")).encode()
    head = (
        f"HTTP/1.1 {status} OK\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"X-Oneapi-Request-Id: 20261124065500mock\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def running(*, latency_ms: int = 0) -> Iterator[str]:
    """The mock in a process of its own; yields its root URL."""
    line = [executable, "-m", "bench.mock", "--latency-ms", str(latency_ms)]
    with Popen(line, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def counted(url: str) -> Counter[str]:
    """How many requests it took so far, by path."""
    with urllib.request.urlopen(f"{url}/_count", timeout=10) as answer:
        return Counter(json.load(answer))


async def ceiling(url: str, *, connections: int = 16, seconds: float = 2.0) -> float:
    """Requests a second that it answers to a client which does next to nothing, one at a time a connection."""
    port, question = urlsplit(url).port, b"GET /v1/models HTTP/1.1\r\nHost: mock\r\n\r\n"
    size = len(answer_to("/v1/models", 0, 0))
    loop = asyncio.get_running_loop()
    until, answers = loop.time() + seconds, 0

    async def ask() -> None:
        nonlocal answers
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while loop.time() < until:
            writer.write(question)
            await reader.readexactly(size)
            answers += 1
        writer.close()

    await asyncio.gather(*(ask() for _ in range(connections)))
    return answers / seconds


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Gateway, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--latency-ms", type=int, default=0)
    options.add_argument("--tokens-per-account", type=int, default=Gateway.per_account)
    chosen = options.parse_args()
    Gateway.latency, Gateway.per_account = chosen.latency_ms / 1000, chosen.tokens_per_account
    asyncio.run(serve(chosen.port))


if __name__ == "__main__":
    main()
