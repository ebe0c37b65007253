"""Lists of every dialect, as recorded and as forks bend them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.gateways.management.parsing import (
    account_facts,
    group_facts,
    listing,
    matches,
    model_names,
    token_facts,
)

from .scripted import recorded

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "id key status name created_time accessed_time expired_time remain_quota unlimited_quota model_limits_enabled "
    "model_limits allow_ips used_quota group setting models subnet"
).split()


def row(**fields: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "name": "ci",
        "status": 1,
        "expired_time": -1,
        "remain_quota": 0,
        "unlimited_quota": True,
        **fields,
    }


@pytest.mark.parametrize(
    ("version", "case", "first", "clear"),
    [
        ("one-api", "list-robust-walk", 0, True),
        ("one-hub", "list-robust-walk", 1, True),
        ("done-hub", "list-robust-walk", 1, True),
        ("veloera", "list-robust-walk", 0, True),
        ("new-api-2025-04", "list-robust-walk", 0, True),
        ("new-api-2026-08", "mgmt-list", 1, False),
    ],
)
def test_recorded_lists_of_every_dialect_are_read(version: str, case: str, first: int, clear: bool) -> None:
    found = listing(recorded(version, case))
    assert found.rows
    assert found.first == first
    facts = token_facts(found.rows[0])
    assert facts.remote_id
    assert facts.status == 1
    assert facts.expires_at is None
    assert not facts.expired_zero
    assert bool(facts.key) == clear
    assert bool(facts.masked_key) != clear
    assert "key" not in facts.raw


def test_a_page_knows_whether_another_follows() -> None:
    ten = [{"id": number} for number in range(10)]
    assert listing({"data": {"items": ten, "page": 1, "page_size": 10, "total": 21}}).next_page(None) == 2
    assert listing({"data": {"items": ten, "page": 2, "page_size": 10, "total": 20}}).next_page(2) is None
    assert listing({"data": {"data": ten, "page": 1, "size": 10, "total_count": 11}}).next_page(None) == 2
    assert listing({"data": ten}).next_page(None) == 1
    assert listing({"data": ten[:3]}).next_page(1) is None
    assert listing({"data": None}).next_page(None) is None


def test_numbers_may_come_as_strings_and_lists_as_null() -> None:
    facts = token_facts(
        row(id="7", status="2", remain_quota="-15", used_quota="1e3", allow_ips=None, model_limits=None)
    )
    assert (facts.remote_id, facts.status, facts.remain_units, facts.used_units) == (7, 2, -15, 1000)
    assert facts.ip_limits == facts.model_limits == ()


def test_limits_are_read_from_each_dialects_own_place() -> None:
    new_api = token_facts(row(model_limits_enabled=True, model_limits="a,b", allow_ips="10.0.0.0/8\n::1"))
    one_api = token_facts(row(models="a,b", subnet="10.0.0.0/8,::1"))
    limits = {
        "limit_model_setting": {"enabled": True, "models": ["a", "b"]},
        "limits_ip_setting": {"enabled": True, "whitelist": ["10.0.0.0/8", "::1"]},
    }
    hub = token_facts(row(setting={"limits": limits}))
    for facts in (new_api, one_api, hub):
        assert facts.model_limits == ("a", "b")
        assert facts.ip_limits == ("10.0.0.0/8", "::1")


def test_a_limit_that_is_off_is_no_limit_and_one_that_is_on_and_empty_refuses_all() -> None:
    assert token_facts(row(model_limits_enabled=False, model_limits="a")).model_limits == ()
    assert token_facts(row(model_limits_enabled=True, model_limits="")).no_models
    assert not token_facts(row(models="")).no_models


@pytest.mark.parametrize(("stored", "zero"), [(-1, False), (0, True), (-5, True), (4_000_000_000, False)])
def test_an_expiry_of_zero_is_not_never(stored: int, zero: bool) -> None:
    assert token_facts(row(expired_time=stored)).expired_zero == zero


def test_a_fresh_token_was_never_used() -> None:
    assert token_facts(row(created_time=1_754_000_000, accessed_time=1_754_000_000)).last_used_at is None
    used = token_facts(row(created_time=1_754_000_000, accessed_time=1_754_000_060)).last_used_at
    assert used == datetime.fromtimestamp(1_754_000_060, UTC)


def test_the_key_is_neither_in_the_record_nor_in_its_text() -> None:
    key = secrets.token_hex(24)
    facts = token_facts(row(key=f"sk-{key}"))
    assert facts.key == key
    assert key not in repr(facts)
    assert key not in str(facts.raw)


def test_the_accounts_own_access_token_is_dropped() -> None:
    found = account_facts(recorded("veloera", "read-self")["data"])
    assert (found.user_id, found.username) == ("2", "alice")
    assert "PAT" not in repr(found)


def test_groups_of_new_api_and_of_hubs() -> None:
    own = {group.name: group for group in group_facts(recorded("new-api-2026-08", "read-user-self-groups")["data"])}
    assert own["vip"].ratio == 0.8
    assert own["auto"].ratio is None
    hub = group_facts({"default": {"name": "d", "ratio": 1, "enable": True}, "shut": {"ratio": 1, "enable": False}})
    assert [group.name for group in hub] == ["default"]


def test_models_come_as_names_or_as_a_map_with_groups() -> None:
    assert model_names(["a", "b"], "vip") == ("a", "b")
    assert model_names({"a": {"groups": ["vip"]}, "b": {"groups": ["default"]}}, "vip") == ("a",)


def test_a_masked_key_matches_by_both_ends() -> None:
    key = secrets.token_hex(24)
    assert matches(token_facts(row(key=f"{key[:4]}**********{key[-4:]}")), key)
    assert not matches(token_facts(row(key=f"{key[:4]}**********zzzz")), key)
    assert not matches(token_facts(row(key="****")), key)


@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_no_record_whatever_makes_reading_fail(record: dict[str, Any]) -> None:
    token_facts(record)
    account_facts(record)


@given(ANYTHING)
def test_no_list_whatever_makes_reading_fail(payload: Any) -> None:
    listing(payload).next_page(None)
    group_facts(payload)
    model_names(payload, "")
