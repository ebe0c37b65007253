"""Who was told: channels, their rules, and the deliveries of the last month."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from tokens.models import Change, Channel, Notification, Rule
from tokens.services import alerting, targets
from tokens.simulator import Simulator, inbox

from .meeting import Met

TOLD = timedelta(days=30)
SLACK_OFF = timedelta(days=2)
Progress = Notification.Progress


@dataclass(slots=True)
class Channels:
    sink: Channel
    slack: Channel
    email: Channel


def channels(mets: Sequence[Met], url: str, now: datetime) -> Channels:
    """`url` is the simulator whose page shows what arrives."""
    sink = _channel("Demo inbox", "webhook", f"{url}/_sim/inbox", now - timedelta(days=62))
    sink.seal_secret(secrets.token_urlsafe(32))
    slack = _channel("Slack #ai-platform", "apprise", _slack(), now - timedelta(days=58), off=(
        "Switched off: the demo sends nothing to the outside."
    ))  # fmt: skip
    email = _channel("On-call mail", "email", "oncall@example.com", now - timedelta(days=20), off=(
        "Switched off: this demo has no mail server. Set KEYWARD_SMTP_HOST, then switch it on."
    ))  # fmt: skip
    made = Channels(sink, slack, email)
    for channel in (sink, slack, email):
        channel.save()
    for channel, degraded in ((sink, True), (slack, False), (email, False)):
        Rule.objects.create(channel=channel, degraded=degraded)
    slack.rules.get().gateways.set([met.gateway for met in mets[:1]])
    return made


def _channel(name: str, kind: str, target: str, made: datetime, off: str = "") -> Channel:
    channel = Channel(name=name, kind=kind, enabled=not off, last_error=off, last_error_at=None)
    channel.seal_target(target)
    channel.target_hint = target if kind == "email" else targets.hint_of(target)
    channel.save()
    channel.created_at = made
    return channel


def _slack() -> str:
    """The shape of a Slack webhook, made up here; it opens nothing."""
    return f"slack://T{secrets.token_hex(4).upper()}/B{secrets.token_hex(4).upper()}/{secrets.token_hex(12)}"


def deliveries(made: Channels, changes: Sequence[Change], now: datetime, dice: Random) -> list[Notification]:
    """One for each change and channel that wanted it then; all sent but the last one to Slack."""
    rules = list(Rule.objects.select_related("channel").prefetch_related("gateways", "tags"))
    notes = [
        _note(channel, change, dice)
        for change in changes
        if change.at > now - TOLD
        for channel in alerting.listeners(rules, change)
        if _heard(made, channel, change, now)
    ]
    _mishaps(made, notes, now)
    Notification.objects.bulk_create(notes)
    for channel in (made.sink, made.slack):
        sent = [note.sent_at for note in notes if note.channel_id == channel.pk and note.sent_at]
        channel.last_sent_at = max(sent, default=None)
        channel.save(update_fields=["last_sent_at"])
    return notes


def arrive(sim: Simulator, made: Channels, notes: Sequence[Notification]) -> None:
    """What was sent to the inbox lies there."""
    for note in notes:
        if note.channel_id == made.sink.pk and note.sent_at:
            inbox.put(sim.world, note.payload, int(note.sent_at.timestamp()))


def _heard(made: Channels, channel: Channel, change: Change, now: datetime) -> bool:
    if channel.pk == made.email.pk:
        return False  # it was never on
    return channel.pk != made.slack.pk or change.at < now - SLACK_OFF


def _note(channel: Channel, change: Change, dice: Random) -> Notification:
    note = alerting.notification(channel, change, change.at + timedelta(seconds=1))
    note.progress, note.attempts = Progress.SENT, 1
    note.sent_at = note.created_at + timedelta(seconds=dice.uniform(0.4, 4))
    return note


def _mishaps(made: Channels, notes: Sequence[Notification], now: datetime) -> None:
    """One took a second try, and the last one to Slack still waits."""
    to_sink = [note for note in notes if note.channel_id == made.sink.pk]
    for note in to_sink[len(to_sink) // 2 : len(to_sink) // 2 + 1]:
        note.attempts, note.sent_at = 2, note.created_at + timedelta(seconds=21)
    for note in [note for note in notes if note.channel_id == made.slack.pk][-1:]:
        note.progress, note.attempts, note.sent_at = Progress.WAITING, 3, None
        note.next_try_at = now + timedelta(hours=1)
        note.last_error = f"{made.slack.target_hint} did not take the message"
