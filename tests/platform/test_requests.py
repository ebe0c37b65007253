"""What surrounds every request: who may see a page, its headers, its true address, theme and time zone."""

import re
from typing import Any

import pytest
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from dashboard.middleware import RequestId, TrustedProxy, ViewerZone
from dashboard.urls import urlpatterns
from tests.services import free_port

OPEN = {"healthz", "readyz", "first_run", "theme", "set_language"}


def open_views(patterns: list[URLPattern | URLResolver]) -> set[str]:
    """Names of the addresses that need no sign-in, allauth's own aside."""
    found = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if not str(pattern.pattern).startswith("accounts/"):
                found |= open_views(pattern.url_patterns)
        elif not getattr(pattern.callback, "login_required", True):
            found.add(str(pattern.name))
    return found


def test_only_the_named_pages_are_open_without_signing_in() -> None:
    assert open_views(urlpatterns) == OPEN
    assert get_resolver().resolve("/")


def test_a_page_leads_a_stranger_to_the_sign_in(client: Client, db: None) -> None:
    answer = client.get("/tokens/?status=failing")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/login/?next=/tokens/%3Fstatus%3Dfailing"


def test_nobody_makes_an_account_from_outside(client: Client, db: None) -> None:
    answer = client.post("/accounts/signup/", {"username": "eve", "password1": "x" * 12, "password2": "x" * 12})
    assert "eve" not in answer.content.decode()
    from django.contrib.auth import get_user_model

    assert not get_user_model().objects.exists()


@pytest.mark.parametrize("name", ["mira", "mira@example.com"])
def test_a_person_signs_in_by_name_or_email(client: Client, person: Any, name: str) -> None:
    answer = client.post("/accounts/login/", {"login": name, "password": "a long enough phrase"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_guessing_passwords_is_slowed_down(client: Client, person: Any) -> None:
    for _ in range(6):
        answer = client.post("/accounts/login/", {"login": "mira", "password": "wrong"})
    answer = client.post("/accounts/login/", {"login": "mira", "password": "a long enough phrase"})
    assert "_auth_user_id" not in client.session
    assert answer.status_code in (200, 429)


def test_every_page_carries_the_strict_policy(client: Client, db: None) -> None:
    headers = client.get("/accounts/login/").headers
    policy = set(headers["Content-Security-Policy"].split("; "))
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= policy
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"].startswith(("private, no-store", "max-age=0"))


def test_a_request_has_an_id_and_a_sound_one_from_outside_is_kept(client: Client) -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", client.get("/healthz").headers["X-Request-Id"])
    given = client.get("/healthz", headers={"X-Request-Id": "proxy-1234abcd"})
    assert given.headers["X-Request-Id"] == "proxy-1234abcd"
    forged = client.get("/healthz", headers={"X-Request-Id": "x\x1b[2Jxxxxxxx"})
    assert re.fullmatch(r"[0-9a-f]{16}", forged.headers["X-Request-Id"])


def test_log_lines_carry_the_id_of_their_request() -> None:
    import logging

    from dashboard.logs import RequestIdFilter

    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        record = logging.makeLogRecord({"msg": "hello"})
        RequestIdFilter().filter(record)
        seen.append(record.__dict__["request_id"])
        return HttpResponse()

    RequestId(view)(RequestFactory().get("/", headers={"X-Request-Id": "abcdefgh"}))
    assert seen == ["[abcdefgh] "]


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("10.0.0.9", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.9", "198.51.100.1, 203.0.113.5, 10.0.0.3", "203.0.113.5"),
        ("10.0.0.9", "made up", "10.0.0.9"),
        ("10.0.0.9", "", "10.0.0.9"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
    ],
)
def test_the_address_behind_a_proxy_is_believed_from_a_trusted_one_only(
    settings: Any, peer: str, forwarded: str, seen: str
) -> None:
    from dashboard.env import networks

    settings.KEYWARD_TRUSTED_PROXIES = networks("10.0.0.0/8")
    request = RequestFactory().get(
        "/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded, HTTP_X_FORWARDED_PROTO="https"
    )
    TrustedProxy(lambda _: HttpResponse())(request)
    assert request.META["REMOTE_ADDR"] == seen
    assert ("HTTP_X_FORWARDED_PROTO" in request.META) == peer.startswith("10.")


@pytest.mark.parametrize(
    ("cookie", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("Asia%2FShanghai", "Asia/Shanghai"),
        ("../etc", "UTC"),
        ("\0", "UTC"),
        ("", "UTC"),
    ],
)
def test_times_are_in_the_viewers_zone(cookie: str, zone: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["tz"] = cookie
    seen = []
    ViewerZone(lambda _: HttpResponse(seen.append(timezone.get_current_timezone_name()) or b""))(request)
    assert seen == [zone]


def test_the_theme_is_remembered_and_leads_back(client: Client) -> None:
    answer = client.post("/theme", {"theme": "dark", "next": "/tokens/"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/tokens/")
    assert client.cookies["theme"].value == "dark"
    client.post("/theme", {"theme": "system"})
    assert client.cookies["theme"].value == ""


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_theme_switch_leads_to_no_other_site(client: Client, away: str) -> None:
    assert client.post("/theme", {"theme": "dark", "next": away}).headers["Location"] == "/"


def test_the_language_can_be_chosen(client: Client, db: None) -> None:
    client.post("/i18n/setlang/", {"language": "zh-hans", "next": "/accounts/login/"})
    assert 'lang="zh-hans"' in client.get("/accounts/login/").content.decode()


def ask_for_a_link(client: Client, email: str) -> str:
    answer = client.post("/accounts/password/reset/", {"email": email}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_forgotten_password_without_a_mail_server_leads_to_the_terminal(client: Client, person: Any) -> None:
    assert "Forgot the password" not in client.get("/accounts/login/").content.decode()
    for email in ("mira@example.com", "nobody@example.com"):
        assert "manage.py changepassword" in ask_for_a_link(client, email)


def test_a_mail_server_that_is_away_is_told(client: Client, person: Any, settings: Any) -> None:
    settings.KEYWARD_EMAIL_READY, settings.EMAIL_HOST, settings.EMAIL_PORT = True, "127.0.0.1", free_port()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert "Forgot the password" in client.get("/accounts/login/").content.decode()
    assert "The message could not be sent" in ask_for_a_link(client, "mira@example.com")


def test_a_forgotten_password_is_set_by_the_link_in_the_mail(client: Client, person: Any, settings: Any) -> None:
    settings.KEYWARD_EMAIL_READY = True
    assert "Look into your mail" in ask_for_a_link(client, "mira@example.com")
    (link,) = re.findall(r"http://\S+(/accounts/password/reset/key/\S+)", mail.outbox[0].body)
    form = client.get(link, follow=True)
    typed = {"password1": "quite another phrase", "password2": "quite another phrase"}
    client.post(form.request["PATH_INFO"], typed)
    assert client.login(username="mira", password="quite another phrase")
