"""How people sign in: nobody makes an account from outside."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """No open sign-up: the first run makes the administrator, who makes the others."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
