"""The one HTTP client: an aiohttp session, which judges every address where the socket is made.

No redirects, no cookies, no proxies or netrc from the environment; bodies capped by decoded size, time capped in all.
Not through httpx: its client and transport add what is not wanted here (redirects, cookies, auth, hooks, a second set
of request, response and headers), which costs more than twice the call itself (docs/benchmarks.md).
"""

from __future__ import annotations

import asyncio
import functools
import json as jsons
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
from yarl import URL

from .body import CappedBody, Damaged, TooLarge
from .faults import Barred, Fault, NetworkFault, fault_of
from .policy import AddressPolicy, AddressRefused

__all__ = ["Answer", "Fault", "NetworkFault", "Wire", "tls_context"]

DEFAULT_HEADERS = {"User-Agent": "Keyward/0.1", "Accept": "application/json, */*;q=0.5", "Accept-Encoding": "gzip"}
CHUNK = 16_384  # bytes
EXPECTED = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError, Damaged, TooLarge)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `truncated` only on statuses from 300 on: there the status says enough for a cut body to do."""

    status: int
    headers: Mapping[str, str] = field(repr=False)  # names in any case
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
        self._client: aiohttp.ClientSession | None = None
        self._judged: dict[str, URL] = {}  # as asked for, and as the policy lets it pass

    async def __aenter__(self) -> Self:
        self._turns = asyncio.Semaphore(self._concurrency)
        self._resolver = JudgingResolver(self.policy, self._inner_resolver or aiohttp.ThreadedResolver())
        self._client = self._session()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()
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
        if self._client is None:
            raise RuntimeError("Enter the wire first: async with Wire(policy) as wire.")
        async with self._turns:
            try:
                async with asyncio.timeout(self._total_timeout if timeout is None else timeout):
                    where = self._judge(url, params)
                    sent = self._headers(headers, json)
                    body = content if json is None else _json(json)
                    return await self._exchange(self._client, method, where, sent, body)
            except NetworkFault as known:
                fault = known
            except EXPECTED as error:
                fault = fault_of(error)
        raise fault.with_traceback(None)  # out here no context hangs on it: those errors may hold headers

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._concurrency, ssl=self._tls, resolver=self._resolver, socket_factory=self._make_socket
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(sock_connect=self._connect_timeout),
        )

    def _make_socket(self, address: tuple[Any, ...]) -> socket.socket:
        """The last gate: literal addresses never meet the resolver, but every connection needs a socket."""
        family, kind, protocol, _name, where = address
        try:
            self.policy.check_address(where[0])
        except AddressRefused as refusal:
            raise Barred(refusal) from None
        return socket.socket(family, kind, protocol)

    def _headers(self, given: Mapping[str, str] | None, json: Any) -> dict[str, str]:
        for value in (given or {}).values():
            if not (value.isascii() and value.isprintable()):
                raise NetworkFault("closed", _("The key or access token holds characters that cannot be sent."))
        kind = {} if json is None else {"Content-Type": "application/json"}
        return {**DEFAULT_HEADERS, **kind, **(given or {})}

    def _judge(self, url: str, params: Mapping[str, str | int] | None) -> URL:
        """The URL in its normal spelling. A wire asks for few different ones, so each is judged once."""
        if url not in self._judged:
            self._judged[url] = URL(self.policy.check_url(url))
        judged = self._judged[url]
        return URL(str(httpx.URL(str(judged)).copy_merge_params(params))) if params else judged

    async def _exchange(
        self, client: aiohttp.ClientSession, method: str, url: URL, headers: dict[str, str], content: bytes | None
    ) -> Answer:
        started = time.perf_counter()
        async with client.request(method, url, headers=headers, data=content or None, allow_redirects=False) as answer:
            body, truncated = await self._read(answer)
        latency_ms = round((time.perf_counter() - started) * 1000)
        return Answer(answer.status, _readable(answer), body, latency_ms, truncated)

    async def _read(self, answer: aiohttp.ClientResponse) -> tuple[bytes, bool]:
        body = CappedBody(answer.headers.get("Content-Encoding", ""), self._body_limit)
        try:
            async for chunk in answer.content.iter_chunked(CHUNK):
                body.feed(chunk)
        except TooLarge:
            if answer.status < 300:
                raise
            return body.bytes(), True
        return body.bytes(), False


def _json(value: Any) -> bytes:
    return jsons.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _readable(answer: aiohttp.ClientResponse) -> Mapping[str, str]:
    """The headers; bytes that are no UTF-8 as Latin-1, since aiohttp's surrogates could not be stored."""
    if all(value.isascii() for value in answer.headers.values()):
        return answer.headers
    return httpx.Headers(answer.raw_headers)
