"""The gateway's routes: path, door, bucket. What no route names is a redirect, a 404 or the web page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from . import account, relay, tokens
from .dialects import Dialect


@dataclass(frozen=True)
class Route:
    """`door` is "" for all, "account" or "admin" for an access token; `bucket` a scarce limit beside the general one,
    asked after the door; `needs` a capability of the dialect."""

    method: str
    path: str
    handler: Callable[..., web.Response]
    door: str = ""
    bucket: str = ""
    needs: str = ""

    @property
    def general(self) -> bool:
        """Whether the call counts in the general bucket of /api and billing."""
        return self.path.startswith("/api/") or "/dashboard/billing/" in self.path


ROUTES = (
    Route("GET", "/api/token/", tokens.list_tokens, "account"),
    Route("POST", "/api/token/", tokens.create, "account"),
    Route("PUT", "/api/token/", tokens.update, "account"),
    Route("GET", "/api/token/search", tokens.search, "account", "sr"),
    Route("GET", "/api/token/auto-groups", account.auto_groups, "account", needs="reveals"),
    Route("POST", "/api/token/batch", tokens.batch_delete, "account", needs="reveals"),
    Route("POST", "/api/token/batch/keys", tokens.batch_keys, "account", "ct", "reveals"),
    Route("POST", "/api/token/:id/key", tokens.reveal, "account", "ct", "reveals"),
    Route("GET", "/api/token/:id", tokens.get, "account"),
    Route("DELETE", "/api/token/:id", tokens.delete, "account"),
    Route("GET", "/api/user/self", account.itself, "account"),
    Route("PUT", "/api/user/self", account.update_self, "account"),
    Route("GET", "/api/user/self/groups", account.groups, "account"),
    Route("GET", "/api/user/models", account.models, "account"),
    Route("GET", "/api/user/token", account.new_pat, "account", "ct"),
    Route("GET", "/api/user/groups", account.public_groups),
    Route("GET", "/api/user/sessions", account.sessions, "account", needs="reveals"),
    Route("GET", "/api/user/available_models", account.admins_only, "admin"),
    Route("GET", "/api/group/", account.all_groups, "admin"),
    Route("GET", "/api/log/", account.admins_only, "admin"),
    Route("GET", "/api/log/self/search", account.retired, "account", "sr"),
    Route("GET", "/api/status", account.status),
    Route("GET", "/api/setup", account.setup),
    Route("GET", "/api/usage/token/", relay.usage, "", "ct", "usage"),
    Route("GET", "/v1/models", relay.models),
    Route("GET", "/v1/models/:id", relay.model_by_id),
    Route("GET", "/v1/files", relay.files, needs="reveals"),
    Route("POST", "/v1/chat/completions", relay.chat),
    Route("POST", "/v1/images/variations", relay.not_implemented, needs="reveals"),
    Route("GET", "/v1/dashboard/billing/subscription", relay.subscription),
    Route("GET", "/v1/dashboard/billing/usage", relay.billing_usage),
    Route("GET", "/dashboard/billing/subscription", relay.subscription),
    Route("GET", "/dashboard/billing/usage", relay.billing_usage),
)
FIXED = {(route.method, route.path): route for route in ROUTES if ":" not in route.path}
OPEN_ENDED = [(re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", r.path)), r) for r in ROUTES if ":" in r.path]


def find(method: str, path: str, dialect: Dialect) -> tuple[Route, dict[str, Any]] | None:
    """The route of a path and its parts."""
    route = FIXED.get((method, path))
    if route is not None and _spoken(route, dialect):
        return route, {}
    for pattern, route in OPEN_ENDED:
        match = pattern.fullmatch(path) if route.method == method else None
        if match is not None and _spoken(route, dialect):
            return route, match.groupdict()
    return None


def _spoken(route: Route, dialect: Dialect) -> bool:
    return not route.needs or bool(getattr(dialect, route.needs))


def other_slash(method: str, path: str, dialect: Dialect) -> str:
    """The same path with or without its last slash, where that is a route; "" else."""
    if method == "GET" and path in ("/api/", "/v1/"):  # a quirk of the gateway's router
        return path[:-1]
    other = path[:-1] if path.endswith("/") else f"{path}/"
    return other if len(path) > 1 and find(method, other, dialect) is not None else ""


def is_page(path: str) -> bool:
    """Whether an unknown path answers the web page and not a JSON 404."""
    return not path.startswith(("/api", "/v1", "/assets"))
