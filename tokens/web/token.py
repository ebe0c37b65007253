"""The page of one token, and what is done from it."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tokens.health.verdicts import State
from tokens.models import Token
from tokens.services import acting, describing, pausing, waking

from . import facts
from .access import actor_of
from .forms.token import DescribeForm
from .fragments import done, page_or_part

PAUSES = {"day": timedelta(days=1), "week": timedelta(weeks=1)}


def _token(token_id: int) -> Token:
    return get_object_or_404(Token.objects.select_related("gateway", "account", "owner"), pk=token_id)


@require_GET
def token_page(request: HttpRequest, token_id: int) -> HttpResponse:
    context = facts.page(_token(token_id), timezone.now())
    return page_or_part(request, "tokens/token.html", {"token": "tokens/page/_polled.html"}, context)


@require_POST
def check(request: HttpRequest, token_id: int) -> HttpResponse:
    token = _token(token_id)
    if token.state in (State.PAUSED, State.RETIRED):
        messages.warning(request, _("%(name)s is not watched now. Resume it first.") % {"name": token.name})
        return done(request, token.get_absolute_url())
    orders = acting.look_soon(actor_of(request), [token])
    waking.checkers(orders)
    if not orders and not token.has_key:
        messages.info(request, _("Keyward does not have this key yet, so its account is read instead."))
    elif not orders:
        messages.info(request, _("%(name)s is being checked already.") % {"name": token.name})
    return done(request, token.get_absolute_url())


@require_POST
def pause(request: HttpRequest, token_id: int) -> HttpResponse:
    """For a day, for a week, or until resumed."""
    token, span = _token(token_id), PAUSES.get(request.POST.get("for", ""))
    pausing.pause(actor_of(request), token, timezone.now() + span if span else None)
    messages.success(request, _("%(name)s is paused: no checks and no alerts.") % {"name": token.name})
    return done(request, token.get_absolute_url())


@require_POST
def resume(request: HttpRequest, token_id: int) -> HttpResponse:
    token = _token(token_id)
    pausing.resume(actor_of(request), token)
    messages.success(request, _("%(name)s is watched again.") % {"name": token.name})
    return done(request, token.get_absolute_url())


@require_http_methods(["GET", "POST"])
def describe(request: HttpRequest, token_id: int) -> HttpResponse:
    """Owner, purpose and tags: what Keyward keeps. Nothing goes to the gateway."""
    token = _token(token_id)
    form = DescribeForm(request.POST or None, initial=DescribeForm.kept(token))
    if form.is_valid():
        describing.describe(actor_of(request), token, **form.cleaned_data)
        messages.success(request, _("Saved. Nothing was changed on the gateway."))
        return done(request, token.get_absolute_url())
    return render(request, "tokens/describe.html", {"token": token, "form": form})


@require_http_methods(["GET", "POST"])
def forget(request: HttpRequest, token_id: int) -> HttpResponse:
    token = _token(token_id)
    if request.method == "POST":
        describing.forget(actor_of(request), token)
        messages.success(request, _("%(name)s is no longer watched, and its key is gone.") % {"name": token.name})
        return done(request, reverse("tokens"))
    return render(request, "tokens/forget.html", {"token": token})
