"""The table of verdicts as data."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from tokens.health.verdicts import CATALOGUE, State, Verdict, meaning

TOKENS = "disabled expired token_exhausted unknown_or_revoked group_forbidden model_forbidden ip_blocked quota_low "
TOKENS += "expires_soon degraded_slow"
ACCOUNTS = "account_exhausted account_banned management_credential_dead"
GATEWAYS = (
    "gateway_down dns_error tls_error timeout wrong_base_url waf_blocked upstream_error protocol_mismatch no_channel"
)


def test_every_verdict_has_a_meaning() -> None:
    assert list(CATALOGUE) == list(Verdict)


@pytest.mark.parametrize(("light", "names"), [("token", TOKENS), ("account", ACCOUNTS), ("gateway", GATEWAYS)])
def test_every_verdict_turns_the_right_light(light: str, names: str) -> None:
    assert {CATALOGUE[Verdict(name)].light for name in names.split()} == {light}


def test_what_says_nothing_changes_no_state() -> None:
    silent = {verdict for verdict, found in CATALOGUE.items() if found.state is None}
    assert silent == {Verdict.INCONCLUSIVE, Verdict.RATE_LIMITED, Verdict.SKIPPED_BY_POLICY}


def test_only_failing_verdicts_confirm_and_are_critical() -> None:
    for found in CATALOGUE.values():
        assert found.confirms == (found.state == State.FAILING) == (found.severity == "critical")


def test_texts_are_plain_sentences() -> None:
    for found in CATALOGUE.values():
        for text in (str(found.cause), str(found.advice)):
            assert text.endswith(".")
            assert not set(text) & set("!|–—·")
        assert not str(found.title).endswith(".")
        assert "please" not in f"{found.cause} {found.advice}".lower()


def test_a_stored_word_finds_its_meaning() -> None:
    assert meaning("expired") is CATALOGUE[Verdict.EXPIRED]
    with pytest.raises(ValueError, match="nonsense"):
        meaning("nonsense")


def test_the_page_in_docs_is_the_table() -> None:
    printed = io.StringIO()
    call_command("verdicts", stdout=printed)
    assert (Path(__file__).parents[2] / "docs" / "verdicts.md").read_text() == printed.getvalue()
