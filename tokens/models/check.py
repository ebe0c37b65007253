"""History is streaks, not rows: a look that says nothing new extends the open streak on its subject's own row."""

from __future__ import annotations

from django.db import models

LIGHTS = [("token", "token"), ("account", "account"), ("gateway", "gateway")]


class Streak(models.Model):
    """A closed run of looks at one subject with the same verdict and rung inside one UTC day."""

    light = models.CharField(max_length=8, choices=LIGHTS)
    subject_id = models.BigIntegerField()
    day = models.DateField()
    rung = models.CharField(max_length=12)
    verdict = models.CharField(max_length=32)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    looks = models.PositiveIntegerField()
    ms_min = models.PositiveIntegerField(null=True)
    ms_max = models.PositiveIntegerField(null=True)
    ms_sum = models.PositiveBigIntegerField(default=0)
    evidence = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [models.Index(fields=["light", "subject_id", "day"], name="streak_of_subject")]

    def __str__(self) -> str:
        return f"{self.light} {self.subject_id} {self.day} {self.verdict} x{self.looks}"


class Pulse(models.Model):
    """When something that must keep running was last alive: beat, worker."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    detail = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return self.name


class Bucket(models.Model):
    """A host's allowance of one kind of call, shared by every worker; `version` makes each change conditional."""

    host = models.CharField(max_length=255)
    kind = models.CharField(max_length=12)  # checks, management, critical, search, slots
    level = models.FloatField()
    refilled_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "kind"], name="bucket_once")]

    def __str__(self) -> str:
        return f"{self.host} {self.kind}"
