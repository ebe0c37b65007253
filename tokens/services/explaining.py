"""What a gateway can do, and what that means here: the table of its capabilities in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tokens.models import Account, Gateway


@dataclass(frozen=True, slots=True)
class Capability:
    """One row. `state` healthy: there; degraded: with a catch; none: not offered."""

    name: str
    state: str
    found: str
    means: str


def capabilities(gateway: Gateway) -> list[Capability]:
    """Everything that the probe found, in words; without management only what a key alone can do."""
    rows = [_dialect(gateway), Capability(_("Watch keys"), "healthy", _("Yes"), _("Each key is tried, for free"))]
    if gateway.manages:
        return [*rows, *_management(gateway)]
    nothing = _("The address serves models only")
    return [*rows, Capability(_("Accounts"), "none", _("Not offered"), nothing)]


def _dialect(gateway: Gateway) -> Capability:
    version = _("version %(version)s") % {"version": gateway.version} if gateway.version else _("version not said")
    brand = str(gateway.capabilities.get("system_name") or "")
    means = _("It calls itself %(name)s") % {"name": brand} if brand else _("Told by the shape of its answers")
    return Capability(_("Dialect"), "healthy", f"{gateway.get_dialect_display()}, {version}", means)


def _management(gateway: Gateway) -> Iterator[Capability]:
    can = gateway.capabilities
    yield Capability(_("Create, edit, delete"), "healthy", _("Yes"), _("With an account's access token"))
    yield Capability(
        _("Quota unit"),
        "healthy",
        _("%(n)s to the dollar") % {"n": f"{gateway.quota_per_unit:,.0f}"},
        _("Read from the gateway, not assumed") if gateway.probed_at else _("Assumed until it is probed"),
    )
    yield _keys(gateway)
    yield _groups(gateway)
    yield _said(can.get("usage"), _("Quota by key"), _("Asked with the key alone"), _("Only the account's list tells"))
    yield _said(
        can.get("reveal_many"), _("Many keys at once"), _("A hundred to one call"), _("Bringing in goes one by one")
    )
    yield _user_id(bool(can.get("user_id")))
    if size := can.get("name_bytes"):
        found = ngettext("Up to %(n)d byte", "Up to %(n)d bytes", size) % {"n": size}
        yield Capability(_("Token names"), "healthy", found, _("The form counts along"))


def _keys(gateway: Gateway) -> Capability:
    if gateway.capabilities.get("reveal"):
        kept = _("Keyward keeps to %(n)d in 20 min") % {"n": gateway.key_fetches_per_20_minutes}
        return Capability(_("Fetch a key"), "healthy", _("One call a key, closely limited"), kept)
    if gateway.capabilities.get("keys_in_clear"):
        return Capability(_("Fetch a key"), "healthy", _("The list shows keys"), _("Read once, then kept encrypted"))
    return Capability(_("Fetch a key"), "none", _("Not known"), _("Keys are pasted"))


def _groups(gateway: Gateway) -> Capability:
    if not gateway.capabilities.get("groups", True):
        return Capability(_("Groups"), "none", _("Not offered"), _("Every token routes the same way"))
    known = max((len(account.groups) for account in _accounts(gateway)), default=0)
    found = ngettext("%(n)d group", "%(n)d groups", known) % {"n": known} if known else _("Yes")
    if gateway.capabilities.get("groups_complete", True):
        return Capability(_("Groups"), "healthy", found, _("Offered in the form"))
    return Capability(_("Groups"), "degraded", found, _("Private ones are not listed, so none is called wrong"))


def _accounts(gateway: Gateway) -> list[Account]:
    return list(gateway.accounts.all())


def _said(there: object, name: str, meant: str, otherwise: str) -> Capability:
    if there:
        return Capability(name, "healthy", _("Yes"), meant)
    return Capability(name, "none", _("Not offered"), otherwise)


def _user_id(needed: bool) -> Capability:
    if needed:
        return Capability(_("User id"), "degraded", _("Needed"), _("Asked for beside the access token"))
    return Capability(_("User id"), "healthy", _("Not needed"), _("The access token is enough"))
