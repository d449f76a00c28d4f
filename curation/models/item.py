"""Questions, items and their texts. Texts are content-addressed; whatever is frozen points to hashes."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


def words_of(text: Text | None) -> str:
    """What a reader sees of a text: its words, a sentence where they were removed, "" where there is no text."""
    if text is None:
        return ""
    return gettext("This text was removed") if text.redacted_at else text.body


class Text(models.Model):
    """A text by its hash. A redacted one keeps the hash and loses the body."""

    hash = models.CharField(max_length=64, primary_key=True)
    body = models.TextField(blank=True)
    folded = models.TextField(blank=True, help_text="For search: width, case and kana folded")
    folded_hash = models.CharField(max_length=64, blank=True, db_index=True)
    redacted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.hash[:12]

    @property
    def shown(self) -> str:
        """What a reader sees of it."""
        return words_of(self)


class Question(models.Model):
    """An identity with a split; several items may answer it."""

    class Split(models.TextChoices):
        NONE = "none", _("Not assigned")
        DEV = "dev", "dev"
        TEST = "test", "test"

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="questions")
    split = models.CharField(max_length=4, choices=Split, default=Split.NONE)
    split_why = models.JSONField(
        default=dict, blank=True, help_text="Why it has its split: {by: import, draw, twin or said, ...}"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"question {self.pk}"


class Item(models.Model):
    """A question with one reference answer: an identity and a state, no text of its own.

    `state` is written by `workflow.advance` alone.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        AWAITING_ANSWER = "awaiting_answer", _("Awaiting answer")
        IN_REVIEW = "in_review", _("In review")
        NEEDS_CHANGES = "needs_changes", _("Needs changes")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="items")
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="items")
    external_id = models.CharField(max_length=120)
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    author = models.ForeignKey(
        "curation.Person",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="items",
    )
    open_to_all = models.BooleanField(default=False, help_text="Sent back to any writer")
    rights = models.ForeignKey("curation.Rights", on_delete=models.PROTECT, null=True, blank=True)
    current_revision = models.ForeignKey(
        "curation.Revision",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    approved_revision = models.ForeignKey(
        "curation.Revision",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "external_id"], name="item_external_id_once"),
            models.CheckConstraint(
                condition=~models.Q(state="approved") | models.Q(approved_revision__isnull=False),
                name="item_approved_has_revision",
            ),
        ]
        indexes = [models.Index(fields=["dataset", "state", "id"], name="item_queue")]

    def __str__(self) -> str:
        return self.external_id


class Revision(models.Model):
    """Immutable text of an item at one moment."""

    class Origin(models.TextChoices):
        TYPED = "typed", _("Typed")
        IMPORTED = "imported", _("Imported")
        MACHINE = "machine", _("Machine draft")

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    category = models.ForeignKey("curation.Category", on_delete=models.PROTECT, related_name="revisions")
    question_text = models.ForeignKey(Text, on_delete=models.PROTECT, related_name="+")
    answer_text = models.ForeignKey(Text, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    question_author = models.ForeignKey(
        "curation.Person",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    answer_author = models.ForeignKey(
        "curation.Person",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    submitted_by = models.ForeignKey(
        "curation.Person",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    attributes = models.JSONField(default=dict, blank=True)
    sources = models.JSONField(default=list, blank=True)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.TYPED)
    content_hash = models.CharField(max_length=64)
    client_id = models.CharField(max_length=64, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["item", "number"]
        constraints = [
            models.UniqueConstraint(fields=["item", "number"], name="revision_number_once"),
            models.UniqueConstraint(fields=["item", "client_id"], name="revision_client_id_once"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} r{self.number}"

    @property
    def question(self) -> str:
        return self.question_text.body

    @property
    def answer(self) -> str:
        return self.answer_text.body if self.answer_text else ""

    @property
    def question_shown(self) -> str:
        return words_of(self.question_text)

    @property
    def answer_shown(self) -> str:
        return words_of(self.answer_text)

    @property
    def redacted(self) -> bool:
        """Whether a text of it was removed."""
        return any(text and text.redacted_at for text in (self.question_text, self.answer_text))


class Draft(models.Model):
    """A person's text of an item before it is submitted; autosaved, never lost."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="drafts")
    person = models.ForeignKey("curation.Person", on_delete=models.CASCADE, related_name="drafts")
    question = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    category = models.ForeignKey("curation.Category", on_delete=models.PROTECT, null=True, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    sources = models.JSONField(default=list, blank=True)
    version = models.PositiveIntegerField(default=0)
    client_id = models.CharField(max_length=64, blank=True)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "person"], name="draft_once")]

    def __str__(self) -> str:
        return f"draft {self.item_id} {self.person_id}"


class Comment(models.Model):
    """One line of the discussion about an item."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="comments")
    person = models.ForeignKey("curation.Person", on_delete=models.PROTECT)
    body = models.TextField()
    client_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"comment {self.pk}"
