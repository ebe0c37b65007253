"""A simulated gateway on a socket, in a thread and loop of its own.

sim = Simulator()
account = sim.add_account("alice")
token = sim.add_token(account, "ci")
with sim.running():
    ...  # sim.url, token.key, account.access_token
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from .dialects import DIALECTS
from .gateway import Gateway
from .limits import Limit, Limits
from .records import Account, Token, new_access_token
from .statefile import StateFile
from .world import BRANDS, CREATE_FAULTS, GATEWAY_FAULTS, World

SAVE_EVERY = 1.0  # seconds
PARTING = 0.05  # seconds that a call under way gets when the simulator stops


def _of_world(name: str, known: tuple[str, ...] = ()) -> Any:
    """An attribute of the simulator that lives in its world; with `known`, only these values or ""."""

    def read(simulator: Simulator) -> Any:
        return getattr(simulator.world, name)

    def write(simulator: Simulator, value: Any) -> None:
        if known and value and value not in known:
            raise ValueError(f"unknown {name} {value!r}; known: {', '.join(known)}")
        setattr(simulator.world, name, value)
        simulator.world.touch()

    return property(read, write)


class Simulator:
    """A gateway of the new-api family that does what it is told, wrong things included."""

    gateway_fault = _of_world("gateway_fault", GATEWAY_FAULTS)
    create_fault = _of_world("create_fault", CREATE_FAULTS)
    slow_seconds = _of_world("slow_seconds")
    slow_token_seconds = _of_world("slow_token_seconds")
    retry_after = _of_world("retry_after")
    latency_ms = _of_world("latency_ms")
    jitter_ms = _of_world("jitter_ms")

    def __init__(
        self,
        brand: str = "new_api_error",
        limits: bool | Limits = False,
        seed: dict[str, Any] | None = None,
        *,
        dialect: str = "new-api-2026-08",
        state: Path | None = None,
    ) -> None:
        self.world = World.load(seed) if seed is not None else World(brand=brand, dialect=dialect)
        if self.world.brand not in BRANDS or self.world.dialect not in DIALECTS:
            raise ValueError(f"brands: {', '.join(BRANDS)}; dialects: {', '.join(DIALECTS)}")
        self._gateway = Gateway(self.world, self._limits(limits))
        self._state = StateFile(state, self.world) if state is not None else None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self.host, self.port = "127.0.0.1", 0

    def _limits(self, limits: bool | Limits) -> Limits | None:
        if isinstance(limits, Limits):
            return limits
        dialect = DIALECTS[self.world.dialect]
        stock = Limits(ga=Limit(dialect.ga_limit, 180), gw=Limit(dialect.gw_limit, 180))
        return stock if limits else None

    # -- who is there -------------------------------------------------------------------------------------------------

    @property
    def accounts(self) -> list[Account]:
        return list(self.world.accounts.values())

    def account(self, username: str) -> Account:
        return next(account for account in self.accounts if account.username == username)

    def token(self, token_id: int) -> Token:
        return next(account.tokens[token_id] for account in self.accounts if token_id in account.tokens)

    def add_account(self, username: str, *, balance_units: int = 50_000_000, **facts: Any) -> Account:
        """`facts` are the fields of `records.Account`."""
        return self.world.add_account(username, quota=balance_units, **facts)

    def add_token(self, account: Account, name: str, *, unlimited: bool | None = None, **facts: Any) -> Token:
        """`facts` are the fields of `records.Token`. Unlimited unless `remain_quota` is given."""
        fault = facts.pop("fault", "")
        facts.setdefault("unlimited_quota", "remain_quota" not in facts if unlimited is None else unlimited)
        token = self.world.add_token(account, name, **facts)
        token.fault = fault
        return token

    def replace_access_token(self, account: Account) -> str:
        """As if the owner had made a new one elsewhere: the old one is dead."""
        account.access_token = new_access_token()
        self.world.touch()
        return account.access_token

    @property
    def requests(self) -> list[tuple[str, str, int]]:
        """(method, path, status) of every call but those to the switches, oldest first."""
        return self._gateway.requests

    def forget_limits(self) -> None:
        self._gateway.windows.reset()

    def export(self) -> dict[str, Any]:
        """The whole state for Simulator(seed=...); holds keys and access tokens in clear."""
        return self.world.export()

    # -- running ------------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @contextmanager
    def running(self, port: int = 0, host: str = "127.0.0.1") -> Iterator[Simulator]:
        """Serves in a thread until the block ends. Raises OSError when the port is taken."""
        ready: Future[None] = Future()
        thread = threading.Thread(target=self._in_thread, args=(host, port, ready), name="simulator", daemon=True)
        thread.start()
        try:
            ready.result(timeout=10)
            yield self
        finally:
            self.stop()
            thread.join()

    def stop(self) -> None:
        """Ask a running simulator to end; from any thread."""
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)

    def _in_thread(self, host: str, port: int, ready: Future[None]) -> None:
        try:
            asyncio.run(self.serve(host, port, lambda: ready.set_result(None)))
        except Exception as fault:
            if not ready.done():
                ready.set_exception(fault)

    async def serve(self, host: str, port: int, on_ready: Callable[[], None]) -> None:
        """Listen until `stop`."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        runner = web.ServerRunner(web.Server(self._gateway.answer, access_log=None), shutdown_timeout=PARTING)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            self.host, self.port = host, int(runner.addresses[0][1])
            on_ready()
            await self._until_stopped(self._stop)
        finally:
            await runner.cleanup()
            self.save()

    async def _until_stopped(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.save()
            try:
                async with asyncio.timeout(SAVE_EVERY if self._state is not None else None):
                    await stop.wait()
            except TimeoutError:
                continue

    def save(self) -> None:
        """Write the state file now, if there is one and anything has changed. Who fills a simulator for another
        process (the demo) makes it with `state`, adds what it wants and saves."""
        if self._state is not None:
            self._state.save()
