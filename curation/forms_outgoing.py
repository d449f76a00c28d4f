"""Forms of a release's page: which files, a link for whom, a plan to publish where."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.actions.export_jobs import ENCODINGS, META_ORDERS, OUTPUT_FIELDS
from curation.actions.links import HOURS, LONGEST, MOST_HOURS
from curation.formats.writing import FORMATS

# What each format is, and for whom.
FORMATS_SAID: dict[str, Any] = {
    "hf": _("Folder for the Hugging Face Hub: Parquet, card, terms, statistics"),
    "ac": _("JSON as AnswerCarefully is published, for evaluation scripts made for it"),
    "pandas": _("JSON as pandas writes it, for tools that compare byte for byte"),
    "jsonl": _("One JSON object a line with everything known, for programs"),
    "csv": _("Table for Excel and other spreadsheets"),
    "parquet": _("Compact table, for large analyses"),
    "messages": _("Conversations for fine-tuning chat models (dev only)"),
    "text": _("Plain text in the LLM-jp template, for training (dev only)"),
    "ids": _("Only ids and hashes, no texts; always possible"),
}


def format_choices() -> list[tuple[str, Any]]:
    return [("all", _("All formats")), *((name, FORMATS_SAID.get(name, name)) for name in sorted_formats())]


def sorted_formats() -> list[str]:
    known = list(FORMATS_SAID)
    return sorted(FORMATS, key=lambda name: known.index(name) if name in known else len(known))


class ExportForm(forms.Form):
    formats = forms.MultipleChoiceField(
        choices=format_choices, error_messages={"required": _("Choose at least one format.")}
    )
    output_field = forms.ChoiceField(choices=[(name, name) for name in OUTPUT_FIELDS], required=False)
    meta_order = forms.ChoiceField(choices=[(name, name) for name in META_ORDERS], required=False)
    csv_encoding = forms.ChoiceField(choices=[(name, name) for name in ENCODINGS], required=False)

    with_people = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        """Where nothing is said, the usual."""
        given = super().clean() or {}
        given["formats"] = tuple(given.get("formats") or ())
        given["output_field"] = given.get("output_field") or OUTPUT_FIELDS[0]
        given["csv_encoding"] = given.get("csv_encoding") or ENCODINGS[0]
        return given


class LinkForm(forms.Form):
    job = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    for_whom = forms.CharField(
        max_length=LONGEST,
        error_messages={"required": _("Say who the link is for, in at most 200 characters.")},
    )
    hours = forms.IntegerField(
        min_value=1,
        max_value=MOST_HOURS,
        initial=HOURS,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), _("A link is valid for 1 hour to 30 days.")
        ),
    )


class PlanForm(forms.Form):
    repo = forms.CharField(
        max_length=193,
        error_messages={"required": _("A repository is named OWNER/NAME, such as my-group/my-set.")},
    )
    seen = forms.ChoiceField(choices=[("private", "private"), ("public", "public")])
