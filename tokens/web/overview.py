from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


def overview(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("to come")
