"""Frozen versions. A frozen row is never changed: what is wrong gets a successor or an erratum."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from curation.errors import WrongState
from curation.models.item import Worded


class Rights(models.Model):
    """The terms under which a set of items came in."""

    class Gate(models.TextChoices):
        OPEN = "open", _("Open")
        NO_ACCESS = "no_access", _("No access")
        REQUESTED = "requested", _("Requested")
        GRANTED = "granted", _("Granted")

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="rights")
    name = models.CharField(max_length=80)
    licence = models.CharField(max_length=120, blank=True)
    terms = models.TextField(blank=True)
    purpose = models.TextField(blank=True)
    attribution = models.TextField(blank=True)
    inherits = models.BooleanField(default=False, help_text="Derivatives carry the same terms")
    redistributable = models.BooleanField(default=True)
    gate = models.CharField(max_length=10, choices=Gate, default=Gate.OPEN)

    class Meta:
        verbose_name_plural = "rights"
        constraints = [models.UniqueConstraint(fields=["dataset", "name"], name="rights_once")]

    def __str__(self) -> str:
        return self.name


class Frozen(models.Model):
    """A row that is written once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise WrongState(_("A release is frozen: publish a corrected successor instead."))
        super().save(*args, **kwargs)

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        raise WrongState(_("A release is frozen and cannot be deleted."))


class Release(Frozen):
    """A frozen list of revisions with splits, order, hashes and terms.

    The database refuses to change or delete it, and to add a row beyond `size` (see frozen_rows).
    """

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.PROTECT, related_name="releases")
    name = models.CharField(max_length=60)
    version = models.CharField(
        max_length=20, blank=True, help_text="MAJOR.MINOR.PATCH; empty for a release published elsewhere"
    )
    size = models.PositiveIntegerField(default=0, help_text="How many rows it holds; no more can be added")
    imported = models.BooleanField(default=False, help_text="Published elsewhere, registered for leak checks")
    predecessor = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="successors",
    )
    seed = models.BigIntegerField(default=0)
    test_per_leaf = models.PositiveIntegerField(default=0)
    root_hash = models.CharField(max_length=64)
    hash_version = models.PositiveSmallIntegerField(
        default=1, help_text="How rows are hashed: see release_hashes"
    )
    snapshot = models.JSONField(
        default=dict, help_text="Taxonomy, guideline, rubrics and code lists as they stood"
    )
    gates = models.JSONField(default=list, help_text="What the gates said, with waivers")
    counts = models.JSONField(default=dict)
    terms = models.TextField(blank=True)
    rights = models.JSONField(default=dict, help_text="The terms it goes out under, as they stood")
    note = models.TextField(blank=True, help_text="What the manager says about this version")
    frozen_by = models.ForeignKey("curation.Person", on_delete=models.PROTECT, null=True, blank=True)
    frozen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-frozen_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["dataset", "name"], name="release_name_once")]

    def __str__(self) -> str:
        return self.name


class ReleaseItem(Worded, Frozen):
    """One item as it was frozen. `item` and `revision` are null in imported releases."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveIntegerField()
    external_id = models.CharField(max_length=120)
    item = models.ForeignKey("curation.Item", on_delete=models.PROTECT, null=True, related_name="frozen")
    revision = models.ForeignKey(
        "curation.Revision", on_delete=models.PROTECT, null=True, related_name="frozen"
    )
    question_text = models.ForeignKey("curation.Text", on_delete=models.PROTECT, related_name="+")
    answer_text = models.ForeignKey("curation.Text", on_delete=models.PROTECT, null=True, related_name="+")
    labels = models.JSONField(help_text="Exact labels: risk area, harm type, specific harm")
    split = models.CharField(max_length=4, choices=[("dev", "dev"), ("test", "test")])
    attributes = models.JSONField(default=dict)
    sources = models.JSONField(default=list)
    rights_name = models.CharField(max_length=80, blank=True, help_text="Terms under which the item came in")
    translations = models.JSONField(
        default=dict, help_text="{locale: {question: hash, answer: hash or null}}"
    )
    content_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["release", "position"]
        constraints = [
            models.UniqueConstraint(fields=["release", "position"], name="release_position_once"),
            models.UniqueConstraint(fields=["release", "external_id"], name="release_item_once"),
        ]

    def __str__(self) -> str:
        return self.external_id


class Erratum(models.Model):
    """What was found wrong with a release, shown on its page; names the successor that mends it."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="errata")
    successor = models.ForeignKey(Release, on_delete=models.PROTECT, null=True, related_name="corrects")
    withdrawn_ids = models.JSONField(default=list)
    reason = models.TextField()
    affected = models.JSONField(default=list, help_text="Runs, tasks and studies that used the items")
    person = models.ForeignKey("curation.Person", on_delete=models.PROTECT, null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "errata"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"erratum {self.pk}"


class ReleasePage(models.Model):
    """What may change about a release's page: whether strangers may read it, and where the release is published."""

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="page")
    public = models.BooleanField(default=False)
    homepage = models.URLField(max_length=300, blank=True)
    person = models.ForeignKey("curation.Person", on_delete=models.PROTECT, null=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"page of {self.release_id}"


class Waiver(models.Model):
    """A red gate let through by somebody who does not freeze: for one release's name and what was found then."""

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.PROTECT, related_name="waivers")
    release_name = models.CharField(max_length=60)
    gate = models.CharField(max_length=40)
    finding = models.CharField(max_length=64, help_text="SHA-256 of what the gate found")
    reason = models.TextField()
    person = models.ForeignKey("curation.Person", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "release_name", "gate", "finding", "person"], name="waiver_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.release_name} {self.gate}"


class Redaction(models.Model):
    """A text that two people take out of everything, its hash stays. Asked for by one, confirmed by another."""

    text = models.ForeignKey("curation.Text", on_delete=models.PROTECT, related_name="redactions")
    dataset = models.ForeignKey("curation.Dataset", on_delete=models.PROTECT, related_name="redactions")
    reason = models.TextField()
    asked_by = models.ForeignKey("curation.Person", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    confirmed_by = models.ForeignKey(
        "curation.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["text"], name="redaction_once"),
            models.CheckConstraint(
                condition=models.Q(confirmed_by__isnull=True) | ~models.Q(confirmed_by=models.F("asked_by")),
                name="redaction_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"redaction {self.pk}"


class Publication(models.Model):
    """One release on its way to a hub. Planned first; published by a second act. `state` moves by `advance` alone."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        PUBLISHING = "publishing", _("Being published")
        PUBLISHED = "published", _("Published")
        FAILED = "failed", _("Failed")

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="publications")
    repo = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    plan = models.JSONField(default=dict, help_text="Files with sizes and hashes, as they would go out")
    revision = models.CharField(max_length=64, blank=True, help_text="What the hub calls the commit")
    url = models.CharField(max_length=300, blank=True)
    message = models.TextField(blank=True)
    person = models.ForeignKey("curation.Person", on_delete=models.PROTECT, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.release_id} to {self.repo}"


class DownloadLink(models.Model):
    """A link to one export's archive for one person outside; only the hash of its secret is kept."""

    job = models.ForeignKey("curation.Job", on_delete=models.CASCADE, related_name="links")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    for_whom = models.CharField(max_length=200)
    person = models.ForeignKey("curation.Person", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"link {self.pk} of job {self.job_id}"
