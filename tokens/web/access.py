"""Who is asking."""

from __future__ import annotations

from django.http import HttpRequest

from tokens.models import User
from tokens.services.auditing import Actor


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person with address and request id, for the audit log."""
    user = request.user if isinstance(request.user, User) else None
    return Actor(
        user=user,
        name=user.shown_name if user else "",
        address=str(request.META.get("REMOTE_ADDR", "")),
        request_id=str(getattr(request, "request_id", "")),
    )
