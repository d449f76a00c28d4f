from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from curation.prepared import Prepared, slot

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

    display_name = models.CharField(max_length=80, blank=True)
    pseudonym = models.CharField(max_length=40, unique=True, null=True, blank=True)
    locale = models.CharField(max_length=5, default="ja")
    theme = models.CharField(max_length=5, choices=Theme, default=Theme.AUTO)
    density = models.CharField(max_length=11, choices=Density, default=Density.COMFORTABLE)
    blur = models.BooleanField(default=False, help_text=_("Cover disturbing text until it is asked for"))
    break_minutes = models.PositiveSmallIntegerField(
        default=50, help_text=_("Offer a break after so many minutes of work; 0: never")
    )

    objects: ClassVar[People] = People()

    def __str__(self) -> str:
        return self.display_name or self.username


class OptOut(models.Model):
    """A category, at any level, of which a person wants to see nothing. It costs them nothing and needs no reason."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="opt_outs")
    category = models.ForeignKey("curation.Category", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "category"], name="opt_out_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.category_id}"


class Dataset(models.Model):
    """A body of items under one taxonomy; datasets on one server never see each other."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    taxonomy = models.ForeignKey("curation.Taxonomy", on_delete=models.PROTECT, related_name="datasets")
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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "person", "role"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.get_role_display()}"
