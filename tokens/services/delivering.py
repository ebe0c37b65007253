"""Send what waits: claimed by a conditional UPDATE, recorded before and after, retried with growing pauses."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

from django.core.mail import EmailMessage
from django.db.models import Q
from django.utils import timezone

from tokens.models import Channel, Notification
from tokens.network.client import NetworkFault
from tokens.network.policy import AddressRefused
from tokens.vault.cipher import WrongKey
from tokens.vault.redaction import scrub

from . import looking, targets

log = logging.getLogger(__name__)

PAUSES = [timedelta(seconds=seconds) for seconds in (20, 60, 300, 900, 3600, 3600 * 3, 3600 * 6)]
LEASE = timedelta(seconds=120)
AT_ONCE = 50
Progress = Notification.Progress


class DeliveryFailed(Exception):
    """The other side did not take it; the text is for the delivery log and holds no secret."""


def deliver_due(clock: Callable[[], datetime] = timezone.now) -> int:
    """Send every notification that is due; returns how many went out."""
    return sum(_deliver(pk, token, clock) for pk, token in claim_due(clock()))


def claim_due(now: datetime) -> list[tuple[int, str]]:
    """Notifications to send, each held for two minutes. One whose sender was killed comes back after that."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    due = Notification.objects.filter(
        free, progress__in=[Progress.WAITING, Progress.SENDING], next_try_at__lte=now, channel__enabled=True
    )
    token = uuid4().hex
    ids = list(due.order_by("next_try_at", "pk").values_list("pk", flat=True)[:AT_ONCE])
    held = Notification.objects.filter(free, pk__in=ids)
    held.update(lease_token=token, lease_until=now + LEASE, progress=Progress.SENDING)
    mine = Notification.objects.filter(pk__in=ids, lease_token=token).order_by("pk")
    return [(pk, token) for pk in mine.values_list("pk", flat=True)]


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """What the header Keyward-Signature carries: HMAC-SHA256 over "<timestamp>.<body>"."""
    mac = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"t={timestamp},v1={mac.hexdigest()}"


def _deliver(pk: int, lease_token: str, clock: Callable[[], datetime]) -> bool:
    note = Notification.objects.select_related("channel").filter(pk=pk, lease_token=lease_token).first()
    if note is None or (note.lease_until and note.lease_until < clock()):
        return False
    try:
        _send(note)
    except (DeliveryFailed, NetworkFault, AddressRefused, WrongKey, OSError, ValueError) as error:
        _failed(note, lease_token, scrub(str(error))[:300] or type(error).__name__, clock())
        return False
    _sent(note, lease_token, clock())
    return True


def _send(note: Notification) -> None:
    {"email": _send_email, "apprise": _send_apprise, "webhook": _send_webhook}[note.channel.kind](note)


def _send_email(note: Notification) -> None:
    to = [address.strip() for address in note.channel.open_target().split(",") if address.strip()]
    headers = {"Message-ID": f"<{note.key[:40]}@keyward>", "Auto-Submitted": "auto-generated"}
    EmailMessage(subject=note.subject, body=note.body, to=to, headers=headers).send()


def _send_apprise(note: Notification) -> None:
    targets.send_apprise(note.channel.open_target(), note.subject, note.body, note.event)


def _send_webhook(note: Notification) -> None:
    asyncio.run(_post(note))


async def _post(note: Notification) -> None:
    body = json.dumps(note.payload, ensure_ascii=False, separators=(",", ":")).encode()
    stamp = int(timezone.now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "Keyward-Event": note.event,
        "Keyward-Delivery": note.key,
        "Keyward-Signature": signature(note.channel.open_secret(), stamp, body),
    }
    async with looking.wire(concurrency=1, total_timeout=10) as wire:
        answer = await wire.send("POST", note.channel.open_target(), headers=headers, content=body)
    if not 200 <= answer.status < 300:
        raise DeliveryFailed(f"The webhook answered HTTP {answer.status}")


def _sent(note: Notification, lease_token: str, now: datetime) -> None:
    Notification.objects.filter(pk=note.pk, lease_token=lease_token).update(
        progress=Progress.SENT, sent_at=now, attempts=note.attempts + 1, lease_token="", lease_until=None, last_error=""
    )
    Channel.objects.filter(pk=note.channel_id).update(last_sent_at=now, last_error="", last_error_at=None)


def _failed(note: Notification, lease_token: str, error: str, now: datetime) -> None:
    attempts = note.attempts + 1
    over = attempts > len(PAUSES)
    Notification.objects.filter(pk=note.pk, lease_token=lease_token).update(
        progress=Progress.FAILED if over else Progress.WAITING,
        attempts=attempts,
        next_try_at=now if over else now + PAUSES[attempts - 1],
        last_error=error,
        lease_token="",
        lease_until=None,
    )
    Channel.objects.filter(pk=note.channel_id).update(last_error=error, last_error_at=now)
    log.warning("notification %s to channel %s: %s", note.pk, note.channel_id, error)
