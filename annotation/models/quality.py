from __future__ import annotations

from django.db import models


class TaskQuality(models.Model):
    """The quality of a task's ratings as it was last worked out; `mark` names the rows and the code it came from."""

    task = models.OneToOneField("annotation.RatingTask", on_delete=models.CASCADE, related_name="quality")
    mark = models.CharField(max_length=64)
    result = models.JSONField()
    created_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.task_id} {self.mark[:8]}"
