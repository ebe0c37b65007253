"""The list of tokens: what it shows, finds, sorts and pages, and what is done to several at once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_account, make_gateway, make_key, make_token, make_user
from tokens.models import AuditEvent, Token
from tokens.services import listing
from tokens.services.listing import SORTS, Wanted

pytestmark = pytest.mark.django_db


def listed(client: Any, query: str = "") -> str:
    return client.get(f"{reverse('tokens')}?{query}").content.decode()


def names_in(page: str) -> list[str]:
    return re.findall(r'id="t-\d+"[^>]*>([^<]+)</a>', page)


def many(count: int = 60) -> None:
    """Tokens with ties and holes in every order."""
    gateway = make_gateway()
    account = make_account(gateway)
    now = timezone.now()
    states = ["healthy", "failing", "degraded", "healthy", "paused"]
    for number in range(count):
        made = make_token(
            gateway,
            account=account,
            name=f"svc {number % 7}",
            state=states[number % 5],
            checked_at=None if number % 6 == 0 else now - timedelta(seconds=number // 3),
            expires_at=None if number % 2 else now + timedelta(days=number // 4 + 1),
            latency_ms=None if number % 3 == 0 else 100 * (number % 4),
        )
        Token.objects.filter(pk=made.pk).update(
            unlimited=number % 4 == 0, used_units=number % 9 * 100, remain_units=300 if number % 5 else 0
        )


def test_somebody_who_is_not_signed_in_sees_no_token(client: Any) -> None:
    token = make_token()
    for answer in (client.get(reverse("tokens")), client.post(reverse("token_bulk"), {"token": token.pk})):
        assert answer.status_code == 302
        assert "/accounts/login/" in answer["Location"]


def test_without_a_gateway_the_way_leads_to_connecting_one(signed_in: Any) -> None:
    page = listed(signed_in)
    assert "Connect a gateway first" in page
    assert reverse("connect") in page


def test_with_a_gateway_but_no_token_the_way_leads_to_adding_keys(signed_in: Any) -> None:
    make_gateway()
    page = listed(signed_in)
    assert "No tokens yet" in page
    assert reverse("token_add") in page


def test_a_row_says_what_is_wrong_and_shows_no_more_of_the_key_than_its_end(signed_in: Any) -> None:
    account = make_account(name="Production", balance_units=6_200_000, state="degraded")
    key = make_key()
    fields = {"unlimited": False, "remain_units": 0, "used_units": 2_500_000, "verdict": "token_exhausted"}
    make_token(account=account, key=key, name="checkout", state="failing", **fields)
    page = listed(signed_in)
    assert "Quota used up, though the account has $12.40" in page
    assert "of $5.00" in page
    assert f"sk-…{key[-4:]}" in page
    assert key[3:-4] not in page


def test_a_token_of_a_silent_gateway_keeps_its_verdict_and_is_frozen(signed_in: Any) -> None:
    gateway = make_gateway(state="failing", frozen_at=timezone.now())
    make_token(gateway, state="healthy", verdict="ok")
    page = listed(signed_in)
    assert "Healthy, frozen" in page
    assert 'href="#g-frozen"' in page


def test_the_worst_come_first(signed_in: Any) -> None:
    for state in ("healthy", "failing", "paused", "degraded"):
        make_token(name=state, state=state)
    assert names_in(listed(signed_in)) == ["failing", "degraded", "healthy", "paused"]


def test_views_count_and_show_what_they_name(signed_in: Any) -> None:
    now = timezone.now()
    make_token(name="soon", state="healthy", expires_at=now + timedelta(days=9))
    make_token(name="later", state="failing", expires_at=now + timedelta(days=90))
    make_token(name="endless", state="healthy")
    assert listing.counts(now) == {"all": 3, "failing": 1, "degraded": 0, "paused": 0, "expiring": 1, "endless": 1}
    for view, name in (("failing", "later"), ("expiring", "soon"), ("endless", "endless")):
        page = listed(signed_in, f"view={view}")
        assert names_in(page) == [name]
    assert 'aria-current="page"' in page


def test_every_filter_is_a_chip_that_can_be_taken_off(signed_in: Any) -> None:
    owner = make_user("priya")
    account = make_account(name="Research")
    fields = {"state": "failing", "verdict": "disabled", "group": "vip", "owner": owner, "tags": ["prod"]}
    wanted = make_token(account=account, name="wanted", **fields)
    make_token(name="other", state="healthy", verdict="ok")
    filters = {
        "status": "failing", "verdict": "disabled", "gateway": str(wanted.gateway_id), "account": str(account.pk),
        "group": "vip", "owner": str(owner.pk), "tag": "prod", "q": "want",
    }  # fmt: skip
    for name, value in filters.items():
        assert names_in(listed(signed_in, f"{name}={value}")) == ["wanted"], name
    every = "&".join(f"{name}={value}" for name, value in filters.items())
    page = listed(signed_in, every)
    assert names_in(page) == ["wanted"]
    assert page.count('aria-label="Remove filter') == len(filters) - 1
    assert "<b>Research, " in page
    assert f'value="{filters["q"]}"' in page


def test_a_whole_key_in_the_search_is_taken_off_the_address(signed_in: Any) -> None:
    key = make_key()
    make_token(key=key, name="found-by-its-key")
    answer = signed_in.get(reverse("tokens"), {"q": key}, follow=True)
    assert answer.redirect_chain == [(f"/tokens/?q={key[-4:]}", 302)]
    assert "found-by-its-key" in answer.content.decode()
    assert key not in answer.content.decode()


def test_a_search_finds_the_end_of_a_key(signed_in: Any) -> None:
    key = make_key()
    make_token(name="mine", key=key)
    make_token(name="other")
    assert "mine" in names_in(listed(signed_in, f"q={key[-4:].lower()}"))


def test_when_nothing_matches_the_filters_can_be_cleared(signed_in: Any) -> None:
    make_token()
    page = listed(signed_in, "status=failing&q=nothing")
    assert "No token matches" in page
    assert "2 filters are on." in page
    assert "Clear filters" in page


def test_empty_fields_of_the_form_leave_the_address_short(signed_in: Any) -> None:
    answer = signed_in.get(f"{reverse('tokens')}?q=&status=failing&verdict=&gateway=")
    assert answer.status_code == 302
    assert answer["Location"] == f"{reverse('tokens')}?status=failing"


@pytest.mark.parametrize("sort", list(SORTS))
def test_pages_follow_each_other_both_ways_without_a_hole_or_a_double(sort: str) -> None:
    many()
    now = timezone.now()
    pages, wanted = [], Wanted(sort=sort)
    while True:
        page = listing.page(wanted, now)
        pages.append([token.pk for token in page.tokens])
        if not page.following:
            break
        wanted = Wanted(sort=sort, after=page.following)
    seen = [pk for one in pages for pk in one]
    assert len(seen) == len(set(seen)) == 60
    back = [pages[-1]]
    while page.previous:
        page = listing.page(Wanted(sort=sort, before=page.previous), now)
        back.insert(0, [token.pk for token in page.tokens])
    assert back == pages


@pytest.mark.parametrize(
    "query",
    [
        "after=nonsense", "before=%00", "after=W10", "after=WyJ4IiwieSIsIngiXQ", "sort=latency&after=WyJ4IiwxXQ",
        "sort=checked&after=WyJub3QgYSBkYXRlIiwxXQ", "gateway=9999999999999999999999", "status=lost", "view=lost",
        "verdict=%27%22", "owner=me", "q=%00%25_", "tag=%F0%9F%90%99", "sort=lost&account=-1",
    ],
)  # fmt: skip
def test_a_broken_address_still_shows_a_list(signed_in: Any, query: str) -> None:
    make_token()
    assert signed_in.get(f"{reverse('tokens')}?{query}").status_code == 200


def test_what_people_type_is_never_markup(signed_in: Any) -> None:
    make_token(name="<script>alert(1)</script>", purpose="<b>x</b>", tags=["<i>tag"])
    page = listed(signed_in, "q=%3Cscript%3E&tag=%3Ci%3Etag")
    assert "<script>alert" not in page
    assert "<i>tag" not in page


def test_a_poll_brings_the_rows_and_nothing_around_them(signed_in: Any) -> None:
    make_token(name="one", state="healthy", next_check_at=timezone.now() + timedelta(hours=1))
    headers = {"HX-Request": "true", "HX-Target": "rows"}
    answer = signed_in.get(reverse("tokens"), headers=headers).content.decode()
    assert names_in(answer) == ["one"]
    assert 'hx-trigger="every 20s, wake"' in answer
    assert "<nav" not in answer
    assert "<form" not in answer


def test_rows_poll_faster_while_a_check_runs(signed_in: Any) -> None:
    token = make_token(state="healthy")
    now = timezone.now()
    Token.objects.filter(pk=token.pk).update(lease_until=now + timedelta(minutes=1), lease_token="x")
    page = listed(signed_in)
    assert 'hx-trigger="every 3s, wake"' in page
    assert "Live, 1 check running" in page
    assert "Checking" in page


def test_ticked_tokens_are_paused_resumed_and_tagged_and_each_act_is_audited(signed_in: Any) -> None:
    tokens = [make_token(state="healthy"), make_token(state="healthy"), make_token(state="paused")]
    ticked = [token.pk for token in tokens]
    page = signed_in.post(reverse("token_bulk"), {"deed": "pause", "token": ticked}, follow=True).content.decode()
    assert "2 tokens are paused, 1 was left as it is." in page
    assert set(Token.objects.values_list("state", flat=True)) == {"paused"}
    page = signed_in.post(reverse("token_bulk"), {"deed": "resume", "token": ticked}, follow=True).content.decode()
    assert "3 tokens are watched again." in page
    page = signed_in.post(reverse("token_bulk"), {"deed": "tag", "tag": " Prod ", "token": ticked}, follow=True)
    assert "3 tokens are tagged prod." in page.content.decode()
    assert Token.objects.filter(tags__name="prod").count() == 3
    acts = list(AuditEvent.objects.filter(object_kind="token").order_by("id").values_list("action", flat=True))
    assert acts == ["token.pause"] * 2 + ["token.resume"] * 3 + ["token.describe"] * 3


def test_checking_several_takes_them_up_at_once(signed_in: Any) -> None:
    later = timezone.now() + timedelta(minutes=9)
    tokens = [make_token(state="healthy", next_check_at=later) for _ in range(2)]
    ids = [token.pk for token in tokens]
    page = signed_in.post(reverse("token_bulk"), {"deed": "check", "token": ids}, follow=True).content.decode()
    assert "2 tokens are checked now." in page
    assert Token.objects.filter(lease_until__gt=timezone.now()).count() == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"deed": "pause"}, "No token was ticked, so nothing was done."),
        ({"deed": "pause", "token": ["x", "999"]}, "No token was ticked, so nothing was done."),
        ({"deed": "explode", "token": "own"}, "Nothing was chosen to be done."),
        ({"deed": "tag", "tag": " ", "token": "own"}, "The tag has no name, so no token was tagged."),
        ({"deed": "resume", "token": "own"}, "None of these is paused."),
    ],
)
def test_an_act_that_fits_nothing_says_so(signed_in: Any, given: dict[str, Any], said: str) -> None:
    token = make_token(state="healthy")
    given = given | ({"token": [token.pk]} if given.get("token") == "own" else {})
    page = signed_in.post(reverse("token_bulk"), given, follow=True).content.decode()
    assert said in page


def test_an_act_returns_to_the_list_it_came_from_and_nowhere_else(signed_in: Any) -> None:
    token = make_token(state="healthy")
    act = {"deed": "pause", "token": [token.pk]}
    here = signed_in.post(reverse("token_bulk"), act | {"next": "/tokens/?status=paused"})
    assert (here.status_code, here["Location"]) == (303, "/tokens/?status=paused")
    away = signed_in.post(reverse("token_bulk"), act | {"next": "https://elsewhere.example/"})
    assert away["Location"] == reverse("tokens")


def test_the_list_takes_the_same_queries_for_one_row_and_for_a_full_page(
    signed_in: Any, django_assert_max_num_queries: Any
) -> None:
    many(60)
    with django_assert_max_num_queries(25):
        assert len(names_in(listed(signed_in))) == listing.PAGE
