"""A key ring that is not this database's: pages say so, nothing is changed, and the right ring brings all back."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery.exceptions import Ignore
from django.test import Client

from dashboard.celery import app
from tests.factories import make_account, make_token
from tokens.models import Account, Pulse, Token
from tokens.services import unlocking
from tokens.vault.keyring import KeyRing, ring, use_ring

pytestmark = pytest.mark.django_db


@pytest.fixture
def token(db: None) -> Token:
    assert unlocking.problem() == ""  # remembers the ring, as the first start does
    return make_token(state="healthy", purpose="as it was")


@pytest.fixture
def sealed_account(token: Token) -> Account:
    return make_account(token.gateway)


@pytest.fixture
def wrong_ring(token: Token) -> Iterator[KeyRing]:
    """Puts another ring in the place of the right one, which it hands out."""
    right = ring()
    use_ring(KeyRing.new())
    yield right
    use_ring(right)


@pytest.mark.parametrize("act", ["pause", "describe", "forget", "check"])
def test_nothing_is_changed_with_a_wrong_ring(
    act: str, token: Token, wrong_ring: KeyRing, client: Client, person: Any
) -> None:
    client.force_login(person)
    answer = client.post(f"/tokens/{token.pk}/{act}/", {"purpose": "another"})
    assert answer.status_code == 503
    assert "The encryption key is not the one" in answer.content.decode()
    assert "reload this page to send the same again" in answer.content.decode()
    (same,) = Token.objects.values("state", "purpose", "next_check_at")
    assert same == {"state": "healthy", "purpose": "as it was", "next_check_at": token.next_check_at}

    use_ring(wrong_ring)
    assert client.post(f"/tokens/{token.pk}/{act}/", {"purpose": "another"}).status_code == 303


def test_every_page_can_be_read_and_tells(
    sealed_account: Account, token: Token, wrong_ring: KeyRing, client: Client, person: Any
) -> None:
    client.force_login(person)
    bring_in = f"/tokens/bring-in/{sealed_account.pk}/"
    for address in (
        bring_in,
        "/",
        "/tokens/",
        token.get_absolute_url(),
        "/tokens/add/",
        "/gateways/",
        "/alerts/",
        "/audit/",
    ):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "The encryption key is not the one" in answer.content.decode()


def test_people_sign_in_with_a_wrong_ring(wrong_ring: KeyRing, client: Client, person: Any) -> None:
    answer = client.post("/accounts/login/", {"login": "mira", "password": "a long enough phrase"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_readyz_tells(wrong_ring: KeyRing, client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["keys"].startswith("The encryption key is not the one")


def test_workers_only_show_that_they_live(wrong_ring: KeyRing) -> None:
    import tokens.tasks  # noqa: F401 registers them

    for name in ("check_batch", "sync_account", "deliver_due", "knock_gateways", "alert_due", "run_creation", "tidy"):
        with pytest.raises(Ignore):
            app.tasks[f"tokens.tasks.{name}"]()
    app.tasks["tokens.tasks.beat_pulse"]()
    assert Pulse.objects.filter(name="worker").exists()
