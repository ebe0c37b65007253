"""A key is shown to who asked: audited before it is opened, fetched when Keyward lacks it, shown once when new."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import make_gateway, make_key, make_token, make_user
from tests.usecases.making import actor, asked, open_account
from tokens.models import Account, AuditEvent, Creation, Gateway, Token
from tokens.services import creating, revealing
from tokens.services.revealing import RevealRefused
from tokens.simulator import Simulator
from tokens.vault.keyring import KeyRing, ring, use_ring

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(gateway: Gateway, simulator: Simulator) -> Account:
    return open_account(gateway, simulator)


def keyless(account: Account, simulator: Simulator) -> Token:
    remote = simulator.add_token(simulator.account("alice"), "ci")
    token = Token(gateway=account.gateway, account=account, remote_id=remote.id, name="ci", key_wanted=True)
    token.save()
    return token


def test_a_reveal_is_audited_with_its_reason_and_without_the_key() -> None:
    key = make_key()
    token = make_token(key=key, name="ci")
    assert revealing.reveal(actor(make_user("mira")), token, "New laptop") == key
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_name, event.changes) == ("token.reveal", "mira", {"reason": ["", "New laptop"]})
    assert event.fingerprint == token.fingerprint
    assert key not in str(event.__dict__)


def test_the_audit_event_is_there_even_if_the_key_does_not_open() -> None:
    token = make_token()
    before = ring()
    use_ring(KeyRing.new())
    try:
        with pytest.raises(RevealRefused):
            revealing.reveal(actor(), token)
    finally:
        use_ring(before)
    assert AuditEvent.objects.filter(action="token.reveal").exists()


def test_a_key_that_keyward_lacks_is_fetched_and_kept(account: Account, simulator: Simulator) -> None:
    token = keyless(account, simulator)
    clear = revealing.reveal(actor(), token)
    assert clear == "sk-" + simulator.token(1).key
    token.refresh_from_db()
    assert (token.open_key(), token.key_wanted, token.hint) == (clear, False, clear[-4:])


def test_a_fetched_key_that_was_pasted_before_stays_where_it_is(account: Account, simulator: Simulator) -> None:
    token = keyless(account, simulator)
    pasted = make_token(account.gateway, key="sk-" + simulator.token(1).key)
    assert revealing.reveal(actor(), token) == pasted.open_key()
    token.refresh_from_db()
    assert not token.has_key


def test_without_account_and_key_there_is_nothing_to_show() -> None:
    token = Token.objects.create(gateway=make_gateway(), name="ci")
    with pytest.raises(RevealRefused, match="does not have this key"):
        revealing.reveal(actor(), token)


def test_a_gateway_that_only_shows_a_masked_key_is_named(account: Account) -> None:
    old = Simulator(dialect="new-api-2025-04")
    remote_account = old.add_account("bob")
    remote = old.add_token(remote_account, "ci")
    remote.key = remote.key[:4] + "**********" + remote.key[-4:]
    with old.running():
        account.gateway.base_url = f"{old.url}/v1"
        account.gateway.save()
        account.seal_access_token(remote_account.access_token)
        account.user_id = str(remote_account.user_id)
        account.save()
        token = Token.objects.create(gateway=account.gateway, account=account, remote_id=remote.id, name="ci")
        with pytest.raises(RevealRefused, match="masked"):
            revealing.reveal(actor(), token)


def test_the_scarce_calls_of_the_gateway_are_respected(account: Account, simulator: Simulator) -> None:
    Gateway.objects.update(key_fetches_per_20_minutes=1)
    account.gateway.refresh_from_db()
    first, second = keyless(account, simulator), keyless(account, simulator)
    revealing.reveal(actor(), first)
    with pytest.raises(RevealRefused, match="few keys"):
        revealing.reveal(actor(), second)
    assert sum(path.endswith("/key") for _method, path, _status in simulator.requests) == 1


def test_a_new_key_is_shown_once_to_who_made_it(account: Account) -> None:
    mira, jonas = make_user("mira"), make_user("jonas")
    creation = creating.run(asked(account, mira).pk)
    assert revealing.show_once(actor(jonas), creation) == ""
    assert revealing.show_once(actor(mira), creation) == Token.objects.get().open_key()
    creation.refresh_from_db()
    assert revealing.show_once(actor(mira), creation) == ""
    assert AuditEvent.objects.filter(action="token.show_new_key").count() == 1


def test_two_requests_at_once_show_it_to_one_of_them(account: Account) -> None:
    mira = make_user("mira")
    creation = creating.run(asked(account, mira).pk)
    stale = Creation.objects.select_related("token").get(pk=creation.pk)
    assert revealing.show_once(actor(mira), creation)
    assert revealing.show_once(actor(mira), stale) == ""


def test_after_an_hour_it_takes_the_password(account: Account) -> None:
    mira = make_user("mira")
    creation = creating.run(asked(account, mira).pk)
    creation.finished_at = timezone.now() - timedelta(minutes=61)
    assert not revealing.may_show_once(actor(mira), creation)
