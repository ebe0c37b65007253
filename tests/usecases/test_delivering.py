"""A notification is recorded, sent, retried and logged; the other end is a real server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.factories import make_channel, make_token
from tests.listeners import mail_server, webhook
from tests.usecases.conftest import Clock
from tokens.models import Change, Channel, Notification
from tokens.services import alerting, delivering

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_this_machine(settings: Any) -> None:
    settings.KEYWARD_ALLOW_PRIVATE_ADDRESSES = True


def fail_a_token(clock: Clock, **fields: Any) -> Change:
    token = make_token(**fields)
    return Change.objects.create(
        light="token", gateway=token.gateway, token=token, old_state="healthy", new_state="failing",
        old_verdict="ok", verdict="token_exhausted", since=clock.now, at=clock.now,
    )  # fmt: skip


def test_a_webhook_is_signed_and_tells_the_reason_but_no_key(clock: Clock) -> None:
    with webhook() as hook:
        channel = make_channel(target=hook.url)
        change = fail_a_token(clock, name="ci-prod")
        alerting.process_changes(clock.now)
        assert delivering.deliver_due(clock) == 1
    body, headers = hook.bodies[0], hook.headers[0]
    stamp = int(headers["Keyward-Signature"].split(",")[0].removeprefix("t="))
    assert headers["Keyward-Signature"] == delivering.signature(channel.open_secret(), stamp, body)
    said = json.loads(body)
    assert (said["event"], said["verdict"]["new"]) == ("failing", "token_exhausted")
    assert said["subject"]["name"] == "ci-prod"
    assert change.token.open_key() not in body.decode()
    assert said["url"].endswith(f"/tokens/{change.token_id}/")


def test_a_mail_reaches_the_mail_server(clock: Clock, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with mail_server() as mailbox:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", mailbox.port, False
        make_channel("email", "ops@example.com, mira@example.com")
        fail_a_token(clock, name="ci-prod")
        alerting.process_changes(clock.now)
        assert delivering.deliver_due(clock) == 1
    (message,) = mailbox.messages
    assert message["To"] == "ops@example.com, mira@example.com"
    assert "ci-prod" in message["Subject"]
    assert "Since" in message.get_content()


def test_a_refused_delivery_is_tried_again_later_and_shown_on_its_channel(clock: Clock) -> None:
    with webhook() as hook:
        channel = make_channel(target=hook.url)
        fail_a_token(clock)
        alerting.process_changes(clock.now)
        hook.status = 503
        assert delivering.deliver_due(clock) == 0
        channel.refresh_from_db()
        assert channel.last_error == "The webhook answered HTTP 503"
        assert delivering.deliver_due(clock) == 0
        assert len(hook.bodies) == 1

        hook.status = 200
        clock.forward(seconds=21)
        assert delivering.deliver_due(clock) == 1
    channel.refresh_from_db()
    assert channel.last_error == ""
    assert Notification.objects.get().attempts == 2
    assert hook.headers[0]["Keyward-Delivery"] == hook.headers[1]["Keyward-Delivery"]


def test_after_the_last_try_it_is_given_up(clock: Clock) -> None:
    make_channel(target="http://127.0.0.1:9/nobody")
    fail_a_token(clock)
    alerting.process_changes(clock.now)
    for _ in range(len(delivering.PAUSES) + 2):
        delivering.deliver_due(clock)
        clock.forward(hours=7)
    note = Notification.objects.get()
    assert (note.progress, note.attempts) == ("failed", len(delivering.PAUSES) + 1)


def test_a_sender_that_was_killed_loses_nothing(clock: Clock) -> None:
    with webhook() as hook:
        make_channel(target=hook.url)
        fail_a_token(clock)
        alerting.process_changes(clock.now)
        assert len(delivering.claim_due(clock.now)) == 1  # and then it was killed
        assert delivering.deliver_due(clock) == 0
        clock.forward(seconds=121)
        assert delivering.deliver_due(clock) == 1
    assert hook.events == ["failing"]


def test_a_test_takes_the_same_way(clock: Clock) -> None:
    with webhook() as hook:
        channel = make_channel(target=hook.url)
        note = alerting.send_test(channel, clock.now)
        assert delivering.deliver_due(clock) == 1
    note.refresh_from_db()
    assert (note.progress, hook.events) == ("sent", ["test"])


def test_a_private_target_is_refused_unless_it_is_allowed(clock: Clock, settings: Any) -> None:
    settings.KEYWARD_ALLOW_PRIVATE_ADDRESSES = False
    with webhook() as hook:
        make_channel(target=hook.url)
        fail_a_token(clock)
        alerting.process_changes(clock.now)
        assert delivering.deliver_due(clock) == 0
    assert hook.bodies == []
    assert Channel.objects.get().last_error != ""


@pytest.mark.parametrize(
    ("rule", "told"),
    [({}, 1), ({"failing": False}, 0), ({"failing": False, "degraded": True}, 0)],
)
def test_a_rule_decides_who_hears(rule: dict[str, bool], told: int, clock: Clock) -> None:
    make_channel(**rule)
    fail_a_token(clock)
    assert alerting.process_changes(clock.now) == told


def test_a_rule_for_a_tag_hears_only_of_its_tokens(clock: Clock) -> None:
    channel = make_channel()
    token = make_token(tags=["prod"])
    channel.rules.get().tags.set(token.tags.all())
    fail_a_token(clock, tags=["test"])
    fail_a_token(clock, tags=["prod"])
    assert alerting.process_changes(clock.now) == 1


def test_a_first_good_look_is_no_news(clock: Clock) -> None:
    make_channel()
    token = make_token()
    Change.objects.create(
        light="token", gateway=token.gateway, token=token, old_state="new", new_state="healthy",
        verdict="ok", since=clock.now, at=clock.now,
    )  # fmt: skip
    assert alerting.process_changes(clock.now) == 0
