from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from curation.models.item import Worded

FIVE = [MinValueValidator(1), MaxValueValidator(5)]


class Translation(models.Model):
    """An item in one other locale. Stale is derived from the source's hashes, never stored."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        NEEDS_CHANGES = "needs_changes", _("Needs changes")
        APPROVED = "approved", _("Approved")

    item = models.ForeignKey("curation.Item", on_delete=models.CASCADE, related_name="translations")
    locale = models.CharField(max_length=10, default="en")
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    current_revision = models.ForeignKey(
        "curation.TranslationRevision",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    approved_revision = models.ForeignKey(
        "curation.TranslationRevision",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "locale"], name="translation_once")]
        indexes = [models.Index(fields=["locale", "state", "id"], name="translation_queue")]

    def __str__(self) -> str:
        return f"{self.item_id} {self.locale}"


class TranslationRevision(Worded, models.Model):
    """Immutable text of a translation, with the hashes of the source that it translates."""

    class Origin(models.TextChoices):
        TYPED = "typed", _("Typed")
        IMPORTED = "imported", _("Imported")
        MACHINE = "machine", _("Machine draft")

    translation = models.ForeignKey(Translation, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    source_revision = models.ForeignKey("curation.Revision", on_delete=models.PROTECT, related_name="+")
    source_question_hash = models.CharField(max_length=64)
    source_answer_hash = models.CharField(max_length=64, blank=True, help_text="Blank: the question only")
    question_text = models.ForeignKey("curation.Text", on_delete=models.PROTECT, related_name="+")
    answer_text = models.ForeignKey(
        "curation.Text",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    author = models.ForeignKey("curation.Person", on_delete=models.PROTECT, null=True, blank=True)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.TYPED)
    client_id = models.CharField(max_length=64, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["translation", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["translation", "number"],
                name="translation_revision_number_once",
            ),
            models.UniqueConstraint(fields=["translation", "client_id"], name="translation_client_id_once"),
        ]

    def __str__(self) -> str:
        return f"{self.translation_id} r{self.number}"


class TranslationDraft(models.Model):
    """A person's translation before it is submitted."""

    translation = models.ForeignKey(Translation, on_delete=models.CASCADE, related_name="drafts")
    person = models.ForeignKey("curation.Person", on_delete=models.CASCADE)
    question = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=0)
    client_id = models.CharField(max_length=64, blank=True)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["translation", "person"], name="translation_draft_once"),
        ]

    def __str__(self) -> str:
        return f"draft {self.translation_id} {self.person_id}"


class TranslationReview(models.Model):
    """A decision on one translation revision against one source revision."""

    class Decision(models.TextChoices):
        APPROVE = "approve", _("Accepted")
        REQUEST_CHANGES = "request_changes", _("Sent back")

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        IMPORT = "import", _("Import")

    translation = models.ForeignKey(Translation, on_delete=models.CASCADE, related_name="reviews")
    revision = models.ForeignKey(TranslationRevision, on_delete=models.PROTECT, related_name="reviews")
    source_revision = models.ForeignKey("curation.Revision", on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey("curation.Person", on_delete=models.PROTECT, null=True, blank=True)
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.PERSON)
    decision = models.CharField(max_length=16, choices=Decision)
    adequacy = models.PositiveSmallIntegerField(null=True, blank=True, validators=FIVE)
    fluency = models.PositiveSmallIntegerField(null=True, blank=True, validators=FIVE)
    safety_kept = models.BooleanField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    codebook = models.ForeignKey(
        "curation.Codebook", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    comment = models.TextField(blank=True)
    client_id = models.CharField(max_length=64, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["translation", "client_id"],
                name="translation_review_client_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="import") | models.Q(reviewer__isnull=False),
                name="translation_review_has_reviewer",
            ),
            models.CheckConstraint(
                condition=models.Q(reason="") | models.Q(codebook__isnull=False),
                name="translation_review_codebook",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.translation_id} {self.decision}"
