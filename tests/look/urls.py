"""The addresses of the project, and the pages that only the tests of the look open."""

from types import SimpleNamespace
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.messages import get_messages, success
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from dashboard.urls import urlpatterns as project
from tokens.templatetags.sheet import sheet_context

PULSE = {"state": "healthy", "words": "Checker running", "seconds": 4}
NAV = {"tokens": 684, "incidents": 7, "gateways": 4, "pulse": PULSE}


def person() -> Any:
    return SimpleNamespace(is_authenticated=True, get_full_name="Mira Okafor", get_username="mira")


@login_not_required
def sheet(request: HttpRequest) -> HttpResponse:
    if "toast" in request.GET:
        success(request, "checkout-assistant is healthy again.")
    shown = {"user": person(), "nav": NAV, "messages": get_messages(request)}
    return render(request, "ui/sheet.html", shown | sheet_context())


@login_not_required
def error(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, f"{name}.html")


@login_not_required
def place(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a place of the navigation")


PLACES = ("overview", "tokens", "incidents", "gateways", "channels", "audit")
urlpatterns = [
    path("look/sheet", sheet),
    path("look/error/<str:name>", error),
    *(path(f"look/{name}/", place, name=name) for name in PLACES),
    *project,
]
