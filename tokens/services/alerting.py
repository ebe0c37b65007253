"""From the outbox of changes to one notification for each channel that wants to hear of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone, translation

from tokens.health.verdicts import State
from tokens.models import Change, Channel, Notification, Rule

from . import messages
from .messages import Message

CHANGES_AT_ONCE = 200


def process_changes(now: datetime | None = None) -> int:
    """Turn unprocessed changes into notifications, in one transaction; returns how many were made."""
    now = now or timezone.now()
    with transaction.atomic():
        changes = _claim()
        rules = list(
            Rule.objects.filter(channel__enabled=True).select_related("channel").prefetch_related("gateways", "tags")
        )
        made = [notification(channel, change, now) for change in changes for channel in listeners(rules, change)]
        # The key is unique: a change that was processed twice still makes one notification a channel.
        Notification.objects.bulk_create(made, ignore_conflicts=True)
        Change.objects.filter(pk__in=[change.pk for change in changes]).update(processed_at=now)
    return len(made)


def waiting() -> bool:
    return Change.objects.filter(processed_at=None).exists()


def send_test(channel: Channel, now: datetime) -> Notification:
    """A test takes the same way as an alert: outbox, lease, retries, delivery log."""
    with _language():
        message = messages.of_test(channel.name)
    note = _filled(Notification(channel=channel, key=f"test-{channel.pk}-{now.timestamp():.6f}"), message, now)
    note.save()
    return note


def _claim() -> Sequence[Change]:
    rows = Change.objects.filter(processed_at=None).order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    related = rows.select_related("token__gateway", "token__account", "account__gateway", "gateway", "incident")
    return list(related[:CHANGES_AT_ONCE])


def listeners(rules: Iterable[Rule], change: Change) -> list[Channel]:
    """The channels that want to hear of a change, each once. A first good look at something new is no news."""
    if change.old_state == State.NEW and change.new_state == State.HEALTHY:
        return []
    return list({rule.channel_id: rule.channel for rule in rules if _wants(rule, change)}.values())


def _wants(rule: Rule, change: Change) -> bool:
    if not getattr(rule, change.event):
        return False
    gateways = {gateway.pk for gateway in rule.gateways.all()}
    if gateways and change.gateway_id not in gateways:
        return False
    tags = {tag.pk for tag in rule.tags.all()}
    # Tags narrow tokens; trouble of an account or a gateway concerns whoever hears of its tokens.
    return not tags or change.token is None or bool(tags & {tag.pk for tag in change.token.tags.all()})


def notification(channel: Channel, change: Change, now: datetime) -> Notification:
    """What one channel is to be told of a change; not saved here."""
    key = hashlib.sha256(f"change {change.pk} channel {channel.uid}".encode()).hexdigest()
    with _language():
        message = messages.of_change(change)
    return _filled(Notification(channel=channel, change=change, key=key), message, now)


def _filled(note: Notification, message: Message, now: datetime) -> Notification:
    note.event, note.subject, note.body = message.event, message.subject[:200], message.body
    note.payload = {"id": note.key, **message.payload}
    note.created_at = note.next_try_at = now
    return note


def _language() -> translation.override:
    from django.conf import settings

    return translation.override(settings.LANGUAGE_CODE)
