"""Sign-ins, failed ones, sign-outs and new passwords in the audit log.

The typed name is kept, cut and scrubbed; a password never.
"""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from tokens.models import User
from tokens.vault.redaction import scrub

from . import auditing
from .auditing import Actor

NAMES = ("username", "email", "login")


def listen() -> None:
    """Called once, when the app is ready."""
    user_logged_in.connect(_signed_in, dispatch_uid="audit sign_in")
    user_login_failed.connect(_failed, dispatch_uid="audit sign_in.failed")
    user_logged_out.connect(_signed_out, dispatch_uid="audit sign_out")
    for changed in (password_changed, password_set, password_reset):
        changed.connect(_new_password, dispatch_uid="audit password.change")


def _signed_in(request: HttpRequest | None, user: User, **_more: Any) -> None:
    auditing.record(_actor(request, user), "sign_in", user)


def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_more: Any) -> None:
    """Who typed it is not known: the name stands as the object, not as the actor."""
    typed = next((str(credentials[name]) for name in NAMES if credentials.get(name)), "")
    auditing.record(_actor(request, None), "sign_in.failed", name=scrub(typed.replace("\0", ""))[:150])


def _signed_out(request: HttpRequest | None, user: User | None, **_more: Any) -> None:
    if user is not None:
        auditing.record(_actor(request, user), "sign_out", user)


def _new_password(request: HttpRequest | None, user: User, **_more: Any) -> None:
    auditing.record(_actor(request, user), "password.change", user)


def _actor(request: HttpRequest | None, user: User | None) -> Actor:
    meta = getattr(request, "META", {})
    return Actor(
        user=user,
        name=user.shown_name if user else "unknown",
        address=str(meta.get("REMOTE_ADDR", "")),
        request_id=str(getattr(request, "request_id", "")),
    )
