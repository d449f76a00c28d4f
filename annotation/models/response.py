from __future__ import annotations

from django.db import models


class Response(models.Model):
    """What a model answered to one question, bound to its text's hash.

    Identified by (question, model with checkpoint hash, settings hash, sample number). A response known by its id only
    (`text_known` false) is never merged with a text later.
    """

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="responses")
    item = models.ForeignKey("curation.Item", on_delete=models.PROTECT, null=True, related_name="responses")
    item_key = models.CharField(max_length=200, help_text="The item's external id")
    question_hash = models.CharField(max_length=64, blank=True)
    question_text = models.ForeignKey("curation.Text", on_delete=models.PROTECT, null=True, related_name="+")
    labels = models.JSONField(default=list, help_text="Exact labels of the item's category, root first")
    model = models.CharField(max_length=300)
    model_hash = models.CharField(max_length=64, blank=True, help_text="Of the checkpoint, where known")
    settings_hash = models.CharField(max_length=64, blank=True)
    sample_number = models.PositiveIntegerField(default=0)
    text = models.ForeignKey("curation.Text", on_delete=models.PROTECT, null=True, related_name="+")
    text_known = models.BooleanField(default=True)
    stated_hash = models.CharField(
        max_length=64, blank=True, help_text="Of the text, where an import named it without bringing it"
    )
    turns = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "dataset",
                    "item_key",
                    "question_hash",
                    "model",
                    "model_hash",
                    "settings_hash",
                    "sample_number",
                ],
                name="response_once",
            ),
            models.CheckConstraint(
                condition=models.Q(text__isnull=False, text_known=True)
                | models.Q(text__isnull=True, text_known=False),
                name="response_text_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_key} × {self.model}"
