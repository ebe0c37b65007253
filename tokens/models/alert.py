"""Where alerts go, which go there, and each delivery."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tokens.vault.cipher import open_sealed, seal

from .gateway import Gateway
from .incident import Change
from .token import Tag

KINDS = [("email", _("Email")), ("apprise", "Apprise"), ("webhook", _("Signed webhook"))]


class Channel(models.Model):
    """One place that hears of changes. Its target may hold a secret, so it is sealed."""

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(max_length=10, choices=KINDS)
    target_sealed = models.TextField()  # addresses, an Apprise URL, or the webhook's URL
    target_hint = models.CharField(max_length=200)  # what may be shown: addresses, scheme and host
    secret_sealed = models.TextField(blank=True)  # signs the webhook
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def seal_target(self, clear: str) -> None:
        self.target_sealed = seal(clear, bound_to=f"channel.target:{self.uid}")

    def open_target(self) -> str:
        return open_sealed(self.target_sealed, bound_to=f"channel.target:{self.uid}")

    def seal_secret(self, clear: str) -> None:
        self.secret_sealed = seal(clear, bound_to=f"channel.secret:{self.uid}")

    def open_secret(self) -> str:
        return open_sealed(self.secret_sealed, bound_to=f"channel.secret:{self.uid}")

    def get_absolute_url(self) -> str:
        return reverse("channel", args=[self.pk])


class Rule(models.Model):
    """What a channel hears of. Empty sets mean everything."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="rules")
    failing = models.BooleanField(_("failing"), default=True)
    degraded = models.BooleanField(_("degraded"), default=False)
    recovered = models.BooleanField(_("recovered"), default=True)
    gateways = models.ManyToManyField(Gateway, blank=True)
    tags = models.ManyToManyField(Tag, blank=True)

    def __str__(self) -> str:
        return f"rule of {self.channel}"


class Notification(models.Model):
    """One delivery to one channel: recorded before it is sent, at least once, told apart by its key."""

    class Progress(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="notifications")
    change = models.ForeignKey(Change, on_delete=models.CASCADE, null=True, blank=True, related_name="notifications")
    key = models.CharField(max_length=64, unique=True)  # idempotency: change and channel
    event = models.CharField(max_length=12)  # failing, degraded, recovered, test
    subject = models.CharField(max_length=200)
    body = models.TextField()
    payload = models.JSONField(default=dict)
    progress = models.CharField(max_length=8, choices=Progress.choices, default=Progress.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=models.Q(progress__in=["waiting", "sending"]), name="notification_due"
            ),
            models.Index(fields=["channel", "-created_at"], name="notification_of_channel"),
        ]

    def __str__(self) -> str:
        return self.subject
