from __future__ import annotations

from django.db import models


class PartnerAnnotation(models.Model):
    """An annotation pulled from Label Studio: one rating for each (task, annotation, updated_at), never two."""

    task = models.ForeignKey(
        "annotation.RatingTask", on_delete=models.CASCADE, related_name="partner_annotations"
    )
    annotation_id = models.BigIntegerField()
    updated_at = models.CharField(max_length=40, help_text="As the partner wrote it")
    rating = models.ForeignKey("annotation.Rating", on_delete=models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "annotation_id", "updated_at"], name="partner_annotation_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.annotation_id} {self.updated_at}"
