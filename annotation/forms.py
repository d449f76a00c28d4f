"""Shape of what the pages of this floor send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.actions.population import MOST_DRAWN, Plan
from annotation.actions.rubrics import rubric_choices
from annotation.actions.tasks import MOST_OVERLAP, members_who_rate
from annotation.models import RatingTask
from curation.forms import offer_rows
from curation.models import Dataset, Release
from curation.queries import releases_visible_to


class RubricField(forms.ChoiceField):
    """Offers versions; a bare name is its newest version, so that a page from before the first one still works."""

    def valid_value(self, value: Any) -> bool:
        offered: Any = self.choices  # pairs: `offer_choices` gives no groups
        names = {str(key).partition("@")[0] for key, _title in offered}
        return super().valid_value(value) or str(value) in names


class TaskForm(forms.Form):
    """A new rating task. Shares are written in percent."""

    name = forms.CharField(label=_("Name"), max_length=80)
    release: forms.ModelChoiceField[Release] = forms.ModelChoiceField(
        label=_("Release"), queryset=None, empty_label=_("Choose a release")
    )
    split = forms.ChoiceField(label=_("Questions"), choices=RatingTask.Split.choices, required=False)
    models = forms.CharField(
        label=_("Models"),
        required=False,
        help_text=_("Names parted by commas; all of them where left empty."),
    )
    plan = forms.ChoiceField(
        label=_("Plan"),
        choices=[
            ("all", _("All responses")),
            ("one_per_leaf", _("One question of each specific harm")),
            ("stratified", _("A sample of each specific harm and model")),
        ],
    )
    per_cell = forms.IntegerField(
        label=_("So many of each specific harm and model"),
        min_value=1,
        max_value=MOST_DRAWN,
        required=False,
        help_text=_("For a sample: this number, or the one below."),
    )
    total = forms.IntegerField(
        label=_("So many in all"),
        min_value=1,
        max_value=MOST_DRAWN,
        required=False,
        help_text=_("Spread evenly over specific harms and models."),
    )
    rubric = RubricField(label=_("Rubric"))
    overlap = forms.IntegerField(
        label=_("Raters per response"), min_value=1, max_value=MOST_OVERLAP, initial=3
    )
    arms = forms.ChoiceField(label=_("What raters see"), choices=RatingTask.Arms.choices)
    raters = forms.MultipleChoiceField(
        label=_("Raters"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("All members with the role of rater where nobody is ticked."),
    )
    gold_share = forms.IntegerField(
        label=_("Silent checks, percent"),
        min_value=0,
        max_value=50,
        required=False,
        help_text=_("Cases whose right score is known, slipped in unseen. The rubric needs some."),
    )
    qualify_at = forms.IntegerField(
        label=_("Practice to pass, percent right"),
        min_value=0,
        max_value=100,
        required=False,
        help_text=_("Empty: raters begin without practice."),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        initial=0,
        min_value=-(2**62),
        max_value=2**62,
        help_text=_("The same seed draws the same."),
    )

    def __init__(self, *args: Any, person: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        releases = releases_visible_to(person, dataset)
        offer_rows(self, "release", releases)
        self.fields["release"].initial = releases.first()
        offer_choices(self, "rubric", rubric_choices(dataset))
        offer_choices(self, "raters", [(one.username, str(one)) for one in members_who_rate(dataset)])

    def clean_models(self) -> list[str]:
        return [name.strip() for name in self.cleaned_data["models"].split(",") if name.strip()]

    def clean_split(self) -> str:
        return self.cleaned_data["split"] or RatingTask.Split.ALL

    def clean_gold_share(self) -> float:
        return (self.cleaned_data["gold_share"] or 0) / 100

    def clean_qualify_at(self) -> float | None:
        percent = self.cleaned_data["qualify_at"]
        return None if percent is None else percent / 100

    def plan_asked(self) -> Plan:
        """The plan that the fields describe, for a form whose fields are sound."""
        given = self.cleaned_data
        keys = ("split", "models", "per_cell", "total", "seed")
        return Plan(name=given["plan"], **{key: given[key] for key in keys})


def offer_choices(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    """Let the field choose among these words."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices
