from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class DoubleReview(models.Model):
    """A text that two reviewers judge, neither knowing what the other said; a lead settles what they differ on.

    It stands from the first opinion on. `agreed` is None until there are two. The item stays in review meanwhile.
    """

    class Why(models.TextChoices):
        SAMPLED = "sampled", _("Drawn for a second review")
        ASKED = "asked", _("The reviewer asked for it")
        FIXED = "fixed", _("The reviewer mended it")

    item = models.ForeignKey("curation.Item", on_delete=models.CASCADE, related_name="doubles")
    revision = models.OneToOneField(
        "curation.Revision",
        on_delete=models.PROTECT,
        related_name="double",
        help_text="What is to be read next",
    )
    why = models.CharField(max_length=7, choices=Why)
    agreed = models.BooleanField(null=True)
    settled_by = models.ForeignKey(
        "curation.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.revision_id} {self.why}"


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
    reasons = models.JSONField(default=dict, blank=True, help_text="{part: code} of what is not good")
    comment = models.TextField(blank=True)
    guideline = models.ForeignKey("curation.Guideline", on_delete=models.PROTECT, null=True, blank=True)
    codebook = models.ForeignKey(
        "curation.Codebook", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decides = models.BooleanField(default=True, help_text="False: an opinion of a double review")
    double = models.ForeignKey(
        "curation.DoubleReview", on_delete=models.PROTECT, null=True, blank=True, related_name="opinions"
    )
    client_id = models.CharField(max_length=64, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["created_at"], name="review_of_days")]
        constraints = [
            models.UniqueConstraint(fields=["item", "client_id"], name="review_client_id_once"),
            models.CheckConstraint(
                condition=models.Q(kind="import") | models.Q(reviewer__isnull=False),
                name="review_has_reviewer",
            ),
            models.CheckConstraint(
                condition=models.Q(decides=True) | models.Q(double__isnull=False),
                name="review_opinion_of_a_double",
            ),
            models.CheckConstraint(
                condition=models.Q(reason="") | models.Q(codebook__isnull=False),
                name="review_reason_of_a_codebook",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.decision}"
