"""The first visit: nobody but who sees the terminal makes the administrator, and only once."""

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.test import Client

from dashboard import first_run
from tokens.models import AuditEvent

PASSWORD = "a long enough phrase"


def filled(code: str, **other: str) -> dict[str, str]:
    return {"code": code, "username": "mira", "email": "", "password": PASSWORD} | other


@pytest.fixture(autouse=True)
def _first_run_comes_first(settings: Any, db: None) -> Any:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:10], "dashboard.middleware.FirstRun", *settings.MIDDLEWARE[10:]]
    yield
    first_run.code_file().unlink(missing_ok=True)


def test_every_page_leads_to_the_first_run_while_nobody_exists(client: Client) -> None:
    for path in ("/", "/tokens/", "/accounts/login/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/first-run/")
    assert client.get("/healthz").status_code == 200
    assert client.get("/first-run/").status_code == 200


def test_the_right_code_makes_the_administrator_and_signs_in(client: Client) -> None:
    answer = client.post("/first-run/", filled(first_run.make_code().lower().replace("-", " ")))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    person = get_user_model().objects.get()
    assert person.is_superuser
    assert person.check_password(PASSWORD)
    assert client.session["_auth_user_id"] == str(person.pk)
    assert not first_run.code_file().exists()
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == ["person.add", "sign_in"]


@pytest.mark.parametrize("code", ["", "AAAA-AAAA-AAAA-AAAA", "é"])
def test_a_wrong_code_makes_nobody_and_keeps_what_was_typed(client: Client, code: str) -> None:
    first_run.make_code()
    answer = client.post("/first-run/", filled(code))
    assert answer.status_code == 200
    assert 'value="mira"' in answer.content.decode()
    assert not get_user_model().objects.exists()


def test_without_a_code_made_nothing_opens_the_door(client: Client) -> None:
    assert client.post("/first-run/", filled("AAAA-AAAA-AAAA-AAAA")).status_code == 200
    assert not get_user_model().objects.exists()


def test_a_common_password_is_refused(client: Client) -> None:
    answer = client.post("/first-run/", filled(first_run.make_code(), password="password1"))
    assert "too common" in answer.content.decode()
    assert not get_user_model().objects.exists()


def test_the_door_closes_behind_the_first_person(client: Client) -> None:
    code = first_run.make_code()
    first_run.make_administrator("mira", PASSWORD)
    answer = client.post("/first-run/", filled(code, username="eve"))
    assert answer.headers["Location"] == "/accounts/login/"
    assert [person.username for person in get_user_model().objects.all()] == ["mira"]


def test_of_two_visitors_with_the_code_the_second_makes_nobody(client: Client) -> None:
    first_run.make_code()
    first_run.make_administrator("mira", PASSWORD)
    with pytest.raises(FileNotFoundError):
        first_run.make_administrator("eve", PASSWORD)
    assert get_user_model().objects.count() == 1


def test_the_code_has_eighty_bits_and_is_kept_as_a_digest_only() -> None:
    code = first_run.make_code()
    assert re.fullmatch(rf"([{first_run.ALPHABET}]{{4}}-){{3}}[{first_run.ALPHABET}]{{4}}", code)
    kept = first_run.code_file()
    assert code not in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert not first_run.code_fits("")


def test_the_environment_makes_the_administrator_unattended() -> None:
    assert first_run.unattended("ops", PASSWORD, "ops@example.com")
    assert not first_run.unattended("ops", PASSWORD, "ops@example.com")
    assert get_user_model().objects.get().email == "ops@example.com"


def test_a_weak_password_from_the_environment_is_refused() -> None:
    with pytest.raises(ValidationError):
        first_run.unattended("ops", "12345678", "")
    assert not get_user_model().objects.exists()
