from __future__ import annotations

from django.db import models


class Dismissal(models.Model):
    """A person's word that a check's finding is all right as it is.

    It holds on to the text at the finding's places by `fingerprint`: where that changes, the finding is back.
    """

    item = models.ForeignKey("curation.Item", on_delete=models.CASCADE, related_name="dismissals")
    person = models.ForeignKey("curation.Person", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=20, help_text="Which check")
    part = models.CharField(max_length=8)
    fingerprint = models.CharField(max_length=32)
    reason = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["item", "fingerprint"], name="dismissal_once"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.part} {self.key}"
