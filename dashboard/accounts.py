"""How people sign in: nobody makes an account from outside."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

log = logging.getLogger(__name__)


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """No open sign-up: the first run makes the administrator, who makes the others."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Where no mail goes out, the person hears so, and the way that is left: the terminal."""
        try:
            if not settings.KEYWARD_EMAIL_READY:
                raise OSError("no mail server is set")
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as fault:
            log.warning("a message about an account was not sent: %s", fault)
            messages.error(self.request, _(
                "The message could not be sent. Whoever runs Keyward can set a new password at the terminal: "
                "manage.py changepassword"
            ))  # fmt: skip
            raise ImmediateHttpResponse(redirect("account_reset_password")) from None
