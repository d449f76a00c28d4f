from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from curation.prepared import Prepared, slot

if TYPE_CHECKING:
    from curation.models.taxonomy import Category

KEY = slot(1)
LARGEST = 2**63 - 1  # that a column holds
_BY_KEY: Prepared[Person] = Prepared(lambda: Person.objects.filter(pk=KEY))


class People(UserManager["Person"]):
    """Who sends a request is found by the key in their session, each time: that query is compiled once."""

    use_in_migrations = False

    def get(self, *args: Any, **kwargs: Any) -> Person:
        key = kwargs.get("pk")
        if args or len(kwargs) != 1 or not isinstance(key, int) or not 0 <= key <= LARGEST:
            return super().get(*args, **kwargs)
        found = _BY_KEY.first({KEY: key})
        if found is None:
            raise Person.DoesNotExist
        return found


class Person(AbstractUser):
    """Somebody who signs in. Ratings and exports show the pseudonym, never the name."""

    class Theme(models.TextChoices):
        AUTO = "auto", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Density(models.TextChoices):
        COMFORTABLE = "comfortable", _("Comfortable")
        COMPACT = "compact", _("Compact")

    class Digest(models.TextChoices):
        NONE = "none", _("No mail")
        DAILY = "daily", _("Once a day")
        WEEKLY = "weekly", _("Once a week")

    display_name = models.CharField(max_length=80, blank=True)
    pseudonym = models.CharField(max_length=40, unique=True, null=True, blank=True)
    locale = models.CharField(max_length=5, default="ja")
    theme = models.CharField(max_length=5, choices=Theme, default=Theme.AUTO)
    density = models.CharField(max_length=11, choices=Density, default=Density.COMFORTABLE)
    blur = models.BooleanField(default=False, help_text=_("Cover disturbing text until it is asked for"))
    covers: models.JSONField[list[int], list[int]] = models.JSONField(
        default=list,
        blank=True,
        help_text="Categories, at any level, whose texts stay covered until asked for",
    )
    break_minutes = models.PositiveSmallIntegerField(
        default=50, help_text=_("Offer a break after so many minutes of work; 0: never")
    )
    digest = models.CharField(
        max_length=6, choices=Digest, default=Digest.NONE, help_text=_("Mail about what waits for them")
    )
    digest_at = models.DateTimeField(null=True, blank=True, help_text="When the last digest had its turn")

    objects: ClassVar[People] = People()

    def __str__(self) -> str:
        return self.display_name or self.username

    def covers_texts_of(self, category: Category | None) -> bool:
        """Whether the person wants texts of this category covered, by itself or by what stands above it."""
        if not self.covers or category is None:
            return False
        above = category.parent
        return bool({category.pk, category.parent_id, above.parent_id if above else None} & set(self.covers))

    def hides(self, category: Category | None) -> bool:
        """Whether nothing of a text of this category stands in a list: all texts are covered, or these are."""
        return self.blur or self.covers_texts_of(category)


class OptOut(models.Model):
    """A category, at any level, of which a person wants to see nothing. It costs them nothing and needs no reason."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="opt_outs")
    category = models.ForeignKey("curation.Category", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "category"], name="opt_out_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.category_id}"


class WorkedDay(models.Model):
    """How long a person wrote and reviewed on one day, in all datasets, and how often they rested: for them alone.

    Active time as their pages measure it, in seconds. A break is ten minutes without work between two stretches.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="worked_days")
    day = models.DateField(help_text="By the clock of the site")
    writing = models.PositiveIntegerField(default=0)
    reviewing = models.PositiveIntegerField(default=0)
    breaks = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "day"], name="worked_day_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.day}"


class Dataset(models.Model):
    """A body of items under one taxonomy; datasets on one server never see each other."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    taxonomy = models.ForeignKey("curation.Taxonomy", on_delete=models.PROTECT, related_name="datasets")
    codebook = models.ForeignKey(
        "curation.Codebook",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The reasons in force: the newest version",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One role of one person in one dataset."""

    class Role(models.TextChoices):
        AUTHOR = "author", _("Author")
        REVIEWER = "reviewer", _("Reviewer")
        TRANSLATOR = "translator", _("Translator")
        BILINGUAL_REVIEWER = "bilingual_reviewer", _("Bilingual reviewer")
        RATER = "rater", _("Rater")
        RESEARCHER = "researcher", _("Researcher")
        LEAD = "lead", _("Lead")
        RELEASE_MANAGER = "release_manager", _("Release manager")

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    warned_at = models.DateTimeField(
        null=True, blank=True, help_text="When the person read what kind of texts to expect"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "person", "role"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.get_role_display()}"
