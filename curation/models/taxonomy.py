from __future__ import annotations

from django.db import models
from django.utils import translation
from django.utils.translation import gettext_lazy as _

LEVELS = 3


class Taxonomy(models.Model):
    """A versioned tree: risk area > harm type > specific harm."""

    name = models.SlugField(max_length=40, unique=True)
    title_ja = models.CharField(max_length=120)
    title_en = models.CharField(max_length=120)
    source = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "taxonomies"

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.title_ja if (translation.get_language() or "ja").startswith("ja") else self.title_en


class Category(models.Model):
    """A node of the tree. `label` is exact and exported verbatim; the display names are separate."""

    taxonomy = models.ForeignKey(Taxonomy, on_delete=models.CASCADE, related_name="categories")
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="children"
    )
    level = models.PositiveSmallIntegerField()
    position = models.PositiveIntegerField()
    label = models.CharField(max_length=255)
    path = models.CharField(max_length=600, help_text="Labels from the root, joined by a tab")
    name_ja = models.CharField(max_length=255)
    name_en = models.CharField(max_length=255)
    definition_ja = models.TextField(blank=True)
    definition_en = models.TextField(blank=True)
    hints = models.JSONField(default=dict, blank=True)
    default_quota = models.JSONField(default=dict, blank=True)
    provisional = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["taxonomy", "position"]
        constraints = [
            models.UniqueConstraint(fields=["taxonomy", "path"], name="category_path_once"),
            models.CheckConstraint(
                condition=models.Q(level__gte=1, level__lte=LEVELS),
                name="category_level",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_ja if (translation.get_language() or "ja").startswith("ja") else self.name_en

    @property
    def definition(self) -> str:
        ja = (translation.get_language() or "ja").startswith("ja")
        return self.definition_ja if ja else self.definition_en

    @property
    def labels(self) -> list[str]:
        """The exact labels from the root to this node."""
        return self.path.split("\t")

    @property
    def is_leaf(self) -> bool:
        return self.level == LEVELS


class CategoryMapping(models.Model):
    """How a category of one taxonomy stands to one of another."""

    class Kind(models.TextChoices):
        SAME = "same", _("Same")
        MERGED = "merged", _("Merged")
        SPLIT = "split", _("Split")
        NEW = "new", _("New")
        DROPPED = "dropped", _("Dropped")

    source = models.ForeignKey(Category, on_delete=models.CASCADE, null=True, related_name="mapped_to")
    target = models.ForeignKey(Category, on_delete=models.CASCADE, null=True, related_name="mapped_from")
    kind = models.CharField(max_length=8, choices=Kind)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "target"], name="category_mapping_once")]

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.target_id}"


class MappingSignOff(models.Model):
    """A domain expert's word that a taxonomy's mapping and definitions are right, as they stood then."""

    taxonomy = models.ForeignKey(Taxonomy, on_delete=models.CASCADE, related_name="sign_offs")
    person = models.ForeignKey("curation.Person", on_delete=models.PROTECT, related_name="+")
    comment = models.TextField(blank=True)
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of what was signed")
    signed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-signed_at", "-id"]

    def __str__(self) -> str:
        return f"{self.taxonomy_id} signed {self.signed_at:%Y-%m-%d}"


class Quota(models.Model):
    """Target number of approved items for a leaf, per split."""

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="quotas")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="quotas")
    split = models.CharField(max_length=4, choices=[("dev", "dev"), ("test", "test")])
    target = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dataset", "category", "split"], name="quota_once")]

    def __str__(self) -> str:
        return f"{self.category_id} {self.split} {self.target}"
