from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


def audit(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def export(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def find(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def verify(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def entry(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")
