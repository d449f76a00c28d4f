"""The terms under which a set came in, as they are typed."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.models import Rights


class RightsForm(forms.ModelForm[Rights]):
    """`base` is the edition that was read: an edit of an older one is refused."""

    base = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    class Meta:
        model = Rights
        fields = (
            *("name", "licence", "gate", "redistributable", "inherits"),
            *("purpose", "attribution", "terms"),
        )
        labels: ClassVar[dict[str, Any]] = {
            "name": _("Name"),
            "licence": _("Licence"),
            "gate": _("Access"),
            "redistributable": _("Texts may be passed on"),
            "inherits": _("What is derived carries the same terms"),
            "purpose": _("Bound to a purpose"),
            "attribution": _("Who must be named"),
            "terms": _("Terms in full"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "name": _("As items and releases refer to them. It stays once a release names it."),
            "licence": _("As it is tagged, such as CC-BY-4.0."),
            "gate": _("Without access, nothing is registered, trained on or judged under these terms."),
            "redistributable": _("Without this, only the ids of such items are ever exported."),
            "inherits": _("A release with such items has to go out under these terms."),
            "purpose": _(
                "As the terms say it. The release's own terms have to carry it. Empty: any purpose."
            ),
            "attribution": _("It travels with every file. Empty: nobody."),
            "terms": _("They travel with every file of a release that inherits them."),
        }
        widgets: ClassVar[dict[str, Any]] = {
            "purpose": forms.Textarea(attrs={"rows": 2}),
            "attribution": forms.Textarea(attrs={"rows": 2}),
            "terms": forms.Textarea(attrs={"rows": 8}),
        }

    def values(self) -> dict[str, Any]:
        """The columns, as the actions take them."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}
