"""The project's own small views: the theme switch and the error pages."""

import logging
import sys

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template import loader
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tokens.templatetags.sheet import sheet_context

log = logging.getLogger(__name__)

THEMES = ("light", "dark", "system")
YEAR = 365 * 24 * 3600  # seconds


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remembers light, dark or system in a cookie, and goes back to the page it came from."""
    response = HttpResponseRedirect(came_from(request), status=303)
    chosen = request.POST.get("theme", "")
    if chosen == "system":
        response.delete_cookie("theme", samesite="Lax")
    elif chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=YEAR, samesite="Lax", secure=request.is_secure())
    return response


def came_from(request: HttpRequest) -> str:
    """The page named by `next` or the Referer, if it is one of ours."""
    for place in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if place and url_has_allowed_host_and_scheme(place, {request.get_host()}, require_https=request.is_secure()):
            return place
    return "/"


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's 500, and a 503 when the database was busy or away: those pass, and the same again may well do.

    Called while the exception is handled. Nothing here may need the database.
    """
    fault = sys.exception()
    away = isinstance(fault, (OperationalError, InterfaceError))
    page = loader.get_template("503.html" if away else "500.html").render({"request": request})
    answer = HttpResponse(page, status=503 if away else 500)
    if away:
        answer.headers["Retry-After"] = "5"  # seconds
        answer._has_been_logged = True  # type: ignore[attr-defined]  # one line does, without the stack
        log.warning("%s %s: the database does not answer (%s)", request.method, request.path, fault)
    return answer


@login_not_required
def sheet(request: HttpRequest) -> HttpResponse:
    """Every component in every state; developer mode only."""
    return render(request, "ui/sheet.html", sheet_context())
