"""Translations in from files and out to them, row by row checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions import translations
from curation.errors import TeineiError
from curation.formats.translations import (
    TranslationRow,
    locale_named,
    read_translations,
    write_translations,
)
from curation.log import Actor
from curation.models import Dataset, Item, Translation
from curation.rules import require


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A row that was not taken: its number, the field, and what would be right."""

    row: int | None
    reason: str
    field: str = ""


@dataclass(kw_only=True)
class Imported:
    """What an import of translations did: how many came in, rows that were there already, rows refused."""

    translations: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@transaction.atomic
def import_translations(
    actor: Actor, dataset: Dataset, path: str | Path, *, locale: str | None = None
) -> Imported:
    """Hand in each row as a translation of today's source; they wait for a bilingual reviewer.

    A row that says what the newest revision says already is unchanged.
    """
    require(actor, "import", dataset)
    found = read_translations(path, locale=locale)
    result = Imported(warnings=[str(notice) for notice in found.warnings])
    result.refused = [Refusal(row=q.row, reason=q.reason, field=q.field) for q in found.quarantined]
    items = _items(dataset, [row.external_id for row in found.rows])
    for row in found.rows:
        item = items.get(row.external_id)
        if item is None:
            reason = _("There is no item %(id)s in this dataset.") % {"id": row.external_id}
            result.refused.append(Refusal(row=row.row, reason=reason, field="ID"))
            continue
        try:
            with transaction.atomic():
                _hand_in(actor, item, row, result)
        except TeineiError as error:
            result.refused.append(Refusal(row=row.row, reason=error.sentence, field=error.field))
    return result


def _items(dataset: Dataset, ids: list[str]) -> dict[str, Item]:
    found: dict[str, Item] = {}
    for start in range(0, len(ids), 500):
        rows = Item.objects.filter(dataset=dataset, external_id__in=ids[start : start + 500])
        found.update(
            (item.external_id, item)
            for item in rows.select_related(
                "dataset", "approved_revision__question_text", "current_revision__question_text"
            )
        )
    return found


def _hand_in(actor: Actor, item: Item, row: TranslationRow, result: Imported) -> None:
    translation = translations.translation_of(item, row.locale)
    current = translation.current_revision
    same = current and (current.question, current.answer) == (
        row.question.strip(),
        (row.answer or "").strip(),
    )
    if same and not translations.is_stale(translation):
        result.unchanged += 1
        return
    translations.submit(actor, translation, question=row.question, answer=row.answer or "", origin="imported")
    result.translations += 1


def export_translations(dataset: Dataset, path: str | Path, *, locale: str) -> int:
    """Write the newest translation of every item in the locale; returns how many. UnusableFile: no language tag."""
    locale_named(locale)
    rows = (
        Translation.objects.filter(item__dataset=dataset, locale=locale, current_revision__isnull=False)
        .select_related("item", "current_revision__question_text", "current_revision__answer_text")
        .order_by("item__external_id")
    )
    out = [
        {
            "ID": row.item.external_id,
            "locale": locale,
            "question": row.current_revision.question,
            "answer": row.current_revision.answer or None,
        }
        for row in rows
        if row.current_revision
    ]
    write_translations(out, path)
    return len(out)
