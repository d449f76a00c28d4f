"""Shapes of what people fill in. They check form, never rights: actions do."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class FreezeForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("Small letters, digits, dots and dashes, such as xs-0.1.")
    )
    seed = forms.IntegerField(
        label=_("Seed"), help_text=_("Draws which new questions become test questions.")
    )
    test_per_leaf = forms.IntegerField(label=_("Test questions per category"), min_value=0, max_value=1000)
    terms = forms.CharField(
        label=_("Terms"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("They travel with every file of the release."),
    )
