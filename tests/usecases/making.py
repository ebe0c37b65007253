"""An account on the simulator with its row in Keyward, and wishes for tokens on it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tests.factories import make_account
from tokens.gateways.records import TokenDraft
from tokens.models import Account, Creation, Gateway, User
from tokens.services import creating, drafting
from tokens.services.auditing import Actor
from tokens.simulator import Simulator


def open_account(gateway: Gateway, simulator: Simulator, name: str = "alice", **fields: Any) -> Account:
    """An account that exists on both sides, with groups and models as the gateway would tell them."""
    remote = simulator.add_account(name)
    given = {
        "user_id": str(remote.user_id),
        "group": "default",
        "balance_units": remote.balance_units,
        "groups": [
            {"name": "default", "description": "Default group", "ratio": 1.0},
            {"name": "vip", "description": "VIP group", "ratio": 0.8},
        ],
        "models_offered": ["deepseek-v3", "gpt-4o", "gpt-4o-mini"],
        "groups_read_at": timezone.now(),
    }
    return make_account(gateway, access_token=remote.access_token, name=name, **{**given, **fields})


def actor(user: User | None = None) -> Actor:
    return Actor(user, user.shown_name if user else "Mira", "203.0.113.9", "request-1")


def draft(account: Account, **wish: Any) -> TokenDraft:
    given = {"name": "fraud-scoring-v3", "group": "default"}
    return drafting.draft_of(account, drafting.Wish(**{**given, **wish}), timezone.now())


def asked(account: Account, user: User | None = None, **wish: Any) -> Creation:
    about = {"purpose": "Scores card payments", "owner": user.pk if user else None, "tags": ["prod", "risk"]}
    return creating.ask(actor(user), account, draft(account, **wish), about)


def posts(simulator: Simulator) -> int:
    return sum(1 for method, path, _status in simulator.requests if (method, path) == ("POST", "/api/token/"))
