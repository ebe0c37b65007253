"""Alert channels: guided forms, what they refuse, the test that takes the way of an alert, the delivery log."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_channel, make_gateway
from tests.listeners import Hook, webhook
from tokens.models import AuditEvent, Channel, Notification, Tag
from tokens.services import addressing, alerting, delivering, targets
from tokens.services.targets import TargetRefused

SLACK = "https://hooks.slack.com/services/T0000000/B0000000/" + "x" * 24
ON = {"failing": "on", "recovered": "on"}


@pytest.fixture
def receiver() -> Iterator[Hook]:
    with webhook() as hook:
        hook.url += "?room=secret-room"
        yield hook


def make(client: Any, kind: str, **fields: Any) -> Any:
    return client.post(reverse("channel_new", args=[kind]), {"name": "ops", **ON, **fields})


def test_nobody_sees_channels_without_signing_in(client: Any, db: None) -> None:
    for name, args in (("channels", []), ("deliveries", []), ("channel_new", ["email"]), ("channel", [1])):
        assert client.get(reverse(name, args=args)).status_code == 302


def test_the_page_without_channels_leads_to_each_kind(signed_in: Any) -> None:
    page = signed_in.get(reverse("channels")).content.decode()
    for kind in ("email", "slack", "telegram", "webhook", "url"):
        assert reverse("channel_new", args=[kind]) in page


def test_an_unknown_kind_is_not_there(signed_in: Any) -> None:
    assert signed_in.get(reverse("channel_new", args=["carrier-pigeon"])).status_code == 404


def test_a_slack_channel_is_made_with_its_rule_and_audited(signed_in: Any) -> None:
    gateway, tag = make_gateway(), Tag.objects.create(name="prod")
    answer = make(signed_in, "slack", webhook=SLACK, gateways=[gateway.pk], tags=[tag.pk])
    channel = Channel.objects.get()
    assert (answer.status_code, answer.url) == (303, channel.get_absolute_url())
    assert channel.kind == "apprise"
    assert channel.open_target() == "slack://T0000000/B0000000/" + "x" * 24
    rule = channel.rules.get()
    assert (rule.failing, rule.degraded, rule.recovered) == (True, False, True)
    assert list(rule.gateways.all()) == [gateway]
    assert list(rule.tags.all()) == [tag]
    event = AuditEvent.objects.get(action="channel.create")
    assert event.actor_name == "mira"
    assert "x" * 24 not in str(event.changes)


def test_the_target_is_never_shown_again(signed_in: Any) -> None:
    make(signed_in, "slack", webhook=SLACK)
    channel = Channel.objects.get()
    for address in (reverse("channels"), channel.get_absolute_url()):
        assert "x" * 24 not in signed_in.get(address).content.decode()


def test_a_wrong_target_gets_its_sentence_and_nothing_typed_is_lost(signed_in: Any) -> None:
    answer = make(signed_in, "slack", webhook="https://example.com/hook", name="ops room", degraded="on")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "hooks.slack.com" in page
    assert 'value="https://example.com/hook"' in page
    assert 'value="ops room"' in page
    assert re.search(r'name="degraded"[^>]*checked', page)
    assert not Channel.objects.exists()


def test_a_channel_that_hears_nothing_is_refused(signed_in: Any) -> None:
    answer = signed_in.post(reverse("channel_new", args=["email"]), {"name": "ops", "addresses": "a@example.com"})
    assert "Tick at least one" in answer.content.decode()


def test_a_name_is_given_once(signed_in: Any) -> None:
    make_channel(name="ops")
    assert "of this name already" in make(signed_in, "email", addresses="a@example.com").content.decode()


def test_each_address_is_looked_at(signed_in: Any) -> None:
    assert "“b@” is not" in make(signed_in, "email", addresses="a@example.com, b@").content.decode()
    make(signed_in, "email", addresses="a@example.com; b@example.com")
    assert Channel.objects.get().open_target() == "a@example.com, b@example.com"


def test_the_email_form_says_that_no_mail_server_is_set(signed_in: Any, settings: Any) -> None:
    settings.KEYWARD_EMAIL_READY = False
    assert "KEYWARD_SMTP_HOST" in signed_in.get(reverse("channel_new", args=["email"])).content.decode()
    settings.KEYWARD_EMAIL_READY = True
    assert "KEYWARD_SMTP_HOST" not in signed_in.get(reverse("channel_new", args=["email"])).content.decode()


def test_a_webhook_shows_its_secret_once(signed_in: Any, receiver: Hook) -> None:
    answer = make(signed_in, "webhook", url=receiver.url)
    channel = Channel.objects.get()
    assert channel.open_secret() in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    page = signed_in.get(channel.get_absolute_url()).content.decode()
    assert channel.open_secret() not in page
    assert "secret-room" not in page


def test_a_webhook_to_a_private_address_is_refused_beside_its_field(signed_in: Any, settings: Any) -> None:
    settings.KEYWARD_ALLOW_PRIVATE_ADDRESSES = False
    answer = make(signed_in, "webhook", url="http://192.168.0.9/in")
    assert "KEYWARD_ALLOW_PRIVATE_ADDRESSES" in answer.content.decode()
    assert 'value="http://192.168.0.9/in"' in answer.content.decode()
    assert not Channel.objects.exists()


def test_a_new_secret_replaces_the_old(signed_in: Any) -> None:
    channel = make_channel()
    old = channel.open_secret()
    answer = signed_in.post(reverse("channel_secret", args=[channel.pk]))
    channel.refresh_from_db()
    assert channel.open_secret() != old
    assert channel.open_secret() in answer.content.decode()


def test_an_edit_leaves_the_target_unless_a_new_one_is_typed(signed_in: Any) -> None:
    make(signed_in, "slack", webhook=SLACK)
    channel = Channel.objects.get()
    signed_in.post(channel.get_absolute_url(), {"name": "ops two", "failing": "on", "webhook": ""})
    channel.refresh_from_db()
    assert channel.name == "ops two"
    assert channel.open_target().endswith("x" * 24)
    assert not channel.rules.get().recovered
    signed_in.post(channel.get_absolute_url(), {"name": "ops two", **ON, "webhook": SLACK.replace("x", "y")})
    channel.refresh_from_db()
    assert channel.open_target().endswith("y" * 24)
    changes = AuditEvent.objects.filter(action="channel.edit").latest("pk").changes
    assert set(changes) == {"target", "hears"}


def test_an_edit_that_changes_nothing_is_no_event(signed_in: Any) -> None:
    channel = make_channel()
    signed_in.post(channel.get_absolute_url(), {"name": channel.name, **ON, "url": ""})
    assert not AuditEvent.objects.filter(action="channel.edit").exists()


def test_half_a_new_target_is_not_taken(signed_in: Any) -> None:
    bot = "123456789:" + "b" * 35
    make(signed_in, "telegram", bot=bot, chat="-10012")
    channel = Channel.objects.get()
    answer = signed_in.post(channel.get_absolute_url(), {"name": "ops", **ON, "bot": "", "chat": "77"})
    assert answer.status_code == 200
    channel.refresh_from_db()
    assert channel.open_target() == f"tgram://{bot}/-10012/"


def test_off_and_on(signed_in: Any) -> None:
    channel = make_channel()
    signed_in.post(reverse("channel_toggle", args=[channel.pk]))
    channel.refresh_from_db()
    assert not channel.enabled
    signed_in.post(reverse("channel_test", args=[channel.pk]))
    assert not Notification.objects.exists()
    signed_in.post(reverse("channel_toggle", args=[channel.pk]))
    channel.refresh_from_db()
    assert channel.enabled
    acts = AuditEvent.objects.filter(object_kind="channel").order_by("pk").values_list("action", "changes")
    assert list(acts) == [("channel.disable", {"on": [True, False]}), ("channel.enable", {"on": [False, True]})]


def test_removing_asks_first(signed_in: Any) -> None:
    channel = make_channel()
    address = reverse("channel_remove", args=[channel.pk])
    assert channel.name in signed_in.get(address).content.decode()
    assert Channel.objects.exists()
    signed_in.post(address)
    assert not Channel.objects.exists()
    assert AuditEvent.objects.filter(action="channel.remove", object_name=channel.name).exists()


def test_a_link_cannot_send_remove_or_switch(signed_in: Any) -> None:
    channel = make_channel()
    for name in ("channel_test", "channel_toggle", "channel_secret"):
        assert signed_in.get(reverse(name, args=[channel.pk])).status_code == 405


def test_a_test_arrives_signed_and_the_page_learns_of_it(signed_in: Any, receiver: Hook) -> None:
    make(signed_in, "webhook", url=receiver.url)
    channel = Channel.objects.get()
    answer = signed_in.post(reverse("channel_test", args=[channel.pk]))
    note = Notification.objects.get()
    assert answer.url == f"{channel.get_absolute_url()}?delivery={note.pk}"
    poll = reverse("delivery", args=[note.pk])
    assert poll in signed_in.get(answer.url).content.decode()

    delivering.deliver_due()
    headers, body = receiver.headers[0], receiver.bodies[0]
    stamp, mac = re.fullmatch(r"t=(\d+),v1=(\w+)", headers["Keyward-Signature"]).groups()  # type: ignore[union-attr]
    expected = hmac.new(channel.open_secret().encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    assert mac == expected.hexdigest()

    part = signed_in.get(poll, headers={"HX-Request": "true", "HX-Target": "sending"}).content.decode()
    assert "The test went out" in part
    assert "hx-get" not in part  # it has arrived: no more polls
    assert "<html" not in part


def test_a_test_that_fails_shows_why(signed_in: Any, receiver: Hook) -> None:
    receiver.status = 502
    make(signed_in, "webhook", url=receiver.url)
    channel = Channel.objects.get()
    address = signed_in.post(reverse("channel_test", args=[channel.pk])).url
    delivering.deliver_due()
    page = signed_in.get(address).content.decode()
    assert "HTTP 502" in page
    assert "HTTP 502" in signed_in.get(reverse("channels")).content.decode()


def test_the_log_is_filtered_and_paged(signed_in: Any) -> None:
    first, second = make_channel(name="first"), make_channel(name="second")
    for number in range(60):
        note = alerting.send_test(first, timezone.now())
        Notification.objects.filter(pk=note.pk).update(subject=f"message {number:03d}")
    alerting.send_test(second, timezone.now())
    page = signed_in.get(reverse("deliveries"), {"channel": first.pk}).content.decode()
    assert "message 059" in page
    assert "message 009" not in page
    assert "50 of 60 shown" in page
    older = re.search(r'href="(\?[^"]*after=\d+[^"]*)"', page).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    page = signed_in.get(reverse("deliveries") + older).content.decode()
    assert "message 009" in page
    assert "message 010" not in page
    newer = re.search(r'href="(\?[^"]*before=\d+[^"]*)"', page).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    assert "message 010" in signed_in.get(reverse("deliveries") + newer).content.decode()
    nothing = signed_in.get(reverse("deliveries"), {"progress": "sent"}).content.decode()
    assert "No delivery matches" in nothing


@pytest.mark.parametrize("query", ["after=x", "before=-1", "after=" + "9" * 40, "channel=abc", "progress=nonsense"])
def test_nonsense_in_the_address_is_as_if_it_were_not_there(signed_in: Any, query: str) -> None:
    assert signed_in.get(f"{reverse('deliveries')}?{query}").status_code == 200


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda: addressing.slack(SLACK), "slack://T0000000/B0000000/" + "x" * 24),
        (lambda: addressing.discord("https://discord.com/api/webhooks/123/ab_c-d"), "discord://123/ab_c-d"),
        (lambda: addressing.ntfy("https://ntfy.sh", "room-1"), "ntfys://ntfy.sh/room-1"),
        (lambda: addressing.ntfy("http://10.0.0.2:81/", "r", "tk_1"), "ntfy://tk_1@10.0.0.2:81/r?auth=token"),
        (lambda: addressing.gotify("https://push.example.com/g", "A b"), "gotifys://push.example.com/g/A%20b"),
        (lambda: addressing.pagerduty("key", "api+1", "eu"), "pagerduty://key@api%2B1/Keyward/Keyward?region=eu"),
    ],
)
def test_the_forms_make_apprise_urls(made: Any, expected: str) -> None:
    assert made() == expected


@pytest.mark.parametrize("way", ["", "/powerautomate/automations/direct"])
def test_both_forms_of_a_teams_workflow_are_understood(way: str) -> None:
    host = "prod-1.westus.logic.azure.com" if not way else "default1.api.powerplatform.com"
    address = f"https://{host}:443{way}/workflows/{'a' * 32}/triggers/manual/paths/invoke?api-version=1&sig={'b' * 43}"
    assert addressing.teams(address).startswith("workflow")
    targets.check_apprise(addressing.teams(address))


@pytest.mark.parametrize(
    "url",
    [
        "json://192.0.2.1/x",
        "workflows://169.254.169.254/a/b",
        "discord://1/abc?template=/etc/passwd",
        "mailto://user:pass@example.com",
        "no url at all",
        "bark://169.254.169.254/key",
        "ntfy://[::ffff:169.254.169.254]/topic",
    ],
)
def test_what_could_reach_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(TargetRefused):
        targets.check_apprise(url)
