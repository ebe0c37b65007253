"""The management API of tokens: list, search, get, create, update, delete, reveal."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from . import go
from .answers import NO_STORE, Call
from .records import ENABLED, EXHAUSTED, EXPIRED, Account, Token, masked

FIELDS = {
    "id": "int",
    "status": "int",
    "name": "string",
    "expired_time": "int64",
    "remain_quota": "int",
    "unlimited_quota": "bool",
    "model_limits_enabled": "bool",
    "model_limits": "string",
    "allow_ips": "string",
    "group": "string",
    "cross_group_retry": "bool",
    "auto_groups": "[]string",
}
ZERO: dict[str, Any] = {"name": "", "expired_time": 0, "remain_quota": 0, "unlimited_quota": False}
ZERO |= {"model_limits_enabled": False, "model_limits": "", "allow_ips": None, "group": "", "cross_group_retry": False}
MOST_AUTO_GROUPS = 5
MOST_KEYS = 100


def shown(call: Call, token: Token) -> dict[str, Any]:
    """A token as the management API shows it: masked since 2026."""
    newest = call.dialect.masked_keys
    record = {
        "id": token.id,
        "user_id": token.user_id,
        "key": masked(token.key) if newest else token.key,
        "status": token.status,
        "name": token.name,
        "created_time": token.created_time,
        "accessed_time": token.accessed_time,
        "expired_time": token.expired_time,
        "remain_quota": token.remain_quota,
        "unlimited_quota": token.unlimited_quota,
        "model_limits_enabled": token.model_limits_enabled,
        "model_limits": token.model_limits,
        "allow_ips": token.allow_ips,
        "used_quota": token.used_quota,
        "group": token.group,
        "DeletedAt": None,
    }
    later = {"cross_group_retry": token.cross_group_retry, "auto_groups": token.auto_groups}
    return {**record, **later} if newest else record


# -- lists -----------------------------------------------------------------------------------------------------------


def _number(call: Call, *names: str) -> int:
    """The first of these query parameters that is there, as a number; 0 for none and for words."""
    text = next((call.query[name] for name in names if call.query.get(name)), "0")
    return int(text) if re.fullmatch(r"-?\d+", text) else 0


def page(call: Call, tokens: list[Token], total: int) -> web.Response:
    """`p` from 1 (0 and words are 1), `page_size`, `ps` or `size` up to 100; a negative size is everything."""
    number = _number(call, "p") or 1
    size = min(_number(call, "page_size", "ps", "size") or 10, 100)
    start = max(number - 1, 0) * max(size, 0)
    items = tokens[start:] if size < 0 else tokens[start : start + size]
    listed = [shown(call, token) for token in items]
    return call.data({"page": number, "page_size": size, "total": total, "items": listed})


def flat(call: Call, tokens: list[Token]) -> web.Response:
    """The list before mid 2025: no envelope, `p` from 0, `size` up to 100."""
    number, size = max(_number(call, "p"), 0), min(_number(call, "size") or 10, 100)
    size = size if size > 0 else 10
    return call.data([shown(call, token) for token in tokens[number * size : (number + 1) * size]])


def list_tokens(call: Call, account: Account) -> web.Response:
    tokens = account.living()
    return page(call, tokens, len(tokens)) if call.dialect.paged_list else flat(call, tokens)


def search(call: Call, account: Account) -> web.Response:
    keyword, key = call.query.get("keyword", ""), call.query.get("token", "").removeprefix("sk-")
    if not call.dialect.paged_list:
        oldest_first = reversed(account.living())
        found = [t for t in oldest_first if _like(f"%{keyword}%", t.name) and _like(f"%{key}%", t.key)]
        return call.data([shown(call, token) for token in found])
    tokens = account.living()
    refusal = _search_refusal(keyword, key, over_max=len(tokens) >= account.max_tokens)
    if refusal:
        return call.refuse(refusal)
    found = [t for t in tokens if _matches(keyword, t.name) and _matches(key, t.key)]
    return page(call, found, min(len(found), account.max_tokens))


def _search_refusal(keyword: str, key: str, *, over_max: bool) -> str:
    for pattern in (keyword, key):
        if "%" not in pattern:
            continue
        if over_max:
            return "search_over_max"
        if "%%" in pattern:
            return "search_adjacent"
        if pattern.count("%") > 2:
            return "search_percent"
        if len(pattern.replace("%", "")) < 2:
            return "search_short"
    return ""


def _matches(pattern: str, text: str) -> bool:
    return not pattern or _like(pattern, text)


def _like(pattern: str, text: str) -> bool:
    """SQL's LIKE with only % as a wildcard, blind to case."""
    parts = (re.escape(part) for part in pattern.split("%"))
    return re.fullmatch(".*".join(parts), text, re.IGNORECASE | re.DOTALL) is not None


# -- one -------------------------------------------------------------------------------------------------------------


def get(call: Call, account: Account, id: str) -> web.Response:
    try:
        found = go.atoi(id)
    except go.GoError as fault:
        return call.refuse_raw(str(fault))
    if found == 0:
        return call.refuse("no_id")
    token = account.token(found)
    return call.refuse("record") if token is None else call.data(shown(call, token))


def delete(call: Call, account: Account, id: str) -> web.Response:
    found = int(id) if id.isdigit() else 0
    if found == 0:
        return call.refuse("no_id")
    token = account.token(found)
    if token is None:
        return call.refuse("record")
    token.deleted = True
    call.world.touch()
    return call.done()


def reveal(call: Call, account: Account, id: str) -> web.Response:
    answer = get(call, account, id)
    token = account.token(int(id)) if id.isdigit() else None
    if token is not None:
        return call.data({"key": token.key}, **NO_STORE)
    answer.headers.update(NO_STORE)
    return answer


# -- many ------------------------------------------------------------------------------------------------------------


def _ids(call: Call) -> list[int]:
    """The ids in a batch body; empty for anything else."""
    try:
        body = go.decode(call.body)
    except go.GoError:
        return []
    ids = body.get("ids") if isinstance(body, dict) else None
    good = isinstance(ids, list) and all(type(one) is int for one in ids)
    return list(ids) if good and ids else []


def batch_delete(call: Call, account: Account) -> web.Response:
    ids = _ids(call)
    if not ids:
        return call.refuse("parameters")
    found = [token for one in set(ids) if (token := account.token(one)) is not None]
    for token in found:
        token.deleted = True
    call.world.touch()
    return call.data(len(found))


def batch_keys(call: Call, account: Account) -> web.Response:
    ids = _ids(call)
    if not ids:
        return call.refuse("parameters", headers=NO_STORE)
    if len(ids) > MOST_KEYS:
        return call.refuse("batch_size", headers=NO_STORE, most=MOST_KEYS)
    found = {str(one): token.key for one in ids if (token := account.token(one)) is not None}
    return call.data({"keys": found}, **NO_STORE)


# -- writing ---------------------------------------------------------------------------------------------------------


def _read(call: Call) -> dict[str, Any]:
    value = call.dialect.go_type.split(".")[0]
    owner = "controller" if value == "tokenRequest" else "model"
    return go.record(call.body, FIELDS, call.dialect.go_type, f"{owner}.{value}")


def _refusal(call: Call, account: Account, sent: dict[str, Any]) -> web.Response | None:
    """What the gateway checks in any write: the name's bytes, the quota, the automatic groups."""
    if len((sent.get("name") or "").encode()) > call.dialect.name_bytes:
        return call.refuse("name_long")
    quota, most = sent.get("remain_quota") or 0, 1_000_000_000 * call.world.quota_per_unit
    if call.dialect.quota_checked and not sent.get("unlimited_quota"):
        if quota < 0:
            return call.refuse("quota_negative")
        if quota > most:
            return call.refuse("quota_large", most=most)
    return _auto_refusal(call, account, sent)


def _auto_refusal(call: Call, account: Account, sent: dict[str, Any]) -> web.Response | None:
    groups = sent.get("auto_groups") or []
    if sent.get("group") != "auto" or not groups:
        return None
    if len(groups) > MOST_AUTO_GROUPS:
        return call.refuse("auto_many", most=MOST_AUTO_GROUPS)
    usable = call.world.usable_groups(account)
    for place, group in enumerate(groups):
        if group in groups[:place]:
            return call.refuse("auto_twice", group=group)
        if group not in usable:
            return call.refuse("auto_closed", group=group)
    return None


def create(call: Call, account: Account) -> web.Response:
    try:
        sent = _read(call)
    except go.GoError as fault:
        return call.refuse_raw(str(fault))
    refusal = _refusal(call, account, sent)
    if refusal is not None:
        return refusal
    if len(account.living()) >= account.max_tokens:
        return call.refuse("too_many_tokens", most=account.max_tokens)
    _make(call, account, sent)
    return call.done()


def _make(call: Call, account: Account, sent: dict[str, Any]) -> None:
    facts = {name: sent[name] if sent.get(name) is not None else zero for name, zero in ZERO.items()}
    facts["expired_time"] = facts["expired_time"] or -1  # the column's default; only creating knows it
    facts["allow_ips"] = facts["allow_ips"] or ""
    token = call.world.add_token(account, **facts)
    _set_auto(token, sent.get("auto_groups"))
    fault = call.world.create_fault
    _drop(token, fault)
    if fault == "twin":  # someone else, of the same name, a moment later
        call.world.add_token(account, token.name, remain_quota=call.world.quota_per_unit)
    call.hold = fault == "timeout_after_create"


def _drop(token: Token, fault: str) -> None:
    """A gateway that takes limits and does not store them does so in every write, not only in the first."""
    if fault == "drop_model_limits":
        token.model_limits_enabled, token.model_limits = False, ""
    if fault == "drop_ip_limits":
        token.allow_ips = ""


def _set_auto(token: Token, groups: list[str] | None) -> None:
    automatic = token.group == "auto"
    token.cross_group_retry = token.cross_group_retry and automatic
    token.auto_groups = (groups or None) if automatic else None


def update(call: Call, account: Account) -> web.Response:
    """A full PUT replaces every field that it leaves out; `status_only` with any value takes the status alone."""
    try:
        sent = _read(call)
    except go.GoError as fault:
        return call.refuse_raw(str(fault))
    refusal = _refusal(call, account, sent)
    if refusal is not None:
        return refusal
    if not sent.get("id"):
        return call.refuse("no_id")
    token = account.token(sent["id"])
    if token is None:
        return call.refuse("record")
    return _still_dead(call, token, sent) or _write(call, token, sent)


def _still_dead(call: Call, token: Token, sent: dict[str, Any]) -> web.Response | None:
    """Status 1 is refused by what is stored now, so even a PUT that would mend the token must not carry it."""
    if sent.get("status") != ENABLED:
        return None
    if token.status == EXPIRED and token.expired:
        return call.refuse("still_expired")
    if token.status == EXHAUSTED and token.exhausted:
        return call.refuse("still_exhausted")
    return None


def _write(call: Call, token: Token, sent: dict[str, Any]) -> web.Response:
    if call.query.get("status_only"):
        token.status = sent.get("status") or 0
    else:
        for name, zero in ZERO.items():
            setattr(token, name, sent[name] if sent.get(name) is not None else zero)
        _set_auto(token, sent.get("auto_groups") if "auto_groups" in sent else token.auto_groups)
        _drop(token, call.world.create_fault)
    token.settle_fault()
    call.world.touch()
    return call.data(shown(call, token))
