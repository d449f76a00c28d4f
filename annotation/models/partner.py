"""The exchange of a task with Label Studio: where, what came from there, and what somebody must decide."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class PartnerServer(models.Model):
    """The Label Studio that a dataset exchanges ratings with, where it is not the one of the settings."""

    dataset = models.OneToOneField(
        "curation.Dataset", on_delete=models.CASCADE, related_name="partner_server"
    )
    url = models.CharField(max_length=300)
    encrypted_key = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.url


class Exchange(models.Model):
    """A task's exchange with one server. Whoever exchanges holds it (`holder`, until `held_until`): one at a time.

    `token` marks what is ours over there, so that what was made just before a crash is found again. `hinted_at` is set
    by a webhook and emptied when the pull that it asked for begins.
    """

    task = models.ForeignKey("annotation.RatingTask", on_delete=models.CASCADE, related_name="exchanges")
    url = models.CharField(max_length=300)
    token = models.CharField(max_length=64)
    secret_hash = models.CharField(max_length=64, blank=True, help_text="sha256 of the webhook's secret")
    hinted_at = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=40, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)
    pushed_at = models.DateTimeField(null=True, blank=True)
    pulled_at = models.DateTimeField(null=True, blank=True, help_text="When a pull last came to its end")
    compared_at = models.DateTimeField(
        null=True, blank=True, help_text="When all that is there was last compared"
    )
    failed_at = models.DateTimeField(null=True, blank=True, help_text="Of the last attempt, where it failed")
    failure = models.TextField(blank=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text="Attempts that failed in a row")
    last = models.JSONField(default=dict, help_text="Counts of the last exchange")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "url"], name="exchange_once")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.url}"


class PartnerProject(models.Model):
    """A project over there. A task with two arms has two, numbered like the slots of raters (even, odd): in each,
    one half of the questions shows its reference answer.
    """

    exchange = models.ForeignKey(Exchange, on_delete=models.CASCADE, related_name="projects")
    number = models.PositiveSmallIntegerField(default=0)
    project_id = models.BigIntegerField(null=True, blank=True)
    webhook_id = models.BigIntegerField(null=True, blank=True)
    watermark = models.CharField(max_length=40, blank=True, help_text="Newest change seen, as they wrote it")

    class Meta:
        ordering = ["exchange", "number"]
        constraints = [models.UniqueConstraint(fields=["exchange", "number"], name="partner_project_once")]

    def __str__(self) -> str:
        return f"{self.exchange_id} #{self.number} {self.project_id}"


class PartnerRater(models.Model):
    """Who somebody over there is here: a rater, nobody yet, or somebody whose annotations are left out."""

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="partner_raters")
    url = models.CharField(max_length=300)
    user_id = models.BigIntegerField()
    mail = models.CharField(max_length=254, blank=True)
    rater = models.ForeignKey(
        "annotation.Rater", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    ignored = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "url", "user_id"], name="partner_rater_once")
        ]

    def __str__(self) -> str:
        return f"{self.url} {self.user_id}"


class PartnerAnnotation(models.Model):
    """One version of an annotation over there, never two of the same (project, annotation, updated_at).

    `scores` has a point for each axis, and is empty where the annotator could not decide or something is `wrong`.
    """

    class Status(models.TextChoices):
        TAKEN = "taken", _("Taken as a rating")
        WAITING = "waiting", _("Waits for a decision")
        LEFT = "left", _("Left out")
        REPLACED = "replaced", _("Replaced by a newer version")

    project = models.ForeignKey(PartnerProject, on_delete=models.CASCADE, related_name="annotations")
    annotation_id = models.BigIntegerField()
    updated_at = models.CharField(max_length=40, help_text="As the partner wrote it")
    their_task = models.BigIntegerField(help_text="Number of the task over there")
    user_id = models.BigIntegerField()
    response = models.ForeignKey("annotation.Response", on_delete=models.CASCADE, related_name="+")
    with_reference = models.BooleanField(default=False)
    scores = models.JSONField(default=dict)
    comment = models.TextField(blank=True)
    seconds = models.FloatField(null=True, blank=True)
    wrong = models.CharField(max_length=80, blank=True, help_text="What is on no scale of the rubric")
    status = models.CharField(max_length=8, choices=Status)
    gone = models.BooleanField(default=False, help_text="Deleted over there")
    never_again = models.BooleanField(default=False, help_text="Later versions are left out unasked")
    rating = models.ForeignKey("annotation.Rating", on_delete=models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "annotation_id", "updated_at"], name="partner_annotation_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.annotation_id} {self.updated_at}"


class PartnerConflict(models.Model):
    """Something that came from there and that no rule decides: a person does, once."""

    class Kind(models.TextChoices):
        EDITED = "edited", _("Edited there after it was taken")
        BOTH = "both", _("Rated or changed on both sides")
        DELETED = "deleted", _("Deleted there after it was taken")
        UNKNOWN_RATER = "unknown", _("Unknown rater")
        OFF_SCALE = "off_scale", _("Score outside the scale")
        SURPLUS = "surplus", _("More ratings than the overlap")

    class Decision(models.TextChoices):
        TAKE = "take", _("Take theirs")
        KEEP = "keep", _("Keep ours")
        IGNORE = "ignore", _("Ignore it for good")
        LINK = "link", _("This is a rater here")
        EXTERNAL = "external", _("Make a rater of them")
        OVERTAKEN = "overtaken", _("Overtaken by a later change there")

    exchange = models.ForeignKey(Exchange, on_delete=models.CASCADE, related_name="conflicts")
    kind = models.CharField(max_length=9, choices=Kind)
    annotation = models.ForeignKey(
        PartnerAnnotation, on_delete=models.CASCADE, null=True, related_name="conflicts"
    )
    who = models.ForeignKey(PartnerRater, on_delete=models.CASCADE, null=True, related_name="conflicts")
    decision = models.CharField(max_length=9, choices=Decision, blank=True)
    decided_by = models.ForeignKey(
        "curation.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["exchange", "annotation", "kind"],
                condition=models.Q(decision="", annotation__isnull=False),
                name="partner_conflict_once",
            ),
            models.UniqueConstraint(
                fields=["exchange", "who"],
                condition=models.Q(decision="", kind="unknown"),
                name="partner_unknown_rater_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exchange_id} {self.kind} {self.annotation_id or self.who_id}"
