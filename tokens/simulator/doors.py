"""Who may pass: the access token of the management API and the key of the relay, in the gateway's own order."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from aiohttp import web

from .answers import Call
from .records import DISABLED, ENABLED, EXHAUSTED, EXPIRED, ROLE_ADMIN, Account, Token
from .world import World


class Refused(Exception):
    """Carries the answer that refuses."""

    def __init__(self, answer: web.Response) -> None:
        self.answer = answer


# -- management ------------------------------------------------------------------------------------------------------


def account_at_the_door(call: Call) -> Account:
    """The account of the access token, raw or after Bearer. Raises Refused."""
    header = call.request.headers.get("Authorization", "")
    account = call.world.account_of(_access_token(header, strict=call.dialect.user_header))
    if not header and not call.dialect.real_401:
        raise Refused(call.refuse_raw(call.say("no_access_token"), status=401))
    if account is None:
        raise Refused(call.unauthorised("access_token", "AUTH_UNAUTHORIZED"))
    if call.dialect.user_header:
        _check_user_header(call, account)
    if account.banned:
        raise Refused(call.unauthorised("banned", "AUTH_USER_DISABLED"))
    call.signed_in = True
    call.speak_for(account.language)
    return account


def admin_at_the_door(call: Call) -> Account:
    account = account_at_the_door(call)
    if account.role < ROLE_ADMIN:
        call.signed_in = False
        raise Refused(call.unauthorised("privilege", "AUTH_INSUFFICIENT_PRIVILEGE", 403))
    return account


def _access_token(header: str, *, strict: bool) -> str:
    if strict:
        return header.removeprefix("Bearer ")
    words = header.split()
    if len(words) == 2 and words[0].lower() == "bearer":
        return words[1]
    return words[0] if len(words) == 1 else ""


def _check_user_header(call: Call, account: Account) -> None:
    sent = call.request.headers.get("New-Api-User")
    if sent is None:
        raise Refused(call.refuse_raw(call.say("user_header_missing"), status=401))
    if not sent.isdigit():
        raise Refused(call.refuse_raw(call.say("user_header_format"), status=401))
    if int(sent) != account.user_id:
        raise Refused(call.refuse_raw(call.say("user_header_other"), status=401))


# -- relay -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Holder:
    """A key that passed, and its owner."""

    token: Token
    account: Account
    pinned: str | None  # what stood after a dash behind the key: a channel, for administrators


def key_at_the_door(call: Call, *, thorough: bool = True) -> Holder:
    """Key state, address, owner, group: the order of the gateway. `thorough` False skips address and group, as old
    versions do on their read-only routes. Raises Refused."""
    key, pinned = _key(call)
    token = call.world.token_by_key(key)
    if token is None:
        raise Refused(_unknown_key(call))
    owner = call.world.accounts[token.user_id]
    call.speak_for(owner.language)
    if token.fault == "slow":
        call.delay = call.world.slow_token_seconds
    _check_state(call, token)
    if thorough and not address_allowed(token.allow_ips, call.request.remote or "", networks=call.dialect.networks):
        raise Refused(call.abort(403, "ip", "access_denied"))
    _check_owner(call, owner)
    if thorough:
        _check_group(call, token, owner)
    if pinned is not None and owner.role < ROLE_ADMIN:
        raise Refused(call.abort(403, "pin"))
    return Holder(token, owner, pinned)


def _key(call: Call) -> tuple[str, str | None]:
    headers = call.request.headers
    text = headers.get("Authorization", "")
    if not text and call.request.path == "/v1/models" and call.dialect.one_refusal:
        text = headers.get("x-api-key", "")
    if text.startswith("Bearer ") or (text.startswith("bearer ") and call.dialect.one_refusal):
        text = text[7:].strip() if call.dialect.one_refusal else text[7:]
    key, dash, rest = text.removeprefix("sk-").partition("-")
    return key, rest if dash else None


def _unknown_key(call: Call) -> web.Response:
    missing = not call.request.headers.get("Authorization") and not call.dialect.one_refusal
    return call.abort(401, "token_missing" if missing else "invalid_token")


def _check_state(call: Call, token: Token) -> None:
    """Reading writes: a key found expired or exhausted is stored so."""
    stored = token.status
    if stored == ENABLED and token.expired:
        token.status = EXPIRED
    elif stored == ENABLED and token.exhausted:
        token.status = EXHAUSTED
    if token.status == ENABLED:
        return
    call.world.touch()
    if call.dialect.one_refusal:
        raise Refused(call.abort(401, "invalid_token"))
    raise Refused(_reason(call, token, stored))


def _reason(call: Call, token: Token, stored: int) -> web.Response:
    if token.status == EXPIRED:
        return call.abort(401, "token_expired")
    if token.status == EXHAUSTED:
        text = "token_exhausted_stored" if stored == EXHAUSTED else "token_exhausted"
        return call.abort(401, text, hint=f"{token.key[:3]}***{token.key[-3:]}", remain=token.remain_quota)
    return call.abort(401, "token_status")


def _check_owner(call: Call, owner: Account) -> None:
    if owner.gone:
        text = "database" if call.dialect.one_refusal else "record"
        raise Refused(call.abort(500, text))
    if owner.banned:
        raise Refused(call.abort(403, "banned"))


def _check_group(call: Call, token: Token, owner: Account) -> None:
    if not token.group or token.group == "auto" or token.group in call.world.usable_groups(owner):
        return
    group = call.world.groups.get(token.group)
    if group is not None and group.offered:  # offered but without ratio
        raise Refused(call.abort(403, "group_gone", group=token.group))
    text = "group_forbidden" if call.dialect.early_group_check else "group_forbidden_old"
    raise Refused(call.abort(403, text, group=token.group))


def address_allowed(allow_ips: str | None, address: str, *, networks: bool = True) -> bool:
    """Whether a token's list of addresses and networks lets this one in. Junk entries match nothing; to old versions
    (`networks` False) all but plain addresses are as if they were not there."""
    entries = [entry.strip(" ,\r") for entry in (allow_ips or "").split("\n")]
    entries = [entry for entry in entries if entry and (networks or _contains(entry, entry))]
    return not entries or any(_contains(entry, address) for entry in entries)


def _contains(entry: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def key_for_reading(call: Call) -> Token:
    """The door of /api/usage/token/: lets expired and exhausted keys in, to say what they are. Raises Refused."""
    header = call.request.headers.get("Authorization")
    if header is None:
        raise Refused(call.refuse_raw(call.say("token_missing"), status=401))
    words = header.split(" ")
    if len(words) != 2 or words[0].lower() != "bearer":
        raise Refused(call.refuse_raw(call.say("bearer"), status=401))
    key, dash, _ = words[1].removeprefix("sk-").partition("-")
    token = call.world.token_by_key(key)
    if token is None:
        raise Refused(call.refuse_raw(call.say("invalid_token"), status=401))
    if token.status == DISABLED:
        raise Refused(call.refuse_raw(call.say("token_status"), status=401))
    _check_reader(call, call.world, token)
    if dash:
        raise Refused(call.refuse("token_info"))
    return token


def _check_reader(call: Call, world: World, token: Token) -> None:
    owner = world.accounts[token.user_id]
    call.speak_for(owner.language)
    if owner.gone:
        raise Refused(call.refuse_raw(call.say("database"), status=500))
    if owner.banned:
        raise Refused(call.refuse_raw(call.say("banned"), status=403))
