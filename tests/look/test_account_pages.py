"""Every page of allauth that can be reached wears our look, whoever opens it."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "name",
    [
        "account_login",
        "account_signup",
        "account_inactive",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key_done",
    ],
)
def test_a_stranger_sees_it_in_our_look(client: Client, name: str) -> None:
    page = client.get(reverse(name)).content.decode()
    assert "k-gate-card" in page
    assert page.count("<h1") == 1


@pytest.mark.parametrize(
    "name", ["account_change_password", "account_logout", "account_reauthenticate", "account_email"]
)
def test_a_person_sees_it_in_our_look(signed_in: Any, name: str) -> None:
    answer = signed_in.get(reverse(name), follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "keyward/keyward.css" in page
    assert page.count("<h1") == 1


def test_a_dead_reset_link_says_so_and_offers_a_new_one(client: Client) -> None:
    page = client.get(reverse("account_reset_password_from_key", args=["x", "no-such-key"])).content.decode()
    assert "This link no longer works" in page


def test_a_wrong_password_is_said_above_the_form_and_the_name_stays(client: Client) -> None:
    page = client.post(reverse("account_login"), {"login": "mira", "password": "wrong"}).content.decode()
    assert 'role="alert"' in page
    assert 'value="mira"' in page
    assert "wrong" not in page


@pytest.mark.parametrize(
    "name", ["account_change_password", "account_logout", "account_reauthenticate", "account_email"]
)
def test_no_page_of_allauth_brings_script_or_style_of_its_own(signed_in: Any, name: str) -> None:
    page = signed_in.get(reverse(name)).content.decode()
    assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page) == []
