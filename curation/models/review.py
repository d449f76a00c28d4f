from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Review(models.Model):
    """One person's decision on one revision; question and answer are judged separately."""

    class Decision(models.TextChoices):
        APPROVE = "approve", _("Accepted")
        FIX_AND_APPROVE = "fix_and_approve", _("Fixed and accepted")
        REQUEST_CHANGES = "request_changes", _("Sent back")
        REQUEST_ANSWER = "request_answer", _("New answer asked for")
        REJECT = "reject", _("Rejected")

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        IMPORT = "import", _("Import")

    item = models.ForeignKey("curation.Item", on_delete=models.CASCADE, related_name="reviews")
    revision = models.ForeignKey("curation.Revision", on_delete=models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey("curation.Person", on_delete=models.PROTECT, null=True, blank=True)
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.PERSON)
    decision = models.CharField(max_length=16, choices=Decision)
    question_ok = models.BooleanField(null=True)
    answer_ok = models.BooleanField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    comment = models.TextField(blank=True)
    guideline = models.ForeignKey("curation.Guideline", on_delete=models.PROTECT, null=True, blank=True)
    client_id = models.CharField(max_length=64, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["item", "client_id"], name="review_client_id_once"),
            models.CheckConstraint(
                condition=models.Q(kind="import") | models.Q(reviewer__isnull=False),
                name="review_has_reviewer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.decision}"
