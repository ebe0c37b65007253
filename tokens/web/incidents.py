"""Open problems: one cause is one incident, however many tokens it covers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tokens.models import Incident
from tokens.services import charting, inspecting, paging
from tokens.services import incidents as opened
from tokens.services.inspecting import Wanted

from . import facts
from .access import actor_of
from .fragments import done, page_or_part

ON_A_PAGE = 30
RECENT = 5  # closed ones under the open ones


@require_GET
def incident_list(request: HttpRequest) -> HttpResponse:
    wanted, now = Wanted.read(request.GET), timezone.now()
    page = paging.page(
        inspecting.dressed(wanted.rows()),
        size=ON_A_PAGE,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    closed = Wanted("closed", wanted.light, wanted.gateway).rows().order_by("-pk")
    recent = list(inspecting.dressed(closed)[:RECENT]) if wanted.state == "open" else []
    inspecting.tell_channels([*page.rows, *recent])
    context = {
        "wanted": wanted,
        "page": page,
        "counts": wanted.counts(),
        "recent": recent,
        "usual": inspecting.usual_length(now),
        "gateways": inspecting.gateways(),
    }
    return page_or_part(request, "incidents/list.html", {"incidents": "incidents/_list.html"}, context)


@require_GET
def incident_page(request: HttpRequest, incident_id: int) -> HttpResponse:
    related = ("gateway", "account__gateway", "token__gateway", "token__account", "token__owner", "acknowledged_by")
    incident = get_object_or_404(Incident.objects.select_related(*related), pk=incident_id)
    subject, now, notes = incident.subject(), timezone.now(), inspecting.told(incident)
    latency = charting.latency(incident.light, subject, now) if incident.light != "account" else None
    context = {
        "incident": incident,
        "subject": subject,
        "proofs": facts.proofs(subject.evidence if incident.is_open else incident.evidence),
        "covered": inspecting.covered(incident),
        "notes": notes,
        "story": inspecting.story(incident, notes),
        "before": inspecting.outages_before(incident),
        "latency": latency if incident.is_open else None,
    }
    return page_or_part(request, "incidents/page.html", {"incident": "incidents/_body.html"}, context)


@require_POST
def acknowledge(request: HttpRequest, incident_id: int) -> HttpResponse:
    incident = get_object_or_404(Incident, pk=incident_id)
    if incident.is_open:
        opened.acknowledge(incident, actor_of(request))
        messages.success(request, _("You are on it. Others see your name beside the incident."))
    else:
        messages.info(request, _("It was over before: there is nothing to acknowledge."))
    back = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return done(request, back if here else incident.get_absolute_url())
