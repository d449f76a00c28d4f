from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


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
    warned_at = models.DateTimeField(null=True, blank=True, help_text="When the content warning was read")

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

    class Split(models.TextChoices):
        ALL = "all", _("All questions")
        TEST = "test", _("Test questions")
        DEV = "dev", _("Development questions")

    class Arms(models.TextChoices):
        WITHOUT = "without", _("Without the reference answer")
        WITH = "with", _("With the reference answer")
        BOTH = "both", _("Both, in separate arms")

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="tasks")
    name = models.CharField(max_length=80)
    release = models.ForeignKey("curation.Release", on_delete=models.PROTECT, null=True, blank=True)
    split = models.CharField(max_length=4, choices=Split, default=Split.ALL)
    rubric = models.ForeignKey("annotation.Rubric", on_delete=models.PROTECT, related_name="tasks")
    external = models.BooleanField(default=False, help_text="Rated elsewhere; only imports add ratings")
    arms = models.CharField(max_length=7, choices=Arms, default=Arms.WITHOUT)
    overlap = models.PositiveSmallIntegerField(default=3)
    seed = models.BigIntegerField(default=0)
    plan = models.JSONField(default=dict)
    gold_share = models.FloatField(default=0, help_text="Share of what a rater gets that is a silent check")
    qualify_at = models.FloatField(
        null=True, blank=True, help_text="Share of the practice set to get right first; empty: no practice"
    )
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    raters = models.ManyToManyField(Rater, through="TaskRater", related_name="tasks", blank=True)
    created_by = models.ForeignKey("curation.Person", on_delete=models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "name"], name="task_name_once"),
            models.CheckConstraint(
                condition=models.Q(gold_share__gte=0, gold_share__lte=0.5), name="task_gold_share"
            ),
            models.CheckConstraint(
                condition=models.Q(qualify_at__isnull=True) | models.Q(qualify_at__gte=0, qualify_at__lte=1),
                name="task_qualify_at",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TaskRater(models.Model):
    """A rater's place in a task. `slot` numbers them in the order they joined; two arms are dealt by it."""

    task = models.ForeignKey(RatingTask, on_delete=models.CASCADE, related_name="places")
    rater = models.ForeignKey(Rater, on_delete=models.CASCADE, related_name="places")
    slot = models.PositiveSmallIntegerField(default=0)
    paused = models.BooleanField(default=False, help_text="Gets nothing more until the lead says so")
    joined_at = models.DateTimeField(auto_now_add=True)

    # What `queries.place_of` reads along.
    rates: bool
    closes: bool
    span: int

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "rater"], name="task_rater_once"),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.rater_id} #{self.slot}"


class TaskResponse(models.Model):
    """A response's place in a task's population; the position is drawn by the task's seed.

    `open_without` and `open_with` say where free places are likely (one column for each arm): a lease counts the truth
    again before it takes one. `side` parts the questions in two halves, so that with two arms each rater sees the
    reference for one half of them.

    Where rounds were drawn in the task, only what they drew (and what had ratings before) is offered to raters, and
    `chance` is the probability, within the task, with which the rounds so far could have brought the response to them.
    """

    task = models.ForeignKey(RatingTask, on_delete=models.CASCADE, related_name="population", db_index=False)
    response = models.ForeignKey("annotation.Response", on_delete=models.PROTECT, related_name="in_tasks")
    category = models.ForeignKey("curation.Category", on_delete=models.PROTECT, null=True, related_name="+")
    position = models.PositiveIntegerField()
    side = models.PositiveSmallIntegerField(default=0)
    open_without = models.PositiveSmallIntegerField(default=0)
    open_with = models.PositiveSmallIntegerField(default=0)
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
        indexes = [
            models.Index(
                fields=["task", "position"],
                condition=models.Q(offered=True) & (models.Q(open_without__gt=0) | models.Q(open_with__gt=0)),
                name="task_response_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} #{self.position}"


class Assignment(models.Model):
    """A lease on one response for one rater. What was typed into one that ran out stays in its draft.

    `turn` counts what the rater was given in the task: the order in which responses were seen is on record.
    """

    class State(models.TextChoices):
        LEASED = "leased", _("Being rated")
        RATED = "rated", _("Rated")
        SKIPPED = "skipped", _("Skipped")
        EXPIRED = "expired", _("Expired")

    class SkipReason(models.TextChoices):
        DISTRESSING = "distressing", _("Too hard on me")
        UNCLEAR = "unclear", _("I do not understand it")
        EXPERTISE = "expertise", _("It needs special knowledge")
        BROKEN = "broken", _("The text is broken")
        CONFLICT = "conflict", _("I know who wrote it")
        OTHER = "other", _("Something else")

    # Each rating writes into every index here: a column has none of its own where another begins with it.
    task = models.ForeignKey(RatingTask, on_delete=models.CASCADE, related_name="assignments", db_index=False)
    response = models.ForeignKey(
        "annotation.Response", on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="assignments")
    gold = models.ForeignKey("annotation.GoldCase", on_delete=models.PROTECT, null=True, related_name="+")
    with_reference = models.BooleanField(default=False)
    turn = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.LEASED)
    token = models.CharField(max_length=64, unique=True)
    reason_code = models.CharField(max_length=12, choices=SkipReason, blank=True)
    reason = models.TextField(blank=True, help_text="Why it was skipped, in words")
    draft = models.JSONField(default=dict, blank=True, help_text="{comment, scores} not yet submitted")
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
            models.UniqueConstraint(
                fields=["task", "rater"], condition=models.Q(state="leased"), name="assignment_one_lease"
            ),
            models.UniqueConstraint(fields=["task", "rater", "turn"], name="assignment_turn_once"),
        ]
        indexes = [
            # In this order they serve what is asked of all raters too: who is out, and who is on a response.
            models.Index(fields=["task", "state", "rater"], name="assignment_by_state"),
            models.Index(fields=["response", "task", "rater"], name="assignment_by_response"),
            models.Index(
                fields=["task", "rater", "ended_at"],
                condition=models.Q(ended_at__isnull=False),
                name="assignment_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.response_id} {self.rater_id}"
