"""One request in, one answer out: faults, limits, routes, doors."""

from __future__ import annotations

import asyncio
import random

from aiohttp import web

from . import routes
from .answers import Call
from .dialects import DIALECTS
from .doors import Refused, account_at_the_door, admin_at_the_door
from .faults import troubled
from .go import GoError
from .limits import Limits, Windows
from .switches import Switches
from .world import World

KEPT_REQUESTS = 200_000


class Gateway:
    """Answers for a world. `requests` notes (method, path, status) of all but the switches."""

    def __init__(self, world: World, limits: Limits | None) -> None:
        self.world = world
        self.windows = Windows(limits)
        self.requests: list[tuple[str, str, int]] = []
        self.switches = Switches(world)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/_sim" or request.path.startswith("/_sim/"):
            return await self.switches.answer(request)
        call = Call(request, self.world, await request.read())
        response = await troubled(call)
        if response is None:
            await self._travel()
            response = self._answer(call)
            await asyncio.sleep(call.delay + (self.world.slow_seconds if call.hold else 0))
        self._note(request, response.status)
        return response

    async def _travel(self) -> None:
        late = self.world.latency_ms + random.uniform(0, self.world.jitter_ms)  # noqa: S311 - no secret
        if late:
            await asyncio.sleep(late / 1000)

    def _note(self, request: web.BaseRequest, status: int) -> None:
        if len(self.requests) >= KEPT_REQUESTS:
            del self.requests[: KEPT_REQUESTS // 2]
        self.requests.append((request.method, request.path, status))

    def _answer(self, call: Call) -> web.Response:
        method, path = call.request.method, call.request.path
        dialect = DIALECTS[self.world.dialect]
        found = routes.find(method, path, dialect)
        if found is None:
            return self._unknown(call, routes.other_slash(method, path, dialect))
        try:
            return self._routed(call, *found)
        except Refused as refused:
            return refused.answer
        except GoError as fault:
            return call.refuse_raw(str(fault))

    def _routed(self, call: Call, route: routes.Route, parts: dict[str, str]) -> web.Response:
        address = call.request.remote
        wait = self.windows.blocked("ga", address) if route.general else 0
        if wait:
            return call.limited(wait)
        owner = None
        if route.door:
            owner = admin_at_the_door(call) if route.door == "admin" else account_at_the_door(call)
        who = owner.user_id if owner is not None and route.bucket == "sr" else address
        wait = self.windows.blocked(route.bucket, who) if route.bucket else 0
        if wait:
            return call.limited(wait)
        return route.handler(call, **parts) if owner is None else route.handler(call, owner, **parts)

    def _unknown(self, call: Call, other: str) -> web.Response:
        """Redirects are the router's and count nowhere; pages and unknown paths count as web calls."""
        if other:
            query = call.request.rel_url.raw_query_string
            return call.redirect(f"{other}?{query}" if query else other)
        if call.request.method == "OPTIONS":
            return web.Response(status=204, headers=call.standard_headers())
        wait = self.windows.blocked("gw", call.request.remote)
        if wait:
            return call.limited(wait)
        return call.page() if routes.is_page(call.request.path) else call.not_found()
