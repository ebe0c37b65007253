"""The one HTTP client: httpx over aiohttp, which judges every address where the socket is made.

No redirects, no cookies, no proxies or netrc from the environment; bodies capped by decoded size, time capped in all.
Requests go to httpx's transport, not through its AsyncClient: what that adds (redirects, cookies, auth, hooks) is what
is not wanted here, and it costs more than the rest of a call.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp
import certifi
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from django.utils.translation import gettext as _
from httpx_aiohttp import AiohttpTransport

from .body import CappedBody, Damaged, TooLarge
from .faults import Barred, Fault, NetworkFault, fault_of
from .policy import AddressPolicy, AddressRefused

__all__ = ["Answer", "Fault", "NetworkFault", "Wire", "tls_context"]

DEFAULT_HEADERS = {"User-Agent": "Keyward/0.1", "Accept": "application/json, */*;q=0.5", "Accept-Encoding": "gzip"}
EXPECTED = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError, Damaged, TooLarge)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `truncated` only on statuses from 300 on: there the status says enough for a cut body to do."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)
    latency_ms: int  # from the first byte sent to the last byte read, waiting for a free connection not counted
    truncated: bool = False


@functools.cache
def tls_context() -> ssl.SSLContext:
    """The process's one TLS context (making one costs tens of ms): certifi's roots and the system's own."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()  # a company's own root, or SSL_CERT_FILE
    context.set_alpn_protocols(["http/1.1"])
    return context


class JudgingResolver(AbstractResolver):
    """Resolves by another resolver and refuses the name if any one of its addresses is refused."""

    def __init__(self, policy: AddressPolicy, inner: AbstractResolver) -> None:
        self._policy = policy
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for each in found:
            self._policy.check_address(each["host"])
        return found

    async def close(self) -> None:
        await self._inner.close()


class Wire:
    """An async context manager that sends requests. Times are seconds, `body_limit` decoded bytes.

    `concurrency` requests run at once; more wait their turn, and the wait counts against no timeout.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        concurrency: int = 32,
        connect_timeout: float = 5.0,
        total_timeout: float = 15.0,
        body_limit: int = 2_000_000,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.policy = policy
        self._concurrency = concurrency
        self._connect_timeout = connect_timeout
        self._total_timeout = total_timeout
        self._body_limit = body_limit
        self._inner_resolver = resolver
        self._tls = tls or tls_context()
        self._transport: httpx.AsyncBaseTransport | None = None
        self._judged: dict[str, httpx.URL] = {}  # as asked for, and as the policy lets it pass

    async def __aenter__(self) -> Self:
        self._turns = asyncio.Semaphore(self._concurrency)
        self._resolver = JudgingResolver(self.policy, self._inner_resolver or aiohttp.ThreadedResolver())
        self._transport = AiohttpTransport(verify=self._tls, trust_env=False, client=self._session())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()
            await self._resolver.close()

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        params: Mapping[str, str | int] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface promises it
    ) -> Answer:
        """One request, one answer, whatever its status. Raises NetworkFault when no whole answer came in time."""
        if self._transport is None:
            raise RuntimeError("Enter the wire first: async with Wire(policy) as wire.")
        async with self._turns:
            try:
                async with asyncio.timeout(self._total_timeout if timeout is None else timeout):
                    request = self._request(method, url, headers, json, content, params)
                    return await self._exchange(self._transport, request)
            except NetworkFault as known:
                fault = known
            except EXPECTED as error:
                fault = fault_of(error)
        raise fault.with_traceback(None)  # out here no context hangs on it: those errors may hold headers

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._concurrency, ssl=self._tls, resolver=self._resolver, socket_factory=self._make_socket
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)

    def _make_socket(self, address: tuple[Any, ...]) -> socket.socket:
        """The last gate: literal addresses never meet the resolver, but every connection needs a socket."""
        family, kind, protocol, _name, where = address
        try:
            self.policy.check_address(where[0])
        except AddressRefused as refusal:
            raise Barred(refusal) from None
        return socket.socket(family, kind, protocol)

    def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        json: Any,
        content: bytes | None,
        params: Mapping[str, str | int] | None,
    ) -> httpx.Request:
        for value in (headers or {}).values():
            if not (value.isascii() and value.isprintable()):
                raise NetworkFault("closed", _("The key or access token holds characters that cannot be sent."))
        return httpx.Request(
            method,
            self._judge(url),
            headers={**DEFAULT_HEADERS, **(headers or {})},
            params=params,
            json=json,
            content=content,
            extensions={"timeout": {"connect": self._connect_timeout}},
        )

    def _judge(self, url: str) -> httpx.URL:
        """The URL in its normal spelling. A wire asks for few different ones, so each is judged once."""
        if url not in self._judged:
            self._judged[url] = httpx.URL(self.policy.check_url(url))
        return self._judged[url]

    async def _exchange(self, transport: httpx.AsyncBaseTransport, request: httpx.Request) -> Answer:
        started = time.perf_counter()
        response = await transport.handle_async_request(request)
        try:
            body, truncated = await self._read(response)
        finally:
            await response.aclose()
        latency_ms = round((time.perf_counter() - started) * 1000)
        return Answer(response.status_code, response.headers, body, latency_ms, truncated)

    async def _read(self, response: httpx.Response) -> tuple[bytes, bool]:
        body = CappedBody(response.headers.get("Content-Encoding", ""), self._body_limit)
        try:
            async for chunk in response.aiter_raw():
                body.feed(chunk)
        except TooLarge:
            if response.status_code < 300:
                raise
            return body.bytes(), True
        return body.bytes(), False
