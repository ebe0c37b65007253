"""Forms of channels: one for each kind of target, all with the rules of what the channel hears of."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tokens.models import Channel, Gateway, Tag
from tokens.services import addressing, subscribing, targets
from tokens.services.subscribing import Wish
from tokens.services.targets import TargetRefused


def secret(label: object, help_text: object = "", **more: Any) -> forms.CharField:
    """A field whose text is hidden, yet not lost when the form comes back with an error."""
    widget = forms.PasswordInput(render_value=True, attrs={"autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label=label, help_text=help_text, widget=widget, max_length=2000, **more)  # type: ignore[arg-type]


class ChannelForm(forms.Form):
    """Name and rules; a kind of target adds its fields and `make_target`. With `channel` it edits that one."""

    kind: ClassVar[str] = "apprise"
    target_fields: ClassVar[tuple[str, ...]] = ()  # typed to replace the target; the first one wears its errors

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("How you will find it."))
    failing = forms.BooleanField(
        label=gettext_lazy("Something fails"),
        help_text=gettext_lazy("A token, an account or a gateway stopped working, seen twice."),
        required=False,
        initial=True,
    )
    degraded = forms.BooleanField(
        label=gettext_lazy("Something gets worse"),
        help_text=gettext_lazy("Slow answers, little quota left, an expiry date that is near."),
        required=False,
    )
    recovered = forms.BooleanField(
        label=gettext_lazy("It works again"),
        help_text=gettext_lazy("One message when a failure is over."),
        required=False,
        initial=True,
    )
    gateways = forms.ModelMultipleChoiceField(
        Gateway.objects.none(),
        label=gettext_lazy("Only these gateways"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    tags = forms.ModelMultipleChoiceField(
        Tag.objects.none(),
        label=gettext_lazy("Only tokens with these tags"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, channel: Channel | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel, self.target = channel, ""
        self.fields["gateways"].queryset = Gateway.objects.order_by("name")  # type: ignore[attr-defined]
        self.fields["tags"].queryset = Tag.objects.order_by("name")  # type: ignore[attr-defined]
        if channel:
            self.initial |= kept(channel) | kwargs.get("initial", {})
            for name in self.target_fields:
                self.fields[name].required = False

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        others = Channel.objects.exclude(pk=self.channel.pk) if self.channel else Channel.objects.all()
        if others.filter(name=name).exists():
            raise ValidationError(_("There is a channel of this name already. Choose another name."))
        return name

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not (given.get("failing") or given.get("degraded") or given.get("recovered")):
            self.add_error("failing", _("Tick at least one of the three, or the channel hears nothing."))
        if self.replaces and not any(name in self.errors for name in self.target_fields):
            self._clean_target()
        return given

    @property
    def replaces(self) -> bool:
        """Whether a target was typed; a new channel always needs one."""
        return self.channel is None or any(self.cleaned_data.get(name) for name in self.target_fields)

    def make_target(self) -> str:
        raise NotImplementedError

    def check_target(self, target: str) -> str:
        targets.check_apprise(target)
        return target

    def wish(self) -> Wish:
        given = self.cleaned_data
        return Wish(
            given["failing"], given["degraded"], given["recovered"], list(given["gateways"]), list(given["tags"])
        )

    def target_bound(self) -> list[forms.BoundField]:
        """The fields of the target, for the template."""
        return [self[name] for name in self.fields if name not in ChannelForm.base_fields]

    def _clean_target(self) -> None:
        if any(self.fields[name].required and not self.cleaned_data.get(name) for name in self.target_fields):
            return
        try:
            self.target = self.check_target(self.make_target())
        except TargetRefused as refused:
            self.add_error(self.target_fields[0], str(refused))


def kept(channel: Channel) -> dict[str, Any]:
    rule = subscribing.rule_of(channel)
    words = {word: getattr(rule, word) for word in ("failing", "degraded", "recovered")}
    sets = {"gateways": rule.gateways.all(), "tags": rule.tags.all()} if rule.pk else {}
    return {"name": channel.name, **words, **sets}


class EmailForm(ChannelForm):
    kind = "email"
    target_fields = ("addresses",)
    addresses = forms.CharField(
        label=gettext_lazy("Addresses"),
        max_length=1000,
        help_text=gettext_lazy("One or more, with commas between them. All are in one message and see each other."),
        widget=forms.TextInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )

    def clean_addresses(self) -> str:
        typed = str(self.cleaned_data["addresses"]).replace(";", ",").split(",")
        addresses = [address.strip() for address in typed if address.strip()]
        for address in addresses:
            try:
                validate_email(address)
            except ValidationError:
                words = _("“%(address)s” is not an email address. Correct it or take it out.")
                raise ValidationError(words % {"address": address}) from None
        return ", ".join(addresses)

    def make_target(self) -> str:
        return str(self.cleaned_data["addresses"])

    def check_target(self, target: str) -> str:
        return target


class SlackForm(ChannelForm):
    target_fields = ("webhook",)
    webhook = secret(
        gettext_lazy("Incoming webhook"),
        gettext_lazy("In Slack: Apps, Incoming WebHooks, Add to Slack, choose the channel, copy the webhook URL."),
    )

    def make_target(self) -> str:
        return addressing.slack(self.cleaned_data["webhook"])


class DiscordForm(ChannelForm):
    target_fields = ("webhook",)
    webhook = secret(
        gettext_lazy("Webhook"),
        gettext_lazy("In Discord: the channel's settings, Integrations, Webhooks, New webhook, Copy webhook URL."),
    )

    def make_target(self) -> str:
        return addressing.discord(self.cleaned_data["webhook"])


class TelegramForm(ChannelForm):
    target_fields = ("bot", "chat")
    bot = secret(gettext_lazy("Bot token"), gettext_lazy("Talk to @BotFather, send /newbot, copy the token it shows."))
    chat = forms.CharField(
        label=gettext_lazy("Chat"),
        max_length=64,
        help_text=gettext_lazy("The number of a chat or group that the bot is in, or @name of a public channel."),
    )

    def make_target(self) -> str:
        return addressing.telegram(self.cleaned_data["bot"], self.cleaned_data["chat"])


class TeamsForm(ChannelForm):
    target_fields = ("webhook",)
    webhook = secret(
        gettext_lazy("Workflow address"),
        gettext_lazy(
            "In Teams: the channel's menu, Workflows, “Post to a channel when a webhook request is received”."
        ),
    )

    def make_target(self) -> str:
        return addressing.teams(self.cleaned_data["webhook"])


class NtfyForm(ChannelForm):
    target_fields = ("topic", "access_token")
    server = forms.CharField(label=gettext_lazy("Server"), initial="https://ntfy.sh", max_length=300)
    topic = forms.CharField(
        label=gettext_lazy("Topic"),
        max_length=64,
        help_text=gettext_lazy("On the public server whoever knows the topic can read it, so choose a long one."),
    )
    access_token = secret(gettext_lazy("Access token"), required=False)

    def make_target(self) -> str:
        given = self.cleaned_data
        return addressing.ntfy(given.get("server", ""), given["topic"], given["access_token"])


class GotifyForm(ChannelForm):
    target_fields = ("server", "app_token")
    server = forms.CharField(
        label=gettext_lazy("Server"), max_length=300, widget=forms.TextInput(attrs={"placeholder": "https://…"})
    )
    app_token = secret(gettext_lazy("Application token"), gettext_lazy("In Gotify: Apps, Create application."))

    def make_target(self) -> str:
        return addressing.gotify(self.cleaned_data["server"], self.cleaned_data["app_token"])


class PagerDutyForm(ChannelForm):
    target_fields = ("integration_key", "api_key")
    integration_key = secret(
        gettext_lazy("Integration key"), gettext_lazy("Of the service's integration “Events API V2”, 32 characters.")
    )
    api_key = secret(gettext_lazy("API access key"), gettext_lazy("In PagerDuty: Integrations, API access keys."))
    region = forms.ChoiceField(label=gettext_lazy("Service region"), choices=[("us", "US"), ("eu", "EU")], initial="us")

    def make_target(self) -> str:
        given = self.cleaned_data
        return addressing.pagerduty(given["integration_key"], given["api_key"], given.get("region", "us"))


class UrlForm(ChannelForm):
    target_fields = ("url",)
    url = secret(
        gettext_lazy("Apprise URL"),
        gettext_lazy("Apprise's documentation shows the form of each service's URL, like mmosts://host/key."),
    )

    def make_target(self) -> str:
        return str(self.cleaned_data["url"]).strip()


class WebhookForm(ChannelForm):
    kind = "webhook"
    target_fields = ("url",)
    url = forms.CharField(
        label=gettext_lazy("URL"),
        max_length=1000,
        help_text=gettext_lazy("Keyward posts JSON here, signed with a secret that it makes and shows once."),
        widget=forms.URLInput(attrs={"placeholder": "https://…", "spellcheck": "false"}),
    )

    def make_target(self) -> str:
        return str(self.cleaned_data["url"])

    def check_target(self, target: str) -> str:
        return targets.check_webhook(target)


FORMS: dict[str, type[ChannelForm]] = {
    "email": EmailForm,
    "slack": SlackForm,
    "discord": DiscordForm,
    "telegram": TelegramForm,
    "teams": TeamsForm,
    "ntfy": NtfyForm,
    "gotify": GotifyForm,
    "pagerduty": PagerDutyForm,
    "url": UrlForm,
    "webhook": WebhookForm,
}


def slug_of(channel: Channel) -> str:
    """Which of the forms made a channel."""
    return channel.kind if channel.kind != "apprise" else addressing.service_of(channel.target_hint)


def form_of(channel: Channel) -> type[ChannelForm]:
    """The form that a channel is edited with."""
    return FORMS[slug_of(channel)]
