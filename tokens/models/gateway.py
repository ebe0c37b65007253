"""An endpoint family at one base URL, and the accounts on it."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import urlsplit

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tokens.vault.cipher import open_sealed, seal

from .watched import Watched, WatchedQuerySet

DIALECTS = [
    ("cometapi", "CometAPI"),
    ("new-api", "new-api"),
    ("one-api", "one-api"),
    ("one-hub", "one-hub"),
    ("done-hub", "done-hub"),
    ("veloera", "Veloera"),
    ("openai", "OpenAI-compatible"),
]


class Gateway(Watched):
    base_url = models.CharField(_("base URL"), max_length=500, unique=True)  # as an SDK wants it, ending in /v1
    dialect = models.CharField(max_length=16, choices=DIALECTS, default="openai")
    version = models.CharField(max_length=60, blank=True)
    capabilities = models.JSONField(default=dict, blank=True)
    probed_at = models.DateTimeField(null=True, blank=True)
    quota_per_unit = models.FloatField(default=500_000)  # gateway units to one USD

    frozen_at = models.DateTimeField(null=True, blank=True)  # token verdicts stand still since then
    check_interval = models.PositiveIntegerField(_("seconds between two checks of a key"), default=600)
    checks_per_minute = models.PositiveIntegerField(_("checks a minute"), default=300)
    management_per_minute = models.PositiveIntegerField(_("management calls a minute"), default=30)
    key_fetches_per_20_minutes = models.PositiveIntegerField(_("key fetches in 20 minutes"), default=10)
    concurrency = models.PositiveSmallIntegerField(_("calls at the same time"), default=8)
    slow_ms = models.PositiveIntegerField(_("slow from, in milliseconds"), default=4000)
    paused_at = models.DateTimeField(null=True, blank=True)

    objects: WatchedQuerySet[Gateway] = WatchedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc.lower()

    @property
    def manages(self) -> bool:
        """Whether an account's access token opens anything here."""
        return self.dialect != "openai"

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None

    def usd(self, units: int) -> Decimal:
        return Decimal(units) / Decimal(self.quota_per_unit or 500_000)

    def get_absolute_url(self) -> str:
        return reverse("gateway", args=[self.pk])


class Account(Watched):
    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, related_name="accounts")
    access_token_sealed = models.TextField(blank=True)
    user_id = models.CharField(_("user id"), max_length=32, blank=True)
    username = models.CharField(max_length=120, blank=True)
    group = models.CharField(max_length=120, blank=True)
    balance_units = models.BigIntegerField(null=True, blank=True)
    used_units = models.BigIntegerField(null=True, blank=True)
    balance_read_at = models.DateTimeField(null=True, blank=True)
    low_balance_usd = models.DecimalField(_("warn below, in USD"), max_digits=12, decimal_places=2, default=Decimal(5))
    balances = models.JSONField(default=list, blank=True)  # [[unix seconds, units], …], one an hour, 14 days
    groups = models.JSONField(default=list, blank=True)  # [{"name", "description", "ratio"}]
    models_offered = models.JSONField(default=list, blank=True)
    groups_read_at = models.DateTimeField(null=True, blank=True)
    sweep_interval = models.PositiveIntegerField(_("seconds between two readings"), default=600)
    paused_at = models.DateTimeField(null=True, blank=True)

    objects: WatchedQuerySet[Account] = WatchedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["gateway__name", "name"]
        constraints = [models.UniqueConstraint(fields=["gateway", "name"], name="account_name_on_gateway")]
        indexes = [models.Index(fields=["next_check_at"], name="account_due")]

    @property
    def _bound_to(self) -> str:
        return f"account.access_token:{self.uid}"

    def seal_access_token(self, clear: str) -> None:
        self.access_token_sealed = seal(clear, bound_to=self._bound_to)

    def open_access_token(self) -> str:
        """In clear. Raises WrongKey."""
        return open_sealed(self.access_token_sealed, bound_to=self._bound_to)

    @property
    def balance_usd(self) -> Decimal | None:
        return None if self.balance_units is None else self.gateway.usd(self.balance_units)

    @property
    def low_balance_units(self) -> int:
        return int(self.low_balance_usd * Decimal(self.gateway.quota_per_unit))

    def group_names(self) -> list[str]:
        return [group["name"] for group in self.groups]

    def get_absolute_url(self) -> str:
        return f"{self.gateway.get_absolute_url()}#account-{self.pk}"
