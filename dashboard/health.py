"""`/healthz`: this process is alive. `/readyz`: the whole of Keyward works, or which part does not and why."""

import os
from collections.abc import Callable
from datetime import timedelta

from celery import current_app
from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from tokens.models import Pulse
from tokens.services import unlocking

# A pulse is written every 10 seconds; three missed ones and it counts as stopped.
SILENCE = timedelta(seconds=40)


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when everything answers; 503 with a reason for each part that does not."""
    parts = {name: check() for name, check in CHECKS.items()}
    ready = not any(parts.values())
    body = {"status": "ready" if ready else "not ready", "parts": {name: why or "ok" for name, why in parts.items()}}
    answer = JsonResponse(body, status=200 if ready else 503)
    # Django logs each 503 as an error; the poller hears of it already, every few seconds.
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer


def database() -> str:
    """Why the database cannot be used, or ""."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return "the database does not answer"
    return ""


def broker() -> str:
    """Why the queue cannot be used, or ""."""
    folder = current_app.conf.broker_transport_options.get("data_folder_in")
    if folder and not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return "the queue folder cannot be used"
    try:
        with current_app.connection_for_read(connect_timeout=2) as link:
            link.ensure_connection(max_retries=1, timeout=2)
    except (OSError, OperationalError):
        return "the broker does not answer"
    return ""


def pulse(name: str) -> str:
    """Why `name` counts as stopped, or ""."""
    try:
        at = Pulse.objects.filter(name=name).values_list("at", flat=True).first()
    except Error:
        return "unknown, since the database does not answer"
    if at is None:
        return "has not been heard of yet"
    silent = timezone.now() - at
    return f"silent for {int(silent.total_seconds())} seconds" if silent > SILENCE else ""


def keys() -> str:
    """Why nothing can be opened, or ""."""
    try:
        return unlocking.problem()
    except Error:
        return "unknown, since the database does not answer"


CHECKS: dict[str, Callable[[], str]] = {
    "database": database,
    "broker": broker,
    "keys": keys,
    "scheduler": lambda: pulse("beat"),
    "worker": lambda: pulse("worker"),
}
