"""Every recorded answer is judged as its situation demands; docs/recorded-cases.md shows the score."""

from __future__ import annotations

from pathlib import Path

import pytest

from tokens.health.verdicts import CATALOGUE, State

from .recorded import expected
from .recordings import Case, cases
from .score import page

GOOD_KEYS = ("healthy", "group-vip", "ip-allowed", "admin-key", "bob-vip", "model-flag-off", "no-sk", "without-sk")


def test_no_case_in_scope_is_without_an_expectation() -> None:
    assert {(case.version, case.name) for case in cases()} == set(expected())


@pytest.mark.parametrize("version", sorted({case.version for case in cases()}))
def test_every_recorded_answer_is_judged_as_written_down(version: str) -> None:
    table = expected()
    wrong = {
        case.name: (case.judgement.verdict.value, case.judgement.light, table[version, case.name])
        for case in cases()
        if case.version == version and (case.judgement.verdict.value, case.judgement.light) != table[version, case.name]
    }
    assert wrong == {}


def _with_good_key() -> list[Case]:
    return [
        case
        for case in cases()
        if any(word in case.request.get("headers", {}).get("Authorization", "") for word in GOOD_KEYS)
    ]


def test_a_good_key_is_never_blamed_for_what_stands_behind_the_gateway() -> None:
    blamed = [
        (case.version, case.name)
        for case in _with_good_key()
        if case.judgement.light == "token"
        and CATALOGUE[case.judgement.verdict].state == State.FAILING
        and case.evidence.brand
        in ("invalid_request_error", "server_error", "requests", "system_error", "upstream_error")
    ]
    assert blamed == []


def test_no_evidence_shows_a_part_of_a_key() -> None:
    texts = [case.evidence.message for case in cases()]
    assert not [
        text for text in texts if "first3" in text or "sk-abc" in text or ("http" in text.lower() and "://" in text)
    ]


def test_the_page_in_docs_is_the_current_score() -> None:
    assert (Path(__file__).parents[2] / "docs" / "recorded-cases.md").read_text() == page()
