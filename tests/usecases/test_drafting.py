"""What a person asks for is held against what the account and the gateway allow, every reason at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import make_account, make_gateway, make_token
from tokens.gateways.records import TokenDraft
from tokens.models import Account
from tokens.services import drafting
from tokens.services.drafting import DraftRefused, Wish

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def account() -> Account:
    gateway = make_gateway(capabilities={"name_bytes": 50})
    groups = [{"name": name, "description": "", "ratio": 1.0} for name in ("default", "vip")]
    return make_account(gateway, groups=groups, models_offered=["gpt-4o", "deepseek-v3"])


def errors(account: Account, **wish: Any) -> dict[str, str]:
    try:
        drafting.draft_of(account, Wish(**{"name": "ci", **wish}), NOW)
    except DraftRefused as refused:
        return refused.errors
    return {}


CHINESE_60 = "风控评分服务第三版生产环境专用令牌名字"[:20].ljust(20, "长")  # 20 characters of three bytes each


@pytest.mark.parametrize(
    ("field", "wish", "says"),
    [
        ("name", {"name": CHINESE_60}, "60 bytes and the gateway takes 50"),
        ("name", {"name": ""}, "Give the token a name"),
        ("name", {"name": "  \t "}, "Give the token a name"),
        ("name", {"name": "x" * 51}, "51 bytes"),
        ("name", {"name": "taken"}, "A token of this name exists"),
        ("amount_usd", {"unlimited": False, "amount_usd": "-5"}, "more than zero"),
        ("amount_usd", {"unlimited": False, "amount_usd": "0"}, "more than zero"),
        ("amount_usd", {"unlimited": False, "amount_usd": ""}, "Type an amount"),
        ("amount_usd", {"unlimited": False, "amount_usd": "five"}, "Type an amount"),
        ("amount_usd", {"unlimited": False, "amount_usd": "12,50"}, "point for the cents"),
        ("amount_usd", {"unlimited": False, "amount_usd": "1e400"}, "more than a gateway can hold"),
        ("amount_usd", {"unlimited": False, "amount_usd": "1e999999"}, "more than a gateway can hold"),
        ("amount_usd", {"unlimited": False, "amount_usd": "1e9999990"}, "more than a gateway can hold"),
        ("amount_usd", {"unlimited": False, "amount_usd": "NaN"}, "more than zero"),
        ("amount_usd", {"unlimited": False, "amount_usd": "Infinity"}, "more than zero"),
        ("amount_usd", {"unlimited": False, "amount_usd": "99999999999"}, "more than a gateway can hold"),
        ("amount_usd", {"unlimited": False, "amount_usd": "0.000001"}, "less than one unit"),
        ("group", {"group": "staff"}, "may not use the group staff"),
        ("expires_at", {"expires_at": NOW - timedelta(seconds=1)}, "This time has passed"),
        ("model_limits", {"model_limits": ("gpt-4o", "gpt-9")}, "not offered gpt-9"),
        ("ip_limits", {"ip_limits": "203.0.113.0/33"}, "“203.0.113.0/33” is neither"),
        ("ip_limits", {"ip_limits": "203.0.113.999"}, "neither an IP address"),
        ("ip_limits", {"ip_limits": "fe80::1%eth0"}, "neither an IP address"),
        ("ip_limits", {"ip_limits": "\n".join(f"203.0.{n // 200}.{n % 200}" for n in range(201))}, "201 addresses"),
    ],
)
def test_a_wish_that_cannot_be_says_why(field: str, wish: dict[str, Any], says: str, account: Account) -> None:
    make_token(account=account, name="taken")
    found = errors(account, **wish)
    assert list(found) == [field]
    assert says in found[field]


def test_every_reason_is_given_at_once(account: Account) -> None:
    wish = {"name": "", "unlimited": False, "amount_usd": "x", "group": "staff", "ip_limits": "x"}
    assert set(errors(account, **wish)) == {"name", "amount_usd", "group", "ip_limits"}


@pytest.mark.parametrize(
    ("typed", "units"),
    [("5", 2_500_000), ("$12.50", 6_250_000), ("0.000002", 1), (" 1,250.50 ", 625_250_000), ("12.3456789", 6_172_839)],
)
def test_amounts_become_the_gateways_units(typed: str, units: int, account: Account) -> None:
    assert drafting.units_of(account, typed) == units


def test_ip_addresses_and_ranges_of_both_kinds_are_kept_each_once() -> None:
    typed = "203.0.113.7, 203.0.113.7\n2001:db8::1\n10.0.0.9/24  2001:db8::/32"
    assert drafting.ip_list(typed) == ("203.0.113.7", "2001:db8::1", "10.0.0.0/24", "2001:db8::/32")


def test_addresses_are_said_in_their_order_and_without_a_needless_mask() -> None:
    kept = TokenDraft("ci", ip_limits=("2001:db8::1/128", "10.0.0.10", "junk", "10.0.0.9/32", "10.0.0.0/24"))
    assert drafting.in_words(kept, 500_000)["ip_limits"] == "10.0.0.0/24, 10.0.0.9, 10.0.0.10, 2001:db8::1, junk"


def test_two_hundred_addresses_are_not_too_many() -> None:
    assert len(drafting.ip_list("\n".join(f"203.0.113.{n}" for n in range(200)))) == 200


def test_the_name_of_a_retired_token_is_free_again(account: Account) -> None:
    make_token(account=account, name="taken", state="retired")
    assert errors(account, name="taken") == {}


def test_a_name_that_is_on_its_way_is_taken(account: Account) -> None:
    from tests.usecases.making import asked

    asked(account, name="soon")
    assert "exists" in errors(account, name="soon")["name"]


def test_groups_that_a_hub_hides_are_not_called_wrong(account: Account) -> None:
    account.gateway.capabilities["groups_complete"] = False
    assert errors(account, group="private") == {}


def test_an_edit_is_not_held_up_by_what_it_leaves_alone(account: Account) -> None:
    past = datetime(2026, 1, 2, tzinfo=UTC)
    stands = TokenDraft("x" * 60, False, 0, "gone", past, ("gpt-9",), ("junk",))
    wish = Wish("x" * 60, False, "", "gone", past, ("gpt-9",), "junk", same_quota=True)
    assert drafting.draft_of(account, wish, NOW, stands=stands) == stands


def test_the_dropped_fields_come_first_in_the_comparison(account: Account) -> None:
    from tokens.gateways.records import TokenFacts

    draft = TokenDraft("ci", True, 0, "default", None, ("gpt-4o",), ("203.0.113.0/24",))
    facts = TokenFacts(7, "ci", 1, "default", True, 0, 0, None, model_limits=("gpt-4o",))
    rows = drafting.compare(draft, facts, 500_000)
    assert [row["field"] for row in rows if not row["same"]] == ["ip_limits"]
    assert rows[0]["field"] == "ip_limits"
    assert (rows[0]["asked"], rows[0]["kept"]) == ("203.0.113.0/24", "None")


def test_a_draft_survives_its_way_through_the_database(account: Account) -> None:
    until = datetime(2027, 2, 22, 14, 36, tzinfo=UTC)
    draft = TokenDraft("ci", False, 5, "vip", until, ("gpt-4o",), ("203.0.113.0/24",))
    assert drafting.from_json(drafting.as_json(draft)) == draft
