"""Incidents: open first, one page that says what, why, who was told and what to do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_account, make_channel, make_gateway, make_incident, make_token
from tokens.models import AuditEvent, Change, Incident, Notification
from tokens.models.token import RANK
from tokens.services import alerting


def listed(client: Any, **query: Any) -> str:
    return str(client.get(reverse("incidents"), query).content.decode())


def shown(client: Any, incident: Incident) -> str:
    return str(client.get(incident.get_absolute_url()).content.decode())


def gateway_incident(tokens: int = 3, **fields: Any) -> Incident:
    gateway = make_gateway(name="Relay EU", state="failing", verdict="gateway_down", frozen_at=timezone.now())
    account = make_account(gateway)
    made = [make_token(account=account, state="healthy", rank=RANK["healthy"]) for _ in range(tokens)]
    given = {"light": "gateway", "token": None, "account": None, "subject_name": gateway.name}
    return make_incident(made[0], **{**given, "verdict": "gateway_down", "tokens_affected": tokens, **fields})


def test_nobody_sees_them_without_signing_in(client: Any, db: None) -> None:
    incident = make_incident(make_token())
    assert client.get(reverse("incidents")).status_code == 302
    assert client.get(incident.get_absolute_url()).status_code == 302
    assert client.post(reverse("incident_acknowledge", args=[incident.pk])).status_code == 302
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_without_any_the_page_says_when_one_opens(signed_in: Any) -> None:
    assert "An incident opens when a failure is seen twice" in listed(signed_in)


def test_open_ones_come_first_and_closed_ones_after(signed_in: Any) -> None:
    make_incident(make_token(name="still-down"))
    make_incident(make_token(name="was-down"), closed_at=timezone.now())
    page = listed(signed_in)
    assert page.index("still-down") < page.index("Closed last") < page.index("was-down")
    assert "still-down" not in listed(signed_in, state="closed")


def test_filters_by_light_and_gateway(signed_in: Any) -> None:
    gateway_incident()
    token = make_token(name="lonely")
    make_incident(token)
    assert "lonely" not in listed(signed_in, light="gateway").split("Filter</button>")[1]
    page = listed(signed_in, gateway=token.gateway_id)
    assert "lonely" in page
    assert "Relay EU: " not in page
    assert "No incident matches" in listed(signed_in, light="account")


@pytest.mark.parametrize("query", ["state=x", "gateway=abc", "light=moon", "gateway=" + "9" * 30, "after=x"])
def test_nonsense_in_the_address_does_no_harm(signed_in: Any, query: str) -> None:
    assert signed_in.get(f"{reverse('incidents')}?{query}").status_code == 200


def test_pages_go_both_ways(signed_in: Any) -> None:
    token = make_token()
    for number in range(45):
        make_incident(token, subject_name=f"case-{number:03d}", closed_at=timezone.now())
    first = listed(signed_in, state="closed")
    assert "case-044" in first
    assert "case-014" not in first
    older = re.search(r'href="(\?[^"]*after=\d+[^"]*)"', first).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    second = signed_in.get(reverse("incidents") + older).content.decode()
    assert "case-014" in second
    assert "case-015" not in second


def test_the_page_says_what_why_and_what_to_do(signed_in: Any) -> None:
    evidence = [{"at": 1_790_000_000, "rung": "models", "asked": "GET /v1/models", "status": 401, "message": "used up"}]
    token = make_token(name="checkout", state="failing", verdict="token_exhausted", evidence=evidence)
    page = shown(signed_in, make_incident(token, note="quota exceeded"))
    for words in ("checkout: Token quota used up", "The token reached its own quota", "Set the quota to unlimited"):
        assert words in page
    assert "quota exceeded" in page
    assert "GET /v1/models" in page
    assert reverse("token_check", args=[token.pk]) in page
    assert token.open_key()[3:] not in page


def test_a_gateways_incident_names_its_tokens_and_offers_a_knock(signed_in: Any) -> None:
    incident = gateway_incident(tokens=12)
    page = shown(signed_in, incident)
    assert "12 tokens covered" in page
    assert "10 of 12 shown" in page
    assert "Frozen verdict" in page
    assert reverse("gateway_knock", args=[incident.gateway_id]) in page
    assert f"{reverse('tokens')}?gateway={incident.gateway_id}" in page


def test_an_accounts_incident_counts_only_its_own_tokens(signed_in: Any) -> None:
    account = make_account(name="Lab", state="failing", verdict="account_exhausted")
    token = make_token(account=account, name="mine")
    make_token(gateway=account.gateway, name="of-nobody")
    given = {"light": "account", "token": None, "account": account, "subject_name": "Lab"}
    page = shown(signed_in, make_incident(token, verdict="account_exhausted", **given))
    assert "1 token covered" in page
    assert "of-nobody" not in page


def test_who_was_told_and_with_what_success(signed_in: Any) -> None:
    channel, token, now = make_channel(name="On call"), make_token(name="checkout"), timezone.now()
    incident = make_incident(token)
    turned = {"token": token, "gateway": token.gateway, "light": "token", "incident": incident}
    Change.objects.create(
        old_state="healthy", new_state="failing", verdict="token_exhausted", since=now, at=now, **turned
    )
    assert "No channel wanted to hear of it" in shown(signed_in, incident)
    alerting.process_changes(now)
    Notification.objects.update(last_error="The webhook answered HTTP 502", attempts=1)
    page = shown(signed_in, incident)
    assert channel.name in page
    assert "HTTP 502" in page
    assert "1 channel told" in page
    assert "1 channel told" in listed(signed_in)


def test_acknowledging_is_shown_and_audited_once(signed_in: Any) -> None:
    incident = make_incident(make_token(name="checkout"))
    address = reverse("incident_acknowledge", args=[incident.pk])
    assert signed_in.get(address).status_code == 405
    answer = signed_in.post(address, {"next": reverse("incidents")})
    assert (answer.status_code, answer.url) == (303, reverse("incidents"))
    signed_in.post(address)
    event = AuditEvent.objects.get(action="incident.acknowledge")
    assert event.object_name == "checkout"
    assert "mira is on it" in shown(signed_in, incident)
    assert "checkout" not in listed(signed_in, state="free")


def test_the_way_back_stays_on_this_site(signed_in: Any) -> None:
    incident = make_incident(make_token())
    answer = signed_in.post(reverse("incident_acknowledge", args=[incident.pk]), {"next": "https://evil.example/"})
    assert answer.url == incident.get_absolute_url()


def test_a_closed_one_offers_nothing_to_acknowledge(signed_in: Any) -> None:
    closed = timezone.now()
    incident = make_incident(make_token(), started_at=closed - timedelta(minutes=40), closed_at=closed)
    assert reverse("incident_acknowledge", args=[incident.pk]) not in shown(signed_in, incident)
    signed_in.post(reverse("incident_acknowledge", args=[incident.pk]))
    incident.refresh_from_db()
    assert incident.acknowledged_at is None
    assert "Median time to recovery, 30 days: 40 min" in listed(signed_in)


def test_a_part_of_the_page_is_polled(signed_in: Any) -> None:
    incident = gateway_incident()
    headers = {"HX-Request": "true", "HX-Target": "incident"}
    part = signed_in.get(incident.get_absolute_url(), headers=headers).content.decode()
    assert "<html" not in part
    assert "Gateway does not answer" in part
    headers["HX-Target"] = "incidents"
    part = signed_in.get(reverse("incidents"), headers=headers).content.decode()
    assert "<html" not in part
