"""What the simulated gateway holds: accounts, their tokens, the models it serves. Plain, mutable, saved as JSON."""

from __future__ import annotations

import secrets
import string
import time
from dataclasses import dataclass, field, fields
from typing import Any

ENABLED, DISABLED, EXPIRED, EXHAUSTED = 1, 2, 3, 4
ALPHANUMERIC = string.ascii_letters + string.digits
ROLE_USER, ROLE_ADMIN = 1, 10

TOKEN_FAULTS = ("disabled", "deleted", "expired", "exhausted", "group_forbidden", "ip_blocked", "invalid", "slow")
ACCOUNT_FAULTS = ("banned", "access_token_dead", "empty")


def new_key() -> str:
    """48 alphanumerics, without `sk-`, as the gateway stores them."""
    return "".join(secrets.choice(ALPHANUMERIC) for _ in range(48))


def new_access_token() -> str:
    return "".join(secrets.choice(ALPHANUMERIC + "+/") for _ in range(32))


def masked(key: str) -> str:
    """The form in which lists show a key: first four, ten stars, last four."""
    if len(key) <= 4:
        return "*" * len(key)
    if len(key) <= 8:
        return f"{key[:2]}****{key[-2:]}"
    return f"{key[:4]}**********{key[-4:]}"


def fault_fields(fault: str) -> dict[str, Any]:
    """The stored fields a token's fault changes; a fault without fields shows only in the relay's behaviour."""
    changes: dict[str, dict[str, Any]] = {
        "disabled": {"status": DISABLED},
        "deleted": {"deleted": True},
        "expired": {"expired_time": int(time.time()) - 3600},
        "exhausted": {"remain_quota": 0, "unlimited_quota": False},
        "group_forbidden": {"group": "closed"},
        "ip_blocked": {"allow_ips": "203.0.113.7"},
    }
    return changes.get(fault, {})


@dataclass
class Token:
    """One key. Quota in units, times in unix seconds, `expired_time` -1 = never."""

    id: int
    user_id: int
    name: str = ""
    key: str = field(default_factory=new_key, repr=False)
    status: int = ENABLED
    unlimited_quota: bool = False
    remain_quota: int = 0
    used_quota: int = 0
    expired_time: int = -1
    created_time: int = field(default_factory=lambda: int(time.time()))
    accessed_time: int = 0
    model_limits_enabled: bool = False
    model_limits: str = ""
    allow_ips: str | None = ""
    group: str = ""
    cross_group_retry: bool = False
    auto_groups: list[str] | None = None
    deleted: bool = False
    fault_name: str = ""
    kept: dict[str, Any] = field(default_factory=dict, repr=False)
    made: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.accessed_time = self.accessed_time or self.created_time

    @property
    def fault(self) -> str:
        return self.fault_name

    @fault.setter
    def fault(self, name: str) -> None:
        """Set a fault, after taking back the one that was set: its fields return to what they were."""
        if name and name not in TOKEN_FAULTS:
            raise ValueError(f"unknown token fault {name!r}")
        self._take_back()
        self.fault_name, self.made = name, fault_fields(name)
        self.kept = {field: getattr(self, field) for field in self.made}
        if self.made:
            self.kept.setdefault("status", self.status)
        for field_name, value in self.made.items():
            setattr(self, field_name, value)

    def _take_back(self) -> None:
        for field_name, value in self.made.items():
            if getattr(self, field_name) == value:
                setattr(self, field_name, self.kept[field_name])
        if self.made and self.status in (EXPIRED, EXHAUSTED):  # written by a reading, see relay.refusal
            self.status = self.kept["status"]

    def settle_fault(self) -> None:
        """Forget a fault that an edit has mended, so that repair by its owner counts."""
        if any(getattr(self, name) != value for name, value in self.made.items()):
            self.fault_name, self.kept, self.made = "", {}, {}

    @property
    def limits(self) -> list[str]:
        return [name for name in self.model_limits.split(",") if name]

    @property
    def expired(self) -> bool:
        return self.expired_time != -1 and self.expired_time <= time.time()

    @property
    def exhausted(self) -> bool:
        return not self.unlimited_quota and self.remain_quota <= 0

    def charge(self, units: int) -> None:
        self.remain_quota -= units
        self.used_quota += units
        self.accessed_time = int(time.time())


@dataclass
class Account:
    """One user of the gateway with an access token. Quota in units (500,000 = 1 USD at defaults)."""

    user_id: int
    username: str
    access_token: str = field(default_factory=new_access_token, repr=False)
    quota: int = 50_000_000
    used_quota: int = 0
    request_count: int = 0
    group: str = "default"
    role: int = ROLE_USER
    language: str = ""
    max_tokens: int = 1000
    fault: str = ""
    gone: bool = False
    tokens: dict[int, Token] = field(default_factory=dict, repr=False)

    @property
    def balance_units(self) -> int:
        return 0 if self.fault == "empty" else self.quota

    @balance_units.setter
    def balance_units(self, units: int) -> None:
        self.quota = units

    @property
    def banned(self) -> bool:
        return self.fault == "banned"

    def living(self) -> list[Token]:
        """The tokens that are not deleted, newest first. A copy: another thread may add meanwhile."""
        return [token for token in reversed(list(self.tokens.values())) if not token.deleted]

    def token(self, token_id: int) -> Token | None:
        token = self.tokens.get(token_id)
        return None if token is None or token.deleted else token


@dataclass
class Model:
    """A model behind the gateway. `ratio` prices by token, `price` (USD) by call, neither = no price."""

    name: str
    groups: tuple[str, ...] = ("default", "vip")
    ratio: float | None = 0.5
    price: float | None = None
    listed: bool = True
    served: bool = True
    upstream: str = ""

    @property
    def free(self) -> bool:
        return not self.ratio and not self.price

    @property
    def priced(self) -> bool:
        return self.ratio is not None or self.price is not None


@dataclass
class Group:
    """A routing group: `offered` to every account or not, `ratio` None = withdrawn."""

    name: str
    description: str
    ratio: float | None = 1.0
    offered: bool = True


def to_dict(record: Any) -> dict[str, Any]:
    """A record's own fields, ready for JSON."""
    return {f.name: getattr(record, f.name) for f in fields(record)}
