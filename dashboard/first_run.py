"""The first visit: make the administrator, guarded by a one-time code that only the terminal shows."""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tokens.services import auditing
from tokens.services.auditing import KEYWARD, Actor
from tokens.web.access import actor_of

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no letter that reads like a digit: 5 bits each
GROUPS, GROUP_LENGTH = 4, 4  # 80 bits: too many to guess, so no counter is needed

_someone_exists = False


def done() -> bool:
    """Whether anybody can sign in. Once true it stays true, and is not asked again."""
    global _someone_exists
    if not _someone_exists:
        _someone_exists = get_user_model().objects.exists()
    return _someone_exists


def forget() -> None:
    """Ask the database again (for tests, which empty it)."""
    global _someone_exists
    _someone_exists = False


def code_file() -> Path:
    return Path(settings.KEYWARD_DATA_DIR) / "first-run-code"


def make_code() -> str:
    """A new one-time code; the data folder keeps only its digest, so the former one is void."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    code = "-".join(groups)
    code_file().touch(mode=0o600)
    code_file().write_text(digest(code), encoding="ascii")
    return code


def digest(code: str) -> str:
    bare = "".join(letter for letter in code.upper() if letter in ALPHABET)
    return hashlib.sha256(bare.encode("ascii")).hexdigest()


def code_fits(code: str) -> bool:
    try:
        expected = code_file().read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return hmac.compare_digest(digest(code), expected)


def make_administrator(username: str, password: str, email: str = "", *, actor: Actor = KEYWARD) -> Any:
    """The first person. Removing the code's file is the claim: of two visitors at once, one makes the account."""
    with transaction.atomic():
        person = get_user_model().objects.create_superuser(username=username, email=email, password=password)
        code_file().unlink()
        auditing.record(actor, "person.add", person)
    return person


class FirstRunForm(forms.Form):
    """What the first person types."""

    code = forms.CharField(
        label=_("One-time code"),
        max_length=64,
        help_text=_("The terminal that runs Keyward shows it."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )
    username = forms.CharField(
        label=_("Name to sign in with"),
        max_length=150,
        validators=get_user_model()._meta.get_field("username").validators,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    email = forms.EmailField(
        label=_("Email"),
        required=False,
        help_text=_("You can sign in with it too."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 8 characters, and not one of the common ones."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
    )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not code_fits(code):
            raise ValidationError(_("This is not the code that the terminal shows. A restart shows a new one."))
        return code

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        named = get_user_model()(
            username=self.cleaned_data.get("username", ""), email=self.cleaned_data.get("email", "")
        )
        validate_password(password, named)
        return password


@sensitive_post_parameters("code", "password")
@login_not_required
@require_http_methods(["GET", "POST"])
def first_run(request: HttpRequest) -> HttpResponse:
    """The page. After the administrator exists it leads to the sign-in."""
    if done():
        return redirect("account_login")
    form = FirstRunForm(request.POST or None)
    if not form.is_valid():
        return render(request, "first_run.html", {"form": form})
    given = form.cleaned_data
    try:
        person = make_administrator(given["username"], given["password"], given["email"], actor=actor_of(request))
    except FileNotFoundError:
        return redirect("account_login")
    login(request, person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return redirect("/", permanent=False)


def unattended(username: str, password: str, email: str) -> bool:
    """The administrator from the environment, when nobody exists yet; true if made. Raises ValidationError."""
    if done() or not (username and password):
        return False
    validate_password(password, get_user_model()(username=username, email=email))
    make_code()
    make_administrator(username, password, email)
    return True
