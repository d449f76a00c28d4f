"""Shape of what the pages of this floor send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.actions.rubrics import shipped_titles
from annotation.actions.tasks import MOST_OVERLAP
from annotation.models import RatingTask
from curation.forms import offer_rows
from curation.models import Dataset, Release
from curation.queries import releases_visible_to


class TaskForm(forms.Form):
    """A new rating task."""

    name = forms.CharField(label=_("Name"), max_length=80)
    release: forms.ModelChoiceField[Release] = forms.ModelChoiceField(
        label=_("Release"), queryset=None, empty_label=_("Choose a release")
    )
    rubric = forms.ChoiceField(label=_("Rubric"), choices=shipped_titles)
    models = forms.CharField(
        label=_("Models"),
        required=False,
        help_text=_("Names parted by commas; all of them where left empty."),
    )
    plan = forms.ChoiceField(
        label=_("Plan"),
        choices=[("all", _("All responses")), ("one_per_leaf", _("One question of each specific harm"))],
    )
    overlap = forms.IntegerField(
        label=_("Raters per response"), min_value=1, max_value=MOST_OVERLAP, initial=3
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        initial=0,
        min_value=-(2**62),
        max_value=2**62,
        help_text=_("The same seed draws the same."),
    )
    arms = forms.ChoiceField(label=_("What raters see"), choices=RatingTask.Arms.choices)

    def __init__(self, *args: Any, person: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, "release", releases_visible_to(person, dataset))

    def clean_models(self) -> list[str]:
        return [name.strip() for name in self.cleaned_data["models"].split(",") if name.strip()]
