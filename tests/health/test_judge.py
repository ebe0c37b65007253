"""What evidence and facts mean, beyond the recorded cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.gateways.records import AccountFacts, BodyKind, Evidence, Fault, Rung, TokenFacts
from tokens.health import notes
from tokens.health.judge import Thresholds, combine, judge_account, judge_facts, judge_management, judge_relay
from tokens.health.verdicts import CATALOGUE, Judgement, Light, State, Verdict

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def evidence(rung: Rung = "models", status: int | None = 200, body: BodyKind = "json", **more: Any) -> Evidence:
    return Evidence(rung, "GET /v1/models", status=status, body=body, **more)


def verdict(said: Evidence) -> Verdict:
    return judge_relay(said).verdict


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("dns", Verdict.DNS_ERROR),
        ("tls", Verdict.TLS_ERROR),
        ("connect", Verdict.GATEWAY_DOWN),
        ("closed", Verdict.GATEWAY_DOWN),
        ("timeout", Verdict.TIMEOUT),
        ("too_large", Verdict.PROTOCOL_MISMATCH),
        ("refused_address", Verdict.SKIPPED_BY_POLICY),
    ],
)
def test_no_answer_is_the_gateways(fault: Fault, expected: Verdict) -> None:
    said = evidence(status=None, body="", fault=fault)
    assert judge_relay(said) == Judgement(expected, "gateway")
    assert judge_management(said) == Judgement(expected, "gateway")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, "html", Verdict.WRONG_BASE_URL),
        (404, "html", Verdict.WRONG_BASE_URL),
        (301, "redirect", Verdict.WRONG_BASE_URL),
        (403, "html", Verdict.WAF_BLOCKED),
        (503, "challenge", Verdict.WAF_BLOCKED),
        (429, "challenge", Verdict.WAF_BLOCKED),
        (502, "html", Verdict.GATEWAY_DOWN),
        (503, "html", Verdict.GATEWAY_DOWN),
        (500, "empty", Verdict.GATEWAY_DOWN),
        (504, "text", Verdict.GATEWAY_DOWN),
        (429, "empty", Verdict.RATE_LIMITED),
        (429, "html", Verdict.RATE_LIMITED),
        (200, "empty", Verdict.PROTOCOL_MISMATCH),
        (200, "bad_json", Verdict.PROTOCOL_MISMATCH),
        (200, "text", Verdict.PROTOCOL_MISMATCH),
        (401, "html", Verdict.PROTOCOL_MISMATCH),
    ],
)
def test_what_is_no_json_is_judged_by_what_it_is(status: int, body: BodyKind, expected: Verdict) -> None:
    assert verdict(evidence(status=status, body=body)) == expected


def test_the_provider_behind_a_gateway_speaks_of_the_gateways_key() -> None:
    said = evidence(
        status=401, brand="invalid_request_error", code="invalid_api_key", message="Incorrect API key provided"
    )
    assert judge_relay(replace(said, family=True)).light == "gateway"
    assert judge_relay(said) == Judgement(Verdict.UNKNOWN_OR_REVOKED, "token")


def test_a_provider_without_a_gateway_speaks_of_our_balance() -> None:
    said = evidence("call", 429, brand="insufficient_quota", code="insufficient_quota")
    assert judge_relay(said) == Judgement(Verdict.ACCOUNT_EXHAUSTED, "account")
    assert judge_relay(replace(said, family=True)).verdict == Verdict.UPSTREAM_ERROR


def test_a_token_text_with_a_providers_type_is_not_the_key() -> None:
    said = evidence(status=401, brand="authentication_error", message="invalid token", family=True)
    assert judge_relay(said) == Judgement(Verdict.UPSTREAM_ERROR, "gateway", notes.PROVIDER_REFUSED)


def test_a_forks_own_type_counts_with_a_token_text() -> None:
    assert verdict(evidence(status=401, brand="some_fork_error", message="Invalid token")) == Verdict.UNKNOWN_OR_REVOKED
    assert verdict(evidence(status=401, brand="some_fork_error", message="go away")) == Verdict.INCONCLUSIVE


def test_an_unknown_answer_blames_nobody() -> None:
    for status in (400, 401, 402, 403, 409, 418, 500, 503):
        assert verdict(evidence(status=status, message="something new")) == Verdict.INCONCLUSIVE


def test_a_good_status_with_an_error_inside_is_no_success() -> None:
    assert verdict(evidence(success=False, message="get user group failed")) == Verdict.INCONCLUSIVE
    assert verdict(evidence(message="无效的令牌", brand="new_api_error")) == Verdict.UNKNOWN_OR_REVOKED


def test_no_model_at_all_is_not_called_fine() -> None:
    assert judge_relay(evidence(models=0)) == Judgement(Verdict.INCONCLUSIVE, "token", notes.NO_MODELS)
    assert judge_relay(evidence(models=3)) == Judgement(Verdict.OK, "token")
    assert judge_relay(evidence()).verdict == Verdict.PROTOCOL_MISMATCH


def test_a_good_answer_may_be_a_slow_one() -> None:
    said = evidence(models=3, latency_ms=4000)
    assert judge_relay(said).verdict == Verdict.OK
    assert judge_relay(said, thresholds=Thresholds()).verdict == Verdict.DEGRADED_SLOW
    assert judge_relay(said, thresholds=Thresholds(slow_ms=4001)).verdict == Verdict.OK


def test_a_look_without_a_key_only_asks_whether_somebody_is_there() -> None:
    refusal = evidence("status", 401, message="Invalid token", brand="new_api_error")
    assert judge_relay(refusal) == Judgement(Verdict.OK, "gateway")
    assert judge_relay(evidence("status", 500, message="x")).verdict == Verdict.GATEWAY_DOWN
    assert judge_relay(evidence("status", 429, "empty")) == Judgement(Verdict.RATE_LIMITED, "gateway")


def token(**more: Any) -> TokenFacts:
    base = TokenFacts(1, "ci", 1, "default", True, 0, 0, None)
    return replace(base, **more)


def facts_verdict(found: TokenFacts, groups: frozenset[str] | None = None) -> Verdict:
    return judge_facts(found, now=NOW, thresholds=Thresholds(), usable_groups=groups).verdict


LIMITED = {"unlimited": False}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, Verdict.OK),
        ({"remain_units": -5_000}, Verdict.OK),  # unlimited ones go negative
        ({"status": 2}, Verdict.DISABLED),
        ({"status": 0}, Verdict.DISABLED),
        ({"status": 9}, Verdict.DISABLED),
        ({"status": 2, "expires_at": NOW - timedelta(days=1)}, Verdict.DISABLED),
        ({"expires_at": NOW}, Verdict.EXPIRED),
        ({"expired_zero": True}, Verdict.EXPIRED),
        ({"status": 3}, Verdict.EXPIRED),
        ({**LIMITED, "remain_units": 0}, Verdict.TOKEN_EXHAUSTED),
        ({**LIMITED, "remain_units": -7, "used_units": 50}, Verdict.TOKEN_EXHAUSTED),
        ({"status": 4}, Verdict.TOKEN_EXHAUSTED),
        ({**LIMITED, "remain_units": 9, "used_units": 91}, Verdict.QUOTA_LOW),
        ({**LIMITED, "remain_units": 11, "used_units": 89}, Verdict.OK),
        ({**LIMITED, "remain_units": 5}, Verdict.OK),  # small, but nothing of it used
        ({"expires_at": NOW + timedelta(days=6)}, Verdict.EXPIRES_SOON),
        ({"expires_at": NOW + timedelta(days=8)}, Verdict.OK),
        ({"no_models": True}, Verdict.MODEL_FORBIDDEN),
    ],
)
def test_facts_are_worked_out_and_not_taken_from_the_lazy_status(more: dict[str, Any], expected: Verdict) -> None:
    assert facts_verdict(token(**more)) == expected


def test_a_group_that_the_account_may_not_use_is_forbidden_when_all_are_known() -> None:
    assert facts_verdict(token(group="vip"), frozenset({"default"})) == Verdict.GROUP_FORBIDDEN
    assert facts_verdict(token(group="vip"), None) == Verdict.OK
    assert facts_verdict(token(group=""), frozenset({"default"})) == Verdict.OK


def test_a_mended_token_that_is_stored_as_dead_says_so() -> None:
    found = judge_facts(token(status=4), now=NOW, thresholds=Thresholds(), usable_groups=None)
    assert found.note == notes.STORED_EXHAUSTED


def test_an_account_is_judged_by_ban_then_balance() -> None:
    account = AccountFacts("2", "alice", "default", 1, 100, 0)
    assert judge_account(account, low_balance_units=50).verdict == Verdict.OK
    assert judge_account(account, low_balance_units=100) == Judgement(Verdict.QUOTA_LOW, "account", notes.BALANCE_LOW)
    assert judge_account(replace(account, balance_units=-1), low_balance_units=0).verdict == Verdict.ACCOUNT_EXHAUSTED
    assert judge_account(replace(account, status=2), low_balance_units=0).verdict == Verdict.ACCOUNT_BANNED


def j(word: str, light: Light | None = None, note: str = "") -> Judgement:
    return Judgement(Verdict(word), light or CATALOGUE[Verdict(word)].light, note)


@pytest.mark.parametrize(
    ("facts", "probe", "expected"),
    [
        (None, None, "inconclusive"),
        ("ok", None, "ok"),
        (None, "expired", "expired"),
        ("ok", "ok", "ok"),
        ("expired", "unknown_or_revoked", "expired"),
        ("disabled", "ok", "disabled"),
        ("ok", "unknown_or_revoked", "unknown_or_revoked"),
        ("ok", "ip_blocked", "ip_blocked"),
        ("ok", "degraded_slow", "degraded_slow"),
        ("quota_low", "ok", "quota_low"),
        ("quota_low", "degraded_slow", "quota_low"),
        ("quota_low", "expired", "expired"),
        ("ok", "account_exhausted", "account_exhausted"),
        ("account_exhausted", "ok", "account_exhausted"),
        ("ok", "rate_limited", "ok"),
        ("ok", "inconclusive", "ok"),
        ("ok", "timeout", "timeout"),
        ("expired", "timeout", "expired"),
        ("inconclusive", "expired", "expired"),
        ("inconclusive", "rate_limited", "rate_limited"),
        ("rate_limited", "ok", "ok"),
        ("gateway_down", "ok", "ok"),
        ("gateway_down", "timeout", "gateway_down"),
    ],
)
def test_list_and_try_make_one_verdict(facts: str | None, probe: str | None, expected: str) -> None:
    assert combine(j(facts) if facts else None, j(probe) if probe else None).verdict == expected


def test_a_refused_key_of_a_listed_token_may_be_another_tokens() -> None:
    assert combine(j("ok"), j("unknown_or_revoked")).note == notes.LISTED_FINE


def test_no_model_at_all_is_not_covered_up_by_a_fine_list() -> None:
    assert combine(j("ok"), j("inconclusive", note=notes.NO_MODELS)).verdict == Verdict.INCONCLUSIVE


WORDS = st.sampled_from(
    [
        "",
        "Invalid token",
        "无效的令牌",
        "用户已被封禁",
        "record not found",
        "model_not_found",
        "insufficient_quota",
        "x" * 300,
    ]
)
EVIDENCE = st.builds(
    Evidence,
    rung=st.sampled_from(get_args(Rung)),
    asked=st.just("GET /v1/models"),
    status=st.none() | st.integers(100, 599),
    fault=st.sampled_from(get_args(Fault)),
    body=st.sampled_from(get_args(BodyKind)),
    brand=st.sampled_from(["", "new_api_error", "invalid_request_error", "system_error", "weird"]),
    code=WORDS,
    message=WORDS | st.text(max_size=60),
    success=st.none() | st.booleans(),
    models=st.none() | st.integers(0, 3),
    family=st.none() | st.booleans(),
    left_units=st.none() | st.integers(),
    expires_unix=st.none() | st.integers(1, 10**12),
)
VERDICTS = st.builds(Judgement, st.sampled_from(list(Verdict)), st.sampled_from(["token", "account", "gateway"]))


@given(EVIDENCE)
def test_no_evidence_whatever_makes_judging_fail(said: Evidence) -> None:
    for judged in (judge_relay(said, now=NOW), judge_relay(said), judge_management(said)):
        assert judged.verdict in CATALOGUE
    assert judge_management(said).light != "token"


@given(EVIDENCE)
def test_a_provider_behind_a_gateway_never_fails_a_token(said: Evidence) -> None:
    said = replace(said, family=True, brand="invalid_request_error", rung="call", body="json", fault="")
    judged = judge_relay(said)
    assert judged.light != "token" or CATALOGUE[judged.verdict].state != State.FAILING


@given(st.none() | VERDICTS, st.none() | VERDICTS)
def test_one_verdict_always_comes_out_and_it_is_one_that_went_in(
    facts: Judgement | None, probe: Judgement | None
) -> None:
    out = combine(facts, probe).verdict
    assert out in {one.verdict for one in (facts, probe) if one} | {Verdict.INCONCLUSIVE}


@given(
    status=st.integers(-1, 10),
    unlimited=st.booleans(),
    remain=st.integers(),
    used=st.integers(),
    days=st.none() | st.integers(-10_000, 10_000),
)
def test_no_facts_whatever_make_judging_fail(
    status: int, unlimited: bool, remain: int, used: int, days: int | None
) -> None:
    expires = NOW + timedelta(days=days) if days is not None else None
    found = token(status=status, unlimited=unlimited, remain_units=remain, used_units=used, expires_at=expires)
    assert facts_verdict(found) in CATALOGUE
