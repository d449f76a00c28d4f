from __future__ import annotations

from typing import Any

from django.db import models

from curation.ordered_json import Result


class TaskQuality(models.Model):
    """The quality of a task's ratings as it was last worked out; `mark` names the rows and the code it came from."""

    task = models.OneToOneField("annotation.RatingTask", on_delete=models.CASCADE, related_name="quality")
    mark = models.CharField(max_length=64)
    result: models.Field[Any, Any] = Result()
    created_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.task_id} {self.mark[:8]}"
