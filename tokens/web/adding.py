from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


def add(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def bring_in(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")
