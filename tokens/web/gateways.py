"""The gateways: their list, the page of each, and what a person may do with one."""

from __future__ import annotations

from dataclasses import replace

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tokens.gateways.records import ProbeResult
from tokens.health.verdicts import Verdict, meaning
from tokens.models import Gateway
from tokens.network.policy import AddressRefused
from tokens.services import connecting, explaining, knocking, pausing, probing, surveying
from tokens.templatetags.wording import milliseconds

from .access import actor_of
from .forms.gateway import EditGatewayForm
from .fragments import asks_for, done


@require_GET
def gateway_list(request: HttpRequest) -> HttpResponse:
    rows = surveying.survey(timezone.now())
    part = "_rows.html" if asks_for(request, "gateway-rows") else "list.html"
    return render(request, f"gateways/{part}", {"rows": rows})


@require_GET
def gateway_page(request: HttpRequest, gateway_id: int) -> HttpResponse:
    gateway, now = get_object_or_404(Gateway, pk=gateway_id), timezone.now()
    for account in gateway.accounts.all():
        if asks_for(request, f"account-{account.pk}"):
            panel = surveying.panels(gateway, now, account)[0]
            return render(request, "gateways/_account.html", {"panel": panel, "gateway": gateway})
    view = surveying.view(gateway, now)
    rows = explaining.capabilities(gateway)
    return render(request, "gateways/page.html", {"gateway": gateway, "view": view, "capabilities": rows})


@require_POST
def knock(request: HttpRequest, gateway_id: int) -> HttpResponse:
    gateway = get_object_or_404(Gateway, pk=gateway_id)
    before = gateway.checked_at
    knocking.knock_now(gateway, timezone.now())
    gateway.refresh_from_db()
    _say_knock(request, gateway, happened=gateway.checked_at != before)
    return done(request, gateway.get_absolute_url())


def _say_knock(request: HttpRequest, gateway: Gateway, *, happened: bool) -> None:
    if not happened or not gateway.looks:
        messages.warning(request, _("Somebody is knocking at %(name)s already.") % {"name": gateway.name})
        return
    _at, ms, verdict, _http = gateway.looks[-1]
    if verdict == Verdict.OK:
        words = {"name": gateway.name, "ms": milliseconds(ms or 0)}
        messages.success(request, _("%(name)s answered in %(ms)s.") % words)
    else:
        messages.warning(request, f"{gateway.name}: {meaning(verdict).title}. {meaning(verdict).cause}")


@require_POST
def probe_again(request: HttpRequest, gateway_id: int) -> HttpResponse:
    gateway = get_object_or_404(Gateway, pk=gateway_id)
    try:
        found = connecting.probe_again(actor_of(request), gateway)
    except AddressRefused as refusal:
        messages.error(request, refusal.sentence)
    else:
        if found.answers:
            messages.success(request, _("%(name)s was probed: the table is fresh.") % {"name": gateway.name})
        else:
            words = {"name": gateway.name, "why": found.steps[-1].title if found.steps else ""}
            messages.warning(request, _("%(name)s did not answer as a gateway: %(why)s.") % words)
    return done(request, gateway.get_absolute_url())


@require_POST
def pause(request: HttpRequest, gateway_id: int) -> HttpResponse:
    gateway = get_object_or_404(Gateway, pk=gateway_id)
    if request.POST.get("watch") == "on":
        pausing.resume_gateway(actor_of(request), gateway)
        messages.success(request, _("%(name)s is watched again.") % {"name": gateway.name})
    else:
        pausing.pause_gateway(actor_of(request), gateway)
        messages.success(request, _("%(name)s is not called until it is resumed.") % {"name": gateway.name})
    return done(request, gateway.get_absolute_url())


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, gateway_id: int) -> HttpResponse:
    gateway = get_object_or_404(Gateway, pk=gateway_id)
    form = EditGatewayForm(request.POST if request.method == "POST" else None, gateway=gateway)
    if form.is_valid() and _edited(request, form, gateway):
        messages.success(request, _("%(name)s was changed.") % {"name": gateway.name})
        return done(request, gateway.get_absolute_url())
    insist = "base_url" in form.errors and bool(form.data.get("base_url"))
    return render(request, "gateways/edit.html", {"form": form, "gateway": gateway, "insist": insist})


def _edited(request: HttpRequest, form: EditGatewayForm, gateway: Gateway) -> bool:
    actor = actor_of(request)
    try:
        found = _moved_to(form, gateway) if form.moved else None
        with transaction.atomic():
            connecting.edit(actor, gateway, form.kept)
            if found:
                connecting.take_probe(actor, gateway, found, "gateway.move")
    except probing.NotYet as no:
        form.add_error("base_url", no.sentence)
    except IntegrityError:
        form.add_error("base_url", _("Another gateway has this address."))
    return not form.errors


def _moved_to(form: EditGatewayForm, gateway: Gateway) -> ProbeResult:
    asked = probing.ask(form.cleaned_data["base_url"], kind_of(gateway))
    if asked.twin == gateway:
        asked = replace(asked, twin=None)
    return probing.settled(asked, kind_of(gateway), anyway=form.cleaned_data["anyway"])


def kind_of(gateway: Gateway) -> str:
    return {"cometapi": "cometapi", "openai": "openai"}.get(gateway.dialect, "family")


@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, gateway_id: int) -> HttpResponse:
    gateway = get_object_or_404(Gateway, pk=gateway_id)
    if request.method == "POST":
        connecting.remove(actor_of(request), gateway)
        messages.success(request, _("%(name)s is forgotten.") % {"name": gateway.name})
        return done(request, reverse("gateways"))
    counts = {"tokens": gateway.tokens.count(), "accounts": gateway.accounts.count()}
    return render(request, "gateways/remove.html", {"gateway": gateway, **counts})
