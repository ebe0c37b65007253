"""Whether the person at the keyboard proved with the password, a moment ago, who they are."""

from __future__ import annotations

import time

from allauth.account.authentication import get_authentication_records
from allauth.core import ratelimit
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from tokens.models import User

STAMP = "password_proved_at"


def is_fresh(request: HttpRequest) -> bool:
    """Signed in or asked again within the last five minutes, with the password."""
    records = get_authentication_records(request, request.user)
    signed_in = [record["at"] for record in records if record.get("method") == "password"]
    last = max([request.session.get(STAMP, 0), *signed_in])
    return bool(time.time() - last < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def problem_with(request: HttpRequest, password: str) -> str:
    """Check the password and remember it as proved; a sentence for the field when it is not proved."""
    user = request.user
    if not isinstance(user, User) or not user.has_usable_password():
        return _("You sign in without a password here, so a key cannot be revealed to you.")
    if not ratelimit.consume(request, action="reauthenticate", user=user):
        return _("Too many tries. Wait a few minutes.")
    if not password:
        return _("Type the password that you sign in with.")
    if not user.check_password(password):
        return _("This is not your password.")
    request.session[STAMP] = time.time()
    return ""
