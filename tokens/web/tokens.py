"""The list of tokens, and what is done to several of them at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from tokens.services import acting, listing, waking
from tokens.services.listing import Wanted

from . import rows
from .access import actor_of
from .fragments import asks_for, done, page_or_part


@require_GET
def token_list(request: HttpRequest) -> HttpResponse:
    now, wanted, words = timezone.now(), Wanted.read(request.GET.dict()), request.GET.get("q", "")
    # A form sends its empty fields too, and somebody may have pasted a key: the address stays short and clean.
    if "" in request.GET.values() or listing.without_key(words) != words:
        return HttpResponseRedirect(f"{request.path}?{wanted.query()}")
    page = listing.page(wanted, now)
    shown = rows.rows(page.tokens, now)
    context = {
        "page": page,
        "rows": shown,
        "poll_seconds": rows.poll_seconds(shown),
        "running": listing.running(now),
        "sorts": rows.sorts(wanted),
        "here": wanted.query(after=wanted.after, before=wanted.before),
    }
    if not asks_for(request, "rows"):
        context |= _around(wanted, page, now)
    return page_or_part(request, "tokens/list.html", {"rows": "tokens/_polled.html"}, context)


def _around(wanted: Wanted, page: listing.Page, now: datetime) -> dict[str, Any]:
    """What stands around the rows and is not polled."""
    counts, choices = listing.counts(now), listing.choices()
    return {
        "wanted": wanted,
        "counts": counts,
        "gateways": len(choices["gateway"]),
        "views": rows.views(wanted, counts),
        "chips": rows.chips(wanted, choices),
        "selects": rows.selects(wanted, choices),
        "cleared": Wanted(view=wanted.view, sort=wanted.sort).query(),
        "previous": page.previous and f"?{wanted.query(before=page.previous)}",
        "following": page.following and f"?{wanted.query(after=page.following)}",
    }


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Check now, pause, resume or tag the ticked tokens, and say how many."""
    deed, ids = request.POST.get("deed", ""), [pk for pk in request.POST.getlist("token") if pk.isdecimal()]
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    there = back if safe else reverse("tokens")
    try:
        result = acting.act(actor_of(request), deed, [int(pk) for pk in ids], request.POST.get("tag", ""))
    except acting.NothingToDo as refusal:
        messages.warning(request, str(refusal))
        return done(request, there)
    waking.checkers(result.orders)
    messages.success(request, result.sentence)
    return done(request, there)
