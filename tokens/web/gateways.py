from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


def gateway_list(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def gateway_page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def knock(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def probe_again(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def edit(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def remove(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def pause(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")
