"""The page of one token: what it says, and what is done from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_account, make_channel, make_gateway, make_incident, make_key, make_token, make_user
from tokens.models import AuditEvent, Change, Streak, Token
from tokens.services import governor
from tokens.simulator import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_once() -> Iterator[None]:
    """Celery's tasks run where they are sent."""
    import tokens.tasks  # noqa: F401 only what is known here runs here
    from dashboard.celery import app

    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def page_of(client: Any, token: Token) -> str:
    answer = client.get(reverse("token", args=[token.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def failing_token(**fields: Any) -> Token:
    now = int(timezone.now().timestamp())
    evidence = [
        {"at": now, "rung": "models", "asked": "GET /v1/models", "status": 401, "message": "Invalid token",
         "brand": "new_api_error", "request_id": "2026112401", "latency_ms": 90},
        {"at": now, "rung": "models", "asked": "GET /v1/models", "fault": "timeout"},
    ]  # fmt: skip
    account = make_account(name="Production", balance_units=6_200_000, groups=[{"name": "vip", "ratio": 0.8}])
    given = {
        "name": "checkout", "state": "failing", "verdict": "token_exhausted", "evidence": evidence, "group": "vip",
        "unlimited": False, "remain_units": 0, "used_units": 2_500_000, "facts_at": timezone.now(), "remote_id": 80412,
        "verdict_since": timezone.now() - timedelta(minutes=45), "next_check_at": timezone.now() + timedelta(hours=1),
        "looks": [[now - 1200, 610, "ok", 200], [now - 600, 90, "token_exhausted", 401]],
    }  # fmt: skip
    return make_token(account=account, **{**given, **fields})


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("rate_limited", "settled nothing: Asked too often."),
        ("inconclusive", "settled nothing: Could not tell."),
        ("timeout", "settled nothing: No answer in time."),
        ("ok", ""),
        ("expired", ""),
    ],
)
def test_a_look_that_could_not_tell_is_not_taken_for_the_verdict(signed_in: Any, verdict: str, words: str) -> None:
    stamp = int(timezone.now().timestamp())
    token = make_token(state="healthy", verdict="ok", looks=[[stamp - 60, 90, "ok", 200], [stamp, 90, verdict, 429]])
    page = page_of(signed_in, token)
    assert words in page
    assert ("The verdict before it stands." in page) is bool(words)


def test_a_pause_that_the_gateway_asked_for_says_when_it_ends(signed_in: Any) -> None:
    now = timezone.now()
    looks = [[int(now.timestamp()), 90, "rate_limited", 429]]
    token = make_token(state="healthy", verdict="ok", looks=looks)
    governor.block(token.gateway, "checks", 600, now)
    assert "Checks go on at" in page_of(signed_in, token)


def test_nobody_sees_or_acts_without_signing_in(client: Any) -> None:
    token = make_token(state="healthy")
    names = ("token", "token_check", "token_pause", "token_resume", "token_describe", "token_forget")
    for name in names:
        url = reverse(name, args=[token.pk])
        assert client.get(url).status_code == 302
        assert client.post(url).status_code == 302
    token.refresh_from_db()
    assert token.state == "healthy"


def test_a_token_that_is_not_there_is_not_found(signed_in: Any) -> None:
    assert signed_in.get(reverse("token", args=[404])).status_code == 404
    assert signed_in.post(reverse("token_check", args=[404])).status_code == 404


def test_acts_want_a_post(signed_in: Any) -> None:
    token = make_token()
    for name in ("token_check", "token_pause", "token_resume"):
        assert signed_in.get(reverse(name, args=[token.pk])).status_code == 405


def test_a_failing_token_says_why_what_now_and_how_keyward_knows(signed_in: Any) -> None:
    page = page_of(signed_in, failing_token())
    assert "Failing for 45 min" in page
    assert "Quota used up, though the account has $12.40." in page
    assert "Topping up the account changes nothing here." in page
    assert "401 Invalid token" in page
    assert "new_api_error, request 2026112401, 90 ms" in page
    assert "no answer in time" in page
    assert "2 looks, $0.00" in page
    assert "401 since" in page


def test_the_facts_of_the_gateway_and_the_three_lights_are_there(signed_in: Any) -> None:
    page = page_of(signed_in, failing_token())
    assert "2,500,000 of 2,500,000 units" in page
    assert "ratio 0.8" in page
    assert "80412" in page
    assert "$12.40, warning below $5.00" in page
    for light in ("Token", "Account", "Gateway"):
        assert f"</svg>{light}</span>" in page or f">{light}</a>" in page


def test_no_more_of_the_key_than_its_end_is_shown(signed_in: Any) -> None:
    key = make_key()
    page = page_of(signed_in, failing_token(key=key))
    assert f"sk-…{key[-4:]}" in page
    assert key[3:-4] not in page


def test_a_healthy_token_has_no_diagnosis(signed_in: Any) -> None:
    page = page_of(signed_in, make_token(state="healthy", verdict="ok"))
    assert "k-diag" not in page
    assert "Connect the account behind this key" in page


def test_a_token_whose_key_is_still_to_come_says_so(signed_in: Any) -> None:
    token = make_token(account=make_account(), state="healthy")
    Token.objects.filter(pk=token.pk).update(key_sealed="", fingerprint="", hint="", key_wanted=True)
    page = page_of(signed_in, token)
    assert "Key not fetched yet" in page
    answer = signed_in.post(reverse("token_check", args=[token.pk]), follow=True).content.decode()
    assert "its account is read instead" in answer


def test_uptime_counts_the_days_and_the_open_streak(signed_in: Any) -> None:
    now = timezone.now()
    token = make_token(state="healthy", streak_verdict="ok", streak_first_at=now, streak_last_at=now, streak_looks=50)
    yesterday = (now.astimezone(UTC) - timedelta(days=1)).date()
    start = datetime(yesterday.year, yesterday.month, yesterday.day, tzinfo=UTC)
    for verdict, looks in (("ok", 45), ("disabled", 5)):
        Streak.objects.create(
            light="token", subject_id=token.pk, day=yesterday, rung="models", verdict=verdict, looks=looks,
            first_at=start, last_at=start + timedelta(hours=1), ms_sum=600 * looks,
        )  # fmt: skip
    page = page_of(signed_in, token)
    assert "95 %" in page
    assert "of 100 checks" in page
    assert "5 of 50 looks failing" in page
    assert "Earlier, by the day" in page


def test_the_timeline_tells_changes_incidents_and_acts(signed_in: Any, person: Any) -> None:
    token = failing_token()
    incident = make_incident(token)
    Change.objects.create(
        light="token", token=token, account=token.account, gateway=token.gateway, incident=incident,
        old_state="healthy", new_state="failing", verdict="token_exhausted", since=timezone.now(), at=timezone.now(),
    )  # fmt: skip
    make_channel(name="Ops on Slack")
    make_channel(name="Silent", enabled=False)
    signed_in.post(reverse("token_describe", args=[token.pk]), {"owner": person.pk, "purpose": "", "tags": "prod"})
    page = page_of(signed_in, token)
    assert "Healthy, then failing" in page
    assert f"Incident {incident.pk} opened" in page
    assert "Description changed" in page
    assert "mira: owner, tags" in page
    assert "Nobody was told yet." in page
    assert "Ops on Slack" in page
    assert "Silent" not in page


def test_check_now_ends_with_a_new_look(signed_in: Any, at_once: None) -> None:
    simulator = Simulator()
    account = simulator.add_account("alice")
    made = simulator.add_token(account, "ci")
    with simulator.running():
        gateway = make_gateway(base_url=f"{simulator.url}/v1")
        later = timezone.now() + timedelta(hours=1)
        token = make_token(gateway, key=f"sk-{made.key}", next_check_at=later)
        answer = signed_in.post(reverse("token_check", args=[token.pk]))
    assert (answer.status_code, answer["Location"]) == (303, reverse("token", args=[token.pk]))
    token.refresh_from_db()
    assert (token.state, token.verdict) == ("healthy", "ok")
    assert token.looks[-1][3] == 200


def test_the_page_polls_itself_fast_while_a_check_runs_and_a_poll_brings_its_body(signed_in: Any) -> None:
    token = make_token(state="healthy", verdict="ok", next_check_at=timezone.now() + timedelta(hours=1))
    assert 'hx-trigger="every 30s, wake"' in page_of(signed_in, token)
    signed_in.post(reverse("token_check", args=[token.pk]))
    page = page_of(signed_in, token)
    assert 'hx-trigger="every 2s, wake"' in page
    assert "Checking" in page
    headers = {"HX-Request": "true", "HX-Target": "token"}
    part = signed_in.get(reverse("token", args=[token.pk]), headers=headers).content.decode()
    assert part.lstrip().startswith('<div class="grid')
    assert 'id="badge"' in part
    assert "<html" not in part


@pytest.mark.parametrize(("span", "days"), [("day", 1), ("week", 7), ("", None), ("nonsense", None)])
def test_a_pause_lasts_as_long_as_was_chosen(signed_in: Any, span: str, days: int | None) -> None:
    token = make_token(state="healthy")
    signed_in.post(reverse("token_pause", args=[token.pk]), {"for": span})
    token.refresh_from_db()
    assert token.state == "paused"
    if days is None:
        assert token.paused_until is None
    else:
        assert token.paused_until is not None
        assert abs(token.paused_until - timezone.now() - timedelta(days=days)) < timedelta(minutes=1)
    page = page_of(signed_in, token)
    changes = AuditEvent.objects.get(action="token.pause").changes
    assert changes["state"] == ["healthy", "paused"]
    assert changes["until"][1] == (f"{token.paused_until:%Y-%m-%d %H:%M} UTC" if days else "resumed by hand")
    assert "Paused by mira" in page
    assert reverse("token_check", args=[token.pk]) not in page


def test_a_paused_token_is_not_checked_before_it_is_resumed(signed_in: Any) -> None:
    token = make_token(state="healthy")
    signed_in.post(reverse("token_pause", args=[token.pk]))
    page = signed_in.post(reverse("token_check", args=[token.pk]), follow=True).content.decode()
    assert "is not watched now. Resume it first." in page
    signed_in.post(reverse("token_resume", args=[token.pk]))
    token.refresh_from_db()
    assert token.state == "healthy"


def test_owner_purpose_and_tags_are_kept_and_audited(signed_in: Any) -> None:
    token, owner = make_token(name="ci", tags=["old"]), make_user("priya")
    url = reverse("token_describe", args=[token.pk])
    assert 'value="old"' in signed_in.get(url).content.decode()
    answer = signed_in.post(url, {"owner": owner.pk, "purpose": "Runs the tests", "tags": "Prod, ci ,"})
    assert answer.status_code == 303
    token.refresh_from_db()
    assert (token.owner, token.purpose) == (owner, "Runs the tests")
    assert [tag.name for tag in token.tags.all()] == ["ci", "prod"]
    event = AuditEvent.objects.get(action="token.describe")
    assert event.changes["tags"] == [["old"], ["ci", "prod"]]


def test_a_wrong_description_comes_back_as_it_was_typed(signed_in: Any) -> None:
    token = make_token()
    given = {"owner": "999", "purpose": "Kept words", "tags": "x" * 41}
    answer = signed_in.post(reverse("token_describe", args=[token.pk]), given)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "A tag has 40 characters at most." in page
    assert 'value="Kept words"' in page
    assert "x" * 41 in page


def test_forgetting_asks_first_and_then_drops_the_key(signed_in: Any) -> None:
    token = make_token(name="old-crm")
    url = reverse("token_forget", args=[token.pk])
    assert "On the gateway nothing changes" in signed_in.get(url).content.decode()
    assert Token.objects.filter(pk=token.pk).exists()
    page = signed_in.post(url, follow=True).content.decode()
    assert "old-crm is no longer watched, and its key is gone." in page
    assert not Token.objects.filter(pk=token.pk).exists()
    assert AuditEvent.objects.get(action="token.forget").object_name == "old-crm"
