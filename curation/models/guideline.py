from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db import models
from django.utils.translation import get_language

from curation import reasons
from curation.errors import WrongState

STANDS = "A version stands as it is: write a new one."


class Version(models.Model):
    """What a version of the guideline and one of the reasons share. The newest of a dataset is in force."""

    version = models.PositiveIntegerField()
    written_by = models.ForeignKey(
        "curation.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    signed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["dataset", "version"], name="%(class)s_version_once")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise WrongState(STANDS)
        super().save(*args, **kwargs)


class VersionDraft(models.Model):
    """A lead's next version before it is brought into force; autosaved, never lost."""

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey("curation.Person", on_delete=models.CASCADE, related_name="+")
    changed = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=0)
    client_id = models.CharField(max_length=64, blank=True)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Guideline(Version):
    """A version of the rules for authors and reviewers. Unreviewed until somebody entitled has signed it.

    The database refuses to change one (see frozen_rows); its signature is set once. Nobody wrote the shipped ones.
    """

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="guidelines")
    text_ja = models.TextField()
    text_en = models.TextField(blank=True)
    changed = models.TextField(blank=True, help_text="What is new in it, for those who work by it")
    signed_by = models.ForeignKey("curation.Person", on_delete=models.PROTECT, null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.dataset_id} v{self.version}"

    @property
    def text(self) -> str:
        """In the language of the page; Japanese where there is no English."""
        return self.text_ja if (get_language() or "ja").startswith("ja") else self.text_en or self.text_ja


class GuidelineDraft(VersionDraft):
    """A lead's next version of the guideline."""

    text_ja = models.TextField(blank=True)
    text_en = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "person"], name="guideline_draft_once"),
        ]

    def __str__(self) -> str:
        return f"draft {self.dataset_id} {self.person_id}"


class GuidelineReading(models.Model):
    """Somebody's word that they have read a version. Work goes on without it."""

    guideline = models.ForeignKey(Guideline, on_delete=models.CASCADE, related_name="readings")
    person = models.ForeignKey("curation.Person", on_delete=models.CASCADE, related_name="+")
    read_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["guideline", "person"], name="guideline_read_once"),
        ]

    def __str__(self) -> str:
        return f"{self.guideline_id} read by {self.person_id}"


class Codebook(Version):
    """A version of the reasons that a decision can give. A code keeps its meaning; one no longer offered stays in it.

    The database refuses to change one (see frozen_rows); its signature is set once. Nobody wrote the shipped ones.
    """

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="codebooks")
    entries = models.JSONField(help_text="Rows of curation.reasons, in their order")
    changed = models.TextField(blank=True, help_text="What is new in it, for those who decide by it")
    signed_by = models.ForeignKey(
        "curation.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"{self.dataset_id} reasons v{self.version}"

    @cached_property
    def book(self) -> reasons.Book:
        return reasons.read(self.entries)


class CodebookDraft(VersionDraft):
    """A lead's next version of the reasons."""

    entries = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "person"], name="codebook_draft_once"),
        ]

    def __str__(self) -> str:
        return f"draft of reasons {self.dataset_id} {self.person_id}"
