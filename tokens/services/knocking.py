"""Knock at gateways: one call without a key tells whether anybody is there, and ends an outage."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from tokens.models import Gateway
from tokens.models.bulk import write

from . import looking
from .checking import GATEWAY_FIELDS, Clock, keep, record_gateway

LEASE = timedelta(seconds=60)


def knock_due(clock: Clock = timezone.now) -> int:
    """Knock at every gateway whose next look is due; returns how many."""
    lease_token, ids = Gateway.objects.filter(paused_at=None).claim(clock(), limit=50, lease=LEASE)
    return sum(knock(pk, lease_token, clock) for pk in ids)


def knock(gateway_id: int, lease_token: str, clock: Clock = timezone.now) -> int:
    base_url = Gateway.objects.filter(pk=gateway_id, lease_token=lease_token).values_list("base_url", flat=True).first()
    if base_url is None:
        return 0
    look = looking.knock(base_url)
    with transaction.atomic():
        gateway = Gateway.objects.select_for_update().filter(pk=gateway_id, lease_token=lease_token).first()
        if gateway is None:
            return 0
        keep([record_gateway(gateway, look.judgement, look.evidence, clock())])
        gateway.lease_token, gateway.lease_until = "", None
        write([gateway], [*GATEWAY_FIELDS, "lease_token", "lease_until"])
    return 1


def knock_now(gateway: Gateway, now: datetime) -> None:
    """A person asked: look at once, in their request."""
    Gateway.objects.filter(pk=gateway.pk).update(next_check_at=now)
    lease_token, ids = Gateway.objects.filter(pk=gateway.pk).claim(now, limit=1, lease=LEASE)
    if ids:
        knock(gateway.pk, lease_token)
