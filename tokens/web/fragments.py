"""Fragment glue: which part of a page a request asks for, and how an act answers."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails


def asks_for(request: HttpRequest, target: str) -> bool:
    """Whether htmx asks for the element with this id (HX-Target). Never decided by "it is htmx" alone."""
    details = cast(HtmxDetails, getattr(request, "htmx", None))
    return bool(details) and details.target == target


def page_or_part(
    request: HttpRequest, page: str, parts: dict[str, str], context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render the page, or the one part of it that is asked for: {target id: template}."""
    for target, template in parts.items():
        if asks_for(request, target):
            return render(request, template, context, status=status)
    return render(request, page, context, status=status)


def done(request: HttpRequest, to: str) -> HttpResponse:
    """An act succeeded: go there, by HX-Redirect for htmx and by 303 for a plain form."""
    if getattr(request, "htmx", None):
        return HttpResponseClientRedirect(to)
    response = HttpResponseRedirect(to)
    response.status_code = 303
    return response
