from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Mixture(models.Model):
    """Releases with repeat factors, resolved to counts, shares and hashes. Immutable, found by its hash."""

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="mixtures")
    hash = models.CharField(max_length=64)
    spec = models.JSONField(help_text="As the recipe names it")
    resolved = models.JSONField(
        help_text="Per source: release, root hash, split, items, repeat, examples, share"
    )
    releases = models.ManyToManyField("curation.Release", related_name="mixtures")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dataset", "hash"], name="mixture_once")]

    def __str__(self) -> str:
        return self.hash[:12]


class TrainingRun(models.Model):
    """One fine-tuning run. `state` moves by `advance` alone; the lease, not the queue's message, owns the work."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        LOST = "lost", _("Lost")

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="training_runs")
    name = models.CharField(max_length=120)
    recipe = models.JSONField()
    recipe_hash = models.CharField(max_length=64)
    mixture = models.ForeignKey(Mixture, on_delete=models.PROTECT, related_name="runs")
    person = models.ForeignKey("curation.Person", on_delete=models.PROTECT, null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    token = models.CharField(max_length=64, blank=True, help_text="Fences off a late earlier attempt")
    lease_until = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    step = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField(null=True)
    loss = models.FloatField(null=True)
    tokens_per_second = models.FloatField(null=True)
    failure = models.CharField(max_length=40, blank=True)
    message = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class Checkpoint(models.Model):
    """Files that count only with their manifest."""

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="checkpoints")
    step = models.PositiveIntegerField()
    folder = models.CharField(max_length=200, help_text="Below the run's own folder")
    manifest = models.JSONField()
    manifest_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-step"]
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="checkpoint_step_once")]

    def __str__(self) -> str:
        return f"{self.run_id} @ {self.step}"


class Evaluation(models.Model):
    """Before and after on the same frozen test questions."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="evaluations")
    release = models.ForeignKey("curation.Release", on_delete=models.PROTECT)
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, null=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    result = models.JSONField(default=dict)
    message = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"evaluation {self.pk}"
