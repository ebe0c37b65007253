"""Connecting a gateway in the browser, against the simulator on a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from django.urls import reverse

from tests.factories import make_gateway, make_key
from tokens.gateways.records import ProbeResult
from tokens.models import Account, AuditEvent, Gateway
from tokens.services import probing
from tokens.simulator import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway_there() -> Iterator[Any]:
    simulator = Simulator(brand="comet_api_error")
    with simulator.running():
        yield simulator


def typed(**changed: str) -> dict[str, str]:
    given = {"kind": "family", "base_url": "", "name": "", "account_name": "", "access_token": "", "user_id": ""}
    return given | changed


def part_for(signed_in: Any, target: str, **data: str) -> Any:
    headers = {"HX-Request": "true", "HX-Target": target}
    return signed_in.post(reverse("connect_probe"), data, headers=headers)


def test_a_visitor_who_is_not_signed_in_is_sent_to_the_door(client: Any) -> None:
    for name in ("connect", "gateways"):
        assert client.get(reverse(name)).status_code == 302
    assert client.post(reverse("connect_probe"), {"base_url": "https://example.com"}).status_code == 302


def test_the_form_starts_with_cometapi_filled_in_and_asks_nobody(signed_in: Any) -> None:
    page = signed_in.get(reverse("connect")).content.decode()
    assert 'value="https://api.cometapi.com/v1"' in page
    assert 'value="cometapi" checked' in page


def test_another_kind_starts_empty(signed_in: Any) -> None:
    page = signed_in.get(reverse("connect"), {"kind": "family"}).content.decode()
    assert "api.cometapi.com" not in page


def test_what_is_typed_is_probed_and_the_right_address_is_offered(signed_in: Any, gateway_there: Any) -> None:
    answer = part_for(signed_in, "corrections", kind="family", base_url=f"{gateway_there.url}/console")
    said = answer.content.decode()
    assert "<del" in said
    assert "/console</del>" in said
    assert "/v1</ins>" in said
    assert f'name="use" value="{gateway_there.url}/v1"' in said
    assert 'id="probe"' in said
    assert 'hx-swap-oob="true"' in said
    assert "CometAPI" in said


def test_the_offered_address_is_taken_with_one_click(signed_in: Any, gateway_there: Any) -> None:
    right = f"{gateway_there.url}/v1"
    said = part_for(signed_in, "address", kind="family", base_url="http://wrong", use=right).content.decode()
    assert f'value="{right}"' in said
    assert "A gateway answers there." in said


def test_choosing_a_kind_fills_and_empties_the_address(signed_in: Any, settings: Any) -> None:
    headers = {"HX-Request": "true", "HX-Target": "address", "HX-Trigger-Name": "kind"}
    data = {"kind": "openai", "base_url": probing.COMET}
    said = signed_in.post(reverse("connect_probe"), data, headers=headers).content.decode()
    assert "api.cometapi.com" not in said


def test_without_script_asking_keeps_everything_typed(signed_in: Any, gateway_there: Any) -> None:
    data = typed(base_url=gateway_there.url, name="Ours", account_name="Main", access_token="a-b-c", ask="on")
    page = signed_in.post(reverse("connect"), data).content.decode()
    assert "/v1</ins>" in page
    assert 'value="Ours"' in page
    assert 'value="a-b-c"' in page
    assert Gateway.objects.count() == 0


def test_a_gateway_with_its_account_is_saved_in_one_go(signed_in: Any, gateway_there: Any) -> None:
    person = gateway_there.add_account("alice", balance_units=6_200_000)
    data = typed(base_url=f"{gateway_there.url}/v1", account_name="Production", access_token=person.access_token)
    answer = signed_in.post(reverse("connect"), data)
    gateway = Gateway.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, gateway.get_absolute_url())
    assert (gateway.base_url, gateway.dialect, gateway.name) == (f"{gateway_there.url}/v1", "cometapi", "CometAPI")
    account = Account.objects.get()
    assert (account.name, account.balance_units) == ("Production", 6_200_000)
    assert account.open_access_token() == person.access_token
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert actions >= {"gateway.connect", "account.add"}


def test_the_address_is_mended_on_the_same_host_without_asking_again(signed_in: Any, gateway_there: Any) -> None:
    signed_in.post(reverse("connect"), typed(base_url=f"{gateway_there.url}/v1/models"))
    assert Gateway.objects.get().base_url == f"{gateway_there.url}/v1"


def test_another_host_is_never_taken_without_a_click(signed_in: Any) -> None:
    asked = probing.Asked("https://a.example/v1", found=ProbeResult("", "https://b.example/v1", answers=True))
    with pytest.raises(probing.NotYet, match="another address"):
        probing.settled(asked, "family")


def test_an_api_key_in_place_of_the_access_token_is_said_beside_the_field(signed_in: Any, gateway_there: Any) -> None:
    key = make_key()
    answer = signed_in.post(reverse("connect"), typed(base_url=gateway_there.url, access_token=key))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "This is an API key: it starts with sk-" in page
    assert f'value="{key}"' in page  # in its password field, so that nothing typed is lost
    assert page.count(key) == 1
    assert Gateway.objects.count() == 0


def test_a_wrong_access_token_is_said_beside_its_field(signed_in: Any, gateway_there: Any) -> None:
    answer = signed_in.post(reverse("connect"), typed(base_url=gateway_there.url, access_token="0" * 32))
    assert "does not accept this access token" in answer.content.decode()
    assert Gateway.objects.count() == 0


def test_an_account_without_its_access_token_is_asked_for_it(signed_in: Any, gateway_there: Any) -> None:
    answer = signed_in.post(reverse("connect"), typed(base_url=gateway_there.url, account_name="Production"))
    assert "An account needs its access token" in answer.content.decode()


def test_a_silent_address_is_refused_first_and_saved_when_insisted(signed_in: Any, gateway_there: Any) -> None:
    gateway_there.gateway_fault = "down"
    data = typed(base_url=f"{gateway_there.url}/v1", name="Asleep")
    page = signed_in.post(reverse("connect"), data).content.decode()
    assert "Nothing that speaks the OpenAI API answers" in page
    assert 'name="anyway"' in page
    assert 'value="Asleep"' in page
    assert Gateway.objects.count() == 0
    assert signed_in.post(reverse("connect"), data | {"anyway": "on"}).status_code == 303
    gateway = Gateway.objects.get()
    assert (gateway.name, gateway.base_url, gateway.dialect) == ("Asleep", f"{gateway_there.url}/v1", "new-api")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://169.254.169.254/v1", "metadata"),
        ("https://me:pass@gateway.example.com/v1", "user name or password"),
        ("ftp://gateway.example.com", "https://"),
        ("", "required"),
        ("gate", "not a whole address yet"),
    ],
)
def test_addresses_that_cannot_be_are_refused_beside_the_field(signed_in: Any, address: str, sentence: str) -> None:
    page = signed_in.post(reverse("connect"), typed(base_url=address, name="Kept")).content.decode()
    assert sentence in page
    assert 'value="Kept"' in page


def test_a_private_address_names_the_setting(signed_in: Any, settings: Any) -> None:
    settings.KEYWARD_ALLOW_PRIVATE_ADDRESSES = False
    said = part_for(signed_in, "corrections", kind="family", base_url="http://127.0.0.1:8080/v1").content.decode()
    assert "KEYWARD_ALLOW_PRIVATE_ADDRESSES" in said


def test_an_address_that_is_connected_already_leads_to_its_page(signed_in: Any, gateway_there: Any) -> None:
    twin = make_gateway(name="First", base_url=f"{gateway_there.url}/v1")
    page = signed_in.post(reverse("connect"), typed(base_url=gateway_there.url)).content.decode()
    assert f'href="{twin.get_absolute_url()}"' in page
    assert Gateway.objects.count() == 1


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("http://a.example/console", "https://a.example/v1", "-http:// +https:// =a.example -/console +/v1"),
        ("https://a.example/v1/models", "https://a.example/v1", "=https:// =a.example =/v1 -/models"),
        ("https://a.example", "https://a.example/v1", "=https:// =a.example +/v1"),
        ("a.example/v1/", "https://a.example/v1", "+https:// =a.example =/v1 -/"),
        ("https://a.example/v1", "https://b.example/v1", "=https:// -a.example +b.example =/v1"),
    ],
)
def test_the_difference_of_two_addresses_reads_piece_by_piece(before: str, after: str, words: str) -> None:
    signs = {"kept": "=", "struck": "-", "added": "+"}
    assert " ".join(signs[piece.kind] + piece.text for piece in probing.differences(before, after)) == words


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("down", "connection closed"),
        ("html", "A web page came back"),
        ("empty", "The answer was empty"),
        ("huge", "far larger"),
        ("bad_json", "JSON that cannot be read"),
        ("success_false", "Simulated refusal"),
        ("429", "asks for a pause"),
        ("429_retry_after", "Try again in 60 seconds"),
    ],
)
def test_a_gateway_in_trouble_says_at_the_address_what_came_back(
    signed_in: Any, gateway_there: Any, fault: str, sentence: str
) -> None:
    gateway_there.gateway_fault = fault
    page = signed_in.post(reverse("connect"), typed(base_url=f"{gateway_there.url}/v1", name="Kept")).content.decode()
    assert sentence in page
    assert 'value="Kept"' in page
    assert "speaks JSON" not in page
    assert not Gateway.objects.exists()


def test_a_name_that_resolves_to_a_private_address_is_refused_whatever_a_person_insists(
    signed_in: Any, settings: Any
) -> None:
    settings.KEYWARD_ALLOW_PRIVATE_ADDRESSES = False
    name = next((one for one in (socket.gethostname(), "ip6-localhost") if is_local(one)), None)
    if name is None:
        pytest.skip("no name of this machine resolves to a private address")
    data = typed(base_url=f"http://{name}:8080/v1", anyway="on")
    assert "KEYWARD_ALLOW_PRIVATE_ADDRESSES" in signed_in.post(reverse("connect"), data).content.decode()
    assert not Gateway.objects.exists()


def is_local(name: str) -> bool:
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)}
    except OSError:
        return False
    return all(ip_address(each).is_private for each in found)
