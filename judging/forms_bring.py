"""Shape in: files of one's own, and what their columns mean."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotation.actions.rubrics import shipped_titles
from annotation.actions.tasks import sound_name
from curation.formats.mapping import FIELDS, KINDS, WHO, Columns, Kind, Look, look
from judging.actions.bring import FOUND
from judging.actions.uploads import Place, columns_of

EACH = "each"
VALUES_SHOWN = 3
QUARANTINED_SHOWN = 100
MEANINGS: dict[str, str | Promise] = {
    "item": _("Item"),
    "model": _("Model"),
    "rater": _("Rater"),
    "judge": _("Judge"),
    "score": _("Score"),
    "category": _("Category"),
    "cannot_decide": _("Cannot decide"),
    "comment": _("Comment"),
    "seconds": _("Seconds"),
    "role": _("Role (rater or final)"),
    "axis": _("Axis"),
    "inclusion_probability": _("Inclusion probability"),
    "response_sha256": _("SHA-256 of the response"),
    "mode": _("Mode (ref or noref)"),
    "repeat": _("Repeat"),
    "status": _("Status"),
    "raw": _("The judge's reply"),
}
EACH_OF: dict[Kind, str | Promise] = {
    "ratings": _("Scores of one rater"),
    "verdicts": _("Scores of one judge"),
}
TITLES: dict[Kind, str | Promise] = {"ratings": _("Ratings"), "verdicts": _("Verdicts")}
SAME_FOR_ALL: dict[str, str | Promise] = {
    "model": _("Model, where no column names it"),
    "rater": _("Rater, where no column names them"),
    "judge": _("Judge, where no column names it"),
}


class BringForm(forms.Form):
    """Two files, or one that holds both."""

    task = forms.CharField(
        label=_("Name of the study"),
        max_length=80,
        help_text=_("A task of that name is made; files for one that is there are added to it."),
    )
    ratings = forms.FileField(
        label=_("Ratings by people"),
        required=False,
        help_text=_("CSV, TSV or JSON lines: a row for each rating, or a column for each rater."),
    )
    verdicts = forms.FileField(
        label=_("Verdicts of judges"),
        required=False,
        help_text=_(
            "Leave empty where the first file has columns of judges too, or the judge is still to run."
        ),
    )

    def clean_task(self) -> str:
        name: str = self.cleaned_data["task"]
        if not sound_name(name):
            raise forms.ValidationError(
                gettext("Give the task a name of at most 80 characters, without a slash.")
            )
        return name

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and not (given.get("ratings") or given.get("verdicts")):
            raise forms.ValidationError(gettext("Choose a file of ratings, of verdicts, or both."))
        return given

    @property
    def files_given(self) -> dict[Kind, UploadedFile | None]:
        return {kind: self.cleaned_data.get(kind) for kind in KINDS}


class ColumnsForm(forms.Form):
    """A choice for each column of each file, a value for what no column says, and the rubric."""

    rubric = forms.ChoiceField(label=_("Rubric"), required=False)

    def __init__(self, place: Place, given: Any = None) -> None:
        self.place = place
        self.said = columns_of(place)
        self.seen: dict[Kind, Look] = {kind: look(place.path(kind)) for kind in self.said}
        super().__init__(given, initial=self._initial())
        rubric = self.fields["rubric"]
        assert isinstance(rubric, forms.ChoiceField)
        rubric.choices = [*shipped_titles(), (FOUND, _("The scale that the files use"))]
        for kind, seen in self.seen.items():
            for at, heading in enumerate(seen.headings):
                choices = [("", _("not taken")), *((name, MEANINGS[name]) for name in FIELDS[kind])]
                choices.insert(5, (EACH, EACH_OF[kind]))
                self.fields[f"{kind}-{at}"] = forms.ChoiceField(
                    label=heading,
                    choices=choices,
                    required=False,
                    widget=forms.Select(attrs={"class": "input"}),
                )
            for name in ("model", WHO[kind]):
                self.fields[f"{kind}-all-{name}"] = forms.CharField(
                    label=str(SAME_FOR_ALL[name]), max_length=80, required=False
                )

    def _initial(self) -> dict[str, str]:
        found = {"rubric": self.place.state["rubric"]}
        for kind, columns in self.said.items():
            meaning = {heading: name for name, heading in columns.columns.items()}
            meaning |= dict.fromkeys(columns.each, EACH)
            for at, heading in enumerate(self.seen[kind].headings):
                found[f"{kind}-{at}"] = meaning.get(heading, "")
            for name in ("model", WHO[kind]):
                found[f"{kind}-all-{name}"] = columns.constants.get(name, "")
        return found

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        self.chosen = {kind: self._columns(kind, given) for kind in self.seen}
        return given

    def _columns(self, kind: Kind, given: dict[str, Any]) -> Columns:
        columns: dict[str, str] = {}
        each = []
        for at, heading in enumerate(self.seen[kind].headings):
            meaning = given.get(f"{kind}-{at}", "")
            if meaning == EACH:
                each.append(heading)
            elif meaning in columns:
                message = gettext("%(first)s and %(second)s cannot both be: %(meaning)s.")
                values = {"first": columns[meaning], "second": heading, "meaning": MEANINGS[meaning]}
                self.add_error(f"{kind}-{at}", message % values)
            elif meaning:
                columns[meaning] = heading
        constants = {
            name: value
            for name in ("model", WHO[kind])
            if (value := given.get(f"{kind}-all-{name}", "").strip())
            and name not in columns
            and not (each and name == WHO[kind])
        }
        return Columns(kind, columns, tuple(each), constants)

    def keep(self) -> bool:
        """Keep what was chosen with the files; whether it is something else than before."""
        said = {kind: columns.as_dict() for kind, columns in self.chosen.items()}
        rubric = self.cleaned_data["rubric"] or self.place.state["rubric"]
        before = self.place.state
        if (said, rubric) == (before["columns"], before["rubric"]):
            return False
        self.place.say(columns=said, rubric=rubric)
        self.place.keep_report(None)
        return True

    def sides(self, report: dict[str, Any] | None) -> list[dict[str, Any]]:
        """Each file as the page shows it: its columns with their first values, and what was found in it."""
        names = self.place.state["names"]
        return [
            {
                "kind": kind,
                "title": TITLES[kind],
                "file": names.get(kind) or names.get("ratings", ""),
                "columns": self._column_rows(kind),
                "constants": [self[f"{kind}-all-{name}"] for name in self._untold(kind)],
                "found": _found(kind, report),
                "warnings": [gettext(notice.template) % notice.values for notice in seen.warnings],
            }
            for kind, seen in self.seen.items()
        ]

    def _untold(self, kind: Kind) -> list[str]:
        """Fields that no column names, so that one value must do for every row."""
        said = self.said[kind]
        return [
            name
            for name in ("model", WHO[kind])
            if name not in said.columns and not (said.each and name == WHO[kind])
        ]

    def _column_rows(self, kind: Kind) -> list[dict[str, Any]]:
        seen = self.seen[kind]
        return [
            {
                "heading": heading,
                "field": self[f"{kind}-{at}"],
                "values": [row[heading] for row in seen.first if row.get(heading) not in (None, "")][
                    :VALUES_SHOWN
                ],
            }
            for at, heading in enumerate(seen.headings)
        ]


def _found(kind: Kind, report: dict[str, Any] | None) -> dict[str, Any] | None:
    """One file's part of a report, with reasons in the reader's language."""
    if not report or kind not in report:
        return None
    found = report[kind]
    apart = []
    for one in found["quarantined"][:QUARANTINED_SHOWN]:
        template = one["template"]
        apart.append({**one, "reason": gettext(template) % one["values"]})
    return {
        **found,
        "who": found[f"{WHO[kind]}s"],
        "quarantined": apart,
        "more": max(0, len(found["quarantined"]) - QUARANTINED_SHOWN),
        "apart": len(found["quarantined"]),
        "columns_shown": [MEANINGS[name] for name in ("item", "model", WHO[kind], "score")],
        "first_rows": [
            [row["item"], row["model"], row[WHO[kind]], row["score"] if row["score"] is not None else "–"]
            for row in found["first"]
        ],
    }
