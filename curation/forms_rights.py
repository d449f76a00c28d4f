"""The terms under which a set came in, as they are typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.access import GATE_WORDS

LONGEST = 100_000


def _words(label: Any, rows: int, help_text: Any) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, required=False, max_length=LONGEST, widget=area, help_text=help_text)


class RightsForm(forms.Form):
    """`base` is the edition that was read: an edit of an older one is refused."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("As items and releases refer to them. It stays once a release names it."),
    )
    licence = forms.CharField(
        label=_("Licence"),
        max_length=120,
        required=False,
        help_text=_("As it is tagged, such as CC-BY-4.0."),
    )
    gate = forms.ChoiceField(
        label=_("Access"),
        choices=list(GATE_WORDS.items()),
        help_text=_("Without access, nothing is registered, trained on or judged under these terms."),
    )
    redistributable = forms.BooleanField(
        label=_("Texts may be passed on"),
        required=False,
        help_text=_("Without this, only the ids of such items are ever exported."),
    )
    inherits = forms.BooleanField(
        label=_("What is derived carries the same terms"),
        required=False,
        help_text=_("A release with such items has to go out under these terms."),
    )
    purpose = _words(
        _("Bound to a purpose"),
        2,
        _("As the terms say it. The release's own terms have to carry it. Empty: any purpose."),
    )
    attribution = _words(_("Who must be named"), 2, _("It travels with every file. Empty: nobody."))
    terms = _words(_("Terms in full"), 8, _("They travel with every file of a release that inherits them."))
    base = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def values(self) -> dict[str, Any]:
        """The columns, as the actions take them."""
        return {name: value for name, value in self.cleaned_data.items() if name != "base"}
