"""What happens around every request: its id, its true address, the viewer's time zone, the first run."""

import ipaddress
import re
import secrets
import zoneinfo
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from dashboard import first_run
from dashboard.logs import request_id
from tokens.services import unlocking

Handler = Callable[[HttpRequest], HttpResponseBase]

SOUND_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestId:
    """X-Request-Id in (when it is harmless) and out; `request.request_id` and the context variable hold it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-Id", "")
        own = given if SOUND_ID.fullmatch(given) else secrets.token_hex(8)
        request.request_id = own  # type: ignore[attr-defined]
        mark = request_id.set(own)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(mark)
        response.headers["X-Request-Id"] = own
        return response


class TrustedProxy:
    """Believes X-Forwarded-For and X-Forwarded-Proto from a trusted proxy only, and hides them otherwise."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        forwarded = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        if not trusted(request.META.get("REMOTE_ADDR", "")):
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        elif forwarded:
            request.META["REMOTE_ADDR"] = client_of(forwarded) or request.META["REMOTE_ADDR"]
        return self.get_response(request)


def trusted(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in settings.KEYWARD_TRUSTED_PROXIES)


def client_of(forwarded: str) -> str:
    """The last address of the chain that is not itself a trusted proxy; what stands before it can be made up."""
    chain = [part.strip() for part in forwarded.split(",")]
    client = next((address for address in reversed(chain) if not trusted(address)), chain[0])
    try:
        return str(ipaddress.ip_address(client))
    except ValueError:
        return ""


class ViewerZone:
    """Times on pages in the viewer's zone, which keyward.js keeps in the cookie `tz`."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with timezone.override(zone_named(request.COOKIES.get("tz", ""))):
            return self.get_response(request)


def zone_named(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name.replace("%2F", "/"))
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)


class FirstRun:
    """While nobody can sign in, every page leads to making the administrator."""

    open_paths = ("/healthz", "/readyz", "/static/", "/theme", "/i18n/")

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        door = reverse("first_run")
        if request.path == door or request.path.startswith(self.open_paths) or first_run.done():
            return self.get_response(request)
        return redirect(door)


class KeysGuard:
    """With a key ring that is not this database's, nothing is changed: every page can be read, and says so."""

    # These put the sentence beside their form, or change nothing that is stored with the domain.
    open_names = frozenset(
        {"connect", "connect_probe", "token_add", "token_bring_in", "token_create", "account_add"}
        | {"account_access_token", "account_login", "account_logout", "account_reauthenticate"}
        | {"first_run", "theme", "set_language"}
    )

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if request.method in ("GET", "HEAD", "OPTIONS") or (match and match.url_name in self.open_names):
            return None
        why = unlocking.problem()
        return render(request, "keys.html", {"why": why}, status=503) if why else None


class NoStore:
    """Pages hold what only the signed-in person may see: no cache keeps them."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponse) and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-store"
        return response
