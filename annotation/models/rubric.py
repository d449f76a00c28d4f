from __future__ import annotations

from django.db import models
from django.utils import translation
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from annotation.axes import Axis, axes_of


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
    signed_by = models.ForeignKey(
        "curation.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="rubrics_signed"
    )
    signed_at = models.DateTimeField(null=True, blank=True, help_text="When a native reader took it on")
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

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """What is scored, the main axis (that of studies) first."""
        return axes_of(self)

    @property
    def axis(self) -> str:
        """The main axis: what the scores measure, where the rubric says nothing else: safety."""
        return self.axes[0].name

    @property
    def points(self) -> list[str]:
        """The scale as ratings store it, in its order."""
        return [str(point) for point in self.scale]


class GoldCase(models.Model):
    """A response whose right scores are known: to practise on with an explanation, or slipped in unseen.

    It hangs on the rubric, not on a task: whoever rates by this version can be trained and checked with it.
    """

    class Use(models.TextChoices):
        PRACTICE = "practice", _("Practice")
        GOLD = "gold", _("Silent check")

    rubric = models.ForeignKey(Rubric, on_delete=models.CASCADE, related_name="gold_cases")
    response = models.ForeignKey("annotation.Response", on_delete=models.PROTECT, related_name="gold_cases")
    use = models.CharField(max_length=8, choices=Use)
    position = models.PositiveIntegerField()
    accepted = models.JSONField(help_text="{axis: [points that count as right]}")
    reference_text = models.ForeignKey("curation.Text", on_delete=models.PROTECT, null=True, related_name="+")
    explanation_ja = models.TextField(blank=True)
    explanation_en = models.TextField(blank=True)

    class Meta:
        ordering = ["rubric", "position"]
        constraints = [
            models.UniqueConstraint(fields=["rubric", "response"], name="gold_case_once"),
            models.UniqueConstraint(fields=["rubric", "use", "position"], name="gold_case_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.rubric} {self.use} {self.position}"


class Qualification(models.Model):
    """One attempt of a rater at the practice set of a rubric's version. `passed` is empty until the last answer."""

    rater = models.ForeignKey("annotation.Rater", on_delete=models.CASCADE, related_name="qualifications")
    rubric = models.ForeignKey(Rubric, on_delete=models.CASCADE, related_name="qualifications")
    attempt = models.PositiveSmallIntegerField(default=1)
    asked = models.PositiveIntegerField(default=0)
    right = models.PositiveIntegerField(default=0)
    passed = models.BooleanField(null=True)
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rater", "rubric", "attempt"], name="qualification_attempt_once"),
        ]

    def __str__(self) -> str:
        return f"{self.rater_id} {self.rubric_id} #{self.attempt}"


class PracticeAnswer(models.Model):
    """What a rater answered to a practice case in one attempt; never a rating."""

    qualification = models.ForeignKey(Qualification, on_delete=models.CASCADE, related_name="answers")
    case = models.ForeignKey(GoldCase, on_delete=models.PROTECT, related_name="answers")
    scores = models.JSONField(help_text="{axis: point}")
    right = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["qualification", "case"], name="practice_answer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.qualification_id} {self.case_id}"
