"""Rows for tests, with defaults that make sense."""

from __future__ import annotations

import secrets
import string
from itertools import count
from typing import Any

from django.utils import timezone

from tokens.models import Account, Channel, Gateway, Incident, Rule, Tag, Token, User
from tokens.models.token import RANK

_numbers = count(1)
ALPHANUMERIC = string.ascii_letters + string.digits


def make_key() -> str:
    """A new key of the family's shape; nobody's."""
    return "sk-" + "".join(secrets.choice(ALPHANUMERIC) for _ in range(48))


def make_user(username: str = "", **fields: Any) -> User:
    name = username or f"person{next(_numbers)}"
    return User.objects.create_user(name, f"{name}@example.com", "a long enough phrase", **fields)


def make_gateway(**fields: Any) -> Gateway:
    number = next(_numbers)
    now = timezone.now()
    given = {"name": f"Gateway {number}", "base_url": f"https://gateway{number}.example.com/v1", "dialect": "new-api"}
    return Gateway.objects.create(**{**given, "next_check_at": now, "state": "healthy", **fields})


def make_account(gateway: Gateway | None = None, *, access_token: str = "", **fields: Any) -> Account:
    number = next(_numbers)
    gateway = gateway or make_gateway()
    account = Account(gateway=gateway, **{"name": f"Account {number}", "next_check_at": timezone.now(), **fields})
    account.seal_access_token(access_token or secrets.token_hex(16))
    account.save()
    return account


def make_token(
    gateway: Gateway | None = None, *, account: Account | None = None, key: str = "", tags: Any = (), **fields: Any
) -> Token:
    number = next(_numbers)
    gateway = gateway or (account.gateway if account else make_gateway())
    given = {"name": f"token-{number}", "next_check_at": timezone.now(), "unlimited": True}
    given["rank"] = RANK[fields.get("state", "new")]
    token = Token(gateway=gateway, account=account, **{**given, **fields})
    token.seal_key(key or make_key())
    token.index_for_search()
    token.save()
    if tags:
        token.tags.set([Tag.objects.get_or_create(name=name)[0] for name in tags])
        token.index_for_search()
        token.save()
    return token


def make_incident(token: Token, /, **fields: Any) -> Incident:
    now = timezone.now()
    given = {
        "light": "token",
        "gateway": token.gateway,
        "account": token.account,
        "token": token,
        "subject_name": token.name,
        "verdict": "token_exhausted",
        "started_at": now,
        "opened_at": now,
    }
    return Incident.objects.create(**{**given, **fields})


def make_channel(kind: str = "webhook", target: str = "https://hooks.example.com/keyward", **fields: Any) -> Channel:
    number = next(_numbers)
    rule = {name: fields.pop(name) for name in ("failing", "degraded", "recovered") if name in fields}
    channel = Channel(kind=kind, **{"name": f"Channel {number}", "target_hint": target, **fields})
    channel.seal_target(target)
    channel.seal_secret(secrets.token_hex(16))
    channel.save()
    Rule.objects.create(channel=channel, **rule)
    return channel
