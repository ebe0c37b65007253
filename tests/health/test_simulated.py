"""What a whole look makes of each fault of a simulated token: a try with the key, the account's list, and both."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from tokens.gateways.management import client_for
from tokens.gateways.relay import look_models
from tokens.health.judge import Thresholds, combine, judge_facts, judge_relay
from tokens.health.verdicts import Judgement
from tokens.network.client import Wire
from tokens.network.policy import AddressPolicy
from tokens.simulator import Account, Simulator, Token


def looked_at(sim: Simulator, account: Account, token: Token) -> tuple[Judgement, Judgement | None]:
    """(the key's own answer, the list's word)."""

    async def look() -> tuple[Judgement, Judgement | None]:
        async with Wire(AddressPolicy(allow_private=True), total_timeout=3) as wire:
            probe = judge_relay(await look_models(wire, f"{sim.url}/v1", token.key))
            client = client_for("new-api", wire, sim.url, account.access_token, str(account.user_id))
            groups = frozenset(group.name for group in await client.groups())
            listed = {facts.remote_id: facts for facts in (await client.page()).tokens}
            facts = listed.get(token.id)
            now = datetime.now(UTC)
            told = judge_facts(facts, now=now, thresholds=Thresholds(), usable_groups=groups) if facts else None
            return probe, told

    return asyncio.run(look())


HIDDEN = "unknown_or_revoked"


@pytest.mark.parametrize(
    ("dialect", "fault", "probe", "facts", "both"),
    [
        ("new-api-2026-08", "", "ok", "ok", "ok"),
        ("new-api-2026-08", "disabled", HIDDEN, "disabled", "disabled"),
        ("new-api-2026-08", "expired", HIDDEN, "expired", "expired"),
        ("new-api-2026-08", "exhausted", HIDDEN, "token_exhausted", "token_exhausted"),
        ("new-api-2026-08", "deleted", HIDDEN, None, HIDDEN),
        ("new-api-2026-08", "group_forbidden", "group_forbidden", "group_forbidden", "group_forbidden"),
        ("new-api-2026-08", "ip_blocked", "ip_blocked", "ok", "ip_blocked"),
        ("new-api-2026-08", "invalid", HIDDEN, "ok", HIDDEN),
        ("new-api-2025-04", "", "ok", "ok", "ok"),
        ("new-api-2025-04", "disabled", "disabled", "disabled", "disabled"),
        ("new-api-2025-04", "expired", "expired", "expired", "expired"),
        ("new-api-2025-04", "exhausted", "token_exhausted", "token_exhausted", "token_exhausted"),
        ("new-api-2025-04", "deleted", HIDDEN, None, HIDDEN),
    ],
)
def test_a_tokens_fault_is_named_for_what_it_is(
    dialect: str, fault: str, probe: str, facts: str | None, both: str
) -> None:
    sim = Simulator(dialect=dialect)
    account = sim.add_account("alice")
    token = sim.add_token(account, "ci")
    token.fault = fault
    with sim.running():
        tried, told = looked_at(sim, account, token)
    assert (tried.verdict, told.verdict if told else None, combine(told, tried).verdict) == (probe, facts, both)


@pytest.mark.parametrize("fault", ["down", "html", "redirect", "empty", "bad_json", "500", "overloaded", "huge"])
def test_a_gateways_fault_is_never_a_tokens(fault: str) -> None:
    sim = Simulator()
    token = sim.add_token(sim.add_account("alice"), "ci")
    sim.gateway_fault = fault

    async def look() -> Judgement:
        async with Wire(AddressPolicy(allow_private=True), total_timeout=3) as wire:
            return judge_relay(await look_models(wire, f"{sim.url}/v1", token.key))

    with sim.running():
        judged = asyncio.run(look())
    assert judged.light == "gateway" or judged.verdict in ("inconclusive", "rate_limited", "ok")
