"""The list of coded reasons as a form: a row for each reason, and some rows for new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from curation.forms import LONGEST_CODE, ExactText, Step
from curation.models.people import LARGEST
from curation.reasons import PARTS, VERBS

NEW_ROWS = 3
WORDS = ("code", "name_ja", "name_en", "hint_ja", "hint_en")
MOST_ROWS = 70


class CodebookForm(Step):
    """Fields are named after what they hold and their row: `hint_ja-4`. A row without a code and a name is none."""

    base = forms.IntegerField(required=False, min_value=0, max_value=LARGEST)
    changed = ExactText()

    def __init__(self, data: Mapping[str, Any], **options: Any) -> None:
        super().__init__(data, **options)
        self.rows = rows_in(data)
        for n in range(self.rows):
            for name in WORDS:
                most = LONGEST_CODE if name == "code" else None
                self.fields[f"{name}-{n}"] = forms.CharField(required=False, strip=True, max_length=most)
            self.fields[f"for-{n}"] = _several(PARTS)
            self.fields[f"verbs-{n}"] = _several(VERBS)
            self.fields[f"section-{n}"] = forms.IntegerField(required=False, min_value=0, max_value=LARGEST)
            self.fields[f"comment_required-{n}"] = forms.BooleanField(required=False)
            self.fields[f"retired-{n}"] = forms.BooleanField(required=False)

    def entries(self) -> list[dict[str, Any]]:
        """The rows that hold something; of a field that is not valid what was typed, so that a page can show it."""
        given = self.cleaned_data
        found: list[dict[str, Any]] = []
        for n in range(self.rows):
            row = {name: given.get(f"{name}-{n}", self.data.get(f"{name}-{n}", "")) for name in WORDS}
            row |= {name: given.get(f"{name}-{n}", []) for name in ("for", "verbs")}
            row |= {name: given.get(f"{name}-{n}", False) for name in ("comment_required", "retired")}
            row["section"] = given.get(f"section-{n}") or 0
            if any(row[name] for name in WORDS):
                found.append(row)
        return found


def _several(names: tuple[str, ...]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        choices=[(name, name) for name in names], required=False, widget=forms.CheckboxSelectMultiple
    )


def rows_in(data: Mapping[str, Any]) -> int:
    """How many rows were sent: the first number without a code ends them."""
    return next((n for n in range(MOST_ROWS) if f"code-{n}" not in data), MOST_ROWS)


def fields_of(entries: list[dict[str, Any]], changed: str) -> dict[str, Any]:
    """What the page's fields hold of a list, in the shape in which a page reads them."""
    fields: dict[str, Any] = {"changed": changed}
    blank = dict.fromkeys(WORDS, "") | {"for": [], "verbs": [], "section": 0}
    for n, row in enumerate([*entries, *[blank] * NEW_ROWS]):
        fields |= {f"{name}-{n}": row.get(name, "") for name in WORDS}
        fields |= {f"for-{n}": list(row.get("for", [])), f"verbs-{n}": list(row.get("verbs", []))}
        fields[f"section-{n}"] = str(row.get("section") or 0)
        fields |= {f"{name}-{n}": ["1"] if row.get(name) else [] for name in ("comment_required", "retired")}
    return fields
