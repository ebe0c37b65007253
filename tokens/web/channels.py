from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


def channel_list(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def channel_new(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def channel_page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def test(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def toggle(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def remove(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def deliveries(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")
