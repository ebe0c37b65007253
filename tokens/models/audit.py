"""Who did what to what, when and from where: written once, with the act, and never changed."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models


class AuditEvent(models.Model):
    """One act. Names are frozen as they were, so that an entry outlives what it describes."""

    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=150)  # "Keyward" for what nobody asked for
    action = models.CharField(max_length=40)  # token.add, channel.edit, sign_in.failed …
    object_kind = models.CharField(max_length=20, blank=True)
    object_id = models.BigIntegerField(null=True, blank=True)
    object_name = models.CharField(max_length=160, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)  # of the key concerned, for "where was this key"
    changes = models.JSONField(default=dict, blank=True)  # {"field": ["before", "after"]}, secrets as fingerprints
    address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)  # of this entry and the one before: the chain

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["-at"], name="audit_at"),
            models.Index(fields=["action", "-id"], name="audit_action"),
            models.Index(fields=["object_kind", "object_id", "-id"], name="audit_object"),
            models.Index(fields=["actor_name", "-id"], name="audit_actor"),
            models.Index(fields=["fingerprint"], condition=~models.Q(fingerprint=""), name="audit_fingerprint"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.object_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise TypeError("An audit event is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("An audit event is never deleted")


class Installation(models.Model):
    """The one row about this installation."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    ring_check = models.TextField(blank=True)  # tells a wrong encryption key before it writes anything
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return "this installation"
