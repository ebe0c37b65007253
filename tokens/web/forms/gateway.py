"""Forms about gateways and their accounts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tokens.models import Account, Gateway
from tokens.services.connecting import NewAccount

API_KEY = gettext_lazy(
    "This is an API key: it starts with sk-. The access token is the one without a prefix, "
    "made under Personal, Access token."
)
USER_ID_HELP = gettext_lazy(
    "Only some gateways ask for it: the number on the gateway's personal page. Leave it empty to try without."
)


def secret_field(**given: Any) -> forms.CharField:
    """An access token: kept in the form when there was an error, so that nothing typed is lost."""
    widget = forms.PasswordInput(render_value=True, attrs={"autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label=gettext_lazy("Access token"), max_length=500, widget=widget, **given)


class AccountFields(forms.Form):
    """Name, access token and user id, as the connect page and the account pages ask for them."""

    account_name = forms.CharField(label=gettext_lazy("Account name"), max_length=120, required=False)
    access_token = secret_field(required=False)
    user_id = forms.CharField(
        label=gettext_lazy("User id"), max_length=32, required=False, help_text=USER_ID_HELP
    )  # fmt: skip

    def clean_access_token(self) -> str:
        typed = "".join(self.cleaned_data["access_token"].split())
        clear = typed.removeprefix("Bearer") if typed.startswith("Bearer") else typed
        if clear.lower().startswith("sk-"):
            raise forms.ValidationError(API_KEY)
        if not clear.isascii() or not clear.isprintable():
            raise forms.ValidationError(_("An access token holds plain letters, digits and signs only."))
        return clear

    def account(self, default_name: str = "") -> NewAccount | None:
        """What was typed of an account; None when it was left out."""
        data = self.cleaned_data
        if not data.get("access_token"):
            return None
        return NewAccount(data["account_name"] or default_name, data["access_token"], data["user_id"].strip())


class ConnectForm(AccountFields):
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in ("cometapi", "family", "openai")], initial="cometapi")
    base_url = forms.CharField(label=gettext_lazy("Base URL"), max_length=500)
    name = forms.CharField(label=gettext_lazy("Name in Keyward"), max_length=120, required=False)
    anyway = forms.BooleanField(label=gettext_lazy("Save it anyway"), required=False)

    field_order = ("kind", "base_url", "name", "anyway", "account_name", "access_token", "user_id")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        given = data.get("account_name") or data.get("user_id")
        if given and not data.get("access_token") and "access_token" not in self.errors:
            self.add_error(
                "access_token",
                _("An account needs its access token. Leave name and user id empty to connect without one."),
            )
        return data


class AccountForm(AccountFields):
    """A further account on a gateway that is connected."""

    def __init__(self, data: Any = None, *, gateway: Gateway) -> None:
        super().__init__(data)
        self.gateway = gateway
        self.fields["account_name"].required = True
        self.fields["access_token"].required = True

    def clean_account_name(self) -> str:
        name: str = self.cleaned_data["account_name"]
        refuse_twin(self.gateway, name)
        return name


class AccessTokenForm(AccountFields):
    """A new access token for an account that is there."""

    def __init__(self, data: Any = None, *, account: Account) -> None:
        super().__init__(data, initial={"user_id": account.user_id})
        del self.fields["account_name"]
        self.fields["access_token"].required = True


class EditAccountForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Account name"), max_length=120)
    low_balance_usd = forms.DecimalField(
        label=gettext_lazy("Warn below, in USD"), min_value=0, max_digits=12, decimal_places=2
    )
    sweep_interval = forms.IntegerField(
        label=gettext_lazy("Seconds between two readings"), min_value=60, max_value=86_400
    )

    def __init__(self, data: Any = None, *, account: Account) -> None:
        super().__init__(data, initial=_initial(account, self.base_fields))
        self.account_edited = account
        let_stand(self, account)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        refuse_twin(self.account_edited.gateway, name, but=self.account_edited.pk)
        return name


def limit(label: Any, least: int, most: int) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most)


def let_stand(form: forms.Form, subject: Gateway | Account) -> None:
    """A number that is in use is not refused when another field is changed: the demo's intervals are very short."""
    for name, field in form.fields.items():
        if isinstance(field, forms.IntegerField) and field.min_value > getattr(subject, name):
            form.fields[name] = limit(field.label, getattr(subject, name), field.max_value)  # type: ignore[arg-type]


class EditGatewayForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name in Keyward"), max_length=120)
    base_url = forms.CharField(label=gettext_lazy("Base URL"), max_length=500)
    anyway = forms.BooleanField(label=gettext_lazy("Save it anyway"), required=False)
    check_interval = limit(gettext_lazy("Seconds between two checks of a key"), 30, 86_400)
    slow_ms = limit(gettext_lazy("Slow from, in milliseconds"), 100, 60_000)
    checks_per_minute = limit(gettext_lazy("Checks a minute"), 1, 6_000)
    management_per_minute = limit(gettext_lazy("Management calls a minute"), 1, 600)
    key_fetches_per_20_minutes = limit(gettext_lazy("Key fetches in 20 minutes"), 1, 200)
    concurrency = limit(gettext_lazy("Calls at the same time"), 1, 100)

    def __init__(self, data: Any = None, *, gateway: Gateway) -> None:
        super().__init__(data, initial=_initial(gateway, self.base_fields))
        self.gateway = gateway
        let_stand(self, gateway)

    @property
    def moved(self) -> bool:
        return bool(self.cleaned_data["base_url"].strip() != self.gateway.base_url)

    @property
    def kept(self) -> dict[str, object]:
        """What Keyward itself keeps; the address is another matter."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("base_url", "anyway")}


def _initial(subject: Gateway | Account, fields: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(subject, name) for name in fields if hasattr(subject, name)}


def refuse_twin(gateway: Gateway, name: str, but: int | None = None) -> None:
    if gateway.accounts.filter(name=name).exclude(pk=but or 0).exists():
        raise forms.ValidationError(_("This gateway has an account of that name already."))
