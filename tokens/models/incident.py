"""Transitions that were settled, and the open problems made of them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse

from tokens.health.verdicts import State

from .check import LIGHTS
from .gateway import Account, Gateway
from .token import Token


class Incident(models.Model):
    """An open problem of a token, an account or a gateway, from its first Change to its recovery."""

    light = models.CharField(max_length=8, choices=LIGHTS)
    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, related_name="incidents")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, blank=True, related_name="incidents")
    token = models.ForeignKey(Token, on_delete=models.CASCADE, null=True, blank=True, related_name="incidents")
    subject_name = models.CharField(max_length=120)
    verdict = models.CharField(max_length=32)
    note = models.CharField(max_length=300, blank=True)
    severity = models.CharField(max_length=10, default="warning")
    evidence = models.JSONField(default=list, blank=True)
    tokens_affected = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField()  # the first look that said so
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gateway"],
                condition=models.Q(light="gateway", closed_at=None),
                name="one_open_incident_a_gateway",
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(light="account", closed_at=None),
                name="one_open_incident_an_account",
            ),
            models.UniqueConstraint(
                fields=["token"], condition=models.Q(light="token", closed_at=None), name="one_open_incident_a_token"
            ),
        ]
        indexes = [models.Index(fields=["closed_at", "-opened_at"], name="incident_open_first")]

    def __str__(self) -> str:
        return f"{self.pk} {self.light} {self.subject_name} {self.verdict}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    def subject(self) -> Token | Account | Gateway:
        return self.token or self.account or self.gateway

    def get_absolute_url(self) -> str:
        return reverse("incident", args=[self.pk])


class Change(models.Model):
    """A stored transition of one light; alerts are made from it (the outbox)."""

    light = models.CharField(max_length=8, choices=LIGHTS)
    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, related_name="changes")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, blank=True, related_name="changes")
    token = models.ForeignKey(Token, on_delete=models.CASCADE, null=True, blank=True, related_name="changes")
    incident = models.ForeignKey(Incident, on_delete=models.SET_NULL, null=True, blank=True, related_name="changes")
    old_state = models.CharField(max_length=12)
    new_state = models.CharField(max_length=12)
    old_verdict = models.CharField(max_length=32, blank=True)
    verdict = models.CharField(max_length=32)
    note = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField()  # the first look that said so
    at = models.DateTimeField()  # when it was settled
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["at"], condition=models.Q(processed_at=None), name="change_unprocessed"),
            models.Index(fields=["token", "-at"], name="change_of_token"),
        ]

    def __str__(self) -> str:
        return f"{self.light} {self.old_state} to {self.new_state}"

    def subject(self) -> Token | Account | Gateway:
        return self.token or self.account or self.gateway

    @property
    def event(self) -> str:
        """failing, degraded or recovered: what a person is told."""
        if self.new_state == State.FAILING:
            return "failing"
        # Out of failing is a recovery, even into degraded: whoever heard of the failure must hear that it is over.
        return "recovered" if self.old_state == State.FAILING or self.new_state == State.HEALTHY else "degraded"
