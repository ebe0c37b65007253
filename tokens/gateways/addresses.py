"""What a person types as an address, and the base URLs that it may mean, likeliest first. No network here."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

COMETAPI = "https://api.cometapi.com/v1"
COMETAPI_PAGES = frozenset({"cometapi.com", "www.cometapi.com", "apidoc.cometapi.com", "query.cometapi.com"})
OPENAI_HOST = "api.openai.com"
SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# Pages of consoles and calls of the API, which people copy from the browser or from an example.
PAGES = re.compile(r"^/(console|panel|dashboard|login|register|token|setting|topup|pricing|api)(/|$)", re.IGNORECASE)
# Calls of the management API answer in JSON too, so they would pass for a base.
MANAGEMENT = re.compile(r"^/api/(token|user|status|usage|log|group|pricing|setup|data)(/|$)", re.IGNORECASE)
CALLS = re.compile(
    r"/(chat/completions|completions|models|embeddings|messages|responses|images|audio|dashboard/billing)(/.*)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Typed:
    """An address taken apart. `path` has no trailing slash; `bare` means that no scheme was typed."""

    scheme: str
    host: str  # with the port
    path: str
    bare: bool
    slash: bool  # a slash stood at the end of a path

    @property
    def is_local(self) -> bool:
        """Whether http is natural there: this machine or a private network."""
        name = (urlsplit(f"//{self.host}").hostname or "").lower()
        if name == "localhost" or name.endswith((".local", ".lan", ".internal", ".home.arpa")) or "." not in name:
            return ":" not in name or _private(name)
        return _private(name)


def take_apart(typed: str) -> Typed:
    """Raises ValueError when it is no address at all. A query and a fragment are dropped."""
    text = typed.strip().strip("\"'`<>").strip()
    bare = not SCHEME.match(text)
    parts = urlsplit(f"https://{text}" if bare else text)
    if not parts.hostname:
        raise ValueError("no host")
    slash = parts.path.endswith("/") and parts.path != "/"
    return Typed(parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/"), bare, slash)


def origins(typed: Typed) -> tuple[str, ...]:
    """Where to ask: https first for public hosts, http first for local ones, http only where it was typed or bare."""
    secure, plain = f"https://{typed.host}", f"http://{typed.host}"
    if typed.scheme == "http":
        return (plain,) if typed.is_local else (secure, plain)
    if typed.bare and typed.is_local:
        return (plain, secure)
    return (secure,)


def base_paths(path: str) -> tuple[str, ...]:
    """Paths that may be the base, likeliest first: what was typed less a call, with /v1, the root's /v1, as typed."""
    trimmed = CALLS.sub("", path)
    if match := re.search(r"^(.*?/v\d+(?:beta)?)(?:/|$)", trimmed):
        trimmed = match[1]
        found = [trimmed, "/v1"]
    elif PAGES.match(trimmed) and not MANAGEMENT.match(trimmed):
        found = [trimmed, "/v1"]  # asked only so that the answer can be shown
    elif not trimmed or MANAGEMENT.match(trimmed):
        found = ["/v1"]
    else:
        found = [f"{trimmed}/v1", "/v1", trimmed]
    return tuple(dict.fromkeys(found))


def _private(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_private
    except ValueError:
        return False
