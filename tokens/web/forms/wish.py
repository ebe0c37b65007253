"""The fields of a token as a person wishes it, for creating and for editing; judged by services/drafting."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from tokens.gateways.records import TokenDraft
from tokens.models import Account, Token
from tokens.services import drafting
from tokens.services.drafting import DraftRefused, Wish

DAYS = {"30": 30, "90": 90, "365": 365}
EXPIRY = [("never", ""), *((days, "") for days in DAYS), ("date", "")]  # the template has the words
TYPED = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]
FIELD_OF = {"expires_at": "expires_on", "model_limits": "models"}  # where drafting's reasons are shown


class AnyOf(forms.MultipleChoiceField):
    """Ticked names; whether the account is offered them is for drafting to say."""

    def validate(self, value: Any) -> None:
        return None


class WishForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), required=False)
    quota = forms.ChoiceField(choices=[("unlimited", ""), ("amount", "")], initial="unlimited")
    amount_usd = forms.CharField(label=gettext_lazy("Amount in USD"), required=False, max_length=40)
    group = forms.CharField(label=gettext_lazy("Group"), required=False, max_length=120)
    expiry = forms.ChoiceField(choices=EXPIRY, initial="never")
    expires_on = forms.DateTimeField(
        label=gettext_lazy("Day and time"),
        required=False,
        input_formats=TYPED,
        widget=forms.DateTimeInput(format=TYPED[0], attrs={"type": "datetime-local", "step": "1"}),
    )
    models = AnyOf(label=gettext_lazy("Models"), required=False, widget=forms.CheckboxSelectMultiple)
    more_models = forms.CharField(
        label=gettext_lazy("Models"),
        required=False,
        help_text=gettext_lazy("One to a line, spelled as the gateway does. Empty means every model of the group."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    ip_limits = forms.CharField(
        label=gettext_lazy("IP limits"),
        required=False,
        max_length=12_000,
        help_text=gettext_lazy("Addresses and ranges, one to a line, IPv4 or IPv6. Empty means from anywhere."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )

    def __init__(
        self, *args: Any, account: Account, token: Token | None = None, stands: TokenDraft | None = None, **given: Any
    ) -> None:
        super().__init__(*args, **given)
        self.account, self.token, self.stands = account, token, stands
        self.now = timezone.now()
        self.draft: TokenDraft | None = None
        kept = stands.model_limits if stands else ()
        names = sorted({*account.models_offered, *kept}) if account.models_offered else []
        self.fields["models"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            self.draft = drafting.draft_of(
                self.account, self._wish(data), self.now, token=self.token, stands=self.stands
            )
        except DraftRefused as refused:
            for field, sentence in refused.errors.items():
                self.add_error(self._field_of(field), sentence)
        return data

    def _wish(self, data: dict[str, Any]) -> Wish:
        amount = data.get("amount_usd", "")
        return Wish(
            name=data.get("name", ""),
            unlimited=data.get("quota") != "amount",
            amount_usd=amount,
            group=data.get("group", ""),
            expires_at=self._expires(data),
            model_limits=(*data.get("models", ()), *data.get("more_models", "").replace(",", "\n").split()),
            ip_limits=data.get("ip_limits", ""),
            same_quota=bool(self.stands) and amount.strip() == amount_text(self.account, self.stands),
        )

    def _expires(self, data: dict[str, Any]) -> datetime | None:
        if data.get("expiry") != "date":
            return self.expires_after(data.get("expiry", ""))
        if not data.get("expires_on") and "expires_on" not in self.errors:
            self.add_error("expires_on", _("Choose the day and time, or another way to expire."))
        expires: datetime | None = data.get("expires_on")
        return expires

    def expires_after(self, choice: str) -> datetime | None:
        """The moment that a preset stands for, None for never."""
        days = DAYS.get(choice)
        return (self.now + timedelta(days=days)).replace(microsecond=0) if days else None

    def _field_of(self, name: str) -> str:
        field = FIELD_OF.get(name, name)
        return "more_models" if field == "models" and not self.account.models_offered else field

    @property
    def presets(self) -> list[tuple[str, int, str]]:
        """Value, days and resolved date of the presets."""
        return [(value, days, day_in_words(self.expires_after(value))) for value, days in DAYS.items()]


def day_in_words(moment: datetime | None) -> str:
    """ "Mon 22 Feb 2027, 14:36": with the year, since expiries are far away."""
    if moment is None:
        return ""
    return date_format(timezone.localtime(moment), pgettext("date format", "D j M Y, H:i"))


def amount_text(account: Account, draft: TokenDraft | None) -> str:
    """What stands in the amount's field for a draft: as many places as its units need, "" for unlimited."""
    if draft is None or draft.unlimited:
        return ""
    usd = Decimal(draft.quota_units) / Decimal(account.gateway.quota_per_unit or 500_000)
    text = f"{usd:.6f}".rstrip("0")
    whole, _point, places = text.partition(".")
    return f"{whole}.{places.ljust(2, '0')}"


def values_of(account: Account, draft: TokenDraft) -> dict[str, Any]:
    """A draft as the form's fields hold it."""
    offered = set(account.models_offered)
    listed = list(draft.model_limits) if offered else []
    return {
        "name": draft.name,
        "quota": "unlimited" if draft.unlimited else "amount",
        "amount_usd": amount_text(account, draft),
        "group": draft.group,
        "expiry": "date" if draft.expires_at else "never",
        "expires_on": draft.expires_at,
        "models": listed,
        "more_models": "" if offered else "\n".join(draft.model_limits),
        "ip_limits": "\n".join(draft.ip_limits),
    }


def pairs_of(account: Account, draft: TokenDraft) -> list[tuple[str, str]]:
    """The same as hidden fields: (name, value), a list once for each item."""
    pairs: list[tuple[str, str]] = []
    for name, value in values_of(account, draft).items():
        if isinstance(value, datetime):
            value = timezone.localtime(value).strftime(TYPED[0])
        pairs += [(name, item) for item in value] if isinstance(value, list) else [(name, value or "")]
    return pairs
