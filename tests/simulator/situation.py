"""The situation in which new-api 2026-08 was recorded, rebuilt in the simulator: the same people, tokens and ids."""

from __future__ import annotations

import time
from typing import Any

from tokens.simulator import Account, Group, Model, Simulator

IN_ALL = "fake-free fake-percall fake-pro fake-vision fake-embed fake-mini"
UPSTREAM = "401 403 404 429 500 502 503 bigusage drop empty html junk maxtok nousage quota slow"
AN_HOUR_AGO = int(time.time()) - 3600
CAROLS_FIRST_ID = 32
CAROL_03 = "rQ3HBv" + "x" * 38 + "0aM2"  # the recordings search for its beginning and its mask

# In the order in which they were made, from id 1. "deleted" is deleted at once.
ALICES: dict[str, dict[str, Any]] = {
    "healthy": {},
    "limited": {"remain_quota": 2_000_000, "used_quota": 5010},
    "disabled": {"status": 2},
    "deleted": {},
    "expired-unseen": {"expired_time": AN_HOUR_AGO},
    "expired-stored": {"expired_time": AN_HOUR_AGO, "status": 3},
    "expired-zero-time": {"expired_time": 0},
    "exhausted-unseen": {"remain_quota": 0},
    "exhausted-stored": {"remain_quota": 0, "status": 4},
    "stale4": {"remain_quota": 2_000_000, "status": 4},
    "stale3": {"remain_quota": 2_000_000, "status": 3},
    "status9": {"status": 9},
    "almost": {"remain_quota": 10},
    "ip-denied": {"allow_ips": "203.0.113.7"},
    "ip-allowed": {"allow_ips": "203.0.113.7\n127.0.0.0/8"},
    "ip-junk": {"allow_ips": "not an ip"},
    "model-other": {"model_limits_enabled": True, "model_limits": "fake-pro,fake-vision"},
    "model-empty": {"model_limits_enabled": True},
    "model-flag-off": {"model_limits": "fake-pro"},
    "group-vip": {"group": "vip"},
    "group-forbidden": {"group": "internal"},
    "group-unknown": {"group": "nosuchgroup"},
    "group-gone": {"group": "gone"},
    "group-auto": {"group": "auto"},
}
OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "bob-vip": ("bob", {}),
    "zero-unlimited": ("zero", {}),
    "zero-limited": ("zero", {"remain_quota": 1_000_000}),
    "poor-unlimited": ("poor", {}),
    "banned-user": ("banned", {}),
    "deleted-user": ("deluser", {}),
    "admin-key": ("root", {}),
}
LATER: dict[str, tuple[str, dict[str, Any]]] = {
    "overspend": ("alice", {"remain_quota": 300}),
    "zh-disabled": ("zhuser", {"status": 2}),
    "zh-healthy": ("zhuser", {"model_limits_enabled": True, "model_limits": "fake-pro"}),
}


def models() -> list[Model]:
    """fake-* work, up-* stand before a broken provider, the rest lack a price or a channel."""
    everywhere = [Model(name) for name in IN_ALL.split()]
    broken = [Model(f"up-{fault}", upstream=fault) for fault in UPSTREAM.split()]
    odd = [
        Model("fake-claude", ("default",), ratio=None),
        Model("fake-noprice", ratio=None),
        Model("ban-me", ("default",), upstream="401"),
        Model("dead-model", ("default",), upstream="unreachable"),
        Model("vip-only", ("vip",)),
        Model("off-model", served=False),
    ]
    found = {model.name: model for model in (*everywhere, *broken, *odd)}
    found["fake-free"].ratio, found["fake-percall"].price = 0, 0.01
    return list(found.values())


def build(*, limits: bool = False) -> Simulator:
    sim = Simulator(limits=limits)
    sim.world.models = {model.name: model for model in models()}
    groups = [
        Group("default", "Default group"),
        Group("vip", "VIP group", 0.8),
        Group("internal", "Internal", 0.5, offered=False),
        Group("gone", "A group without ratio", None),
    ]
    sim.world.groups = {group.name: group for group in groups}
    people = {name: sim.add_account(name, user_id=number, **facts) for name, number, facts in _people()}
    for name, facts in ALICES.items():
        sim.add_token(people["alice"], name, **facts)
    sim.token(4).deleted = True
    for name, (owner, facts) in OTHERS.items():
        sim.add_token(people[owner], name, **facts)
    for place in range(12):
        _carols(sim, people["carol"], place)
    return sim


def _people() -> list[tuple[str, int, dict[str, Any]]]:
    return [
        ("root", 1, {"balance_units": 0, "role": 100}),
        ("alice", 2, {"balance_units": 20_000_000}),
        ("bob", 3, {"group": "vip"}),
        ("zero", 4, {"balance_units": 0}),
        ("poor", 5, {"balance_units": 100}),
        ("banned", 6, {"fault": "banned"}),
        ("deluser", 7, {"gone": True}),
        ("carol", 8, {}),
        ("zhuser", 9, {}),
        ("bulk", 10, {}),
    ]


def _carols(sim: Simulator, carol: Account, place: int) -> None:
    facts: dict[str, Any] = {"key": CAROL_03} if place == 3 else {}
    name, remain = f"ci-{place:02d}", place * 1000
    number = CAROLS_FIRST_ID + place
    sim.add_token(carol, name, id=number, remain_quota=remain, unlimited=place % 2 == 1, **facts)


def add_later(sim: Simulator) -> None:
    """Tokens that were made after carol's; their ids play no part."""
    sim.world.last_token_id = 9000
    for name, (owner, facts) in LATER.items():
        sim.add_token(sim.account(owner), name, **facts)
