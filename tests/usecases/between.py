"""A proxy between Keyward and a gateway that holds one call: on its way there, or on the way of its answer back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import aiohttp
from aiohttp import web

Moment = Literal["before", "after"]


class Between:
    """`hold(3, "after")`: the third call reaches the gateway, and its answer nobody. `held` is set when it happens."""

    def __init__(self, gateway: str) -> None:
        self.gateway, self.url = gateway, ""
        self.passed: list[tuple[str, str]] = []
        self.held = threading.Event()
        self._seen, self._number = 0, 0
        self._moment: Moment = "before"

    def hold(self, number: int, moment: Moment) -> None:
        self._seen, self._number, self._moment = 0, number, moment
        self.held.clear()

    def let_go(self) -> None:
        self._number = 0

    @contextmanager
    def running(self) -> Iterator[Between]:
        started, loop = threading.Event(), asyncio.new_event_loop()
        stop = asyncio.Event()
        thread = threading.Thread(target=loop.run_until_complete, args=(self._serve(started, stop),), daemon=True)
        thread.start()
        started.wait(10)
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(10)
            loop.close()

    async def _serve(self, started: threading.Event, stop: asyncio.Event) -> None:
        self._stop = stop
        async with aiohttp.ClientSession(auto_decompress=False) as self._session:
            runner = web.ServerRunner(web.Server(self._pass_on, access_log=None), shutdown_timeout=0.3)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            started.set()
            await stop.wait()
            await asyncio.sleep(0)  # those that were held end first
            await runner.cleanup()

    async def _pass_on(self, request: web.BaseRequest) -> web.StreamResponse:
        self._seen += 1
        chosen = self._seen == self._number
        if chosen and self._moment == "before":
            await self._hold()
        self.passed.append((request.method, request.path))
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        target = self.gateway + request.raw_path
        body = await request.read()
        async with self._session.request(
            request.method, target, headers=headers, data=body, allow_redirects=False
        ) as got:
            answer = await got.read()
            if chosen:
                await self._hold()
            kept = {name: value for name, value in got.headers.items() if name.lower().startswith("content-")}
            kept.pop("Content-Length", None)
            return web.Response(status=got.status, body=answer, headers=kept)

    async def _hold(self) -> None:
        self.held.set()
        await self._stop.wait()
