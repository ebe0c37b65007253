"""What an account has to offer a new token: groups and models, read when a form asks; and what its gateway dropped."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from tokens.gateways.errors import GatewayError, NotSupported
from tokens.gateways.management import ManagementClient
from tokens.gateways.records import GroupFacts, TokenDraft
from tokens.health.verdicts import State
from tokens.models import Account, Gateway, Token
from tokens.vault.errors import VaultError

from . import governor, syncing, telling

FRESH = timedelta(minutes=10)
SILENCE = 60  # seconds before a gateway that did not answer a form is asked again by one
LIMITS = ("model_limits", "ip_limits")  # what gateways are known to accept and not to store


@dataclass(frozen=True, slots=True)
class Choice:
    """One group as the form shows it; `closed` says why it cannot be chosen."""

    name: str
    description: str
    ratio: float | None
    closed: str = ""

    @property
    def price(self) -> str:
        """The ratio as people write it: "0.8"."""
        return "" if self.ratio is None else f"{self.ratio:g}"


def makers() -> list[Account]:
    """Accounts that can make tokens now: an access token, on a gateway that manages and answers."""
    rows = Account.objects.select_related("gateway").exclude(access_token_sealed="").exclude(gateway__dialect="openai")
    return list(rows.exclude(gateway__state=State.FAILING).order_by("gateway__name", "name"))


def silent_gateways() -> list[str]:
    """Names of gateways whose accounts cannot be chosen because they do not answer."""
    down = Gateway.objects.filter(state=State.FAILING).exclude(dialect="openai").filter(accounts__isnull=False)
    return list(down.values_list("name", flat=True).distinct())


def refresh(account: Account, now: datetime) -> str:
    """Read groups and models when they are old; a sentence when that failed and what is known is shown instead."""
    if account.groups_read_at and now - account.groups_read_at < FRESH and account.models_offered:
        return ""
    mark = f"offer-{account.pk}"
    if not cache.add(mark, "", FRESH.total_seconds()):
        return str(cache.get(mark, ""))
    if governor.grant(account.gateway, "management", 2, now).calls < 2:
        cache.delete(mark)
        return ""
    try:
        groups, models = syncing.visit(account, _ask)
    except (GatewayError, VaultError) as error:
        said = telling.why(error) if isinstance(error, GatewayError) else str(error)
        cache.set(mark, said, SILENCE)
        return said
    account.groups = [{"name": one.name, "description": one.description, "ratio": one.ratio} for one in groups]
    account.models_offered, account.groups_read_at = sorted(models), now
    account.save(update_fields=["groups", "models_offered", "groups_read_at"])
    return ""


async def _ask(client: ManagementClient) -> tuple[tuple[GroupFacts, ...], tuple[str, ...]]:
    groups: tuple[GroupFacts, ...] = ()
    models: tuple[str, ...] = ()
    with suppress(NotSupported):
        groups = await client.groups()
    with suppress(NotSupported):
        models = await client.models()
    return groups, models


def groups(account: Account) -> list[Choice]:
    """The account's groups, then those that its tokens still carry although it may not use them any more."""
    usable = [Choice(group["name"], group.get("description", ""), group.get("ratio")) for group in account.groups or []]
    if not usable:
        return []
    names = {choice.name for choice in usable}
    carried = Token.objects.filter(account=account).exclude(group="").exclude(group__in=names)
    gone = carried.order_by("group").values_list("group", flat=True).distinct()
    closed = _("Closed to this account. The gateway would make the token and refuse its calls.")
    return usable + [Choice(name, "", None, closed) for name in gone]


def learn(gateway: Gateway, rows: Sequence[dict[str, Any]], draft: TokenDraft, now: datetime) -> None:
    """Remember which limits the gateway accepted and did not store, and forget it when it stores them again."""
    said = {row["field"]: row["same"] for row in rows if row["field"] in LIMITS and getattr(draft, row["field"])}
    if not said:
        return
    with transaction.atomic():
        locked = Gateway.objects.select_for_update().get(pk=gateway.pk)
        drops = {name: at for name, at in locked.capabilities.get("drops", {}).items() if not said.get(name)}
        drops |= {name: int(now.timestamp()) for name, same in said.items() if not same}
        if drops != locked.capabilities.get("drops", {}):
            locked.capabilities = {**locked.capabilities, "drops": drops}
            locked.save(update_fields=["capabilities"])
            gateway.capabilities = locked.capabilities


def dropped_at(gateway: Gateway, limit: str) -> datetime | None:
    """When the gateway was last seen to drop this limit."""
    stamp = gateway.capabilities.get("drops", {}).get(limit)
    return datetime.fromtimestamp(stamp, UTC) if stamp else None
