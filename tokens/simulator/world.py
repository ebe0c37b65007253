"""The whole state of one simulated gateway, its indexes, and its way to JSON and back."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .records import ACCOUNT_FAULTS, Account, Group, Model, Token, to_dict

GATEWAY_FAULTS = (
    "down",
    "slow",
    "html",
    "redirect",
    "empty",
    "huge",
    "bad_json",
    "success_false",
    "429",
    "429_retry_after",
    "500",
    "overloaded",
)
CREATE_FAULTS = ("timeout_after_create", "drop_model_limits", "drop_ip_limits", "twin")
BRANDS = ("new_api_error", "comet_api_error")
FORMAT = 1


def default_models() -> list[Model]:
    return [
        Model("claude-sonnet-4-5", ratio=1.5),
        Model("deepseek-v3", ratio=0.135),
        Model("gpt-4o", ratio=1.25),
        Model("gpt-4o-mini", ratio=0.075),
        Model("text-embedding-3-small", ratio=0.01),
        Model("o3", groups=("vip",), ratio=1.0),
    ]


def default_groups() -> list[Group]:
    return [Group("default", "Default group"), Group("vip", "VIP group", 0.8), Group("closed", "Staff", 0.5, False)]


@dataclass
class World:
    brand: str = "new_api_error"
    dialect: str = "new-api-2026-08"
    version: str = "v0.0.0-20260808"
    system_name: str = "Simulated gateway"
    quota_per_unit: int = 500_000
    token_numbers_in_billing: bool = True  # DisplayTokenStatEnabled; off shows the account's numbers
    auto_groups: list[str] = field(default_factory=lambda: ["default", "vip"])
    accounts: dict[int, Account] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=lambda: {m.name: m for m in default_models()})
    groups: dict[str, Group] = field(default_factory=lambda: {g.name: g for g in default_groups()})
    gateway_fault: str = ""
    create_fault: str = ""
    slow_seconds: float = 30.0
    slow_token_seconds: float = 5.0
    retry_after: int = 60
    latency_ms: int = 0
    jitter_ms: int = 0
    started: int = field(default_factory=lambda: int(time.time()))
    last_token_id: int = 0
    inbox: list[dict[str, Any]] = field(default_factory=list)  # webhooks that arrived, see inbox.py
    changes: int = 0
    keys: dict[str, Token] = field(default_factory=dict, repr=False)

    def touch(self) -> None:
        """Note a change, so that a state file is written again."""
        self.changes += 1

    # -- accounts and tokens ------------------------------------------------------------------------------------------

    def add_account(self, username: str, **facts: Any) -> Account:
        user_id = int(facts.pop("user_id", 0)) or max(self.accounts, default=1) + 1
        account = Account(user_id=user_id, username=username, **facts)
        self.accounts[user_id] = account
        self.touch()
        return account

    def add_token(self, account: Account, name: str, **facts: Any) -> Token:
        self.last_token_id = max(int(facts.pop("id", 0)), self.last_token_id + 1)
        token = Token(id=self.last_token_id, user_id=account.user_id, name=name, **facts)
        account.tokens[token.id] = token
        self.keys[token.key] = token
        self.touch()
        return token

    def account_of(self, access_token: str) -> Account | None:
        """The living account with this access token; None for a dead one."""
        for account in list(self.accounts.values()):
            if account.access_token == access_token:
                return None if account.gone or account.fault == "access_token_dead" else account
        return None

    def token_by_key(self, key: str) -> Token | None:
        token = self.keys.get(key)
        return None if token is None or token.deleted or token.fault == "invalid" else token

    # -- groups and models --------------------------------------------------------------------------------------------

    def usable_groups(self, account: Account) -> dict[str, Group]:
        """What `self/groups` tells the account: offered groups with a ratio, and its own whatever that is."""
        usable = {g.name: g for g in self.groups.values() if g.offered and g.ratio is not None}
        own = self.groups.get(account.group)
        if own is not None and own.name not in usable:
            usable[own.name] = Group(own.name, "用户分组", own.ratio)
        return usable

    def groups_of(self, token: Token, account: Account) -> list[str]:
        group = token.group or account.group
        return (token.auto_groups or self.auto_groups) if group == "auto" else [group]

    def served_in(self, groups: Iterable[str]) -> list[Model]:
        wanted = set(groups)
        models = [m for m in self.models.values() if m.served and wanted & set(m.groups)]
        return sorted(models, key=lambda model: model.name)

    # -- JSON ---------------------------------------------------------------------------------------------------------

    def export(self) -> dict[str, Any]:
        """Everything, keys and access tokens included: the file that holds it must be 0600."""
        plain = {name: value for name, value in to_dict(self).items() if name not in ("keys", "changes")}
        plain["accounts"] = [export_account(account) for account in self.accounts.values()]
        plain["models"] = [to_dict(model) for model in self.models.values()]
        plain["groups"] = [to_dict(group) for group in self.groups.values()]
        return {"format": FORMAT, **plain}

    @classmethod
    def load(cls, seed: dict[str, Any]) -> World:
        """The world of an export; fields that a seed leaves out keep their defaults."""
        facts = {name: value for name, value in seed.items() if name not in ("format", "accounts", "models", "groups")}
        world = cls(**facts)
        if "models" in seed:
            world.models = {m["name"]: Model(**{**m, "groups": tuple(m["groups"])}) for m in seed["models"]}
        if "groups" in seed:
            world.groups = {g["name"]: Group(**g) for g in seed["groups"]}
        for plain in seed.get("accounts", []):
            load_account(world, plain)
        return world


def export_account(account: Account) -> dict[str, Any]:
    return {**to_dict(account), "tokens": [to_dict(token) for token in account.tokens.values()]}


def load_account(world: World, plain: dict[str, Any]) -> None:
    facts = {name: value for name, value in plain.items() if name != "tokens"}
    if facts.get("fault") and facts["fault"] not in ACCOUNT_FAULTS:
        raise ValueError(f"unknown account fault {facts['fault']!r}")
    account = world.add_account(**facts)
    for token in sorted(plain.get("tokens", []), key=lambda token: int(token["id"])):
        load_token(world, account, token)


def load_token(world: World, account: Account, plain: dict[str, Any]) -> None:
    facts = {name: value for name, value in plain.items() if name != "user_id"}
    token = Token(user_id=account.user_id, **facts)
    account.tokens[token.id] = token
    world.keys[token.key] = token
    world.last_token_id = max(world.last_token_id, token.id)
