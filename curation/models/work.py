"""The log, long work, and model endpoints."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from curation.errors import WrongState


class LogEntry(models.Model):
    """Append-only: who, verb, object, from, to, when. Ids of people and objects, never texts."""

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.PROTECT, null=True, related_name="log")
    person = models.ForeignKey("curation.Person", on_delete=models.PROTECT, null=True, related_name="log")
    actor = models.CharField(max_length=150, help_text="Sign-in name, or 'operator'")
    verb = models.CharField(max_length=40)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=40)
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20, blank=True)
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "log entries"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "id"], name="log_of_object"),
            models.Index(fields=["dataset", "object_type", "verb", "created_at"], name="log_of_days"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.object_type} {self.object_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise WrongState("The log is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        raise WrongState("The log is append-only.")


class LogSeal(models.Model):
    """A batch of log entries under one hash that goes on from the batch before: a changed entry breaks the chain."""

    first = models.BigIntegerField()
    last = models.BigIntegerField(unique=True)
    entries = models.PositiveIntegerField()
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["last"]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


class Job(models.Model):
    """A piece of long work that shows its progress and can be cancelled. `state` moves by `advance` alone."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, null=True, related_name="jobs")
    person = models.ForeignKey("curation.Person", on_delete=models.PROTECT, null=True, blank=True)
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    target_url = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    arguments = models.JSONField(default=dict)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    message = models.TextField(blank=True)
    result = models.JSONField(default=dict)
    cancel_requested = models.BooleanField(default=False)
    heartbeat_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


class Endpoint(models.Model):
    """Where a model answers: an OpenAI-compatible address, the model's name and settings. The key is encrypted.

    Limits and prices may change at any time: they are not part of what a judge or a response is identified by.
    """

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="endpoints")
    name = models.SlugField(max_length=60)
    url = models.CharField(max_length=300)
    model = models.CharField(max_length=200)
    snapshot = models.CharField(max_length=200, blank=True, help_text="Dated snapshot or revision")
    settings = models.JSONField(default=dict)
    limits = models.JSONField(default=dict, help_text="How fast to ask: the fields of curation.pacing.Limits")
    prices = models.JSONField(default=dict, help_text="Money for a million tokens: input, output, currency")
    encrypted_key = models.TextField(blank=True)
    closed_until = models.DateTimeField(
        null=True, help_text="When it asked to be left alone until (Retry-After)"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dataset", "name"], name="endpoint_once")]

    def __str__(self) -> str:
        return self.name
