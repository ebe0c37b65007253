"""Accounts on a gateway: added, edited, given a new access token, read and removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_account, make_gateway, make_key, make_token
from tokens.models import Account, AuditEvent, Token
from tokens.services import connecting, syncing
from tokens.simulator import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def there() -> Iterator[Any]:
    simulator = Simulator()
    with simulator.running():
        yield simulator


@pytest.fixture
def ours(there: Any) -> Any:
    return make_gateway(name="Ours", base_url=f"{there.url}/v1")


@pytest.mark.parametrize("name", ["account_edit", "account_access_token", "account_remove"])
def test_nobody_sees_an_account_without_signing_in(client: Any, name: str) -> None:
    assert client.get(reverse(name, args=[make_account().pk])).status_code == 302


def test_an_account_is_added_once_its_access_token_works(signed_in: Any, there: Any, ours: Any) -> None:
    person = there.add_account("alice", balance_units=2_500_000)
    data = {"account_name": "Production", "access_token": f"  {person.access_token}\n", "user_id": ""}
    answer = signed_in.post(reverse("account_add", args=[ours.pk]), data)
    account = Account.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, account.get_absolute_url())
    assert (account.name, account.balance_units, account.user_id) == ("Production", 2_500_000, str(person.user_id))


def test_the_access_token_is_never_stored_or_shown_in_clear(signed_in: Any, there: Any, ours: Any) -> None:
    clear = there.add_account("alice").access_token
    signed_in.post(reverse("account_add", args=[ours.pk]), {"account_name": "Production", "access_token": clear})
    account = Account.objects.get()
    assert clear not in account.access_token_sealed
    assert clear not in signed_in.get(ours.get_absolute_url()).content.decode()
    assert all(clear not in str(event.changes) for event in AuditEvent.objects.all())


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"account_name": "", "access_token": "x" * 32}, "required"),
        ({"account_name": "Production", "access_token": ""}, "required"),
        ({"account_name": "Taken", "access_token": "x" * 32}, "has an account of that name"),
        ({"account_name": "Production", "access_token": "y" * 32}, "does not accept this access token"),
        ({"account_name": "Production", "access_token": "schlüssel"}, "plain letters"),
    ],
)
def test_what_is_wrong_is_said_and_stays_typed(signed_in: Any, ours: Any, typed: dict[str, str], sentence: str) -> None:
    make_account(ours, name="Taken")
    answer = signed_in.post(reverse("account_add", args=[ours.pk]), typed)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert sentence in page
    assert all(f'value="{value}"' in page for value in typed.values() if value)
    assert Account.objects.count() == 1


def test_an_api_key_is_not_sent_anywhere(signed_in: Any, there: Any, ours: Any) -> None:
    data = {"account_name": "Production", "access_token": make_key()}
    page = signed_in.post(reverse("account_add", args=[ours.pk]), data).content.decode()
    assert "This is an API key" in page
    assert there.requests == []


def test_a_plain_gateway_has_no_accounts(signed_in: Any) -> None:
    gateway = make_gateway(dialect="openai")
    data = {"account_name": "Production", "access_token": "x" * 32}
    page = signed_in.post(reverse("account_add", args=[gateway.pk]), data).content.decode()
    assert "has no accounts that Keyward could read" in page


def test_a_new_access_token_replaces_a_dead_one(signed_in: Any, there: Any, ours: Any) -> None:
    person = there.add_account("alice")
    account = make_account(ours, name="Production", access_token="d" * 32, user_id=str(person.user_id))
    address = reverse("account_access_token", args=[account.pk])
    assert signed_in.post(address, {"access_token": person.access_token, "user_id": ""}).status_code == 303
    account.refresh_from_db()
    assert account.open_access_token() == person.access_token


def test_the_access_token_of_somebody_else_is_refused(signed_in: Any, there: Any, ours: Any) -> None:
    alice, bob = there.add_account("alice"), there.add_account("bob")
    account = make_account(ours, access_token=alice.access_token, user_id=str(alice.user_id))
    address = reverse("account_access_token", args=[account.pk])
    page = signed_in.post(address, {"access_token": bob.access_token}).content.decode()
    assert f"belongs to user {bob.user_id}" in page
    account.refresh_from_db()
    assert account.open_access_token() == alice.access_token


def test_threshold_and_interval_are_edited_and_audited(signed_in: Any) -> None:
    account = make_account(name="Production")
    data = {"name": "Team", "low_balance_usd": "12.50", "sweep_interval": "900"}
    assert signed_in.post(reverse("account_edit", args=[account.pk]), data).status_code == 303
    account.refresh_from_db()
    assert (account.name, str(account.low_balance_usd), account.sweep_interval) == ("Team", "12.50", 900)
    assert AuditEvent.objects.filter(action="account.edit").count() == 1


@pytest.mark.parametrize("wrong", [{"low_balance_usd": "-1"}, {"low_balance_usd": "lots"}, {"sweep_interval": "1"}])
def test_nonsense_is_refused(signed_in: Any, wrong: dict[str, str]) -> None:
    account = make_account(name="Production")
    data = {"name": "Typed", "low_balance_usd": "5", "sweep_interval": "600"} | wrong
    page = signed_in.post(reverse("account_edit", args=[account.pk]), data).content.decode()
    assert 'value="Typed"' in page
    account.refresh_from_db()
    assert account.name == "Production"


def test_reading_now_hands_the_account_to_a_worker_and_shows_that(signed_in: Any, there: Any, ours: Any) -> None:
    person = there.add_account("alice", balance_units=1_000_000)
    account = make_account(ours, name="Production", access_token=person.access_token)
    answer = signed_in.post(reverse("account_read", args=[account.pk]), follow=True)
    page = answer.content.decode()
    assert "Reading" in page
    assert 'hx-trigger="every 3s, wake"' in page
    account.refresh_from_db()
    syncing.sync_account(account.pk, account.lease_token)
    page = signed_in.get(ours.get_absolute_url()).content.decode()
    assert "$2.00" in page
    assert "every 3s" not in page


def test_an_account_that_is_being_read_is_not_read_twice(signed_in: Any) -> None:
    account = make_account(name="Production")
    assert connecting.claim_reading(account)
    page = signed_in.post(reverse("account_read", args=[account.pk]), follow=True).content.decode()
    assert "Production is being read already" in page


def test_a_refused_access_token_is_said_with_the_way_to_mend_it(signed_in: Any) -> None:
    account = make_account(
        state="failing", verdict="management_credential_dead", verdict_since=timezone.now(), checked_at=timezone.now()
    )
    page = signed_in.get(account.gateway.get_absolute_url()).content.decode()
    assert "Refused since" in page
    assert reverse("account_access_token", args=[account.pk]) in page


def test_removing_an_account_keeps_its_tokens(signed_in: Any) -> None:
    account = make_account(name="Production")
    make_token(account=account)
    bare = make_token(account=account)
    Token.objects.filter(pk=bare.pk).update(key_sealed="", fingerprint="")
    page = signed_in.get(reverse("account_remove", args=[account.pk])).content.decode()
    assert "2 tokens stay in Keyward" in page
    assert "1 of them has no key here" in page
    assert signed_in.post(reverse("account_remove", args=[account.pk])).status_code == 303
    assert (Account.objects.count(), Token.objects.count()) == (0, 2)


TROUBLE = [
    ("down", "connection closed"),
    ("html", "A web page came back"),
    ("redirect", "A redirect came back"),
    ("empty", "The answer was empty"),
    ("huge", "far larger"),
    ("bad_json", "JSON that cannot be read"),
    ("success_false", "Simulated refusal"),
    ("429", "Try again in a few minutes"),
    ("429_retry_after", "Try again in 60 seconds"),
    ("500", "failed by itself"),
]


@pytest.mark.parametrize(("fault", "sentence"), TROUBLE)
def test_a_gateway_in_trouble_says_what_came_back_and_everything_typed_stays(
    signed_in: Any, there: Any, ours: Any, fault: str, sentence: str
) -> None:
    person = there.add_account("alice")
    there.gateway_fault = fault
    data = {"account_name": "Production", "access_token": person.access_token, "user_id": "7"}
    page = signed_in.post(reverse("account_add", args=[ours.pk]), data).content.decode()
    assert sentence in page
    for value in ("Production", person.access_token, "7"):
        assert f'value="{value}"' in page
    assert not Account.objects.exists()


def test_one_account_is_connected_once(signed_in: Any, there: Any, ours: Any) -> None:
    clear = there.add_account("alice").access_token
    signed_in.post(reverse("account_add", args=[ours.pk]), {"account_name": "Production", "access_token": clear})
    again = {"account_name": "Twin", "access_token": clear}
    page = signed_in.post(reverse("account_add", args=[ours.pk]), again).content.decode()
    assert "has already, as Production" in page
    assert Account.objects.count() == 1
