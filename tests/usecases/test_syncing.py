"""An account's list judges a hundred tokens a call; the account's trouble is its own light."""

from __future__ import annotations

import pytest

from tests.factories import make_account, make_token
from tests.usecases.conftest import Clock
from tokens.gateways.records import Evidence
from tokens.models import Account, Gateway, Incident, Streak, Token
from tokens.services import adding, checking, syncing
from tokens.services.adding import About
from tokens.services.auditing import KEYWARD
from tokens.simulator import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(gateway: Gateway, simulator: Simulator) -> Account:
    gateway.management_per_minute, gateway.capabilities = 6000, {"reveal": True, "reveal_many": True}
    gateway.save()
    remote = simulator.add_account("alice", balance_units=20_000_000)
    for number in range(3):
        simulator.add_token(remote, f"t{number}", unlimited=True)
    return make_account(gateway, access_token=remote.access_token, name="Production")


def bring_all(account: Account) -> list[Token]:
    ids = [one.facts.remote_id for one in adding.candidates(account, account.created_at)]
    return adding.bring_in(KEYWARD, account, ids, About())


def sync(clock: Clock) -> int:
    return sum(syncing.sync_account(pk, lease, clock) for pk, lease in syncing.claim_due(clock.now))


def settle(clock: Clock, times: int = 2, **span: float) -> None:
    for _ in range(times):
        clock.forward(**(span or {"minutes": 12}))
        sync(clock)


def test_bringing_in_fetches_the_masked_keys_in_one_call(account: Account, simulator: Simulator) -> None:
    tokens = bring_all(account)
    assert len(tokens) == 3
    assert all(token.has_key for token in Token.objects.all())
    assert [path for method, path, _ in simulator.requests if "keys" in path or path.endswith("/key")] == [
        "/api/token/batch/keys"
    ]
    assert {token.open_key() for token in Token.objects.all()} == {f"sk-{simulator.token(i).key}" for i in (1, 2, 3)}


def test_a_reading_knows_balance_groups_and_facts(account: Account, clock: Clock) -> None:
    bring_all(account)
    clock.forward(seconds=5)
    assert sync(clock) == 3
    account.refresh_from_db()
    assert (account.state, account.balance_units) == ("healthy", 20_000_000)
    assert "default" in account.group_names()
    token = Token.objects.first()
    assert (token.state, token.unlimited, token.facts_verdict) == ("healthy", True, "ok")


def test_a_reading_that_says_nothing_new_writes_no_row(account: Account, clock: Clock) -> None:
    bring_all(account)
    settle(clock, 1)
    before = Streak.objects.count()
    settle(clock, 3)
    assert Streak.objects.filter(light="token").count() - before <= 3  # only where midnight fell into the test
    assert set(Token.objects.values_list("facts_at", flat=True)) == {clock.now}


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [("disabled", "disabled"), ("expired", "expired"), ("exhausted", "token_exhausted"),
     ("group_forbidden", "group_forbidden"), ("deleted", "unknown_or_revoked")],
)  # fmt: skip
def test_the_list_tells_why_a_token_is_dead(
    fault: str, verdict: str, account: Account, simulator: Simulator, clock: Clock
) -> None:
    bring_all(account)
    settle(clock, 1)
    simulator.token(1).fault = fault
    settle(clock)
    states = dict(Token.objects.order_by("remote_id").values_list("remote_id", "state"))
    assert states == {1: "failing", 2: "healthy", 3: "healthy"}
    assert Token.objects.get(remote_id=1).verdict == verdict
    simulator.token(1).fault = ""
    settle(clock)
    assert Token.objects.get(remote_id=1).state == "healthy"
    assert Incident.objects.get().closed_at is not None


def test_a_key_that_works_again_has_its_account_read_at_once(
    account: Account, simulator: Simulator, clock: Clock
) -> None:
    def try_keys() -> None:
        Token.objects.update(next_check_at=clock.now)
        for order in checking.claim_due(clock.now):
            checking.check_batch(order, clock)

    bring_all(account)
    settle(clock, 1)
    simulator.token(1).fault = "disabled"
    try_keys()
    settle(clock, 2, minutes=12)
    assert Token.objects.get(remote_id=1).state == "failing"

    simulator.token(1).fault = ""
    clock.forward(seconds=5)
    try_keys()
    assert list(Account.objects.values_list("next_check_at", flat=True)) == [clock.now]
    assert sync(clock) == 3
    assert Token.objects.get(remote_id=1).state == "healthy"
    clock.forward(seconds=5)
    try_keys()
    assert Account.objects.get().next_check_at > clock.now


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [("access_token_dead", "management_credential_dead"), ("banned", "account_banned"), ("empty", "account_exhausted")],
)
def test_an_accounts_trouble_is_one_incident_and_not_its_tokens(
    fault: str, verdict: str, account: Account, simulator: Simulator, clock: Clock
) -> None:
    bring_all(account)
    settle(clock, 1)
    simulator.account("alice").fault = fault
    settle(clock, 3)
    account.refresh_from_db()
    assert (account.state, account.verdict) == ("failing", verdict)
    assert set(Token.objects.values_list("state", flat=True)) == {"healthy"}
    incident = Incident.objects.get()
    assert (incident.light, incident.tokens_affected) == ("account", 3)


@pytest.mark.parametrize(
    "fault", ["down", "html", "empty", "huge", "bad_json", "redirect", "500", "success_false", "429"]
)
def test_a_lying_gateway_blames_neither_account_nor_tokens(
    fault: str, account: Account, simulator: Simulator, clock: Clock
) -> None:
    bring_all(account)
    settle(clock, 1)
    simulator.gateway_fault = fault
    settle(clock, 3)
    account.refresh_from_db()
    assert account.state == "healthy"
    assert set(Token.objects.values_list("state", flat=True)) == {"healthy"}


def test_a_pasted_key_is_tied_to_its_line_in_the_list(account: Account, simulator: Simulator) -> None:
    key = simulator.token(2).key
    (line,) = adding.add_pasted(KEYWARD, account.gateway, account, f"  Bearer sk-{key}  ", About())
    assert line.outcome == "added"
    assert line.token is not None
    assert (line.token.remote_id, line.token.name) == (2, "t1")


def test_every_pasted_line_has_its_own_answer(account: Account, simulator: Simulator) -> None:
    good, known = simulator.token(1).key, simulator.token(2).key
    make_token(account.gateway, key=f"sk-{known}", name="mine")
    pasted = [f"sk-{good}", good, f"'sk-{known}'", "sk-" + "Z" * 48, "sk-abcd********wxyz", "nonsense key"]
    lines = adding.add_pasted(KEYWARD, account.gateway, None, "\n".join(pasted), About())
    assert [line.outcome for line in lines] == ["added", "known", "known", "refused", "unreadable", "unreadable"]
    assert "mine" in lines[2].sentence
    assert [line.pasted for line in lines[3:]] == pasted[3:]
    assert not any(good in line.sentence or known in line.sentence for line in lines)


def test_a_refused_key_is_kept_when_asked(account: Account) -> None:
    (line,) = adding.add_pasted(KEYWARD, account.gateway, None, "sk-" + "Z" * 48, About(keep_refused=True))
    assert line.outcome == "added"
    assert line.token is not None
    assert line.token.state == "new"


def test_when_the_gateway_is_dead_nothing_typed_is_lost(account: Account, simulator: Simulator) -> None:
    simulator.gateway_fault = "down"
    pasted = f"sk-{simulator.token(1).key}"
    (line,) = adding.add_pasted(KEYWARD, account.gateway, None, pasted, About())
    assert (line.outcome, line.pasted) == ("untried", pasted)


def test_evidence_holds_no_key(account: Account, simulator: Simulator, clock: Clock) -> None:
    bring_all(account)
    settle(clock)
    kept = str([list(Token.objects.values_list("evidence", "looks")), list(Account.objects.values_list("evidence"))])
    assert not any(simulator.token(number).key in kept for number in (1, 2, 3))
    assert Evidence("facts", "GET /api/token/").as_dict() == {"rung": "facts", "asked": "GET /api/token/"}
