"""Who plays: people, gateways, accounts. The tokens are in troupe.py. Plain data; times lie before now."""

from __future__ import annotations

from dataclasses import dataclass

from tokens.health.verdicts import Verdict

UNITS = 500_000  # of the simulated gateways, to the dollar


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    first_name: str
    last_name: str
    address: str  # where they sign in from; a range kept for examples

    @property
    def email(self) -> str:
        return f"{self.username}@example.com"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that failed in the past and was mended: it began `days` ago and took `hours`."""

    days: float
    hours: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class House:
    """One simulated gateway. `latency` and `jitter` in milliseconds."""

    brand: str
    name: str
    preset: str
    latency: int
    jitter: int
    past: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class Purse:
    """One account: what it holds now and what it spends a day, in USD. Not `watched`: only its keys were pasted."""

    username: str
    name: str
    brand: str
    balance: float
    per_day: float
    group: str = "default"
    topped_up: tuple[tuple[float, float], ...] = ()  # (days ago, USD)
    empty_for: float = 0.0  # hours since the balance ran out
    watched: bool = True
    past: tuple[Trouble, ...] = ()


PEOPLE = (
    Person("mira", "Mira", "Okafor", "192.0.2.14"),
    Person("jonas", "Jonas", "Weber", "192.0.2.31"),
    Person("aiko", "Aiko", "Tanaka", "198.51.100.7"),
    Person("priya", "Priya", "Raman", "203.0.113.58"),
    Person("liwei", "Li", "Wei", "198.51.100.92"),
)
COMET, RELAY = "comet_api_error", "new_api_error"
HOUSES = (
    House(
        COMET,
        "CometAPI (simulated)",
        "cometapi",
        latency=90,
        jitter=40,
        past=(
            Trouble(71.3, 0.6, Verdict.TIMEOUT),
            Trouble(41.2, 1.4, Verdict.GATEWAY_DOWN),
            Trouble(9.4, 2.5, Verdict.UPSTREAM_ERROR),
        ),
    ),
    House(
        RELAY,
        "Relay EU (simulated)",
        "",
        latency=150,
        jitter=60,
        past=(Trouble(55.6, 3.2, Verdict.NO_CHANNEL), Trouble(12.45, 1.6, Verdict.GATEWAY_DOWN)),
    ),
)
ACCOUNTS = (
    Purse("acme-production", "Production", COMET, balance=412.36, per_day=9.2, topped_up=((8.2, 250),)),
    Purse("acme-research", "Research", COMET, balance=0, per_day=3.1, empty_for=5.3, topped_up=((11.5, 25),)),
    Purse(
        "acme-eu",
        "EU team",
        RELAY,
        balance=4.12,
        per_day=1.9,
        past=(Trouble(30.2, 7.5, Verdict.MANAGEMENT_CREDENTIAL_DEAD),),
    ),
    Purse("contractor", "Contractor", RELAY, balance=18, per_day=0.4, group="early", watched=False),
)
