"""The first page: the first steps, then what is wrong, what ends next and how Keyward itself is doing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_account, make_gateway, make_incident, make_token
from tokens.models import Change, Installation, Pulse
from tokens.models.token import RANK
from tokens.services import overviewing, pulsing


def overview(client: Any, target: str = "") -> str:
    headers = {"HX-Request": "true", "HX-Target": target} if target else {}
    return str(client.get(reverse("overview"), headers=headers).content.decode())


def token(state: str, **fields: Any) -> Any:
    return make_token(state=state, rank=RANK[state], **fields)


def test_nobody_sees_it_without_signing_in(client: Any, db: None) -> None:
    assert client.get(reverse("overview")).status_code == 302


def test_before_the_first_gateway_it_shows_the_three_steps(signed_in: Any) -> None:
    page = overview(signed_in)
    for words in ("Connect a gateway", "Bring your tokens", "Say who should hear"):
        assert words in page
    assert reverse("connect") in page


def test_a_gateway_without_tokens_leads_to_adding_them(signed_in: Any) -> None:
    make_gateway(name="Relay EU")
    page = overview(signed_in)
    assert "No token is watched yet" in page
    assert "Relay EU" in page


def test_counts_lights_and_links(signed_in: Any) -> None:
    gateway = make_gateway()
    account = make_account(gateway, state="degraded")
    for state in ("failing", "healthy", "healthy", "paused"):
        token(state, account=account)
    counts = overviewing.overview(timezone.now()).counts
    assert dict(counts.parts) == {"failing": 1, "degraded": 0, "healthy": 2, "new": 0, "paused": 1, "retired": 0}
    page = overview(signed_in)
    assert f"{reverse('tokens')}?status=failing" in page
    assert "1 failing" in page
    assert "1 degraded" in page


def test_a_dead_gateway_is_said_first_and_its_tokens_count_as_frozen(signed_in: Any) -> None:
    gateway = make_gateway(name="Relay EU", state="failing", frozen_at=timezone.now())
    one = token("healthy", gateway=gateway)
    make_incident(
        one, light="gateway", token=None, subject_name="Relay EU", verdict="gateway_down", tokens_affected=412
    )
    page = overview(signed_in, "state")
    assert "Relay EU: Gateway does not answer" in page
    assert "Its 412 tokens keep their last verdict" in page
    assert "1 frozen in all" in page
    assert "<html" not in page


def test_the_widest_incident_comes_first(signed_in: Any) -> None:
    one = token("failing")
    make_incident(one)
    make_incident(one, light="gateway", token=None, verdict="gateway_down")
    found = overviewing.overview(timezone.now()).incidents
    assert [incident.light for incident in found] == ["gateway", "token"]


def test_what_expires_and_what_runs_dry_next(signed_in: Any) -> None:
    now = timezone.now()
    account = make_account(name="Production", balance_units=500_000)
    account.balances = [[int((now - timedelta(hours=h)).timestamp()), 500_000 + h * 10_000] for h in range(100, -1, -1)]
    account.save()
    token("healthy", name="soon", expires_at=now + timedelta(hours=9, minutes=5))
    token("healthy", name="later", expires_at=now + timedelta(days=20, minutes=5))
    token("healthy", name="far", expires_at=now + timedelta(days=300))
    token("degraded", name="thirsty", verdict="quota_low", unlimited=False, remain_units=100_000, used_units=900_000)
    found = overviewing.coming(now)
    assert [one.name for one in found] == ["soon", "Production", "later", "thirsty"]
    assert found[0].words.startswith("Expires in 9 h")
    assert found[3].used == pytest.approx(90)
    assert "$0.20 of its quota left" in overview(signed_in)


def test_last_changes_are_told_in_words(signed_in: Any) -> None:
    one, now = token("healthy", name="mobile-app"), timezone.now()
    turned = {"token": one, "gateway": one.gateway, "light": "token", "since": now, "at": now}
    Change.objects.create(old_state="new", new_state="healthy", verdict="ok", **turned)
    Change.objects.create(old_state="failing", new_state="healthy", old_verdict="expired", verdict="ok", **turned)
    Change.objects.create(old_state="healthy", new_state="failing", verdict="disabled", **turned)
    notes = [entry["note"] for entry in overviewing.last_changes()]
    assert notes == ["Disabled", "Works again. It was: Expired", "New, and its first check is good"]
    assert "Works again. It was: Expired" in overview(signed_in, "rest")


def test_its_own_pulse(signed_in: Any) -> None:
    make_gateway()
    now = timezone.now()
    pulsing.count_looks(1200, now - timedelta(hours=25))
    pulsing.count_looks(1000, now - timedelta(hours=3))
    pulsing.count_looks(234, now)
    token("healthy", checked_at=now - timedelta(minutes=9))
    token("paused", checked_at=now - timedelta(days=9))
    frozen = make_gateway(frozen_at=now)
    token("healthy", gateway=frozen, checked_at=now - timedelta(days=3))
    own = overviewing.own_pulse(now)
    assert own.looks == 1234
    assert own.oldest == now - timedelta(minutes=9)
    assert "1,234" in overview(signed_in, "own-pulse")
    assert "$0.00" in overview(signed_in)


@pytest.mark.parametrize(
    ("age", "state", "words"),
    [(5, "healthy", "Checker running"), (45, "degraded", "Checker late"), (150, "failing", "Checker stopped")],
)
def test_the_dead_mans_switch(signed_in: Any, age: int, state: str, words: str) -> None:
    now = timezone.now()
    Pulse.objects.create(name="beat", at=now - timedelta(seconds=age))
    Pulse.objects.create(name="worker", at=now - timedelta(seconds=age + 500))
    assert pulsing.alive(now).state == state
    assert words in overview(signed_in)


def test_before_the_first_tick_nothing_is_claimed(signed_in: Any) -> None:
    assert pulsing.alive(timezone.now()).seconds is None
    assert "Checker not started" in overview(signed_in)


def test_the_navigation_counts(signed_in: Any) -> None:
    one = token("failing")
    make_incident(one)
    page = overview(signed_in)
    assert '<span class="k-count" data-state="failing">1' in page
    assert page.count('<span class="k-count">1</span>') == 2


def test_a_wrong_key_ring_is_said_on_every_page(signed_in: Any) -> None:
    overview(signed_in)
    Installation.objects.update_or_create(pk=1, defaults={"ring_check": "of another ring"})
    cache.clear()
    for name in ("overview", "incidents", "audit", "channels"):
        assert "The encryption key is not the one" in signed_in.get(reverse(name)).content.decode()


def test_the_page_asks_as_often_however_many_tokens(signed_in: Any, django_assert_max_num_queries: Any) -> None:
    gateways = [make_gateway() for _ in range(4)]
    for number in range(40):
        token("failing" if number % 3 else "healthy", gateway=gateways[number % 4])
    with django_assert_max_num_queries(30):
        overview(signed_in)
