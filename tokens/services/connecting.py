"""Connect gateways and accounts: probe first, try the access token, then save."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tokens.gateways.answers import in_words, pause_in_words
from tokens.gateways.errors import (
    AccountBanned,
    CredentialRefused,
    GatewayError,
    NotAGateway,
    NotSupported,
    Overloaded,
    RateLimited,
    Unreachable,
    UserIdNeeded,
)
from tokens.gateways.management import client_for
from tokens.gateways.probe import probe
from tokens.gateways.records import AccountFacts, ProbeResult, Step
from tokens.models import Account, Gateway
from tokens.vault.errors import VaultError
from tokens.vault.fingerprint import fingerprint

from . import auditing, looking
from .auditing import Actor
from .checking import QUEUED_FOR

PROBE_PATIENCE = 15  # seconds that somebody waits for a whole probe


class AccessTokenRefused(ValueError):
    """The access token was tried and is not usable; `field` is where the sentence belongs."""

    def __init__(self, sentence: str, field: str = "access_token") -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class NewAccount:
    name: str
    access_token: str = field(repr=False)
    user_id: str = ""


def probe_address(typed: str, preset: str = "") -> ProbeResult:
    """What stands at an address. Raises AddressRefused when the policy forbids to ask."""

    async def ask() -> ProbeResult:
        async with asyncio.timeout(PROBE_PATIENCE), looking.wire(concurrency=4, total_timeout=10) as through:
            return await probe(through, typed, preset=preset)

    try:
        return asyncio.run(ask())
    except TimeoutError:
        late = Step(_("No answer in time"), _("The walk was given up after %(n)d s") % {"n": PROBE_PATIENCE}, "failing")
        return ProbeResult(typed, "", answers=False, steps=(late,))


def connect(actor: Actor, *, name: str, found: ProbeResult, account: NewAccount | None = None) -> Gateway:
    """Save a probed gateway, with an account whose access token works. Raises AccessTokenRefused."""
    gateway = Gateway(
        name=name,
        base_url=found.base_url,
        dialect=found.dialect,
        version=found.version,
        capabilities=found.capabilities,
        quota_per_unit=found.quota_per_unit,
        probed_at=timezone.now(),
        next_check_at=timezone.now(),
        check_interval=settings.KEYWARD_CHECK_INTERVAL,
    )
    facts = try_access_token(gateway, account) if account else None
    with transaction.atomic():
        gateway.save()
        auditing.record(actor, "gateway.connect", gateway, changes={"base_url": ("", gateway.base_url)})
        if account and facts:
            _save_account(actor, gateway, account, facts)
    return gateway


def probe_again(actor: Actor, gateway: Gateway) -> ProbeResult:
    """Ask the gateway anew what it is and can do."""
    found = probe_address(gateway.base_url)
    if found.answers:
        take_probe(actor, gateway, found)
    return found


def take_probe(actor: Actor, gateway: Gateway, found: ProbeResult, action: str = "gateway.probe") -> None:
    """Put what a probe found on the gateway; `action` gateway.move also takes the probed address."""
    names = ["version", "dialect", *(["base_url"] if action == "gateway.move" else [])]
    before = {name: getattr(gateway, name) for name in names}
    drops = gateway.capabilities.get("drops")
    for name in (*names, "capabilities", "quota_per_unit"):
        setattr(gateway, name, getattr(found, name))
    if drops:  # seen by creating and editing, not by a probe
        gateway.capabilities = {**gateway.capabilities, "drops": drops}
    gateway.probed_at, gateway.next_check_at = timezone.now(), timezone.now()
    after = {name: getattr(gateway, name) for name in names}
    with transaction.atomic():
        gateway.save(update_fields=[*names, "capabilities", "quota_per_unit", "probed_at", "next_check_at"])
        auditing.record(actor, action, gateway, changes=auditing.differences(before, after))


def add_account(actor: Actor, gateway: Gateway, new: NewAccount) -> Account:
    """Try the access token, then save the account; its first reading is due at once. Raises AccessTokenRefused."""
    facts = try_access_token(gateway, new)
    twin = gateway.accounts.filter(user_id=facts.user_id).exclude(user_id="").first()
    if twin:
        raise AccessTokenRefused(
            _("This access token opens an account that Keyward has already, as %(name)s.") % {"name": twin.name}
        )
    with transaction.atomic():
        return _save_account(actor, gateway, new, facts)


def replace_access_token(actor: Actor, account: Account, new: NewAccount) -> None:
    """A new access token for the same account: tried, and refused when it opens another user's account."""
    facts = try_access_token(account.gateway, new)
    if account.user_id and facts.user_id != account.user_id:
        raise AccessTokenRefused(
            _("This access token belongs to user %(other)s, not to user %(user)s of this account.")
            % {"other": facts.user_id, "user": account.user_id}
        )
    before = _mark(account)
    account.seal_access_token(new.access_token)
    account.user_id, account.next_check_at = facts.user_id, timezone.now()
    with transaction.atomic():
        account.save(update_fields=["access_token_sealed", "user_id", "next_check_at"])
        changes = {"access_token": (before, _mark(account))}
        auditing.record(actor, "account.replace_access_token", account, changes=changes)


def try_access_token(gateway: Gateway, new: NewAccount) -> AccountFacts:
    """Read the account that the access token opens. Raises AccessTokenRefused with a sentence for the form."""
    if new.access_token.startswith("sk-"):
        raise AccessTokenRefused(
            _("This is an API key: it starts with sk-. The access token is the one without a prefix, "
              "made under Personal, Access token.")
        )  # fmt: skip

    if not gateway.manages:
        raise AccessTokenRefused(
            _("This gateway has no accounts that Keyward could read. Leave the access token empty.")
        )

    async def ask() -> AccountFacts:
        async with looking.wire(concurrency=1) as through:
            client = client_for(
                gateway.dialect, through, gateway.base_url, new.access_token, new.user_id, gateway.capabilities
            )
            return await client.account()

    try:
        return asyncio.run(ask())
    except GatewayError as error:
        raise _refusal(error) from None


def edit(actor: Actor, subject: Gateway | Account, fields: dict[str, object]) -> None:
    """Change what Keyward itself keeps of a gateway or an account."""
    before = {name: getattr(subject, name) for name in fields}
    for name, value in fields.items():
        setattr(subject, name, value)
    kind = subject._meta.model_name
    with transaction.atomic():
        subject.save(update_fields=list(fields))
        changes = auditing.differences(before, fields)
        if changes:
            auditing.record(actor, f"{kind}.edit", subject, changes=changes)


def remove(actor: Actor, subject: Gateway | Account) -> None:
    """Forget a gateway with its accounts and tokens, or an account; nothing changes on the gateway."""
    place = {"base_url": subject.base_url} if isinstance(subject, Gateway) else {"gateway": subject.gateway.name}
    changes = {field: (value, "") for field, value in place.items()}
    with transaction.atomic():
        auditing.record(actor, f"{subject._meta.model_name}.remove", subject, changes=changes)
        subject.delete()


def _save_account(actor: Actor, gateway: Gateway, new: NewAccount, facts: AccountFacts) -> Account:
    now = timezone.now()
    account = Account(gateway=gateway, name=new.name, user_id=facts.user_id, username=facts.username)
    account.group, account.balance_units, account.used_units = facts.group, facts.balance_units, facts.used_units
    account.balance_read_at, account.next_check_at = now, now
    account.seal_access_token(new.access_token)
    account.save()
    auditing.record(actor, "account.add", account, changes={"access_token": ("", _mark(account))})
    return account


def _mark(account: Account) -> str:
    """What the audit log says of an access token: enough to tell two apart."""
    try:
        return f"fingerprint {fingerprint(account.open_access_token())[:12]}"
    except VaultError:
        return "not readable"


def _refusal(error: GatewayError) -> AccessTokenRefused:
    match error:
        case UserIdNeeded():
            return AccessTokenRefused(
                _("This gateway wants the account's user id beside the access token. It is the number on the "
                  "gateway's personal page."), "user_id",
            )  # fmt: skip
        case CredentialRefused():
            return AccessTokenRefused(
                _("The gateway does not accept this access token. Making a new one there ends the old one, "
                  "so copy the newest.")
            )  # fmt: skip
        case AccountBanned():
            return AccessTokenRefused(_("The gateway says that this account is banned."))
        case RateLimited():
            return AccessTokenRefused(pause_in_words(error.retry_after))
        case NotAGateway() | Unreachable() | Overloaded():
            said = in_words(error.evidence)
            return AccessTokenRefused(_("The access token could not be tried. %(said)s") % {"said": said})
        case NotSupported():
            return AccessTokenRefused(_("This address has no account pages. Leave the access token empty."))
    return AccessTokenRefused(_("The gateway answered: %(said)s") % {"said": str(error)[:200]})


def claim_reading(account: Account) -> str:
    """Take the account for a reading by a worker; the lease for its message, "" when it is being read already."""
    now = timezone.now()
    Account.objects.filter(pk=account.pk).update(next_check_at=now)
    lease_token, ids = Account.objects.filter(pk=account.pk).claim(now, limit=1, lease=QUEUED_FOR)
    return lease_token if ids else ""
