"""A gateway that repeats whatever it is told, secrets first: in its bodies, its headers and its redirects."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Parrot(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        said = self.headers.get("Authorization", "")
        if "sk-" not in said:
            self._say(401, "You did not provide an API key.")
        elif self.path.endswith("/models"):
            self._say(401, f"Incorrect API key provided: {said}. Find yours under /keys?mine={said[7:]}.")
        else:
            self._say(404, f"Nothing at {self.path} for {said}")

    do_POST = do_GET

    def _say(self, status: int, message: str) -> None:
        error = {"message": message, "type": "invalid_request_error", "code": "invalid_api_key", "param": None}
        body = json.dumps({"error": error}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Request-Id", message[-60:])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@contextmanager
def parrot() -> Iterator[str]:
    """Yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Parrot)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
