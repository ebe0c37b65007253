"""One API key that the gateway serves, and what is known of it."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tokens.health.verdicts import State
from tokens.vault.cipher import open_sealed, seal
from tokens.vault.fingerprint import fingerprint, hint

from .gateway import Account, Gateway
from .watched import Watched, WatchedQuerySet

RANK = {
    State.FAILING.value: 0,
    State.DEGRADED.value: 1,
    State.NEW.value: 2,
    State.HEALTHY.value: 3,
    State.PAUSED.value: 4,
    State.RETIRED.value: 5,
}


class Tag(models.Model):
    name = models.CharField(max_length=40, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TokenQuerySet(WatchedQuerySet["Token"]):
    def watched(self) -> Self:
        return self.exclude(state__in=[State.PAUSED, State.RETIRED])

    def with_key(self) -> Self:
        return self.exclude(key_sealed="")

    def searching(self, words: str) -> Self:
        """Every word somewhere in the name, the key's end, the purpose, the owner or the tags."""
        found = self
        for word in words.lower().split():
            found = found.filter(search_text__contains=word)
        return found


class Token(Watched):
    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, related_name="tokens")
    account = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, blank=True, related_name="tokens")
    remote_id = models.BigIntegerField(null=True, blank=True)  # the gateway's own id
    key_sealed = models.TextField(blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    hint = models.CharField(max_length=4, blank=True)
    key_wanted = models.BooleanField(default=False)  # to be fetched from the gateway when its critical limit allows

    group = models.CharField(max_length=120, blank=True)
    unlimited = models.BooleanField(null=True)  # None: not known
    remain_units = models.BigIntegerField(null=True, blank=True)
    used_units = models.BigIntegerField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    model_limits = models.JSONField(default=list, blank=True)
    ip_limits = models.JSONField(default=list, blank=True)
    remote_status = models.SmallIntegerField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    remote_created_at = models.DateTimeField(null=True, blank=True)
    facts_at = models.DateTimeField(null=True, blank=True)
    facts_digest = models.CharField(max_length=32, blank=True)  # equal digest: the list said nothing new
    facts_verdict = models.CharField(max_length=32, blank=True)
    facts_note = models.CharField(max_length=300, blank=True)
    probe_verdict = models.CharField(max_length=32, blank=True)
    probe_note = models.CharField(max_length=300, blank=True)
    probed_at = models.DateTimeField(null=True, blank=True)

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="tokens"
    )
    purpose = models.CharField(_("purpose"), max_length=200, blank=True)
    tags = models.ManyToManyField(Tag, blank=True, related_name="tokens")
    search_text = models.TextField(blank=True)
    rank = models.PositiveSmallIntegerField(default=RANK[State.NEW.value])
    paused_by = models.CharField(max_length=150, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    paused_from = models.CharField(max_length=12, blank=True)  # the state to come back to
    retired_at = models.DateTimeField(null=True, blank=True)

    objects: TokenQuerySet = TokenQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "fingerprint"], condition=~Q(fingerprint=""), name="key_once_on_gateway"
            ),
            models.UniqueConstraint(
                fields=["account", "remote_id"],
                condition=Q(account__isnull=False, remote_id__isnull=False),
                name="remote_id_once_in_account",
            ),
        ]
        indexes = [
            models.Index(fields=["next_check_at"], name="token_due"),
            models.Index(fields=["rank", "name", "id"], name="token_worst_first"),
            models.Index(fields=["name", "id"], name="token_by_name"),
            models.Index(fields=["gateway", "rank"], name="token_of_gateway"),
            models.Index(fields=["account", "rank"], name="token_of_account"),
            models.Index(fields=["fingerprint"], name="token_fingerprint"),
            models.Index(fields=["expires_at"], name="token_expires"),
            models.Index(fields=["checked_at"], name="token_checked"),
        ]

    @property
    def _bound_to(self) -> str:
        return f"token.key:{self.uid}"

    def seal_key(self, clear: str) -> None:
        self.key_sealed = seal(clear, bound_to=self._bound_to)
        self.fingerprint = fingerprint(clear)
        self.hint = hint(clear)

    def open_key(self) -> str:
        """In clear. Raises WrongKey."""
        return open_sealed(self.key_sealed, bound_to=self._bound_to)

    @property
    def has_key(self) -> bool:
        return bool(self.key_sealed)

    @property
    def is_frozen(self) -> bool:
        return self.gateway.is_frozen

    @property
    def quota_units(self) -> int | None:
        """The whole quota, used and left; None when unlimited or unknown."""
        if self.unlimited or self.remain_units is None:
            return None
        return self.remain_units + (self.used_units or 0)

    def index_for_search(self) -> None:
        """Call after the name, the purpose, the owner or the tags changed (tags only on a saved row)."""
        tags = [tag.name for tag in self.tags.all()] if self.pk else []
        owner = self.owner.shown_name if self.owner else ""
        self.search_text = " ".join([self.name, self.hint, self.purpose, owner, *tags]).lower()

    def get_absolute_url(self) -> str:
        return reverse("token", args=[self.pk])
