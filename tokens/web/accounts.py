from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


def add(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def edit(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def access_token(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def read(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def remove(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")
