"""Tell the story once: the simulators' state files and the database, agreeing with one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from django.db import transaction

from tokens.models import (
    AuditEvent,
    Bucket,
    Channel,
    Creation,
    Gateway,
    Incident,
    Notification,
    Pulse,
    Streak,
    Tag,
    User,
)
from tokens.services import pulsing, reviewing, targets
from tokens.simulator import Simulator

from . import past, rows, stage, telling
from .cast import HOUSES, PEOPLE
from .diary import Diary
from .meeting import Met, meet
from .past import Past

TOLD = "demo"  # the Pulse row that says when the story was told
DICE = 20260824


@dataclass(frozen=True, slots=True)
class Place:
    """Where a simulated gateway listens, how it speaks, and the file that it keeps its state in."""

    brand: str
    url: str
    state: Path


def told() -> bool:
    return Pulse.objects.filter(name=TOLD).exists()


def clear() -> None:
    """Everything but who may sign in."""
    with transaction.atomic():
        for model in (Creation, Notification, Incident, Streak, AuditEvent, Channel, Gateway, Tag, Pulse, Bucket):
            model._base_manager.all().delete()
        User.objects.filter(username__in=[one.username for one in PEOPLE]).delete()


def tell(places: Sequence[Place], now: datetime) -> dict[str, int]:
    """From nothing to ninety days; returns how many of what there is."""
    now, dice = now.astimezone(UTC), Random(DICE)  # noqa: S311 nothing secret comes of it
    by_brand = {place.brand: place for place in places}
    mets = []
    for house in HOUSES:
        place = by_brand[house.brand]
        place.state.unlink(missing_ok=True)
        scene = stage.furnish(house, Simulator(house.brand, state=place.state), now, dice)
        mets.append(meet(scene, place.url, now))
    with transaction.atomic():
        clear()
        counts = _write(mets, places[0].url, now, dice)
    for met in mets:
        met.scene.sim.save()
    reviewing.verify()
    Pulse.objects.create(name=TOLD, at=now, detail=counts)
    return counts


def move(places: Sequence[Place]) -> None:
    """The demo may be started on another port: the gateways and the inbox go with it."""
    names = {house.brand: house.name for house in HOUSES}
    for place in places:
        Gateway.objects.filter(name=names[place.brand]).exclude(base_url=f"{place.url}/v1").update(
            base_url=f"{place.url}/v1"
        )
    sink = Channel.objects.filter(name="Demo inbox", kind="webhook").first()
    target = f"{places[0].url}/_sim/inbox"
    if sink and sink.open_target() != target:
        sink.seal_target(target)
        sink.target_hint = targets.hint_of(target)
        sink.save(update_fields=["target_sealed", "target_hint"])


def _write(mets: Sequence[Met], sink_url: str, now: datetime, dice: Random) -> dict[str, int]:
    people = {**{user.username: user for user in User.objects.filter(username="demo")}, **rows.people()}
    history, diary = Past(now, dice), Diary(now, people)
    tokens = []
    for met in mets:
        rows.save_gateway(met, now)
        seen = rows.save_tokens(met, people, now, dice)
        history.of_gateway(met)
        for purse in past.purses(met):
            history.of_account(met, purse)
        for one in seen:
            history.of_token(met, one)
            diary.of_token(one, dice)
        tokens += [one.token for one in seen]
    changes = history.store(people)
    made = telling.channels(mets, sink_url, now)
    notes = telling.deliveries(made, changes, now, dice)
    telling.arrive(mets[0].scene.sim, made, notes)
    diary.beginning(mets)
    diary.of_channels(made)
    diary.of_incidents()
    diary.habits(tokens, dice)
    for back in range(24, 0, -1):
        pulsing.count_looks(dice.randrange(640, 700), now - timedelta(hours=back))
    return {
        "tokens": len(tokens), "streaks": len(history.streaks), "changes": len(changes),
        "notifications": len(notes), "events": diary.write(),
    }  # fmt: skip
