"""Accounts on a gateway: added, edited, read, given a new access token, and forgotten."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tokens.models import Account, Gateway
from tokens.services import connecting, unlocking, waking
from tokens.services.connecting import AccessTokenRefused, NewAccount

from .access import actor_of
from .forms.gateway import AccessTokenForm, AccountFields, AccountForm, EditAccountForm
from .fragments import done


@never_cache
@sensitive_post_parameters("access_token")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, gateway_id: int) -> HttpResponse:
    gateway = get_object_or_404(Gateway, pk=gateway_id)
    form = AccountForm(request.POST if request.method == "POST" else None, gateway=gateway)
    if form.is_valid() and (new := _opened(form)):
        try:
            account = connecting.add_account(actor_of(request), gateway, new)
        except AccessTokenRefused as no:
            form.add_error(no.field, str(no))
        else:
            messages.success(request, _("%(name)s is read from now on.") % {"name": account.name})
            return done(request, account.get_absolute_url())
    return render(request, "gateways/account_add.html", {"form": form, "gateway": gateway})


@never_cache
@sensitive_post_parameters("access_token")
@require_http_methods(["GET", "POST"])
def access_token(request: HttpRequest, account_id: int) -> HttpResponse:
    account = _account(account_id)
    form = AccessTokenForm(request.POST if request.method == "POST" else None, account=account)
    if form.is_valid() and (new := _opened(form, account.name)):
        try:
            connecting.replace_access_token(actor_of(request), account, new)
        except AccessTokenRefused as no:
            form.add_error(no.field, str(no))
        else:
            messages.success(request, _("The new access token of %(name)s works.") % {"name": account.name})
            return done(request, account.get_absolute_url())
    return render(request, "gateways/access_token.html", {"form": form, "account": account})


def _opened(form: AccountFields, name: str = "") -> NewAccount | None:
    """What was typed, unless the key ring is not the one that could seal it."""
    if trouble := unlocking.problem():
        form.add_error(None, trouble)
        return None
    data = form.cleaned_data
    return NewAccount(name or data["account_name"], data["access_token"], data["user_id"].strip())


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, account_id: int) -> HttpResponse:
    account = _account(account_id)
    form = EditAccountForm(request.POST if request.method == "POST" else None, account=account)
    if form.is_valid():
        connecting.edit(actor_of(request), account, form.cleaned_data)
        messages.success(request, _("%(name)s was changed.") % {"name": account.name})
        return done(request, account.get_absolute_url())
    return render(request, "gateways/account_edit.html", {"form": form, "account": account})


@require_POST
def read(request: HttpRequest, account_id: int) -> HttpResponse:
    """A worker reads it at once; the account's panel shows that it does, and then what came of it."""
    account = _account(account_id)
    if lease_token := connecting.claim_reading(account):
        waking.reader(account.pk, lease_token)
    else:
        messages.info(request, _("%(name)s is being read already.") % {"name": account.name})
    return done(request, account.get_absolute_url())


@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, account_id: int) -> HttpResponse:
    account = _account(account_id)
    if request.method == "POST":
        connecting.remove(actor_of(request), account)
        messages.success(request, _("%(name)s is forgotten.") % {"name": account.name})
        return done(request, account.gateway.get_absolute_url())
    tokens = account.tokens.count()
    counts = {"tokens": tokens, "keyless": tokens - account.tokens.with_key().count()}
    return render(request, "gateways/account_remove.html", {"account": account, **counts})


def _account(account_id: int) -> Account:
    return get_object_or_404(Account.objects.select_related("gateway"), pk=account_id)
