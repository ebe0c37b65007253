"""Create a token: the guided form, how it goes, the receipt, the new key once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from tokens.models import Account, Creation
from tokens.services import creating, offering, revealing, unlocking
from tokens.services.drafting import DraftRefused
from tokens.services.revealing import RevealRefused

from . import receipt
from .access import actor_of
from .forms.creating import CreateForm, asked_before, typed_again
from .fragments import asks_for, done

PATIENCE = 8  # seconds that a person waits for the form's answer; the rest goes on behind the page


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """The form, its summary while it is filled in, and what it makes."""
    accounts = offering.makers()
    before = _before(request)
    account = _chosen(request, accounts, before)
    if account is None:
        return render(request, "creating/no_account.html", {"silent": offering.silent_gateways()})
    if request.method == "POST" and not (asks_for(request, "made") or _again(request)):
        return _asked(request, CreateForm(request.POST, account=account), accounts)
    trouble = "" if asks_for(request, "made") else offering.refresh(account, timezone.now())
    initial = typed_again(request.POST) if request.method == "POST" else _initial(request, before)
    return _form(request, CreateForm(initial=initial, account=account), accounts, trouble)


def _again(request: HttpRequest) -> bool:
    """Another account was chosen: the same form for it, with everything typed."""
    return "again" in request.POST or asks_for(request, "create")


def _may(form: CreateForm) -> bool:
    trouble = unlocking.problem()
    if trouble:  # nothing is sealed with a key ring that is not this database's
        form.add_error(None, trouble)
    return form.is_valid()


def _asked(request: HttpRequest, form: CreateForm, accounts: list[Account]) -> HttpResponse:
    """The form was sent: it makes its token, or leads to the one that it made, or says what is wrong with it."""
    sound = _may(form)
    sent_before = _creation_of(request.POST.get("uid", ""))  # after judging: of a double click the first is stored now
    if sent_before:
        return done(request, sent_before.get_absolute_url())
    if sound and form.draft is not None:
        uid = form.cleaned_data["uid"]
        try:
            creation = creating.ask(actor_of(request), form.account, form.draft, form.about, uid)
        except DraftRefused as refused:
            form.add_error("name", refused.errors["name"])
        else:
            creating.run(creation.pk, patience=PATIENCE)
            return done(request, creation.get_absolute_url())
    return _form(request, form, accounts, "")


def _form(request: HttpRequest, form: CreateForm, accounts: list[Account], trouble: str) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "plan": form.plan(), "accounts": accounts, "trouble_reading": trouble}
    if asks_for(request, "made"):
        return render(request, "creating/_made_again.html", context)
    context |= {"silent": offering.silent_gateways(), "tokens": form.account.tokens.exclude(state="retired").count()}
    context |= receipt.warnings(form.account)
    part = asks_for(request, "create")
    return render(request, "creating/_form.html" if part else "creating/create.html", context)


def _before(request: HttpRequest) -> Creation | None:
    """The creation whose values are to be tried again."""
    return _creation_of(request.GET.get("from", ""))


def _creation_of(uid: str) -> Creation | None:
    try:
        return Creation.objects.select_related("account__gateway").filter(uid=UUID(uid)).first()
    except ValueError:
        return None


def _chosen(request: HttpRequest, accounts: list[Account], before: Creation | None) -> Account | None:
    wanted = request.POST.get("account") or request.GET.get("account") or str(before.account_id if before else "")
    return next((one for one in accounts if str(one.pk) == wanted), accounts[0] if accounts else None)


def _initial(request: HttpRequest, before: Creation | None) -> dict[str, Any]:
    return asked_before(before) if before else {"owner": request.user.pk}


def _creation(uid: UUID) -> Creation:
    rows = Creation.objects.select_related("account__gateway", "token__gateway", "token__account", "token__owner")
    return get_object_or_404(rows, uid=uid)


@require_GET
def creation(request: HttpRequest, uid: UUID) -> HttpResponse:
    """How it goes, until it is over; then the receipt, or why nothing was made."""
    one = _creation(uid)
    if asks_for(request, "creation"):
        return HttpResponseClientRefresh() if one.is_over else _page(request, one, "creating/_progress.html")
    pages = {Creation.Step.DONE.value: "creating/receipt.html", Creation.Step.FAILED.value: "creating/failed.html"}
    return _page(request, one, pages.get(one.step, "creating/progress.html"))


def _page(request: HttpRequest, one: Creation, template: str, **more: Any) -> HttpResponse:
    context = receipt.page(one, timezone.now())
    context["may_show"] = revealing.may_show_once(actor_of(request), one)
    return render(request, template, context | more)


@never_cache
@require_POST
def creation_key(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The new key, once, to who made it. Never by GET, so that no prefetch and no reload uses it up."""
    one = _creation(uid)
    try:
        key, refusal = revealing.show_once(actor_of(request), one), ""
    except RevealRefused as refused:
        key, refusal = "", str(refused)
    template = "creating/_key.html" if asks_for(request, "key") else "creating/receipt.html"
    return _page(request, one, template, key=key, refusal=refusal or ("" if key else _("The key was shown already.")))


@require_POST
def creation_stop(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Give up what was not sent yet."""
    one = _creation(uid)
    creating.give_up(actor_of(request), one)
    return redirect(one)
