"""The guided form: where, name and purpose, quota, group, limits; and what it says will be made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tokens.models import Account, Creation, User
from tokens.services import drafting, offering
from tokens.services.offering import Choice
from tokens.templatetags import wording

from .token import PersonField, TagsField
from .wish import WishForm, day_in_words, values_of


class CreateForm(WishForm):
    """`uid` tells a form that is sent twice from two forms."""

    uid = forms.UUIDField(widget=forms.HiddenInput)
    owner = PersonField(
        User.objects.filter(is_active=True).order_by("username"),
        required=False,
        label=gettext_lazy("Owner"),
        empty_label=gettext_lazy("Nobody"),
        help_text=gettext_lazy("Whom to ask about it."),
    )
    purpose = forms.CharField(label=gettext_lazy("Purpose"), required=False, max_length=200)
    tags = TagsField(help_text=gettext_lazy("Words of your own, with commas between: prod, web-shop."))

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.groups = offering.groups(self.account)
        if not self.is_bound:
            self.initial.setdefault("uid", uuid4())
            if self.initial.get("group") not in [choice.name for choice in self.groups if not choice.closed]:
                self.initial["group"] = self.own_group

    @property
    def own_group(self) -> str:
        """The account's own group where it can be chosen by name, else "" which means the same."""
        return self.account.group if self.account.group in self.account.group_names() else ""

    @property
    def about(self) -> dict[str, Any]:
        """What Keyward itself keeps of the token."""
        data = self.cleaned_data
        owner = data.get("owner")
        return {"purpose": data["purpose"], "owner": owner.pk if owner else None, "tags": data["tags"]}

    def plan(self) -> Plan:
        """What will be made, from whatever stands in the fields now."""
        return plan_of(self)


@dataclass(frozen=True, slots=True)
class Plan:
    """The summary beside the form."""

    name: str
    size: int  # bytes of the name
    most: int
    account: Account
    unlimited: bool
    amount: str
    units: str
    group: str
    choice: Choice | None
    expires: datetime | None
    models: int
    ips: int
    owner: str

    @property
    def counted(self) -> SafeString:
        return self._counted("")

    @property
    def counted_again(self) -> SafeString:
        """The same for a page that is there."""
        return self._counted(SafeString(' hx-swap-oob="true"'))

    def _counted(self, more: str) -> SafeString:
        words = _("%(size)s of %(most)s bytes") % {"size": self.size, "most": self.most}
        over = SafeString(' data-state="failing"') if self.size > self.most else ""
        cls = "num k-say" if over else "num"
        return format_html('<span id="name-count" class="{}"{}{}>{}</span>', cls, over, more, words)

    @property
    def until(self) -> str:
        return day_in_words(self.expires)

    @property
    def limits(self) -> str:
        """One line for the folded part."""
        said = [_("Expires %(day)s") % {"day": self.until} if self.until else _("Never expires")]
        if self.models:
            said.append(ngettext("%(n)s model", "%(n)s models", self.models) % {"n": self.models})
        if self.ips:
            said.append(ngettext("%(n)s IP limit", "%(n)s IP limits", self.ips) % {"n": self.ips})
        return ", ".join(said)


def plan_of(form: CreateForm) -> Plan:
    def typed(name: str) -> Any:
        return form[name].value() or ""

    name, group = str(typed("name")).strip(), str(typed("group"))
    owner = User.objects.filter(pk=str(typed("owner"))).first() if str(typed("owner")).isdecimal() else None
    more = str(typed("more_models")).replace(",", "\n").split()
    amount = str(typed("amount_usd")).strip()
    return Plan(
        name,
        len(name.encode()),
        drafting.name_limit(form.account),
        form.account,
        typed("quota") != "amount",
        amount,
        _units(form.account, amount),
        group,
        next((choice for choice in form.groups if choice.name == group), None),
        _expires(form, str(typed("expiry")), typed("expires_on")),
        len(list(typed("models"))) + len(more),
        len(str(typed("ip_limits")).replace(",", "\n").split()),
        owner.shown_name if owner else "",
    )


def _units(account: Account, amount: str) -> str:
    try:
        return wording.units(drafting.units_of(account, amount))
    except ValueError:
        return ""


def _expires(form: CreateForm, choice: str, typed: Any) -> datetime | None:
    if choice != "date":
        return form.expires_after(choice)
    try:
        moment: datetime | None = form.fields["expires_on"].clean(typed)
    except forms.ValidationError:
        return None
    return moment


def typed_again(data: QueryDict) -> dict[str, Any]:
    """What was typed so far, as the initial values of a form for another account: nothing is lost, nothing judged."""
    lists = {"models": data.getlist("models")}
    return {name: data.get(name, "") for name in CreateForm.base_fields if name in data} | lists


def asked_before(creation: Creation) -> dict[str, Any]:
    """The values of a creation, for another try."""
    about = creation.about
    kept = values_of(creation.account, drafting.from_json(creation.draft))
    return {**kept, "owner": about.get("owner"), "purpose": about.get("purpose", ""), "tags": ", ".join(about["tags"])}
