"""Tokens, accounts and lists of every dialect, read tolerantly: strings for numbers, nulls for lists, new fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..records import AccountFacts, GroupFacts, TokenFacts

NEVER = -1


@dataclass(frozen=True, slots=True)
class Listing:
    """One answer of a list call. `first` is the number of a first page: 1, or 0 where lists are flat."""

    rows: tuple[dict[str, Any], ...]
    first: int
    size: int | None = None
    total: int | None = None

    def next_page(self, page: int | None) -> int | None:
        """The number of the page after `page` (None = the first); None at the end."""
        number = self.first if page is None else page
        if not self.rows:
            return None
        if self.total is not None and self.size and self.size > 0:
            return number + 1 if number * self.size < self.total else None
        # A flat list does not say its size: 100 as asked, or one-api's 10. One call too many ends on an empty page.
        return number + 1 if len(self.rows) in (10, 100) else None


def listing(payload: Any) -> Listing:
    data = payload.get("data") if isinstance(payload, dict) else payload
    if not isinstance(data, dict):
        return Listing(_rows(data), first=0)
    rows = _rows(next((data[name] for name in ("items", "data", "list", "records") if name in data), None))
    total = whole(data.get("total", data.get("total_count")))
    return Listing(rows, 1, whole(data.get("page_size", data.get("size"))), total)


def _rows(value: Any) -> tuple[dict[str, Any], ...]:
    found = value if isinstance(value, list) else []
    return tuple(row for row in found if isinstance(row, dict) and whole(row.get("id")) is not None)


def token_facts(row: dict[str, Any]) -> TokenFacts:
    """One token; its key goes to `key` or, masked, to `masked_key`, and never into `raw`."""
    key = bare_key(row.get("key"))
    expires = whole(row.get("expired_time"))
    created = moment(row.get("created_time"))
    used = moment(row.get("accessed_time"))
    models, no_models = _model_limits(row)
    return TokenFacts(
        remote_id=whole(row.get("id")) or 0,
        name=_text(row.get("name")),
        status=whole(row.get("status")) or 0,
        group=_text(row.get("group")),
        unlimited=_truth(row.get("unlimited_quota")),
        remain_units=whole(row.get("remain_quota")) or 0,
        used_units=whole(row.get("used_quota")) or 0,
        expires_at=moment(expires),
        expired_zero=expires is not None and expires <= 0 and expires != NEVER,
        created_at=created,
        last_used_at=used if used != created else None,  # a fresh token carries its birth as last use
        model_limits=models,
        ip_limits=_ip_limits(row),
        no_models=no_models,
        masked_key=key if is_masked(key) else "",
        key="" if is_masked(key) else key,
        raw={name: value for name, value in row.items() if name != "key"},
    )


def account_facts(row: dict[str, Any]) -> AccountFacts:
    """The account; its access token, which most dialects send along in clear, is not looked at."""
    return AccountFacts(
        user_id=_text(row.get("id")),
        username=_text(row.get("username")),
        group=_text(row.get("group")),
        status=whole(row.get("status")) or 1,
        balance_units=whole(row.get("quota")) or 0,
        used_units=whole(row.get("used_quota")) or 0,
    )


def group_facts(data: Any) -> tuple[GroupFacts, ...]:
    """Groups as a map (new-api, hubs) or as bare names."""
    if isinstance(data, list):
        return tuple(GroupFacts(name) for name in data if isinstance(name, str))
    found = data.items() if isinstance(data, dict) else ()
    return tuple(_group(name, row if isinstance(row, dict) else {}) for name, row in found if _is_open(row))


def model_names(data: Any, group: str) -> tuple[str, ...]:
    """Names from a list, or from the hubs' map of models with the groups that have them."""
    if isinstance(data, list):
        names = (row.get("id") if isinstance(row, dict) else row for row in data)
        return tuple(name for name in names if isinstance(name, str) and name)
    found = data.items() if isinstance(data, dict) else ()
    return tuple(name for name, row in found if not group or group in _strings(row, "groups"))


def bare_key(value: Any) -> str:
    return value.strip().removeprefix("sk-") if isinstance(value, str) else ""


def is_masked(key: str) -> bool:
    return "*" in key or "…" in key


def matches(facts: TokenFacts, key: str) -> bool:
    """Whether a listed token may be this key: the same, or masked with the same start and end."""
    if facts.key:
        return facts.key == key
    start, end = re.split(r"[*…]+", facts.masked_key, maxsplit=1) if is_masked(facts.masked_key) else ("", "")
    return len(start) + len(end) >= 8 and key.startswith(start) and key.endswith(end)


def whole(value: Any) -> int | None:
    """An integer from a number or a numeric string; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return int(value) if isinstance(value, int | str) else int(float(value))
    except (ValueError, TypeError, OverflowError):
        pass
    try:
        return int(float(value))
    except (ValueError, TypeError, OverflowError):
        return None


def moment(value: Any) -> datetime | None:
    """Unix seconds as an aware time; None for never, unknown and absurd."""
    seconds = whole(value)
    if seconds is None or seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _model_limits(row: dict[str, Any]) -> tuple[tuple[str, ...], bool]:
    """The limits, and whether they are on but empty. one-api: `models`; hubs: in `setting`; new-api: with a flag."""
    limit = _hub_limit(row, "limit_model_setting")
    if limit is not None:
        names = tuple(_strings(limit, "models")) if _truth(limit.get("enabled")) else ()
        return names, _truth(limit.get("enabled")) and not names
    if "models" in row:
        return _split(row["models"]), False
    names = _split(row.get("model_limits"))
    on = _truth(row.get("model_limits_enabled"))
    return (names if on else ()), on and not names


def _ip_limits(row: dict[str, Any]) -> tuple[str, ...]:
    limit = _hub_limit(row, "limits_ip_setting")
    if limit is not None:
        return tuple(_strings(limit, "whitelist")) if _truth(limit.get("enabled")) else ()
    return _split(row.get("allow_ips") or row.get("subnet"))


def _hub_limit(row: dict[str, Any], name: str) -> dict[str, Any] | None:
    setting = row.get("setting")
    limits = setting.get("limits") if isinstance(setting, dict) else None
    limit = limits.get(name) if isinstance(limits, dict) else None
    return limit if isinstance(limit, dict) else None


def _split(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(item for item in value if isinstance(item, str) and item)
    return tuple(part for part in re.split(r"[,\s]+", value) if part) if isinstance(value, str) else ()


def _strings(row: Any, name: str) -> Iterator[str]:
    value = row.get(name) if isinstance(row, dict) else None
    return (item for item in value if isinstance(item, str)) if isinstance(value, list) else iter(())


def _group(name: str, row: dict[str, Any]) -> GroupFacts:
    ratio = row.get("ratio")
    number = float(ratio) if isinstance(ratio, int | float) and not isinstance(ratio, bool) else None
    return GroupFacts(name, _text(row.get("desc") or row.get("name")), number)


def _is_open(row: Any) -> bool:
    return not (isinstance(row, dict) and row.get("enable") is False)


def _truth(value: Any) -> bool:
    return value is True or value in (1, "1", "true", "True")


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list | bool) else str(value)
