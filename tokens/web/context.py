"""What every signed-in page shows beside its own content: counts, the pulse, and the banner of trouble."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from tokens.models import Gateway, Token
from tokens.services import incidents, pulsing, unlocking

KEPT = 5  # seconds that the counts may be old


def nav(request: HttpRequest) -> dict[str, Any]:
    """Asked only where a template uses it: a fragment that polls costs nothing here."""
    user = getattr(request, "user", None)
    if not user or not user.is_authenticated:
        return {}
    return {"nav": SimpleLazyObject(_nav), "trouble": SimpleLazyObject(unlocking.problem)}


def _nav() -> dict[str, Any]:
    pulse = pulsing.alive(timezone.now())
    return {
        **(cache.get_or_set("nav.counts", _counts, KEPT) or {}),
        "incidents": incidents.open_incidents(),
        "pulse": {"state": pulse.state, "words": pulse.words, "seconds": pulse.seconds},
    }


def _counts() -> dict[str, int]:
    return {"tokens": Token.objects.count(), "gateways": Gateway.objects.count()}
