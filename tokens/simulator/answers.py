"""How the gateway answers: JSON envelopes, relay errors, pages, redirects, limits. Every answer is made here."""

from __future__ import annotations

import gzip
import html
import json
import secrets
import time
from typing import Any

from aiohttp import web

from .dialects import DIALECTS, Dialect
from .texts import ENGLISH, SIMPLIFIED, language_of, say
from .world import World

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
NO_STORE = {"Cache-Control": "no-store, no-cache, must-revalidate, private, max-age=0"}
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>New API</title></head>'
    '<body><div id="root"></div></body></html>\n'
)


class Bare(web.Response):
    """A response without the content type that aiohttp would guess: the gateway's 429 has none, even gzipped."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.pop("Content-Type", None)


class Call:
    """One request being answered: the world, the dialect, the language and the request id."""

    def __init__(self, request: web.BaseRequest, world: World, body: bytes = b"") -> None:
        self.request, self.world, self.body = request, world, body
        self.dialect: Dialect = DIALECTS[world.dialect]
        self.request_id = new_request_id()
        self.language = self._language("")
        self.query = request.query
        self.signed_in = False
        self.delay = 0.0  # seconds; a token's fault "slow" sets it
        self.hold = False  # the answer waits for slow_seconds: create_fault "timeout_after_create"

    def _language(self, owners: str) -> str:
        if not self.dialect.speaks_english:
            return SIMPLIFIED
        return language_of(owners or self.request.headers.get("Accept-Language", ENGLISH))

    def speak_for(self, owners_language: str) -> None:
        """An owner's saved language beats the header."""
        self.language = self._language(owners_language)

    def say(self, text: str, **parts: object) -> str:
        return say(text, self.language, **parts)

    # -- management ---------------------------------------------------------------------------------------------------

    def data(self, data: Any, **headers: str) -> web.Response:
        return self.json({"data": data, "message": "", "success": True}, headers=headers)

    def done(self) -> web.Response:
        return self.json({"message": "", "success": True})

    def refuse(self, text: str, *, headers: dict[str, str] | None = None, **parts: object) -> web.Response:
        """A business error: HTTP 200 with success false."""
        return self.refuse_raw(self.say(text, **parts), headers=headers)

    def refuse_raw(self, message: str, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
        return self.json({"message": message, "success": False}, status=status, headers=headers or {})

    def unauthorised(self, text: str, code: str, status: int = 401) -> web.Response:
        """A refused credential; before 2026 a 200 without code."""
        if not self.dialect.real_401:
            return self.refuse(text)
        return self.json({"code": code, "message": self.say(text), "success": False}, status=status)

    # -- relay --------------------------------------------------------------------------------------------------------

    def abort(self, status: int, text: str, code: str = "", **parts: object) -> web.Response:
        """An error from the gateway's own doors: no `param`, the request id in the text."""
        error = {"code": code, "message": self._with_id(self.say(text, **parts)), "type": self.world.brand}
        if not self.dialect.error_codes:
            del error["code"]
        return self.json({"error": error}, status=status)

    def relay_error(self, status: int, message: str, code: str) -> web.Response:
        """An error from the relay itself: with `param`."""
        error = {"message": self._with_id(message), "type": self.world.brand, "param": "", "code": code}
        return self.json({"error": error}, status=status)

    def _with_id(self, message: str) -> str:
        return f"{message} (request id: {self.request_id})"

    # -- anything -----------------------------------------------------------------------------------------------------

    def json(self, body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return self.reply(text.encode(), JSON, status=status, headers=headers)

    def reply(
        self, body: bytes, content_type: str, *, status: int = 200, headers: dict[str, str] | None = None
    ) -> web.Response:
        found = {**self.standard_headers(), **(headers or {}), "Content-Type": content_type}
        if self.zips and len(body) > 0:
            body, found["Content-Encoding"] = gzip.compress(body, 1, mtime=0), "gzip"
        return web.Response(body=body, status=status, headers=found)

    def page(self) -> web.Response:
        """The web page: what a wrong path outside /api and /v1 answers, whatever the method."""
        return self.reply(PAGE.encode(), HTML, headers=self._cached("no-cache"))

    def not_found(self) -> web.Response:
        path = self.request.path
        message = f"Invalid URL ({self.request.method} {path})"
        error = {"message": message, "type": "invalid_request_error", "param": "", "code": ""}
        return self.json({"error": error}, status=404, headers=self._cached("max-age=604800"))

    def _cached(self, how: str) -> dict[str, str]:
        return {"Cache-Control": how} if self.dialect.version_header else {}

    def redirect(self, location: str) -> web.Response:
        """301 for GET, 307 for the rest; the router does this before anything else, so no request id."""
        return redirect(self.request.method, location, 307)

    def limited(self, seconds: int) -> web.Response:
        """A 429 with an empty body and no content type."""
        headers = self.standard_headers()
        if self.dialect.retry_after:
            headers["Retry-After"] = str(seconds)
        if self.zips:
            return Bare(status=429, headers={**headers, "Content-Encoding": "gzip"}, body=gzip.compress(b"", mtime=0))
        return Bare(status=429, headers=headers)

    @property
    def zips(self) -> bool:
        """Management answers and limits are gzipped for who accepts it; the relay's are not."""
        accepted = "gzip" in self.request.headers.get("Accept-Encoding", "")
        return accepted and not self.request.path.startswith("/v1/")

    def standard_headers(self) -> dict[str, str]:
        headers = {"X-Oneapi-Request-Id": self.request_id}
        if self.dialect.version_header:
            headers["X-New-Api-Version"] = self.world.version
            if self.signed_in:
                headers["Auth-Version"] = "864b7076dbcd0a3c01b5520316720ebf"
        if self.world.brand == "comet_api_error":
            headers["X-Cometapi-Request-Id"] = self.request_id
        return headers


def redirect(method: str, location: str, otherwise: int = 301) -> web.Response:
    if method != "GET":
        return Bare(status=otherwise, headers={"Location": location})
    body = f'<a href="{html.escape(location)}">Moved Permanently</a>.\n\n'
    return web.Response(status=301, body=body.encode(), headers={"Location": location, "Content-Type": HTML})


def new_request_id() -> str:
    """Like the gateway's: UTC time to the nanosecond and a random tail."""
    now = time.time_ns()
    stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(now // 1_000_000_000))
    return f"{stamp}{now % 1_000_000_000:09d}{secrets.token_hex(8)}"
