"""Forms about tokens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tokens.models import Account, Gateway, Token, User

MOST_TAGS = 20


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, user: Any) -> str:
        return str(user.shown_name)


class TagsField(forms.CharField):
    """Words with commas between them."""

    def __init__(self, **given: Any) -> None:
        super().__init__(required=False, max_length=400, label=_("Tags"), **given)

    def clean(self, value: Any) -> list[str]:
        names = sorted({name.strip().lower() for name in super().clean(value).split(",") if name.strip()})
        if any(len(name) > 40 for name in names):
            raise forms.ValidationError(_("A tag has 40 characters at most. Put commas between tags."))
        if len(names) > MOST_TAGS:
            raise forms.ValidationError(_("A token has %(n)s tags at most.") % {"n": MOST_TAGS})
        return names


class KeptForm(forms.Form):
    """What Keyward itself keeps of a token."""

    owner = PersonField(
        User.objects.filter(is_active=True).order_by("username"),
        required=False,
        label=_("Owner"),
        empty_label=_("Nobody"),
    )
    purpose = forms.CharField(
        required=False,
        max_length=200,
        label=_("Purpose"),
        help_text=_("What it is used for, for whoever finds it later."),
    )
    tags = TagsField(help_text=_("Words of your own, with commas between: prod, web-shop."))


class DescribeForm(KeptForm):
    @staticmethod
    def kept(token: Token) -> dict[str, Any]:
        return {
            "owner": token.owner_id,
            "purpose": token.purpose,
            "tags": ", ".join(tag.name for tag in token.tags.all()),
        }


class AddForm(KeptForm):
    """Keys that exist. They stand in the form again when they could not be added, and nowhere else."""

    gateway = forms.ModelChoiceField(Gateway.objects.order_by("name"), label=_("Gateway"), empty_label=None)
    account = forms.ModelChoiceField(
        Account.objects.select_related("gateway"),
        required=False,
        label=_("Account"),
        empty_label=_("No account"),
        help_text=_("With an account Keyward also reads the quota, the expiry and the reason when a key fails."),
    )
    keys = forms.CharField(
        label=_("Keys"),
        max_length=100_000,
        help_text=_("One key to a line. Each is tried before it is saved, which is free."),
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
    )
    keep_refused = forms.BooleanField(required=False, label=_("Also keep keys that the gateway refuses"))
    field_order = ("gateway", "account", "keys", "owner", "purpose", "tags", "keep_refused")

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        account = self.fields["account"]
        account.label_from_instance = lambda one: f"{one.name}, {one.gateway.name}"  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        gateway, account = given.get("gateway"), given.get("account")
        if gateway and account and account.gateway_id != gateway.pk:
            words = {"account": account.name, "other": account.gateway.name, "gateway": gateway.name}
            self.add_error(
                "account",
                _("%(account)s is an account of %(other)s. Choose one of %(gateway)s, or no account.") % words,
            )
        return given


class BringInForm(KeptForm):
    """Chosen tokens of an account's list."""
