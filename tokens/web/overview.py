"""The first page: what is wrong, what ends next, and whether Keyward itself is well."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from tokens.services import overviewing

from .fragments import asks_for

# Of the first run's picture: (day, state, title), as charts.strip wants them.
EXAMPLE = [
    ("", {44: "failing", 43: "degraded", 21: "degraded", 20: "degraded"}.get(day, "healthy"), "") for day in range(60)
]


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """The page, or the part that is asked for: what moves is polled often, the rest rarely."""
    now = timezone.now()
    if asks_for(request, "own-pulse"):
        return render(request, "overview/_pulse.html", {"own": overviewing.own_pulse(now)})
    found = overviewing.overview(now)
    if asks_for(request, "state"):
        return render(request, "overview/_state.html", {"found": found})
    if not overviewing.started():
        return render(request, "overview/first_run.html", {"example": EXAMPLE})
    rest = {
        "gateways": overviewing.gateway_rows(found.counts, now),
        "coming": overviewing.coming(now),
        "changes": overviewing.last_changes(),
    }
    if asks_for(request, "rest"):
        return render(request, "overview/_rest.html", {"found": found, **rest})
    return render(request, "overview/page.html", {"found": found, "own": overviewing.own_pulse(now), **rest})
