"""Hold what a person asks for against what the account and the gateway allow. No network; errors by field."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tokens.gateways.records import TokenDraft, TokenFacts
from tokens.health.verdicts import State
from tokens.models import Account, Creation, Token

MOST_IPS = 200
THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?")  # 1,250.50; a comma elsewhere may mean cents, so it is asked again
HIGHEST_UNITS = 2**31 - 1  # the account's own quota is a 32-bit number on most databases, contract A.4


class DraftRefused(ValueError):
    """What was asked cannot be; `errors` maps a form field to its sentence."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Wish:
    """A token as a person asks for it: amounts in USD as text, lists as typed."""

    name: str
    unlimited: bool = True
    amount_usd: str = ""
    group: str = ""
    expires_at: datetime | None = None
    model_limits: tuple[str, ...] = ()
    ip_limits: str = ""
    same_quota: bool = False  # an edit that leaves the amount alone: it is not judged


def name_limit(account: Account) -> int:
    """How many bytes a name may have: 50 on new gateways, 30 on the others (contract A.4)."""
    return int(account.gateway.capabilities.get("name_bytes") or 30)


def draft_of(
    account: Account, wish: Wish, now: datetime, *, token: Token | None = None, stands: TokenDraft | None = None
) -> TokenDraft:
    """The draft of a wish, or every reason against it at once. Raises DraftRefused.

    `stands` is what an edit starts from: what stays as it is on the gateway is not judged again.
    """
    errors: dict[str, str] = {}
    name = wish.name.strip()
    if stands is None or name != stands.name:
        _gather(errors, "name", _name_problem(account, name, token))
    units = _units(account, wish, stands, errors)
    if stands is None or wish.group != stands.group:
        _gather(errors, "group", _group_problem(account, wish.group))
    if wish.expires_at is not None and wish.expires_at <= now and not (stands and wish.expires_at == stands.expires_at):
        errors["expires_at"] = _("This time has passed. The token would be dead from the start.")
    if stands is None or set(wish.model_limits) != set(stands.model_limits):
        _gather(errors, "model_limits", _models_problem(account, wish.model_limits))
    ips = _ips(wish, stands, errors)
    if errors:
        raise DraftRefused(errors)
    return TokenDraft(name, wish.unlimited, units, wish.group, wish.expires_at, wish.model_limits, ips)


def _units(account: Account, wish: Wish, stands: TokenDraft | None, errors: dict[str, str]) -> int:
    if wish.unlimited:
        return 0
    if wish.same_quota and stands and not stands.unlimited:
        return stands.quota_units
    try:
        return units_of(account, wish.amount_usd)
    except ValueError as error:
        errors["amount_usd"] = str(error)
    return 0


def _ips(wish: Wish, stands: TokenDraft | None, errors: dict[str, str]) -> tuple[str, ...]:
    if stands and wish.ip_limits.split() == list(stands.ip_limits):
        return stands.ip_limits
    try:
        return ip_list(wish.ip_limits)
    except ValueError as error:
        errors["ip_limits"] = str(error)
    return ()


def units_of(account: Account, typed: str) -> int:
    """USD as typed in the gateway's units. Raises ValueError with a sentence."""
    text = typed.strip().removeprefix("$").strip()
    if THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError(_("Type an amount in USD with a point for the cents, such as 5 or 12.50.")) from None
    if not amount.is_finite() or amount <= 0:
        raise ValueError(_("The amount has to be more than zero. Without a limit, choose unlimited."))
    most = account.gateway.usd(HIGHEST_UNITS)
    if amount > most:  # before it is made an integer, which takes minutes for 1e999990
        raise ValueError(_("That is more than a gateway can hold, which is $%(most)s.") % {"most": f"{most:,.0f}"})
    units = int(amount * Decimal(account.gateway.quota_per_unit))
    if units == 0:
        raise ValueError(_("That is less than one unit of the gateway, so the token would be dead from the start."))
    return units


def ip_list(typed: str) -> tuple[str, ...]:
    """Addresses and ranges, one a line or with commas, each once. Raises ValueError naming the first bad one."""
    found: dict[str, None] = {}
    for part in typed.replace(",", "\n").split():
        try:
            if "%" in part:  # a zone of one machine, which means nothing to a gateway
                raise ValueError
            network = ipaddress.ip_network(part, strict=False)
        except ValueError:
            raise ValueError(
                _("“%(part)s” is neither an IP address nor a range such as 203.0.113.0/24.") % {"part": part[:50]}
            ) from None
        found[("/" in part and str(network)) or str(network.network_address)] = None
    if len(found) > MOST_IPS:
        raise ValueError(
            _("%(count)s addresses are more than %(most)s. Use ranges such as 203.0.113.0/24.")
            % {"count": len(found), "most": MOST_IPS}
        )
    return tuple(found)


def compare(draft: TokenDraft, facts: TokenFacts, per_usd: float) -> list[dict[str, Any]]:
    """Field by field: what was asked, what the gateway kept, in words; the dropped ones first."""
    asked, kept = in_words(draft, per_usd), in_words(kept_draft(facts), per_usd)
    rows = [
        {"field": field, "asked": asked[field], "kept": kept[field], "same": asked[field] == kept[field]}
        for field in asked
    ]
    return sorted(rows, key=lambda row: row["same"])


def kept_draft(facts: TokenFacts) -> TokenDraft:
    """The token of the gateway in the words of a draft."""
    return TokenDraft(
        facts.name,
        facts.unlimited,
        0 if facts.unlimited else facts.remain_units,
        facts.group,
        facts.expires_at,
        facts.model_limits,
        facts.ip_limits,
    )


def in_words(draft: TokenDraft, per_usd: float) -> dict[str, str]:
    """A draft as a person reads it, by field."""
    expires = draft.expires_at.astimezone(UTC) if draft.expires_at else None
    return {
        "name": draft.name,
        "quota": _("Unlimited") if draft.unlimited else _in_usd(draft.quota_units, per_usd),
        "group": draft.group or _("The account's own"),
        "expiry": f"{expires:%Y-%m-%d %H:%M} UTC" if expires else _("Never"),
        "model_limits": ", ".join(sorted(draft.model_limits)) or _("Every model of the group"),
        "ip_limits": ", ".join(map(_plain_ip, sorted(draft.ip_limits, key=_ip_order))) or _("None"),
    }


def as_json(draft: TokenDraft) -> dict[str, Any]:
    """For a JSON column; from_json reads it."""
    return {
        "name": draft.name,
        "unlimited": draft.unlimited,
        "quota_units": draft.quota_units,
        "group": draft.group,
        "expires_at": int(draft.expires_at.timestamp()) if draft.expires_at else None,
        "model_limits": list(draft.model_limits),
        "ip_limits": list(draft.ip_limits),
    }


def from_json(kept: dict[str, Any]) -> TokenDraft:
    expires = datetime.fromtimestamp(kept["expires_at"], UTC) if kept["expires_at"] else None
    lists = {name: tuple(kept[name]) for name in ("model_limits", "ip_limits")}
    return TokenDraft(**{**kept, **lists, "expires_at": expires})


def _gather(errors: dict[str, str], field: str, problem: str) -> None:
    if problem:
        errors[field] = problem


def _name_problem(account: Account, name: str, token: Token | None) -> str:
    limit, size = name_limit(account), len(name.encode())
    if not name:
        return _("Give the token a name, so that an alert can say which one it means.")
    if size > limit:
        return _("This name has %(size)s bytes and the gateway takes %(limit)s. A Chinese character counts three.") % {
            "size": size,
            "limit": limit,
        }
    return taken(account, name, token)


def taken(account: Account, name: str, token: Token | None = None) -> str:
    """A sentence when another token of this account has the name, or gets it; "" when it is free."""
    same = Token.objects.filter(account=account, name=name).exclude(state=State.RETIRED)
    if token:
        same = same.exclude(pk=token.pk)
    on_its_way = Creation.objects.filter(account=account, draft__name=name, next_try_at__isnull=False)
    if same.exists() or (token is None and on_its_way.exists()):
        return _("A token of this name exists in this account. The gateway counts usage by name, so choose another.")
    return ""


def _group_problem(account: Account, group: str) -> str:
    complete = account.gateway.capabilities.get("groups_complete", True)  # hubs hide private groups
    if not group or not account.groups or not complete or group in account.group_names():
        return ""
    return _("This account may not use the group %(group)s. Calls with the token would be refused.") % {"group": group}


def _models_problem(account: Account, models: Iterable[str]) -> str:
    unknown = [name for name in models if name not in account.models_offered] if account.models_offered else []
    if not unknown:
        return ""
    return ngettext(
        "The account is not offered %(names)s.", "The account is not offered these: %(names)s.", len(unknown)
    ) % {"names": ", ".join(unknown[:5])}


def _in_usd(units: int, per_usd: float) -> str:
    usd = Decimal(units) / Decimal(per_usd or 500_000)
    return _("%(usd)s, %(units)s units") % {"usd": f"${usd:,.2f}", "units": f"{units:,}"}


def _plain_ip(part: str) -> str:
    """Gateways write one address as "203.0.113.7" or as "203.0.113.7/32"; people write the first."""
    try:
        network = ipaddress.ip_network(part, strict=False)
    except ValueError:
        return part
    return str(network.network_address if network.num_addresses == 1 else network)


def _ip_order(part: str) -> tuple[int, int, int, str]:
    try:
        network = ipaddress.ip_network(part, strict=False)
    except ValueError:
        return (9, 0, 0, part)  # what a gateway made of it, last
    return (network.version, int(network.network_address), network.prefixlen, "")
