"""What a person fills in to launch a run; the recipe itself is checked by the trainer's own class."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.forms import offer_rows
from curation.models import Dataset, Release


class LaunchForm(forms.Form):
    """The common fields, or a whole recipe as JSON, which wins."""

    name = forms.CharField(label=_("Name"), max_length=80, initial="tiny")
    release = forms.ModelChoiceField(label=_("Release"), queryset=Release.objects.none())
    repeat = forms.IntegerField(
        label=_("Repeat factor"),
        min_value=1,
        max_value=1000,
        initial=16,
        help_text=_("Passes over the release in one epoch. The paper used 16 beside general data."),
    )
    epochs = forms.IntegerField(label=_("Epochs"), min_value=1, max_value=100, initial=2)
    batch_size = forms.IntegerField(label=_("Batch size"), min_value=1, max_value=4096, initial=16)
    learning_rate = forms.FloatField(
        label=_("Learning rate"), min_value=0, initial=2e-5, widget=forms.NumberInput(attrs={"step": "any"})
    )
    folder = forms.CharField(
        label=_("Model folder"),
        required=False,
        help_text=_("On the training machine. Empty: a tiny random model, to try the recipe in seconds."),
    )
    recipe = forms.CharField(
        label=_("Recipe (JSON)"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_("For experts: a whole recipe, used instead of the fields above."),
    )

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        releases = Release.objects.filter(dataset=dataset)
        offer_rows(self, "release", releases)
        self.fields["release"].initial = releases.first()

    def clean_recipe(self) -> Any:
        text = self.cleaned_data["recipe"].strip()
        if not text:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(_("This is not JSON: %(error)s") % {"error": error}) from None

    def as_recipe(self) -> Any:
        """The recipe's JSON value; call only on a valid form."""
        given = self.cleaned_data
        if given["recipe"] is not None:
            return given["recipe"]
        tiny = {"kind": "tiny_llama", "hidden": 64, "layers": 2, "heads": 4, "vocab": 1000, "seed": 0}
        return {
            "name": given["name"],
            "model": {"kind": "folder", "path": given["folder"]} if given["folder"] else tiny,
            "mixture": [{"release": given["release"].name, "split": "dev", "repeat": given["repeat"]}],
            "epochs": given["epochs"],
            "batch_size": given["batch_size"],
            "learning_rate": given["learning_rate"],
        }
