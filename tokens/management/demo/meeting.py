"""Meet the simulated gateways once, for real: what they answer now is what the last look of the story saw."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from tokens.gateways.records import TokenFacts
from tokens.health.verdicts import Judgement, Verdict
from tokens.models import Account, Gateway
from tokens.services import connecting, looking, syncing
from tokens.services.looking import Job, Look
from tokens.services.syncing import Reading
from tokens.vault.spelling import from_gateway

from . import stage
from .cast import ACCOUNTS, Purse
from .stage import Scene

CHECK_EVERY, SWEEP_EVERY = 20, 15  # seconds: a visitor sees a failure, confirmed by a second look, within a minute
SLOW_MS = 4460


@dataclass(slots=True)
class Met:
    """A gateway and its accounts, not saved yet, with what each of them said."""

    scene: Scene
    gateway: Gateway
    accounts: dict[str, Account] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    facts: dict[str, TokenFacts] = field(default_factory=dict)
    looks: dict[str, Look] = field(default_factory=dict)


def meet(scene: Scene, url: str, now: datetime) -> Met:
    """`url` is where the gateway will be; it is met at an address of the moment."""
    with scene.sim.running():
        met = Met(scene, _gateway(scene))
        for purse in ACCOUNTS:
            if purse.username in scene.accounts:
                _read(met, purse, now)
        stage.delete(scene)
        _look(met)
    stage.retire(scene)
    stage.slow_down(scene)
    met.gateway.base_url = f"{url}/v1"
    return met


def _gateway(scene: Scene) -> Gateway:
    found = connecting.probe_address(scene.sim.url, scene.house.preset)
    return Gateway(
        name=scene.house.name,
        base_url=found.base_url,
        dialect=found.dialect,
        version=found.version,
        capabilities=found.capabilities,
        quota_per_unit=found.quota_per_unit,
        check_interval=CHECK_EVERY,
        management_per_minute=120,
        key_fetches_per_20_minutes=60,
    )


def _read(met: Met, purse: Purse, now: datetime) -> None:
    """Also of the account that Keyward does not watch: its keys were pasted, and are to be found again."""
    known = met.scene.accounts[purse.username]
    account = Account(gateway=met.gateway, name=purse.name, user_id=str(known.user_id), sweep_interval=SWEEP_EVERY)
    account.seal_access_token(known.access_token)
    reading = syncing.read(account, calls=50, now=now)
    if reading.error:
        raise reading.error
    names = {token.id: token.name for token in known.tokens.values()}
    for page in reading.pages:
        met.facts |= {names[one.remote_id]: one for one in page.tokens}
    if purse.watched:
        met.accounts[purse.username], met.readings[purse.username] = account, reading


def _look(met: Met) -> None:
    names = dict(enumerate(met.scene.tokens))
    jobs = [Job(number, from_gateway(met.scene.tokens[name].key)) for number, name in names.items()]
    batch = looking.look_at_keys(met.gateway.base_url, jobs, concurrency=8)
    for look in batch.looks:
        name = names[look.token_id]
        met.looks[name] = _timed(look, met.scene, name)


def _timed(look: Look, scene: Scene, name: str) -> Look:
    """Nobody waits now for answers that take their time later."""
    if scene.tokens[name].fault != "slow":
        late = scene.house.latency + look.token_id * 7 % scene.house.jitter
        return replace(look, evidence=replace(look.evidence, latency_ms=late))
    slow = Judgement(Verdict.DEGRADED_SLOW, "token", f"{SLOW_MS} ms")
    return replace(look, evidence=replace(look.evidence, latency_ms=SLOW_MS), judgement=slow)
