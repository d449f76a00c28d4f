from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from judging.profiles import label_of


class Judge(models.Model):
    """Model + prompt + parameters + parser version: immutable, identified by its hash.

    A judge without an endpoint was run elsewhere; only imports add its verdicts.
    """

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="judges")
    name = models.CharField(max_length=120)
    hash = models.CharField(max_length=64)
    spec = models.JSONField(default=dict, help_text="Model, snapshot, prompt, system text, sampling, parser")
    endpoint = models.ForeignKey("curation.Endpoint", on_delete=models.PROTECT, null=True, blank=True)
    imported = models.BooleanField(default=False)
    rubrics = models.ManyToManyField(
        "annotation.Rubric",
        related_name="judges",
        blank=True,
        help_text="Those that its imported verdicts came in on, where only its name is known",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "name"], name="judge_name_once"),
            models.UniqueConstraint(fields=["dataset", "hash"], name="judge_hash_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def profile(self) -> str:
        """The words for a judge that behaves as a published tool does; '' for every other."""
        label = label_of(self.spec)
        return str(_(label)) if label else ""


class Mode(models.TextChoices):
    REF = "ref", _("With reference")
    NOREF = "noref", _("Without reference")


class JudgeRun(models.Model):
    """One pass of a judge over a population. `state` moves by `advance` alone.

    `note` says in English why the run paused or failed. `stop_as` is what somebody asked for: pause or cancel. The caps
    are over all attempts of the run; null: no cap.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        SUCCEEDED = "succeeded", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="runs")
    task = models.ForeignKey("annotation.RatingTask", on_delete=models.PROTECT, null=True, blank=True)
    release = models.ForeignKey("curation.Release", on_delete=models.PROTECT, null=True, blank=True)
    models_named = models.JSONField(default=list)
    modes = models.JSONField(default=list)
    repeats = models.PositiveSmallIntegerField(default=3)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    note = models.TextField(blank=True)
    stop_as = models.CharField(max_length=10, blank=True)
    most_tokens = models.PositiveBigIntegerField(null=True)
    most_money = models.FloatField(null=True, help_text="In the currency of the endpoint's prices")
    job = models.ForeignKey("curation.Job", on_delete=models.SET_NULL, null=True, blank=True)
    person = models.ForeignKey("curation.Person", on_delete=models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.judge} #{self.pk}"


class JudgeCall(models.Model):
    """One (response, mode, repeat) of a judge: called once, whatever happens."""

    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="calls")
    response = models.ForeignKey("annotation.Response", on_delete=models.PROTECT, related_name="judge_calls")
    mode = models.CharField(max_length=5, choices=Mode)
    repeat = models.PositiveSmallIntegerField(default=0)
    run = models.ForeignKey(JudgeRun, on_delete=models.SET_NULL, null=True, related_name="calls")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["judge", "response", "mode", "repeat"], name="judge_call_once"),
        ]

    def __str__(self) -> str:
        return f"{self.judge_id} {self.response_id} {self.mode} {self.repeat}"


class Attempt(models.Model):
    """One request and what came back, stored raw as it came. `run` is the one that made it, not the one that planned it."""

    call = models.ForeignKey(JudgeCall, on_delete=models.CASCADE, related_name="attempts")
    run = models.ForeignKey(JudgeRun, on_delete=models.SET_NULL, null=True, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    request = models.JSONField(default=dict)
    reply = models.TextField(blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=200, blank=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    tokens_in = models.PositiveIntegerField(null=True)
    tokens_out = models.PositiveIntegerField(null=True)
    milliseconds = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "number"], name="attempt_number_once")]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.call_id}"


class Verdict(models.Model):
    """A score or a named failure; never both, and a failure is never a number."""

    class Status(models.TextChoices):
        OK = "ok", _("Scored")
        REFUSED = "refused", _("Refused")
        PROVIDER_FILTERED = "provider_filtered", _("Filtered by the provider")
        TRUNCATED = "truncated", _("Cut off")
        OFF_FORMAT = "off_format", _("Unreadable")
        OUT_OF_RANGE = "out_of_range", _("Outside the scale")
        TRANSPORT = "transport", _("Connection failed")
        TIMEOUT = "timeout", _("Timed out")

    call = models.OneToOneField(JudgeCall, on_delete=models.CASCADE, related_name="verdict")
    status = models.CharField(max_length=17, choices=Status)
    score = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    parser_version = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(models.Q(status="ok") & ~models.Q(score=""))
                | (~models.Q(status="ok") & models.Q(score="")),
                name="verdict_score_or_failure",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call_id} {self.score or self.status}"
