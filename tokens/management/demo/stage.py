"""The simulated gateways, furnished: accounts, groups, tokens, and the faults that are set from the start."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from tokens import simulator
from tokens.simulator import Group, Model, Simulator

from .cast import ACCOUNTS, UNITS, House, Purse
from .troupe import PARTS, Part

STORED = {"expired": 3, "exhausted": 4}  # what the gateway writes down once it has noticed


@dataclass(slots=True)
class Scene:
    """One gateway with who is on it, by name."""

    house: House
    sim: Simulator
    accounts: dict[str, simulator.Account] = field(default_factory=dict)
    tokens: dict[str, simulator.Token] = field(default_factory=dict)


def furnish(house: House, sim: Simulator, now: datetime, dice: Random) -> Scene:
    """Everything is there; who will be deleted still lives, so that it can be seen once."""
    sim.world.system_name = house.name
    sim.world.groups = {group.name: group for group in _groups()}
    sim.world.models["o3-early"] = Model("o3-early", groups=("vip",), ratio=1.0)
    sim.slow_token_seconds = 0.0
    scene = Scene(house, sim)
    for purse in ACCOUNTS:
        if purse.brand == house.brand:
            scene.accounts[purse.username] = _account(sim, purse)
    for part in PARTS:
        if part.account in scene.accounts:
            scene.tokens[part.name] = _token(sim, scene.accounts[part.account], part, now, dice)
    return scene


def delete(scene: Scene) -> None:
    """Who was deleted behind Keyward's back goes, by its switch."""
    for part in _parts(scene):
        if part.fault == "deleted":
            scene.tokens[part.name].fault = part.fault


def retire(scene: Scene) -> None:
    """Who was deleted through Keyward goes for good."""
    for part in _parts(scene):
        if part.retired_for:
            scene.tokens[part.name].deleted = True


def slow_down(scene: Scene) -> None:
    """From now on it answers as slowly as it is told to, and a slow token takes longer than the limit of 4 s."""
    scene.sim.latency_ms, scene.sim.jitter_ms = scene.house.latency, scene.house.jitter
    scene.sim.slow_token_seconds = 4.4


def _groups() -> list[Group]:
    return [
        Group("default", "Every model at its list price"),
        Group("vip", "Reserved capacity, first in the queue", 1.3),
        Group("closed", "Staff only", 0.5, False),
        Group("early", "Early access, no model yet", 1.0, False),
    ]


def _account(sim: Simulator, purse: Purse) -> simulator.Account:
    return sim.add_account(
        purse.username,
        balance_units=round(purse.balance * UNITS),
        group=purse.group,
        used_quota=round(purse.per_day * 190 * UNITS),
        request_count=round(purse.per_day * 40_000),
    )


def _token(sim: Simulator, account: simulator.Account, part: Part, now: datetime, dice: Random) -> simulator.Token:
    left = dice.randrange(100) if part.left is None else part.left * UNITS
    last_used = max(part.since, part.retired_for, part.paused_for) * 3600 + dice.randrange(30, 5400)
    token = sim.add_token(
        account,
        part.name,
        unlimited=part.left is None,
        remain_quota=round(left),
        used_quota=round(part.used * UNITS),
        group=part.group,
        created_time=int((now - timedelta(days=part.age)).timestamp()) - 60,
        accessed_time=int(now.timestamp() - min(last_used, part.age * 86_400)),
        expired_time=-1 if part.expires is None else int((now + timedelta(days=part.expires)).timestamp()),
        model_limits_enabled=bool(part.models),
        model_limits=part.models,
        allow_ips=part.networks,
    )
    if part.fault and part.fault != "deleted":
        _fail(token, part, now)
    return token


def _fail(token: simulator.Token, part: Part, now: datetime) -> None:
    """Set the switch, as of when it is told to have happened."""
    token.fault = part.fault
    if part.fault == "expired":
        token.expired_time = token.made["expired_time"] = int((now - timedelta(hours=part.since)).timestamp())
    token.status = STORED.get(part.fault, token.status)


def _parts(scene: Scene) -> list[Part]:
    return [part for part in PARTS if part.name in scene.tokens]
