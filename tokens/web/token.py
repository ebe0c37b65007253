from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


def token_page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def check(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def pause(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def resume(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def describe(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def forget(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")
