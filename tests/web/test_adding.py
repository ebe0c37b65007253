"""Adding keys that exist, against the simulator on a real socket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from tests.factories import make_account, make_gateway, make_key, make_token
from tokens.models import Account, AuditEvent, Gateway, Token
from tokens.simulator import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def sim() -> Iterator[Any]:
    simulator = Simulator()
    with simulator.running():
        yield simulator


@pytest.fixture
def gateway(sim: Any) -> Gateway:
    return make_gateway(name="Lab", base_url=f"{sim.url}/v1")


@pytest.fixture
def alice(sim: Any, gateway: Gateway) -> tuple[Any, Account]:
    there = sim.add_account("alice", balance_units=5_000_000)
    here = make_account(gateway, name="Alice", access_token=there.access_token, user_id=str(there.user_id))
    return there, here


def add(client: Any, gateway: Gateway, keys: str, **given: Any) -> Any:
    return client.post(reverse("token_add"), {"gateway": gateway.pk, "keys": keys, **given})


def field_of(page: str) -> str:
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)
    assert found
    return found[1].strip()


def test_nobody_adds_without_signing_in(client: Any, alice: Any) -> None:
    _there, here = alice
    for url in (reverse("token_add"), reverse("token_bring_in", args=[here.pk])):
        assert client.get(url).status_code == 302
        assert client.post(url, {"keys": "x", "token": "1"}).status_code == 302


def test_without_a_gateway_the_page_leads_to_connecting_one(signed_in: Any) -> None:
    page = signed_in.get(reverse("token_add")).content.decode()
    assert "Connect a gateway first" in page
    assert "<textarea" not in page


def test_a_good_key_is_tried_added_and_never_shown_again(signed_in: Any, sim: Any, gateway: Gateway) -> None:
    made = sim.add_token(sim.add_account("alice"), "ci")
    answer = add(signed_in, gateway, f"  Bearer sk-{made.key}\n", purpose="Tests", tags="prod")
    page = answer.content.decode()
    token = Token.objects.get()
    assert "no-store" in answer["Cache-Control"]
    assert "1 of 1 key added" in page
    assert "The header around the key was removed." in page
    assert token.get_absolute_url() in page
    assert made.key not in page
    assert field_of(page) == ""
    assert (token.state, token.purpose) == ("healthy", "Tests")
    assert AuditEvent.objects.filter(action="token.add", object_id=token.pk).count() == 1


def test_each_line_has_its_own_result_and_what_was_not_added_stays(signed_in: Any, sim: Any, gateway: Gateway) -> None:
    account = sim.add_account("alice")
    good, other = sim.add_token(account, "good"), sim.add_token(account, "other")
    known = make_token(gateway, name="watched before", key=f"sk-{other.key}")
    stranger, masked = make_key(), "sk-abcd**********wxyz"
    keys = "\n".join([f"sk-{good.key}", f"'sk-{other.key}'", stranger, masked, f"sk-{good.key}"])
    page = add(signed_in, gateway, keys, tags="kept, too").content.decode()
    assert "1 of 5 keys added" in page
    assert f"Watched already, as {known.name}." in page
    assert "Not added: the gateway refuses it." in page
    assert "The same key stands further up." in page
    assert field_of(page).splitlines() == [stranger, masked]
    assert page.count(stranger) == 1
    assert good.key not in page
    assert other.key not in page
    assert 'value="kept, too"' in page
    assert Token.objects.count() == 2


def test_a_refused_key_is_kept_when_that_was_ticked(signed_in: Any, sim: Any, gateway: Gateway) -> None:
    page = add(signed_in, gateway, make_key(), keep_refused="on").content.decode()
    assert "1 of 1 key added" in page
    assert "Key not accepted" in page
    assert field_of(page) == ""


def test_a_silent_gateway_adds_nothing_and_loses_nothing(signed_in: Any, sim: Any, gateway: Gateway) -> None:
    sim.gateway_fault = "down"
    key = make_key()
    page = add(signed_in, gateway, key).content.decode()
    assert "Not added: it could not be tried." in page
    assert field_of(page) == key
    assert not Token.objects.exists()


def test_what_came_back_is_said_beside_the_key(signed_in: Any, sim: Any, gateway: Gateway) -> None:
    for fault, sentence in [("success_false", "Simulated refusal"), ("429_retry_after", "Try again in 60 seconds")]:
        sim.gateway_fault = fault
        key = make_key()
        page = add(signed_in, gateway, key).content.decode()
        assert sentence in page
        assert field_of(page) == key


def test_the_key_of_a_retired_token_is_known(signed_in: Any, sim: Any, gateway: Gateway) -> None:
    key = make_key()
    make_token(gateway, key=key, name="gone", state="retired")
    page = add(signed_in, gateway, key).content.decode()
    assert "Known already, as gone, which was deleted on the gateway." in page
    assert Token.objects.count() == 1


def test_a_key_that_its_token_was_waiting_for_is_put_there(signed_in: Any, sim: Any, gateway: Gateway) -> None:
    person = sim.add_account("alice")
    remote = sim.add_token(person, "ci")
    account = make_account(gateway, access_token=person.access_token, user_id=str(person.user_id))
    waiting = make_token(account=account, name="ci", remote_id=remote.id, key_wanted=True, purpose="Builds")
    Token.objects.update(key_sealed="", fingerprint="", hint="")
    page = add(signed_in, gateway, remote.key, account=account.pk).content.decode()
    assert "Added as ci." in page
    waiting.refresh_from_db()
    assert (waiting.has_key, waiting.key_wanted, waiting.purpose) == (True, False, "Builds")
    assert Token.objects.count() == 1


def test_keys_that_keyward_fetches_are_in_the_audit_log(signed_in: Any, sim: Any, gateway: Gateway, alice: Any) -> None:
    there, here = alice
    pasted, other = sim.add_token(there, "pasted"), sim.add_token(there, "other")
    add(signed_in, gateway, pasted.key)
    signed_in.post(reverse("token_bring_in", args=[here.pk]), {"token": [pasted.id, other.id]})
    written = AuditEvent.objects.filter(actor_name="Keyward").values_list("action", "object_name").order_by("action")
    assert list(written) == [("token.fetch_key", "other"), ("token.forget", "pasted")]
    assert Token.objects.filter(account=here).count() == 2


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("down", "Gateway does not answer."),
        ("html", "Wrong base URL."),
        ("redirect", "Wrong base URL."),
        ("empty", "Not the expected answer."),
        ("huge", "Not the expected answer."),
        ("bad_json", "Not the expected answer."),
        ("success_false", "Could not tell."),
        ("429", "The gateway wants a pause."),
        ("429_retry_after", "The gateway wants a pause."),
        ("500", "Gateway does not answer."),
    ],
)
def test_a_list_that_cannot_be_read_says_why(signed_in: Any, sim: Any, alice: Any, fault: str, sentence: str) -> None:
    _there, here = alice
    sim.gateway_fault = fault
    page = signed_in.get(reverse("token_bring_in", args=[here.pk])).content.decode()
    assert f"{sentence}</strong>" in page
    assert "Try again" in page


def test_what_was_ticked_and_typed_is_sent_again_when_the_gateway_is_back(signed_in: Any, sim: Any, alice: Any) -> None:
    there, here = alice
    remote = sim.add_token(there, "ci")
    url = reverse("token_bring_in", args=[here.pk])
    sim.gateway_fault = "down"
    page = signed_in.post(url, {"token": [remote.id], "purpose": 'Builds "it"', "tags": "ci"}).content.decode()
    assert "Gateway does not answer" in page
    hidden = re.findall(r'<input type="hidden" name="(token|owner|purpose|tags)" value="([^"]*)">', page)
    assert dict(hidden) == {"token": str(remote.id), "purpose": "Builds &quot;it&quot;", "tags": "ci"}
    sim.gateway_fault = ""
    assert signed_in.post(url, {**dict(hidden), "purpose": "Builds"}).status_code == 303
    assert Token.objects.get().purpose == "Builds"


def test_more_keys_than_are_taken_at_once_stay_in_the_field(signed_in: Any, gateway: Gateway) -> None:
    lines = [f"bad line {number}" for number in range(203)]
    page = add(signed_in, gateway, "\n".join(lines)).content.decode()
    assert field_of(page).splitlines()[-3:] == lines[-3:]
    assert len(field_of(page).splitlines()) == 203


def test_a_form_with_an_error_keeps_everything_that_was_typed(signed_in: Any, gateway: Gateway) -> None:
    elsewhere = make_account(make_gateway(name="Elsewhere"), name="Bob")
    key = make_key()
    page = add(signed_in, gateway, key, account=elsewhere.pk, purpose="Kept words").content.decode()
    assert "Bob is an account of Elsewhere. Choose one of Lab, or no account." in page
    assert field_of(page) == key
    assert 'value="Kept words"' in page
    assert "This field is required." in add(signed_in, gateway, " \n").content.decode()


def test_with_an_account_the_key_is_found_in_its_list(signed_in: Any, sim: Any, gateway: Gateway, alice: Any) -> None:
    there, here = alice
    made = sim.add_token(there, "checkout")
    add(signed_in, gateway, made.key, account=here.pk)
    token = Token.objects.get()
    assert (token.name, token.remote_id, token.account) == ("checkout", made.id, here)


def test_the_account_list_shows_what_is_known_and_adds_what_was_ticked(signed_in: Any, sim: Any, alice: Any) -> None:
    there, here = alice
    made = [sim.add_token(there, name) for name in ("ci", "checkout", "nightly")]
    known = make_token(account=here, name="ci", key=f"sk-{made[0].key}", remote_id=made[0].id)
    url = reverse("token_bring_in", args=[here.pk])
    page = signed_in.get(url).content.decode()
    assert "3 tokens on the gateway, 1 watched already" in page
    assert known.get_absolute_url() in page
    assert re.search(rf'value="{made[0].id}"[^>]*disabled', page)
    assert "The list masks the keys" in page
    for token in made:
        assert token.key not in page
    answer = signed_in.post(url, {"token": [made[1].id], "tags": "prod"}, follow=True)
    assert "1 token is watched from now on." in answer.content.decode()
    added = Token.objects.get(remote_id=made[1].id)
    assert added.name == "checkout"
    assert [tag.name for tag in added.tags.all()] == ["prod"]
    assert added.open_key() == f"sk-{made[1].key}"
    assert Token.objects.count() == 2


def test_nothing_ticked_adds_nothing(signed_in: Any, sim: Any, alice: Any) -> None:
    there, here = alice
    sim.add_token(there, "ci")
    page = signed_in.post(reverse("token_bring_in", args=[here.pk]), {"purpose": "Kept words"}).content.decode()
    assert "No token was ticked, so nothing was added." in page
    assert 'value="Kept words"' in page
    assert not Token.objects.exists()


@pytest.mark.parametrize(
    ("gateway_fault", "account_fault", "said"),
    [
        ("down", "", "Gateway does not answer"),
        ("html", "", "Wrong base URL"),
        ("429_retry_after", "", "The gateway wants a pause"),
        ("", "access_token_dead", "Access token refused"),
        ("", "banned", "Account banned"),
    ],
)
def test_a_gateway_that_refuses_is_explained_on_the_page(
    signed_in: Any, sim: Any, alice: Any, gateway_fault: str, account_fault: str, said: str
) -> None:
    there, here = alice
    sim.gateway_fault, there.fault = gateway_fault, account_fault
    answer = signed_in.get(reverse("token_bring_in", args=[here.pk]))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert there.access_token not in answer.content.decode()


def test_an_empty_list_offers_to_paste_keys_instead(signed_in: Any, alice: Any) -> None:
    _there, here = alice
    page = signed_in.get(reverse("token_bring_in", args=[here.pk])).content.decode()
    assert "This account has no tokens" in page
