from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Rating(models.Model):
    """A score of one response by one rater on one axis. A correction supersedes; nothing is overwritten.

    The role `gold` is a silent check of the rater, on a response outside the population: no statistic takes it.
    """

    class Role(models.TextChoices):
        RATER = "rater", _("Rater")
        FINAL = "final", _("Adjudicated")
        GOLD = "gold", _("Silent check")

    # Each rating writes into every index here: a column has none of its own where another begins with it.
    task = models.ForeignKey(
        "annotation.RatingTask", on_delete=models.CASCADE, related_name="ratings", db_index=False
    )
    response = models.ForeignKey("annotation.Response", on_delete=models.PROTECT, related_name="ratings")
    rater = models.ForeignKey(
        "annotation.Rater", on_delete=models.PROTECT, related_name="ratings", db_index=False
    )
    axis = models.CharField(max_length=40, default="safety")
    with_reference = models.BooleanField(
        default=False, help_text="Whether the rater saw the reference answer"
    )
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
            models.UniqueConstraint(
                fields=["task", "response", "axis"],
                condition=models.Q(superseded=False, role="final"),
                name="rating_final_once",
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
