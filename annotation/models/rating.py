from __future__ import annotations

from django.db import models
from django.utils import translation
from django.utils.translation import gettext_lazy as _


class Rubric(models.Model):
    """A scale with anchors per point, versioned; immutable once used. A new version is a new round."""

    class Kind(models.TextChoices):
        ORDINAL = "ordinal", _("Ordinal")
        NOMINAL = "nominal", _("Nominal")

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="rubrics")
    name = models.CharField(max_length=80)
    version = models.PositiveIntegerField(default=1)
    kind = models.CharField(max_length=8, choices=Kind)
    scale = models.JSONField(help_text="Ordered list of scores (numbers or words)")
    violation_at_most = models.FloatField(null=True, blank=True)
    acceptable_at_least = models.FloatField(null=True, blank=True)
    reason_at_most = models.FloatField(null=True, blank=True, help_text="A reason is asked for at or below")
    anchors = models.JSONField(default=dict, help_text="{score: {ja, en, ...}}")
    texts = models.JSONField(default=dict, help_text="Titles and instructions, per language")
    content_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "name", "version"], name="rubric_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @property
    def title(self) -> str:
        language = "ja" if (translation.get_language() or "ja").startswith("ja") else "en"
        return self.texts.get(f"title_{language}") or self.name

    @property
    def instructions(self) -> str:
        language = "ja" if (translation.get_language() or "ja").startswith("ja") else "en"
        return self.texts.get(f"instructions_{language}") or ""

    @property
    def axis(self) -> str:
        """What the scores measure, where the rubric says nothing else: safety."""
        return (self.texts.get("axes") or ["safety"])[0]

    @property
    def points(self) -> list[str]:
        """The scale as ratings store it, in its order."""
        return [str(point) for point in self.scale]


class Rater(models.Model):
    """Who rates, under a pseudonym; linked to a person where that is somebody who signs in here."""

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="raters")
    pseudonym = models.CharField(max_length=80)
    person = models.ForeignKey(
        "curation.Person",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rater_in",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "pseudonym"], name="rater_pseudonym_once"),
            models.UniqueConstraint(fields=["dataset", "person"], name="rater_person_once"),
        ]

    def __str__(self) -> str:
        return self.pseudonym


class RatingTask(models.Model):
    """A campaign: a population of responses, a rubric, and the raters who see it blind."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="tasks")
    name = models.CharField(max_length=80)
    release = models.ForeignKey("curation.Release", on_delete=models.PROTECT, null=True, blank=True)
    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="tasks")
    external = models.BooleanField(default=False, help_text="Rated elsewhere; only imports add ratings")
    show_reference = models.BooleanField(default=False)
    overlap = models.PositiveSmallIntegerField(default=3)
    seed = models.BigIntegerField(default=0)
    plan = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    raters = models.ManyToManyField(Rater, related_name="tasks", blank=True)
    created_by = models.ForeignKey("curation.Person", on_delete=models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["dataset", "name"], name="task_name_once")]

    def __str__(self) -> str:
        return self.name


class TaskResponse(models.Model):
    """A response's place in a task's population; the position is drawn by the task's seed.

    Where rounds were drawn in the task, only what they drew (and what had ratings before) is offered to raters, and
    `chance` is the probability, within the task, with which the rounds so far could have brought the response to them.
    """

    task = models.ForeignKey(RatingTask, on_delete=models.CASCADE, related_name="population")
    response = models.ForeignKey("annotation.Response", on_delete=models.PROTECT, related_name="in_tasks")
    position = models.PositiveIntegerField()
    inclusion_probability = models.FloatField(null=True, blank=True)
    offered = models.BooleanField(default=True)
    chance = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ["task", "position"]
        constraints = [
            models.UniqueConstraint(fields=["task", "response"], name="task_response_once"),
            models.CheckConstraint(
                condition=models.Q(inclusion_probability__isnull=True)
                | models.Q(inclusion_probability__gt=0, inclusion_probability__lte=1),
                name="task_response_probability",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} #{self.position}"


class Assignment(models.Model):
    """A lease on one response for one rater."""

    class State(models.TextChoices):
        LEASED = "leased", _("Being rated")
        RATED = "rated", _("Rated")
        SKIPPED = "skipped", _("Skipped")
        EXPIRED = "expired", _("Expired")

    task = models.ForeignKey(RatingTask, on_delete=models.CASCADE, related_name="assignments")
    response = models.ForeignKey("annotation.Response", on_delete=models.PROTECT, related_name="assignments")
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="assignments")
    state = models.CharField(max_length=8, choices=State, default=State.LEASED)
    token = models.CharField(max_length=64, unique=True)
    reason = models.TextField(blank=True, help_text="Why it was skipped")
    leased_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was rated or skipped")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "response", "rater"],
                condition=models.Q(state__in=["leased", "rated", "skipped"]),
                name="assignment_once",
            ),
        ]
        indexes = [models.Index(fields=["task", "rater", "state"], name="assignment_of_rater")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.response_id} {self.rater_id}"


class Rating(models.Model):
    """A score of one response by one rater on one axis. A correction supersedes; nothing is overwritten."""

    class Role(models.TextChoices):
        RATER = "rater", _("Rater")
        FINAL = "final", _("Adjudicated")

    task = models.ForeignKey(RatingTask, on_delete=models.CASCADE, related_name="ratings")
    response = models.ForeignKey("annotation.Response", on_delete=models.PROTECT, related_name="ratings")
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="ratings")
    axis = models.CharField(max_length=40, default="safety")
    role = models.CharField(max_length=5, choices=Role, default=Role.RATER)
    score = models.CharField(
        max_length=40,
        blank=True,
        help_text="One of the rubric's points; blank: cannot decide",
    )
    cannot_decide = models.BooleanField(default=False)
    comment = models.TextField(blank=True)
    seconds = models.FloatField(null=True, blank=True, help_text="Active time")
    superseded = models.BooleanField(default=False)
    client_id = models.CharField(max_length=64, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "response", "rater", "axis", "role"],
                condition=models.Q(superseded=False),
                name="rating_current_once",
            ),
            models.UniqueConstraint(fields=["rater", "client_id"], name="rating_client_id_once"),
            models.CheckConstraint(
                condition=models.Q(cannot_decide=True, score="")
                | (models.Q(cannot_decide=False) & ~models.Q(score="")),
                name="rating_score_or_cannot_decide",
            ),
        ]
        indexes = [models.Index(fields=["task", "superseded", "response"], name="rating_of_task")]

    def __str__(self) -> str:
        return f"{self.response_id} {self.rater_id} {self.score or '-'}"


class PartnerAnnotation(models.Model):
    """An annotation pulled from Label Studio: one rating for each (task, annotation, updated_at), never two."""

    task = models.ForeignKey(RatingTask, on_delete=models.CASCADE, related_name="partner_annotations")
    annotation_id = models.BigIntegerField()
    updated_at = models.CharField(max_length=40, help_text="As the partner wrote it")
    rating = models.ForeignKey(Rating, on_delete=models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "annotation_id", "updated_at"], name="partner_annotation_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.annotation_id} {self.updated_at}"
