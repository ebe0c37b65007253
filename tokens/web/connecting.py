from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


def connect(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def probe_typed(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")
