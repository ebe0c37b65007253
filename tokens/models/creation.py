"""A token on its way: each step is stored before the next begins, so that a crash is resumed and never doubled."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .gateway import Account
from .token import Token


class Creation(models.Model):
    """One asked-for token, from the form to its receipt."""

    class Step(models.TextChoices):
        ASKED = "asked", _("Asked for")  # nothing was sent yet
        SENT = "sent", _("Sent to the gateway")  # written before the one POST: from here on only looking is allowed
        FOUND = "found", _("Found by its id")
        NAMED = "named", _("Given its name")
        KEYED = "keyed", _("Key fetched")
        READ = "read", _("Read back")
        DONE = "done", _("Checked")
        FAILED = "failed", _("Not made")

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="creations")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="creations")
    actor_name = models.CharField(max_length=150)
    address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    step = models.CharField(max_length=8, choices=Step.choices, default=Step.ASKED)
    draft = models.JSONField()  # what was asked, in the gateway's units; times as unix seconds
    about = models.JSONField(default=dict)  # purpose, owner id, tags; name_refused, name_refusal when the name was
    nonce = models.CharField(max_length=28, unique=True)  # the token's name until it is found
    newest_before = models.BigIntegerField(default=0)  # the account's highest token id before the POST
    remote_id = models.BigIntegerField(null=True, blank=True)
    token = models.ForeignKey(Token, on_delete=models.SET_NULL, null=True, blank=True, related_name="creations")
    kept = models.JSONField(default=list, blank=True)  # [{"field", "asked", "kept", "same"}]
    look = models.JSONField(default=dict, blank=True)  # the first look with the key: verdict, light, evidence
    spans = models.JSONField(default=dict, blank=True)  # step: milliseconds
    error = models.CharField(max_length=300, blank=True)
    looked = models.PositiveSmallIntegerField(default=0)  # looks for the nonce since the POST
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    key_shown_at = models.DateTimeField(null=True, blank=True)  # the receipt shows the key once
    next_try_at = models.DateTimeField(null=True, blank=True)  # None: nothing left to do
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["next_try_at"], name="creation_due")]

    def __str__(self) -> str:
        return str(self.draft.get("name", self.nonce))

    @property
    def is_over(self) -> bool:
        return self.step in (self.Step.DONE, self.Step.FAILED)

    @property
    def dropped(self) -> list[dict[str, Any]]:
        """What the gateway did not keep as it was asked."""
        return [row for row in self.kept if not row["same"]]

    def get_absolute_url(self) -> str:
        return reverse("creation", args=[self.uid])
