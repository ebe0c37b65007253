from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


def incident_list(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def incident_page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")


def acknowledge(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")
