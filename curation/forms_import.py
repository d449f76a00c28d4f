"""Shape in: a file of items, what its columns and its words for categories mean, and how its rows come in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from curation.actions.item_files import Place
from curation.formats.item_mapping import ATTRIBUTE, LEVELS, NOT_TAKEN, Guess, ItemColumns, ItemLook
from curation.models import Category, Dataset
from curation.queries import rights_visible_to

VALUES_SHOWN = 3
WORDS_SHOWN = 100
MEANINGS: dict[str, str | Promise] = {
    "id": _("ID"),
    "question": _("Question"),
    "answer": _("Answer"),
    "category": _("Category, in one column"),
    "risk_area": _("Risk area"),
    "harm_type": _("Harm type"),
    "specific_harm": _("Specific harm"),
    "split": _("Split (dev or test)"),
    "sources": _("Sources"),
    "criteria": _("Criteria (JSON)"),
    "question_id": _("ID of the question, where several rows answer one"),
    "question_en": _("Question in English"),
    "answer_en": _("Answer in English"),
    "translations": _("Translations (JSON)"),
    "attributes": _("Attributes (JSON)"),
}
SPLITS = [("", _("as each row says")), ("dev", "dev"), ("test", "test")]
STATES = [
    ("", _("With an answer to review, questions alone to the answer writers")),
    ("draft", _("All as drafts")),
    ("approved", _("All as approved (every row needs an answer)")),
]


def _select(label: Any, choices: Any) -> forms.ChoiceField:
    widget = forms.Select(attrs={"class": "input"})
    return forms.ChoiceField(label=label, choices=choices, required=False, widget=widget)


class MannerForm(forms.Form):
    """How the rows come in."""

    as_state = _select(_("They come in"), STATES)
    split = _select(_("Split of rows that name none"), SPLITS)
    rights = _select(_("Terms they come under"), [])

    def __init__(self, dataset: Dataset, person: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = rights_visible_to(person, dataset).values_list("name", flat=True)
        field = self.fields["rights"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("none named")), *((name, name) for name in names)]

    @property
    def manner(self) -> dict[str, str]:
        return {name: self.cleaned_data.get(name, "") for name in ("as_state", "split", "rights")}


class FileForm(MannerForm):
    """The file itself."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, TSV, JSON or JSON lines; exports of Argilla and Label Studio as they are."),
    )
    field_order = ("file", "as_state", "split", "rights")


class MappingForm(MannerForm):
    """A choice for each column, and for each word that no category is called."""

    def __init__(
        self,
        dataset: Dataset,
        person: Any,
        place: Place,
        seen: ItemLook,
        guessed: Guess,
        leaves: Iterable[Category],
        given: Any = None,
    ) -> None:
        self.place, self.seen, self.guessed = place, seen, guessed
        self.columns = place.columns or guessed.columns
        report = place.report or {}
        self.words = list(dict.fromkeys([*self.columns.categories, *report.get("unknown", {})]))[:WORDS_SHOWN]
        super().__init__(dataset, person, given, initial=self._initial())
        meanings = [(NOT_TAKEN, _("not taken")), (ATTRIBUTE, _("kept as an attribute")), *MEANINGS.items()]
        for at, heading in enumerate(seen.headings):
            self.fields[f"column-{at}"] = _select(heading, meanings)
        choices = [(" > ".join(leaf.labels), leaf.name) for leaf in leaves]
        self.fields["category"] = _select(
            _("One category for every row that names none"), [("", _("none")), *choices]
        )
        for at, word in enumerate(self.words):
            self.fields[f"word-{at}"] = _select(word, [("", _("stays unknown")), *choices])

    def _initial(self) -> dict[str, str]:
        meaning = {heading: name for name, heading in self.columns.columns.items()}
        meaning |= dict.fromkeys(self.columns.attributes, ATTRIBUTE)
        found = {f"column-{at}": meaning.get(h, NOT_TAKEN) for at, h in enumerate(self.seen.headings)}
        found |= {f"word-{at}": self.columns.categories.get(word, "") for at, word in enumerate(self.words)}
        return found | {"category": self.columns.constants.get("category", "")} | self.place.state["manner"]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        columns: dict[str, str] = {}
        attributes = []
        for at, heading in enumerate(self.seen.headings):
            meaning = given.get(f"column-{at}") or NOT_TAKEN
            if meaning == ATTRIBUTE:
                attributes.append(heading)
            elif meaning in columns:
                message = gettext("%(first)s and %(second)s cannot both be: %(meaning)s.")
                values = {"first": columns[meaning], "second": heading, "meaning": MEANINGS[meaning]}
                self.add_error(f"column-{at}", message % values)
            elif meaning != NOT_TAKEN:
                columns[meaning] = heading
        constants = {"category": given["category"]} if given.get("category") else {}
        said = {word: given.get(f"word-{at}", "") for at, word in enumerate(self.words)}
        categories = {word: leaf for word, leaf in said.items() if leaf}
        self.chosen = ItemColumns(columns, tuple(attributes), constants, categories)
        return given

    def keep(self) -> bool:
        """Keep what was chosen with the file; whether it is something else than before."""
        before = self.place.state
        stands = (self.place.columns or self.guessed.columns).as_dict()
        same = stands == self.chosen.as_dict()
        if same and self.manner == before["manner"]:
            return False
        columns = before["columns"] if same else self.chosen.as_dict()
        self.place.say(columns=columns, manner=self.manner)
        self.place.keep_report(None)
        return True

    def rows(self) -> list[dict[str, Any]]:
        """The columns as the page shows them: first values, what each is taken for, and why."""
        return [
            {
                "heading": heading,
                "field": self[f"column-{at}"],
                "values": [row[heading] for row in self.seen.first if row.get(heading) not in (None, "")][
                    :VALUES_SHOWN
                ],
                "why": self._why(heading, self[f"column-{at}"].value()),
                "taken": self[f"column-{at}"].value() not in (NOT_TAKEN, None),
            }
            for at, heading in enumerate(self.seen.headings)
        ]

    def _why(self, heading: str, meaning: str) -> str:
        guessed = {column: name for name, column in self.guessed.columns.columns.items()}
        guessed |= dict.fromkeys(self.guessed.columns.attributes, ATTRIBUTE)
        if guessed.get(heading, NOT_TAKEN) != meaning:
            return gettext("you said so")
        notice = self.guessed.why[heading]
        return gettext(notice.template) % notice.values

    def word_rows(self) -> list[dict[str, Any]]:
        """Words for categories that stood for none, how often, and what they were said to mean."""
        unknown: Mapping[str, int] = (self.place.report or {}).get("unknown", {})
        return [
            {"word": word, "times": unknown.get(word), "field": self[f"word-{at}"]}
            for at, word in enumerate(self.words)
        ]

    @property
    def needs_category(self) -> bool:
        return not set(LEVELS) & self.columns.columns.keys()
