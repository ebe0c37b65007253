"""The guided form, its answer, the receipt, and the key that is shown once."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from tests.factories import make_gateway, make_token, make_user
from tests.usecases.making import actor, asked, open_account
from tokens.models import Account, AuditEvent, Creation, Gateway, Token
from tokens.services import creating
from tokens.simulator import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(simulator: Simulator, settings: Any) -> Account:
    settings.KEYWARD_ALLOW_PRIVATE_ADDRESSES = True
    gateway = make_gateway(name="Relay", base_url=f"{simulator.url}/v1", capabilities={"name_bytes": 50})
    return open_account(gateway, simulator, name="alice")


def wish(account: Account, **fields: Any) -> dict[str, Any]:
    given = {"uid": str(uuid4()), "account": account.pk, "name": "fraud-scoring-v3", "quota": "unlimited"}
    return {**given, "group": "default", "expiry": "never", "purpose": "Scores payments", "tags": "prod", **fields}


def submit(client: Any, account: Account, **fields: Any) -> Any:
    return client.post(reverse("token_create"), wish(account, **fields))


def text(response: Any) -> str:
    return str(response.content.decode())


def living(simulator: Simulator) -> list[Any]:
    return simulator.account("alice").living()


def test_nobody_gets_in_without_signing_in(client: Any, account: Account) -> None:
    for url in (reverse("token_create"), reverse("creation", args=[uuid4()])):
        assert client.get(url).status_code == 302
    assert client.post(reverse("creation_key", args=[uuid4()])).status_code == 302


def test_without_an_account_the_page_says_what_is_missing(signed_in: Any) -> None:
    make_token(make_gateway(dialect="openai"))
    page = text(signed_in.get(reverse("token_create")))
    assert "No account yet" in page
    assert reverse("connect") in page


def test_a_silent_gateways_account_cannot_be_chosen(signed_in: Any, account: Account) -> None:
    Gateway.objects.update(state="failing")
    page = text(signed_in.get(reverse("token_create")))
    assert "No account can make a token now" in page
    assert "Relay does not answer." in page


def test_the_form_offers_what_the_account_has(signed_in: Any, account: Account) -> None:
    make_token(account=account, group="old-vip")
    page = text(signed_in.get(reverse("token_create")))
    assert "Set to unlimited quota" in page
    assert "$100.00" in page  # the balance beside it
    assert "0.8 × price" in page
    assert "Default group" in page
    assert "gpt-4o-mini" in page
    assert "0 of 50 bytes" in page
    closed = page[page.index('value="old-vip"') :]
    assert closed.index("disabled") < closed.index(">")
    assert "Closed to this account" in closed


def test_groups_and_models_are_read_when_they_are_old(signed_in: Any, account: Account, simulator: Simulator) -> None:
    Account.objects.update(groups=[], models_offered=[], groups_read_at=None)
    page = text(signed_in.get(reverse("token_create")))
    assert "VIP group" in page
    assert "text-embedding-3-small" in page
    calls = len(simulator.requests)
    signed_in.get(reverse("token_create"))
    assert len(simulator.requests) == calls


def test_a_gateway_that_falls_silent_leaves_what_was_read_before(
    signed_in: Any, account: Account, simulator: Simulator
) -> None:
    Account.objects.update(groups_read_at=None)
    simulator.gateway_fault = "down"
    page = text(signed_in.get(reverse("token_create")))
    assert "The gateway did not answer." in page
    assert "VIP group" in page


def test_the_form_makes_the_token_and_leads_to_its_receipt(
    signed_in: Any, account: Account, simulator: Simulator, person: Any
) -> None:
    response = submit(signed_in, account, owner=person.pk)
    creation = Creation.objects.get()
    assert (response.status_code, response["Location"]) == (303, creation.get_absolute_url())
    page = text(signed_in.get(creation.get_absolute_url()))
    assert "fraud-scoring-v3 works" in page
    assert "6 of 6 fields" in page
    assert "5 models" in page
    assert "Show the key once" in page
    token = Token.objects.get()
    assert token.open_key() not in page
    assert (token.owner, token.purpose) == (person, "Scores payments")
    assert AuditEvent.objects.get(action="token.create").actor == person


def test_a_form_sent_twice_makes_one_token(signed_in: Any, account: Account, simulator: Simulator) -> None:
    data = wish(account)
    first = signed_in.post(reverse("token_create"), data)
    second = signed_in.post(reverse("token_create"), data)
    assert first["Location"] == second["Location"]
    assert len(living(simulator)) == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": ""}, "Give the token a name"),
        ({"name": "长" * 20}, "60 bytes and the gateway takes 50"),
        ({"name": "taken"}, "A token of this name exists"),
        ({"quota": "amount", "amount_usd": "-1"}, "more than zero"),
        ({"quota": "amount", "amount_usd": "12,5"}, "point for the cents"),
        ({"group": "staff"}, "may not use the group staff"),
        ({"expiry": "date", "expires_on": "2020-01-01T00:00"}, "This time has passed"),
        ({"expiry": "date", "expires_on": ""}, "Choose the day and time"),
        ({"expiry": "date", "expires_on": "soon"}, "valid date/time"),
        ({"models": ["gpt-9"]}, "not offered gpt-9"),
        ({"ip_limits": "203.0.113.0/33"}, "neither an IP address"),
        ({"tags": "x" * 41}, "40 characters at most"),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(
    fields: dict[str, Any], says: str, signed_in: Any, account: Account, simulator: Simulator
) -> None:
    make_token(account=account, name="taken")
    typed = {"purpose": "Kept purpose", "ip_limits": "2001:db8::/32", "models": ["gpt-4o"], **fields}
    response = submit(signed_in, account, **typed)
    page = text(response)
    assert response.status_code == 200
    assert says in page
    assert "Kept purpose" in page
    assert typed["ip_limits"] in page
    assert not Creation.objects.exists()
    assert simulator.requests == []


def test_the_form_of_another_account_keeps_what_was_typed_and_judges_nothing(
    signed_in: Any, account: Account, simulator: Simulator
) -> None:
    other = open_account(account.gateway, simulator, "bob", groups=[{"name": "batch", "description": "", "ratio": 0.5}])
    data = {**wish(account, name="", purpose="Kept"), "account": other.pk}
    part = signed_in.post(reverse("token_create"), data, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="create")
    plain = signed_in.post(reverse("token_create"), {**data, "again": "1"})
    for page in (text(part), text(plain)):
        assert "batch" in page
        assert 'value="Kept"' in page
        assert "Give the token a name" not in page
    assert "<html" not in text(part)
    assert not Creation.objects.exists()


def test_the_summary_follows_what_is_typed(signed_in: Any, account: Account) -> None:
    data = wish(account, name="风控", quota="amount", amount_usd="25", group="vip", expiry="90", models=["gpt-4o"])
    data["ip_limits"] = "203.0.113.0/24 2001:db8::1"
    part = text(signed_in.post(reverse("token_create"), data, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="made"))
    for said in ("风控", "12,500,000 units", "vip", "0.8 × price", "1 model", "2 addresses or ranges", "6 of 50 bytes"):
        assert said in part
    assert "<html" not in part
    assert not Creation.objects.exists()


def test_limits_that_the_gateway_drops_are_the_first_row_and_a_warning_next_time(
    signed_in: Any, account: Account, simulator: Simulator
) -> None:
    simulator.create_fault = "drop_ip_limits"
    submit(signed_in, account, ip_limits="127.0.0.1")
    page = text(signed_in.get(Creation.objects.get().get_absolute_url()))
    assert "5 of 6 fields" in page
    assert page.index("Dropped") < page.index("Kept")
    assert "The key works from any address." in page
    assert "accepted IP limits and dropped them" in text(signed_in.get(reverse("token_create")))


def test_a_refusal_is_told_in_the_gateways_words_and_can_be_tried_again(
    signed_in: Any, account: Account, simulator: Simulator
) -> None:
    simulator.account("alice").max_tokens = 0
    submit(signed_in, account, quota="amount", amount_usd="12.50", ip_limits="127.0.0.1")
    creation = Creation.objects.get()
    page = text(signed_in.get(creation.get_absolute_url()))
    assert "已达到最大令牌数量限制 (0)" in page
    assert "was not made" in page
    again = text(signed_in.get(reverse("token_create"), {"from": str(creation.uid)}))
    for kept in ('value="fraud-scoring-v3"', 'value="12.50"', "127.0.0.1", 'value="prod"', "Scores payments"):
        assert kept in again
    assert str(creation.uid) not in again.split('name="uid"')[1][:80]


def test_what_waits_is_shown_with_its_reason_and_polls_itself(
    signed_in: Any, account: Account, simulator: Simulator
) -> None:
    simulator.gateway_fault = "down"
    submit(signed_in, account)
    creation = Creation.objects.get()
    page = text(signed_in.get(creation.get_absolute_url()))
    assert "The gateway did not answer." in page
    assert "tries again in" in page
    assert 'hx-trigger="every 1s, wake"' in page
    polled = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "creation"}
    part = signed_in.get(creation.get_absolute_url(), **polled)
    assert "<html" not in text(part)
    simulator.gateway_fault = ""
    creating.run(creation.pk)
    assert signed_in.get(creation.get_absolute_url(), **polled)["HX-Refresh"] == "true"


def test_what_was_not_sent_can_be_stopped(signed_in: Any, account: Account, simulator: Simulator) -> None:
    simulator.gateway_fault = "down"
    submit(signed_in, account)
    creation = Creation.objects.get()
    page = signed_in.post(reverse("creation_stop", args=[creation.uid]), follow=True)
    assert "Stopped by mira" in text(page)


def test_the_key_is_shown_once_by_post_and_never_by_get(signed_in: Any, account: Account, person: Any) -> None:
    submit(signed_in, account)
    creation, key = Creation.objects.get(), Token.objects.get().open_key()
    door = reverse("creation_key", args=[creation.uid])
    assert signed_in.get(door).status_code == 405
    first = signed_in.post(door)
    assert key in text(first)
    assert "no-store" in first["Cache-Control"]
    assert text(first).count(key) == 2  # to read, and to copy
    second = text(signed_in.post(door))
    assert key not in second
    assert "shown already" in second
    assert key not in text(signed_in.get(creation.get_absolute_url()))


def test_the_key_comes_as_a_part_of_the_page_too(signed_in: Any, account: Account) -> None:
    submit(signed_in, account)
    door = reverse("creation_key", args=[Creation.objects.get().uid])
    part = text(signed_in.post(door, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="key"))
    assert Token.objects.get().open_key() in part
    assert "<html" not in part


def test_somebody_else_does_not_see_the_new_key(signed_in: Any, account: Account) -> None:
    creation = creating.run(asked(account, make_user("jonas")).pk)
    page = text(signed_in.post(reverse("creation_key", args=[creation.uid])))
    assert Token.objects.get().open_key() not in page
    assert "Show the key once" not in text(signed_in.get(creation.get_absolute_url()))


def test_the_snippets_carry_the_base_url_and_a_variable_instead_of_the_key(signed_in: Any, account: Account) -> None:
    submit(signed_in, account, models=["deepseek-v3"])
    page = text(signed_in.get(Creation.objects.get().get_absolute_url()))
    assert page.count(account.gateway.base_url) >= 4
    assert "Bearer $RELAY_API_KEY" in page
    assert "process.env.RELAY_API_KEY" in page
    assert "deepseek-v3" in page
    assert "Copy with key" not in page  # there is no key on the page yet


def test_names_that_would_break_a_page_or_a_shell_stay_words(
    signed_in: Any, account: Account, simulator: Simulator
) -> None:
    name = "<b>'\"$(x)"
    submit(signed_in, account, name=name)
    page = text(signed_in.get(Creation.objects.get().get_absolute_url()))
    assert "<b>'" not in page
    assert [remote.name for remote in living(simulator)] == [name]


def test_a_wrong_encryption_key_makes_nothing(signed_in: Any, account: Account, simulator: Simulator) -> None:
    from tokens.vault.keyring import KeyRing, ring, use_ring

    signed_in.get(reverse("tokens"))
    before = ring()
    use_ring(KeyRing.new())
    try:
        page = text(submit(signed_in, account))
    finally:
        use_ring(before)
    assert "encryption key" in page
    assert not Creation.objects.exists()
    assert simulator.requests == []


def test_a_failed_creation_of_somebody_else_is_no_secret_but_gives_no_key(signed_in: Any, account: Account) -> None:
    creation = asked(account)
    creating.give_up(actor(), creation)
    assert "was not made" in text(signed_in.get(creation.get_absolute_url()))
