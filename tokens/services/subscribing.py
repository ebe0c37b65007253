"""Say where alerts go and which go there: make, edit, switch, try and remove channels, each with its audit event."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tokens.models import Channel, Gateway, Notification, Rule, Tag
from tokens.vault.cipher import WrongKey
from tokens.vault.fingerprint import fingerprint

from . import alerting, auditing, targets
from .auditing import Actor


@dataclass(frozen=True, slots=True)
class Wish:
    """What a channel wants to hear of. Empty sets mean everything."""

    failing: bool = True
    degraded: bool = False
    recovered: bool = True
    gateways: Sequence[Gateway] = ()
    tags: Sequence[Tag] = ()


def subscribe(actor: Actor, *, name: str, kind: str, target: str, wish: Wish) -> tuple[Channel, str]:
    """A new channel, and the secret that signs its webhook ("" for other kinds), which is shown this once."""
    channel = Channel(name=name, kind=kind)
    _aim(channel, target)
    secret = secrets.token_urlsafe(32) if kind == "webhook" else ""
    if secret:
        channel.seal_secret(secret)
    with transaction.atomic():
        channel.save()
        _listen(channel, wish)
        changes = {field: ("", value) for field, value in _kept(channel).items() if value}
        auditing.record(actor, "channel.create", channel, changes=changes)
    return channel, secret


def edit(actor: Actor, channel: Channel, *, name: str, wish: Wish, target: str = "") -> None:
    """The target stays unless a new one is given."""
    before = _kept(channel)
    channel.name = name
    if target:
        _aim(channel, target)
    with transaction.atomic():
        channel.save(update_fields=["name", "target_sealed", "target_hint"])
        _listen(channel, wish)
        changes = auditing.differences(before, _kept(channel))
        if changes:
            auditing.record(actor, "channel.edit", channel, changes=changes)


def switch(actor: Actor, channel: Channel, *, on: bool) -> None:
    """A channel that is off gets no new notifications; what waits goes out when it is on again."""
    if channel.enabled == on:
        return
    channel.enabled = on
    with transaction.atomic():
        channel.save(update_fields=["enabled"])
        auditing.record(actor, "channel.enable" if on else "channel.disable", channel, changes={"on": (not on, on)})


def remove(actor: Actor, channel: Channel) -> None:
    """The channel, its rule and its delivery log."""
    with transaction.atomic():
        auditing.record(actor, "channel.remove", channel, changes={"target": (_target(channel), "")})
        channel.delete()


def renew_secret(actor: Actor, channel: Channel) -> str:
    """A new signing secret for a webhook, shown this once; the old one signs nothing from now on."""
    secret = secrets.token_urlsafe(32)
    channel.seal_secret(secret)
    with transaction.atomic():
        channel.save(update_fields=["secret_sealed"])
        auditing.record(actor, "channel.renew_secret", channel)
    return secret


def send_test(actor: Actor, channel: Channel, now: datetime) -> Notification:
    with transaction.atomic():
        note = alerting.send_test(channel, now)
        auditing.record(actor, "channel.test", channel)
    return note


def rule_of(channel: Channel) -> Rule:
    return channel.rules.first() or Rule(channel=channel)


def _aim(channel: Channel, target: str) -> None:
    channel.seal_target(target)
    channel.target_hint = (target if channel.kind == "email" else targets.hint_of(target))[:200]


def _listen(channel: Channel, wish: Wish) -> None:
    rule = rule_of(channel)
    rule.failing, rule.degraded, rule.recovered = wish.failing, wish.degraded, wish.recovered
    rule.save()
    rule.gateways.set(wish.gateways)
    rule.tags.set(wish.tags)


def _kept(channel: Channel) -> dict[str, Any]:
    rule = rule_of(channel)
    saved = rule.pk is not None
    return {
        "name": channel.name,
        "target": _target(channel),
        "hears": [word for word in ("failing", "degraded", "recovered") if saved and getattr(rule, word)],
        "gateways": sorted(gateway.name for gateway in rule.gateways.all()) if saved else [],
        "tags": sorted(tag.name for tag in rule.tags.all()) if saved else [],
    }


def _target(channel: Channel) -> str:
    """What may be shown of it; where that hides something, with a fingerprint that tells two targets apart."""
    if channel.kind == "email":
        return channel.target_hint
    try:
        return f"{channel.target_hint} fingerprint {fingerprint(channel.open_target())[:12]}"
    except WrongKey:
        return channel.target_hint
