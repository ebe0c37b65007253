"""Change a token on its gateway: edit with what will change shown before; enable, disable, delete, unlimited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tokens.gateways.records import TokenDraft
from tokens.health.verdicts import meaning
from tokens.models import Account, Token
from tokens.services import changing, drafting, offering, waking
from tokens.services.auditing import Actor
from tokens.services.changing import ChangedMeanwhile, ChangeRefused, Outcome, Seen
from tokens.templatetags import wording

from . import receipt
from .access import actor_of
from .acts import confirmation
from .forms.changing import EditForm, sealed, unsealed
from .forms.wish import amount_text, pairs_of, values_of
from .fragments import done


def _token(token_id: int) -> Token:
    rows = Token.objects.select_related("gateway", "account__gateway", "owner")
    return get_object_or_404(rows.exclude(state="retired"), pk=token_id)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, token_id: int) -> HttpResponse:
    """The form, then what will change, then the change: each a page of its own, with the state it started from."""
    token = _token(token_id)
    shown = unsealed(token, request.POST.get("seen", "")) if request.method == "POST" else None
    if shown is None or token.account is None:
        return _start(request, token)
    form = EditForm(request.POST, account=token.account, token=token, stands=shown.draft)
    if "back" in request.POST or not form.is_valid() or form.draft is None:
        return _form(request, token, form, shown)
    if "confirmed" in request.POST:
        return _apply(request, token, form.draft, shown)
    if not changing.differences(token, shown.draft, form.draft):
        form.add_error(None, _("Nothing differs from what the gateway has, so there is nothing to change."))
        return _form(request, token, form, shown)
    return _confirm(request, token, form.draft, shown)


def _start(request: HttpRequest, token: Token) -> HttpResponse:
    try:
        shown = changing.seen(changing.current(token))
    except ChangeRefused as refused:
        messages.error(request, str(refused))
        return done(request, token.get_absolute_url())
    account = _account(token)
    offering.refresh(account, timezone.now())
    form = EditForm(initial=values_of(account, shown.draft), account=account, token=token, stands=shown.draft)
    return _form(request, token, form, shown)


def _form(request: HttpRequest, token: Token, form: EditForm, shown: Seen) -> HttpResponse:
    account = _account(token)
    context: dict[str, Any] = {"token": token, "form": form, "account": account, "seen": sealed(token, shown)}
    context |= {"groups": offering.groups(account), "name_limit": drafting.name_limit(account)}
    return render(request, "changing/edit.html", context | receipt.warnings(account))


def _confirm(
    request: HttpRequest, token: Token, draft: TokenDraft, shown: Seen, meanwhile: list[dict[str, Any]] | None = None
) -> HttpResponse:
    names = receipt.labels()
    rows = [{**row, "label": names[row["field"]]} for row in changing.differences(token, shown.draft, draft)]
    changed = [{**row, "label": names[row["field"]]} for row in meanwhile or []]
    context = {"token": token, "rows": rows, "meanwhile": changed, "seen": sealed(token, shown)}
    context["pairs"] = pairs_of(_account(token), draft)
    return render(request, "changing/confirm_edit.html", context)


def _apply(request: HttpRequest, token: Token, draft: TokenDraft, shown: Seen) -> HttpResponse:
    account = _account(token)
    same_quota = amount_text(account, draft) == amount_text(account, shown.draft)
    try:
        outcome = changing.edit(actor_of(request), token, draft, shown, same_quota=same_quota)
    except ChangedMeanwhile as refused:
        now = changing.seen(refused.facts)
        return _confirm(request, token, changing.merge(shown.draft, draft, now.draft), now, refused.rows)
    except ChangeRefused as refused:
        form = EditForm(
            initial=values_of(account, draft), account=account, token=token, stands=shown.draft
        )  # fmt: skip
        messages.error(request, str(refused))
        return _form(request, token, form, shown)
    tell(request, outcome, _("%(name)s is changed.") % {"name": outcome.token.name})
    return done(request, token.get_absolute_url())


def _act(request: HttpRequest, token_id: int, name: str, act: Callable[[Actor, Token], Outcome | None]) -> HttpResponse:
    """GET asks first and says what follows; POST does it at once."""
    token = _token(token_id)
    asked = confirmation(name, token)
    if request.method != "POST":
        return render(request, "changing/confirm.html", {"token": token, "act": asked})
    try:
        outcome = act(actor_of(request), token)
    except ChangeRefused as refused:
        messages.error(request, str(refused))
    else:
        tell(request, outcome, asked.done)
        waking.alerter()
    return done(request, _back(request, token))


@require_http_methods(["GET", "POST"])
def enable(request: HttpRequest, token_id: int) -> HttpResponse:
    return _act(request, token_id, "enable", changing.enable)


@require_http_methods(["GET", "POST"])
def disable(request: HttpRequest, token_id: int) -> HttpResponse:
    return _act(request, token_id, "disable", changing.disable)


@require_http_methods(["GET", "POST"])
def unlimited(request: HttpRequest, token_id: int) -> HttpResponse:
    return _act(request, token_id, "unlimited", changing.set_unlimited)


@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, token_id: int) -> HttpResponse:
    return _act(request, token_id, "delete", changing.delete)


def tell(request: HttpRequest, outcome: Outcome | None, words: str) -> None:
    """A toast: what was done, what the key says now, and what the gateway did not keep."""
    look = outcome.look if outcome else None
    if look:
        ms = look.evidence.latency_ms
        took = _("tried in %(ms)s") % {"ms": wording.milliseconds(ms)} if ms is not None else _("tried")
        words += " " + _("%(verdict)s, %(took)s.") % {"verdict": meaning(look.judgement.verdict).title, "took": took}
    messages.success(request, words)
    for row in outcome.dropped if outcome else []:
        messages.warning(request, receipt.meaning_of_drop(row["field"]))
    waking.alerter()


def _back(request: HttpRequest, token: Token) -> str:
    to = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(to, {request.get_host()}, require_https=request.is_secure())
    return to if safe else token.get_absolute_url()


def _account(token: Token) -> Account:
    assert token.account is not None  # noqa: S101 _start refused without one
    return token.account
