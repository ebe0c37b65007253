"""A key is revealed to somebody who gave the password a moment ago, and to nobody else."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from tests.factories import make_key, make_token
from tokens.models import AuditEvent, Token, User
from tokens.web import proof

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough phrase"


@pytest.fixture
def key() -> str:
    return make_key()


@pytest.fixture
def token(key: str) -> Token:
    return make_token(key=key, name="ci")


def text(response: Any) -> str:
    return str(response.content.decode())


def door(token: Token) -> str:
    return reverse("token_reveal", args=[token.pk])


def test_the_right_password_shows_the_key_for_a_minute(signed_in: Any, token: Token, key: str) -> None:
    page = signed_in.post(door(token), {"password": PASSWORD, "reason": "New laptop"})
    assert key in text(page)
    assert 'data-drain="60"' in text(page)
    assert "no-store" in page["Cache-Control"]
    event = AuditEvent.objects.get(action="token.reveal")
    assert (event.actor_name, event.changes) == ("mira", {"reason": ["", "New laptop"]})


def test_a_get_never_shows_it(signed_in: Any, token: Token, key: str) -> None:
    signed_in.post(door(token), {"password": PASSWORD})
    page = text(signed_in.get(door(token)))
    assert key not in page
    assert "Revealed 1 time so far, by mira" in page
    assert key not in text(signed_in.get(token.get_absolute_url()))


def test_a_password_that_is_asked_for_is_not_called_optional(signed_in: Any, token: Token) -> None:
    label = text(signed_in.get(door(token))).split('for="id_password"')[1].split("</label>")[0]
    assert "optional" not in label


def test_within_five_minutes_the_password_is_not_asked_again(
    signed_in: Any, token: Token, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in.post(door(token), {"password": PASSWORD})
    assert 'name="password"' not in text(signed_in.get(door(token)))
    assert key in text(signed_in.post(door(token)))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 301)
    assert 'name="password"' in text(signed_in.get(door(token)))
    assert key not in text(signed_in.post(door(token)))


def test_a_sign_in_with_the_password_a_moment_ago_is_proof_too(client: Any, person: Any, token: Token) -> None:
    client.post(reverse("account_login"), {"login": "mira", "password": PASSWORD})
    assert 'name="password"' not in text(client.get(door(token)))


@pytest.mark.parametrize(("given", "says"), [("wrong", "This is not your password."), ("", "Type the password")])
def test_a_wrong_password_shows_nothing_and_is_written_down(
    given: str, says: str, signed_in: Any, token: Token, key: str
) -> None:
    page = text(signed_in.post(door(token), {"password": given, "reason": "Kept reason"}))
    assert says in page
    assert "Kept reason" in page
    assert key not in page
    acts = AuditEvent.objects.filter(action__startswith="token").values_list("action", flat=True)
    assert list(acts) == ["token.reveal_refused"]


def test_guessing_is_stopped(signed_in: Any, token: Token, key: str) -> None:
    for _ in range(30):
        page = text(signed_in.post(door(token), {"password": "wrong"}))
    assert "Too many tries." in page
    assert key not in text(signed_in.post(door(token), {"password": PASSWORD}))


def test_who_has_no_password_is_refused(signed_in: Any, person: User, token: Token, key: str) -> None:
    person.set_unusable_password()
    person.save()
    signed_in.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = text(signed_in.post(door(token), {"password": ""}))
    assert "without a password" in page
    assert key not in page


def test_the_key_is_in_no_session_message_log_or_event(
    signed_in: Any, token: Token, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        page = signed_in.post(door(token), {"password": PASSWORD})
    assert key in text(page)
    bare = key.removeprefix("sk-")
    assert bare not in caplog.text
    assert bare not in str([row.get_decoded() for row in Session.objects.all()])
    assert bare not in str([event.__dict__ for event in AuditEvent.objects.all()])
    assert bare not in page.cookies.output()


def test_a_key_that_cannot_be_had_says_why(signed_in: Any, token: Token) -> None:
    Token.objects.update(key_sealed="")
    page = text(signed_in.post(door(token), {"password": PASSWORD}))
    assert "Keyward does not have this key, and no account to fetch it with." in page


def test_five_minutes_are_the_settings_word(settings: Any) -> None:
    assert settings.ACCOUNT_REAUTHENTICATION_TIMEOUT == 300
    assert proof.STAMP
