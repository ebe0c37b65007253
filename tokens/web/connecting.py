"""Connect a gateway: probe as it is typed, probe again before it is saved."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tokens.models import Gateway
from tokens.models.gateway import DIALECTS
from tokens.services import connecting, probing, unlocking
from tokens.services.connecting import AccessTokenRefused
from tokens.services.probing import Asked

from .access import actor_of
from .forms.gateway import ConnectForm
from .fragments import asks_for, done

KINDS = [
    {"value": "cometapi", "title": "CometAPI", "means": gettext_lazy("Makes and watches tokens")},
    {
        "value": "family",
        "title": gettext_lazy("new-api or one-api"),
        "means": gettext_lazy("Makes and watches tokens, any brand"),
    },
    {
        "value": "openai",
        "title": gettext_lazy("OpenAI-compatible"),
        "means": gettext_lazy("Watches keys that you paste"),
    },
]


@never_cache
@sensitive_post_parameters("access_token")
@require_http_methods(["GET", "POST"])
def connect(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        kind = _kind(request.GET)
        preset = request.GET.get("base_url", probing.COMET if kind == "cometapi" else "")
        return _page(request, ConnectForm(initial={"kind": kind, "base_url": preset}), Asked(preset), kind)
    if "ask" in request.POST or "use" in request.POST:
        return _asked(request)
    form, kind = ConnectForm(request.POST), _kind(request.POST)
    asked = probing.ask(request.POST.get("base_url", ""), kind)
    gateway = _save(request, form, asked, kind) if form.is_valid() else None
    if gateway is None:
        return _page(request, form, asked, kind)
    messages.success(request, _("%(name)s is connected.") % {"name": gateway.name})
    return done(request, gateway.get_absolute_url())


@require_POST
def probe_typed(request: HttpRequest) -> HttpResponse:
    """The corrections under the address, and the walk beside the form."""
    typed, kind = _typed(request)
    asked = probing.ask(typed, kind)
    context = _context(ConnectForm(initial={"kind": kind, "base_url": typed}), asked, kind)
    part = "_address_probed.html" if asks_for(request, "address") else "_probed.html"
    return render(request, f"gateways/{part}", context)


def _asked(request: HttpRequest) -> HttpResponse:
    """Without script: ask, or take the offered address, and show the form again with everything typed."""
    typed, kind = _typed(request)
    data = request.POST.copy()
    data["base_url"] = typed
    # Shown as typed, but not judged yet: initial values, so that no field complains.
    form = ConnectForm(initial={name: data.get(name, "") for name in ConnectForm.base_fields})
    return _page(request, form, probing.ask(typed, kind), kind)


def _save(request: HttpRequest, form: ConnectForm, asked: Asked, kind: str) -> Gateway | None:
    if trouble := unlocking.problem():
        form.add_error(None, trouble)
        return None
    try:
        found = probing.settled(asked, kind, anyway=form.cleaned_data["anyway"])
        name = form.cleaned_data["name"] or probing.default_name(found)
        return connecting.connect(actor_of(request), name=name, found=found, account=form.account(_("Main")))
    except probing.NotYet as no:
        form.add_error("base_url", no.sentence)
    except AccessTokenRefused as no:
        form.add_error(no.field, str(no))
    except IntegrityError:
        form.add_error("base_url", _("This address was connected a moment ago."))
    return None


def _typed(request: HttpRequest) -> tuple[str, str]:
    """Address and kind as they are meant: an offered address taken, or CometAPI's own filled in."""
    kind, typed = _kind(request.POST), request.POST.get("use") or request.POST.get("base_url", "")
    chosen = getattr(getattr(request, "htmx", None), "trigger_name", None) == "kind"
    if kind == "cometapi" and not typed.strip():
        return probing.COMET, kind
    return ("" if chosen and kind != "cometapi" and typed == probing.COMET else typed), kind


def _kind(data: QueryDict) -> str:
    kind = data.get("kind", "")
    return kind if kind in probing.KINDS else "cometapi"


def _page(request: HttpRequest, form: ConnectForm, asked: Asked, kind: str) -> HttpResponse:
    return render(request, "gateways/connect.html", _context(form, asked, kind))


def _context(form: ConnectForm, asked: Asked, kind: str) -> dict[str, Any]:
    unasked = not asked.found and not asked.refused and asked.typed
    silent = form.is_bound and asked.found is not None and not asked.answers
    return {
        "form": form,
        "kinds": KINDS,
        "kind": kind,
        "asked": asked,
        "trigger": "input changed delay:600ms" + (", load" if unasked else ""),
        "dialect": dict(DIALECTS).get(asked.found.dialect, "") if asked.found else "",
        "no_answer": probing.no_answer(asked),
        "insist": silent and asked.twin is None,
        "took": asked.seconds * 1000,
    }
