"""The audit log: every act with its before and after, found by who, what, when or the key itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from tokens.models import AuditEvent
from tokens.services import auditing, paging, reviewing

from .access import actor_of
from .fragments import done

ON_A_PAGE = 50
VERIFIED_HERE = 100_000  # entries that a request may walk through; beyond it takes the command
FORMATS: dict[str, tuple[str, Callable[[QuerySet[AuditEvent]], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", reviewing.as_csv),
    "json": ("application/json", reviewing.as_json),
}


@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    if mark := reviewing.mark_in(request.GET.get("words", "")):  # a key, where only words belong: off the address
        return done(request, f"{reverse('audit')}?fingerprint={mark}")
    search = reviewing.Search.of(request.GET)
    page = paging.page(
        search.rows(), size=ON_A_PAGE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    days = groupby(page.rows, key=lambda event: timezone.localtime(event.at).date())
    context = {
        "search": search,
        "page": page,
        "days": [(day, [reviewing.entry(event) for event in events]) for day, events in days],
        "actions": reviewing.known_actions(),
        "kinds": reviewing.KINDS,
        "verified": reviewing.last_verified(),
        "finding": "find" in request.GET,
    }
    return render(request, "audit/list.html", context)


@require_GET
def entry(request: HttpRequest, event_id: int) -> HttpResponse:
    event = get_object_or_404(AuditEvent, pk=event_id)
    return render(request, "audit/entry.html", {"entry": reviewing.entry(event)})


@sensitive_post_parameters()
@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """A pasted key becomes the start of its fingerprint; the key itself reaches no URL, log or row."""
    mark, problem = reviewing.mark_of(request.POST.get("key", ""))
    if problem:
        messages.error(request, problem)
        return done(request, reverse("audit") + "?find")
    return done(request, f"{reverse('audit')}?fingerprint={mark}")


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    if AuditEvent.objects.order_by()[: VERIFIED_HERE + 1].count() > VERIFIED_HERE:
        messages.warning(request, _("The log is long: run “manage.py verify_audit” where Keyward runs."))
        return done(request, reverse("audit"))
    found = reviewing.verify()
    auditing.record(actor_of(request), "audit.verify", changes={"whole": ("", found.whole)})
    if found.whole:
        messages.success(request, _("The chain is whole, all %(n)d entries of it.") % {"n": found.entries})
    else:
        messages.error(request, _("The chain is broken. The banner says where."))
    return done(request, reverse("audit"))


@require_GET
def export(request: HttpRequest, form: str) -> StreamingHttpResponse:
    if form not in FORMATS:
        raise Http404
    content_type, write = FORMATS[form]
    search = reviewing.Search.of(request.GET)
    filters: dict[str, Any] = {name: ("", value) for name, value in search.on().items()}
    auditing.record(actor_of(request), "audit.export", changes={"format": ("", form), **filters})
    response = StreamingHttpResponse(write(search.rows()), content_type=content_type)
    name = f"keyward-audit-{timezone.now():%Y%m%d-%H%M%S}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response
