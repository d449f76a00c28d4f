"""Questions, items and their texts. Texts are content-addressed; whatever is frozen points to hashes."""

from __future__ import annotations

from typing import Any

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

    class Meta:
        # Every freeze asks which were taken out: without it, that reads all texts.
        indexes = [
            models.Index(fields=["hash"], condition=models.Q(redacted_at__isnull=False), name="text_redacted")
        ]

    def __str__(self) -> str:
        return self.hash[:12]

    @property
    def shown(self) -> str:
        """What a reader sees of it."""
        return words_of(self)


class Worded:
    """Words of a row that points to the texts of a question and, perhaps, an answer. `_shown` is what readers see."""

    question_text: Any
    answer_text: Any

    @property
    def question(self) -> str:
        return str(self.question_text.body)

    @property
    def answer(self) -> str:
        return str(self.answer_text.body) if self.answer_text else ""

    @property
    def question_shown(self) -> str:
        return words_of(self.question_text)

    @property
    def answer_shown(self) -> str:
        return words_of(self.answer_text)


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

    `state` is written by `workflow.advance` alone. `category` is the leaf of the current revision, or of the author's
    draft where there is no revision yet, so that leaves are counted from this table alone.
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
    category = models.ForeignKey(
        "curation.Category",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="items",
        db_index=False,  # `item_of_leaf` serves
    )
    reserved_until = models.DateTimeField(
        null=True, blank=True, help_text="Until when a begun question keeps its place in the leaf"
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
        indexes = [
            models.Index(fields=["dataset", "state", "id"], name="item_queue"),
            models.Index(fields=["dataset", "category", "state", "id"], name="item_of_leaf"),
            models.Index(
                fields=["dataset", "category", "reserved_until"],
                condition=models.Q(state="draft", current_revision=None),
                name="item_begun",
            ),
            models.Index(
                fields=["dataset", "current_revision"],
                condition=models.Q(state="in_review"),
                name="item_to_review",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class Revision(Worded, models.Model):
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
    criteria = models.JSONField(default=dict, blank=True, help_text="What an answer must and must not do")
    origins = models.JSONField(default=dict, blank=True, help_text="How the characters of each part came in")
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
    def redacted(self) -> bool:
        """Whether a text of it was removed."""
        return any(text and text.redacted_at for text in (self.question_text, self.answer_text))


class Unsubmitted(models.Model):
    """What somebody has written of an item, and nobody else reads."""

    question = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    category = models.ForeignKey("curation.Category", on_delete=models.PROTECT, null=True, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    sources = models.JSONField(default=list, blank=True)
    criteria = models.JSONField(default=dict, blank=True)
    origins = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True


class Draft(Unsubmitted):
    """A person's text of an item before it is submitted; autosaved, never lost."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="drafts")
    person = models.ForeignKey("curation.Person", on_delete=models.CASCADE, related_name="drafts")
    version = models.PositiveIntegerField(default=0)
    client_id = models.CharField(max_length=64, blank=True)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "person"], name="draft_once")]

    def __str__(self) -> str:
        return f"draft {self.item_id} {self.person_id}"


class KeptDraft(Unsubmitted):
    """What a draft held when an earlier text took its place: its writer can bring it back."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="kept_drafts")
    person = models.ForeignKey("curation.Person", on_delete=models.CASCADE, related_name="kept_drafts")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"kept draft {self.item_id} {self.person_id}"


class Comment(models.Model):
    """One line of the discussion about an item: it opens a thread, or answers the line that opened one.

    Whether a thread is settled stands on the line that opened it.
    """

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="comments")
    person = models.ForeignKey("curation.Person", on_delete=models.PROTECT)
    body = models.TextField()
    reply_to = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="replies"
    )
    client_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_by = models.ForeignKey(
        "curation.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"comment {self.pk}"
