from __future__ import annotations

from typing import Any

from django.db import models

from curation.ordered_json import Result
from judging.models.judge import Mode


class Study(models.Model):
    """A task's ratings and all verdicts of one judge and mode, and every statistic about them."""

    task = models.ForeignKey("annotation.RatingTask", on_delete=models.CASCADE, related_name="studies")
    judge = models.ForeignKey("judging.Judge", on_delete=models.PROTECT, related_name="studies")
    mode = models.CharField(max_length=5, choices=Mode, default=Mode.REF)
    seed = models.BigIntegerField(default=0)
    resamples = models.PositiveIntegerField(default=10_000)
    data_hash = models.CharField(max_length=64, help_text="Of ratings, verdicts, rubric and weights")
    code_version = models.CharField(max_length=40)
    result: models.Field[Any, Any] = Result()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "studies"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "task",
                    "judge",
                    "mode",
                    "seed",
                    "resamples",
                    "data_hash",
                    "code_version",
                ],
                name="study_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} × {self.judge} ({self.mode})"
