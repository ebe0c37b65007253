"""The demo's story: told once, in every state, consistent with what the simulators answer, and without a key in it."""

from __future__ import annotations

import io
import json
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.serializers import serialize
from django.utils import timezone

from dashboard.demo import BRANDS, DemoGateway
from tokens.health.verdicts import State
from tokens.management.demo import seeding
from tokens.management.demo.troupe import PARTS
from tokens.models import Account, AuditEvent, Change, Channel, Gateway, Incident, Notification, Streak, Token, User
from tokens.services import charting, checking, knocking, reviewing, syncing
from tokens.simulator import Simulator, statefile


def free_ports(number: int) -> list[int]:
    with ExitStack() as held:
        return [held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(number)]


@pytest.fixture
def places(db: None, settings: Any, tmp_path: Path) -> tuple[DemoGateway, ...]:
    ports = free_ports(len(BRANDS))
    found = [DemoGateway(port, brand, tmp_path / f"{brand}.json") for port, brand in zip(ports, BRANDS, strict=True)]
    settings.KEYWARD_DEMO, settings.KEYWARD_DEMO_GATEWAYS = True, tuple(found)
    settings.KEYWARD_ALLOW_PRIVATE_ADDRESSES = True
    return tuple(found)


@pytest.fixture
def demo(places: tuple[DemoGateway, ...]) -> tuple[DemoGateway, ...]:
    call_command("demo", stdout=io.StringIO())
    return places


@contextmanager
def simulators(places: tuple[DemoGateway, ...]) -> Iterator[list[Simulator]]:
    """As `make demo` starts them, from their state files."""
    with ExitStack() as running:
        made = [Simulator(seed=statefile.load(place.state)) for place in places]
        yield [running.enter_context(sim.running(place.port)) for sim, place in zip(made, places, strict=True)]


def secrets_of(places: tuple[DemoGateway, ...]) -> set[str]:
    """Every key and access token that the simulators hold."""
    worlds = [json.loads(place.state.read_text()) for place in places]
    accounts = [account for world in worlds for account in world["accounts"]]
    return {account["access_token"] for account in accounts} | {
        token["key"] for account in accounts for token in account["tokens"]
    }


def lights() -> dict[str, tuple[str, str, str]]:
    rows = [*Token.objects.all(), *Account.objects.all(), *Gateway.objects.all()]
    return {f"{type(row).__name__} {row.name}": (row.state, row.verdict, row.pending_verdict) for row in rows}


def look_at_everything() -> int:
    """One whole round of the checker; returns how many verdicts came of it."""
    now = timezone.now()
    Token.objects.exclude(next_check_at=None).update(next_check_at=now)
    Account.objects.update(next_check_at=now)
    Gateway.objects.update(next_check_at=now)
    seen = knocking.knock_due()
    seen += sum(checking.check_batch(order) for order in checking.claim_due(now))
    return seen + sum(syncing.sync_account(pk, lease) for pk, lease in syncing.claim_due(now))


def test_it_is_told_once_and_kept_afterwards(demo: tuple[DemoGateway, ...]) -> None:
    before = serialize("json", [*Token.objects.all(), *AuditEvent.objects.all(), *Streak.objects.all()])
    files = [place.state.read_bytes() for place in demo]
    call_command("demo")
    assert serialize("json", [*Token.objects.all(), *AuditEvent.objects.all(), *Streak.objects.all()]) == before
    assert [place.state.read_bytes() for place in demo] == files


def test_a_reset_tells_it_anew_with_new_keys(demo: tuple[DemoGateway, ...]) -> None:
    before, keys = Token.objects.count(), secrets_of(demo)
    call_command("demo", reset=True, stdout=io.StringIO())
    assert Token.objects.count() == before
    assert not keys & secrets_of(demo)


def test_it_never_writes_over_data_that_are_no_demo(places: tuple[DemoGateway, ...], settings: Any) -> None:
    settings.KEYWARD_DEMO = False
    with pytest.raises(CommandError, match="no demo"):
        call_command("demo", reset=True)
    assert not Token.objects.exists()


def test_every_state_is_there(demo: tuple[DemoGateway, ...]) -> None:
    states = Counter(Token.objects.values_list("state", flat=True))
    assert set(states) == {state.value for state in State}
    assert states.total() == len(PARTS) == 60
    assert set(Account.objects.values_list("state", flat=True)) == {"healthy", "degraded", "failing"}
    assert Gateway.objects.count() == 2


def test_every_token_has_the_verdict_of_its_part_and_the_key_of_the_simulator(demo: tuple[DemoGateway, ...]) -> None:
    worlds = [json.loads(place.state.read_text()) for place in demo]
    keys = {t["name"]: t["key"] for world in worlds for account in world["accounts"] for t in account["tokens"]}
    tokens = {token.name: token for token in Token.objects.all()}
    for part in PARTS:
        token = tokens[part.name]
        assert token.open_key() == f"sk-{keys[part.name]}"
        assert (token.verdict or "inconclusive") == part.verdict, part.name


def test_a_round_of_real_checks_changes_nothing(demo: tuple[DemoGateway, ...]) -> None:
    before, changes = lights(), Change.objects.count()
    with simulators(demo):
        assert look_at_everything() > 100
        assert look_at_everything() > 100
    assert lights() == before
    assert Change.objects.count() == changes


def test_open_incidents_are_those_of_what_fails_now(demo: tuple[DemoGateway, ...]) -> None:
    failing = [*Token.objects.filter(state="failing"), *Account.objects.filter(state="failing")]
    found = Incident.objects.filter(closed_at=None)
    assert {(one.subject(), one.verdict) for one in found} == {(one, one.verdict) for one in failing}
    assert Incident.objects.exclude(closed_at=None).count() >= 10
    assert all(one.closed_at > one.opened_at >= one.started_at for one in Incident.objects.exclude(closed_at=None))


def test_ninety_days_of_history_hold_some_bad_ones(demo: tuple[DemoGateway, ...]) -> None:
    now = timezone.now()
    for gateway in Gateway.objects.all():
        states = Counter(state for _day, state, _title in charting.uptime_days("gateway", gateway, 90, now))
        assert states["none"] == 0
        assert 1 <= states["failing"] + states["degraded"] <= 8
    assert all(len(account.balances) == 14 * 24 for account in Account.objects.all())


def test_changes_follow_one_another_in_time_and_are_all_told(demo: tuple[DemoGateway, ...]) -> None:
    moments = list(Change.objects.order_by("pk").values_list("at", flat=True))
    assert moments == sorted(moments)
    assert not Change.objects.filter(processed_at=None).exists()


def test_one_delivery_took_two_tries_and_one_still_waits(demo: tuple[DemoGateway, ...]) -> None:
    notes = Notification.objects.all()
    assert notes.filter(progress="sent", attempts=2).count() == 1
    assert notes.filter(progress="waiting", channel__enabled=False).count() == 1
    assert Channel.objects.filter(enabled=True).count() == 1
    arrived = statefile.load(demo[0].state) or {}
    last = notes.filter(channel__kind="webhook").order_by("pk").last()
    assert last is not None
    assert arrived["inbox"][-1]["body"] == last.payload


def test_the_chain_of_the_audit_log_is_whole(demo: tuple[DemoGateway, ...]) -> None:
    found = reviewing.verify()
    assert found.whole
    assert 120 <= found.entries <= 200
    moments = list(AuditEvent.objects.order_by("pk").values_list("at", flat=True))
    assert moments == sorted(moments)


def test_no_key_stands_in_clear_anywhere(demo: tuple[DemoGateway, ...]) -> None:
    models = (Token, Account, Gateway, Channel, Notification, AuditEvent, Change, Incident, Streak)
    text = "".join(serialize("json", model._base_manager.all()) for model in models)
    inboxes = "".join(json.dumps((statefile.load(place.state) or {})["inbox"]) for place in demo)
    assert not [secret[:3] for secret in secrets_of(demo) if secret in text + inboxes]


def test_another_port_moves_the_gateways_and_the_inbox(demo: tuple[DemoGateway, ...], settings: Any) -> None:
    moved = tuple(DemoGateway(place.port + 1, place.brand, place.state) for place in demo)
    settings.KEYWARD_DEMO_GATEWAYS = moved
    call_command("demo")
    assert set(Gateway.objects.values_list("base_url", flat=True)) == {f"{place.url}/v1" for place in moved}
    assert Channel.objects.get(kind="webhook").open_target() == f"{moved[0].url}/_sim/inbox"
    assert seeding.told()


def test_every_page_leads_to_the_switches(demo: tuple[DemoGateway, ...], client: Any) -> None:
    visitor = User.objects.create_user("visitor")
    client.force_login(visitor, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get("/").content.decode()
    assert all(f'href="{place.url}/_sim/"' in page for place in demo)
