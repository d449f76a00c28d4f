"""Translations in and out: CSV or JSON lines of ID, locale, question and answer."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import fields
from .faults import Fault, UnusableFile, gettext_noop
from .ratings import RowsRead
from .records import Record, collect, key_of, read_records
from .writing.csv_files import formula_safe, formula_unsafe

_NAMES = {
    "external_id": ("id", "item", "external-id"),
    "locale": ("locale", "language", "lang"),
    "question": ("question", "text", "質問"),
    "answer": ("answer", "output", "回答"),
}


@dataclass(frozen=True, slots=True)
class TranslationRow:
    """The text of one item in one locale; answer None where only the question is translated."""

    row: int
    external_id: str
    locale: str
    question: str
    answer: str | None = None


def read_translations(path: str | Path, *, locale: str | None = None) -> RowsRead[TranslationRow]:
    """Rows of `ID, locale, question, answer?`. `locale` is for files without that column; a row's own word wins.

    A second row of the same (ID, locale) is set apart.
    """
    if locale is not None:
        locale_named(locale)
    opened = read_records(path)
    if opened.headings:
        keys = {key_of(heading) for heading in opened.headings}
        needed = ("external_id", "question") if locale else ("external_id", "locale", "question")
        missing = [name for name in needed if not keys & set(_NAMES[name])]
        if missing:
            raise UnusableFile(
                gettext_noop("%(file)s lacks the columns %(missing)s"),
                file=opened.name,
                missing=", ".join(_NAMES[name][0] for name in missing),
            )
    seen: dict[tuple[str, str], int] = {}

    def build(record: Record) -> TranslationRow:
        given = {key_of(key): value for key, value in record.values.items()}
        if opened.headings:  # a mark that write_translations set before what a spreadsheet would run
            given = {key: formula_unsafe(cell) for key, cell in given.items()}
        row = TranslationRow(
            record.row,
            fields.identifier(_first(given, "external_id"), "ID"),
            fields.locale(_first(given, "locale") or locale, "locale"),
            fields.text(_first(given, "question"), "question"),
            fields.optional_text(_first(given, "answer"), "answer"),
        )
        if (row.external_id, row.locale) in seen:
            raise Fault(
                gettext_noop("the same entry stands already in row %(first)s; keep one of them"),
                field="ID",
                content=row.external_id,
                first=seen[row.external_id, row.locale],
            )
        seen[row.external_id, row.locale] = record.row
        return row

    rows, apart = collect(opened.records, build)
    return RowsRead(rows, apart, opened.warnings)


def locale_named(given: str) -> str:
    """The language tag of an option. Raises UnusableFile where it is none."""
    try:
        return fields.locale(given, "locale")
    except Fault as fault:
        raise UnusableFile(fault.template, **{"field": fault.field, **fault.values}) from None


def write_translations(rows: Iterable[dict[str, Any]], path: str | Path) -> Path:
    """Write rows with the same keys as CSV (formula-safe, with a mark for spreadsheets) or, by ending, JSON lines."""
    place = Path(path)
    kept = list(rows)
    if place.suffix == ".jsonl":
        place.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept), encoding="utf-8", newline=""
        )
        return place
    with place.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        headings = list(kept[0]) if kept else ["ID", "locale", "question", "answer"]
        writer.writerow(headings)
        writer.writerows(
            [formula_safe("" if row[key] is None else str(row[key])) for key in headings] for row in kept
        )
    return place


def _first(given: dict[str, Any], meaning: str) -> Any:
    return next((given[key] for key in _NAMES[meaning] if given.get(key) not in (None, "")), None)
