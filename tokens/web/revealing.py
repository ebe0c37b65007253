"""Reveal a key: by POST, with a fresh password, audited before it is opened, stored by no cache."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tokens.models import AuditEvent, Token
from tokens.services import auditing, revealing
from tokens.services.revealing import RevealRefused

from . import proof, receipt
from .access import actor_of
from .forms.revealing import RevealForm


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def reveal(request: HttpRequest, token_id: int) -> HttpResponse:
    token = get_object_or_404(Token.objects.select_related("gateway", "account", "owner"), pk=token_id)
    form = RevealForm(request.POST if request.method == "POST" else None, fresh=proof.is_fresh(request))
    context: dict[str, Any] = {"token": token, "form": form}
    if form.is_valid() and _proved(request, token, form):
        try:
            context["key"] = revealing.reveal(actor_of(request), token, form.cleaned_data["reason"])
            context |= {"snippets": receipt.snippets(token.gateway, token), "name": token.name}
        except RevealRefused as refused:
            context["refusal"] = str(refused)
    before = AuditEvent.objects.filter(action="token.reveal", object_kind="token", object_id=token.pk)
    context |= {"times": before.count(), "last": before.order_by("-id").first()}
    return render(request, "changing/reveal.html", context)


def _proved(request: HttpRequest, token: Token, form: RevealForm) -> bool:
    """A wrong password is told beside its field and in the audit log."""
    if form.fresh:
        return True
    said = proof.problem_with(request, form.cleaned_data["password"])
    if said:
        form.add_error("password", said)
        auditing.record(actor_of(request), "token.reveal_refused", token, fingerprint=token.fingerprint)
    return not said
