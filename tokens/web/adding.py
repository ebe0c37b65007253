"""Add keys that exist: pasted, or brought in from an account's list."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tokens.gateways.errors import CredentialRefused, GatewayError, RateLimited
from tokens.health.judge import judge_management
from tokens.health.verdicts import meaning
from tokens.models import Account, Gateway
from tokens.services import adding, unlocking
from tokens.services.adding import About, Candidate, Line
from tokens.templatetags import wording
from tokens.vault.errors import VaultError

from .access import actor_of
from .forms.token import AddForm, BringInForm
from .fragments import done

# How a line went, as a state and a word.
OUTCOMES = {"added": "healthy", "known": "new", "refused": "failing", "untried": "degraded", "unreadable": "failing"}


@never_cache
@sensitive_post_parameters("keys")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """The lines that were not added stay in the field; nothing else of the page holds them."""
    form = AddForm(request.POST if request.method == "POST" else None, initial=request.GET.dict())
    lines: list[Line] = []
    if form.is_valid() and not _locked(form):
        given = form.cleaned_data
        lines = adding.add_pasted(actor_of(request), given["gateway"], given["account"], given["keys"], _about(given))
        form = AddForm(initial={**given, "tags": ", ".join(given["tags"]), "keys": left_over(given["keys"], lines)})
    context = {"form": form, "results": [(OUTCOMES[line.outcome], line) for line in lines]}
    context |= {"added": sum(line.outcome == "added" for line in lines), "gateways": Gateway.objects.exists()}
    context["accounts"] = Account.objects.select_related("gateway").order_by("gateway__name", "name")
    return render(request, "tokens/add.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def bring_in(request: HttpRequest, account_id: int) -> HttpResponse:
    """Choose from the account's list; nothing is added that was not ticked."""
    account = get_object_or_404(Account.objects.select_related("gateway"), pk=account_id)
    form = BringInForm(request.POST if request.method == "POST" else None)
    picked = {int(pk) for pk in request.POST.getlist("token") if pk.isdecimal()}
    try:
        if form.is_valid() and picked and not _locked(form):
            return _bring(request, account, picked, _about(form.cleaned_data))
        found = adding.candidates(account, timezone.now())
    except (GatewayError, VaultError) as error:
        again = [(name, each) for name in ("token", *form.fields) for each in request.POST.getlist(name)]
        context = {"account": account, "form": form, "refusal": _refusal(error), "again": again}
        return render(request, "tokens/bring_in.html", context)
    if request.method == "POST" and not picked:
        form.add_error(None, _("No token was ticked, so nothing was added."))
    context = {"account": account, "form": form, "picked": picked, "known": sum(bool(one.known) for one in found)}
    context |= {"candidates": found, "fetching": fetching(account, found)}
    return render(request, "tokens/bring_in.html", context)


def _bring(request: HttpRequest, account: Account, picked: set[int], about: About) -> HttpResponse:
    tokens = adding.bring_in(actor_of(request), account, sorted(picked), about)
    words = ngettext("%(n)s token is watched from now on.", "%(n)s tokens are watched from now on.", len(tokens))
    messages.success(request, words % {"n": len(tokens)})
    return done(request, f"{reverse('tokens')}?account={account.pk}")


def left_over(text: str, lines: list[Line]) -> str:
    """The pasted lines that were not added, and those beyond what is taken at once."""
    beyond = [line for line in text.splitlines() if line.strip()][adding.MOST_AT_ONCE :]
    return "\n".join([*(line.pasted for line in lines if line.pasted), *beyond])


def fetching(account: Account, found: list[Candidate]) -> str:
    """How the keys come, and how long that takes within the gateway's limit."""
    masked = sum(not one.known and not one.facts.key for one in found)
    if not masked:
        return _("The list shows the keys, so they are added with it.") if found else ""
    if account.gateway.capabilities.get("reveal_many"):
        return _("The list masks the keys. Keyward fetches them with one call for each hundred, in a moment.")
    limit = account.gateway.key_fetches_per_20_minutes
    words = {"limit": limit, "span": wording.span(max(masked / limit - 1, 0) * 1200 + 60), "n": masked}
    return (
        _(
            "The list masks the keys, so each is fetched by a call of its own, %(limit)s in 20 minutes here: "
            "about %(span)s for all %(n)s. Until its key is here, a token is judged by the list alone."
        )
        % words
    )


def _about(given: dict[str, Any]) -> About:
    return About(given["owner"], given["purpose"], tuple(given["tags"]), keep_refused=given.get("keep_refused", False))


def _locked(form: AddForm | BringInForm) -> bool:
    """Nothing is sealed with a key ring that is not this database's."""
    trouble = unlocking.problem()
    if trouble:
        form.add_error(None, trouble)
    return bool(trouble)


def _refusal(error: GatewayError | VaultError) -> dict[str, Any]:
    """What the refusal means, in plain words, and whether a new access token would help."""
    if isinstance(error, VaultError):
        return {"title": _("The access token cannot be opened"), "cause": str(error)}
    if isinstance(error, RateLimited):
        wait = wording.span(error.retry_after or 60)
        return {"title": _("The gateway wants a pause"), "cause": _("Try again in %(wait)s.") % {"wait": wait}}
    means = meaning(judge_management(error.evidence).verdict)
    credential = isinstance(error, CredentialRefused)
    return {"title": means.title, "cause": means.cause, "advice": means.advice, "credential": credential}
