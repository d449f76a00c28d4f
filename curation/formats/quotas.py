"""Targets per leaf as a table: one line a leaf, named by its id or its exact labels. No cell is ever a formula."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from .faults import Fault, Quarantined, UnusableFile, gettext_noop
from .records import Record, collect, read_records
from .writing.csv_files import formula_safe, formula_unsafe
from .writing.rows import META_KEYS

SPLITS = ("dev", "test")
HEADINGS = ("ID", *META_KEYS, *SPLITS)
MOST = 1_000_000
_NAMES = {
    "id": ("ID", "id"),
    "risk-area": ("risk-area", "risk_area", "大分類"),
    "harm-type": ("harm-type", "harm_type", "中分類"),
    "specific-harm": ("specific-harm", "specific_harm", "小分類"),
    "dev": ("dev",),
    "test": ("test",),
}


@dataclass(frozen=True, slots=True)
class QuotaRow:
    """A leaf and the targets that the row gives; a split that it leaves empty is not in it."""

    row: int
    leaf: int
    targets: dict[str, int]


@dataclass(frozen=True, slots=True)
class QuotasRead:
    rows: list[QuotaRow]
    apart: list[Quarantined]

    @property
    def targets(self) -> dict[int, dict[str, int]]:
        return {row.leaf: row.targets for row in self.rows}


def written(leaves: Mapping[int, str], targets: Mapping[int, Mapping[str, int]]) -> str:
    """The table, with a mark for spreadsheets. `leaves`: id -> labels joined by a tab."""
    out = StringIO()
    lines = csv.writer(out)
    lines.writerow(HEADINGS)
    for leaf, path in leaves.items():
        labels = [formula_safe(label) for label in path.split("\t")]
        lines.writerow([leaf, *labels, *(targets.get(leaf, {}).get(split, 0) for split in SPLITS)])
    return "\ufeff" + out.getvalue()


def read_quotas(path: str | Path, leaves: Mapping[int, str]) -> QuotasRead:
    """The rows of a CSV, TSV, JSON or JSONL file; what cannot be used stands apart with its number and why.

    Raises UnusableFile for a file that cannot be read, or whose table names no leaf and no target.
    """
    opened = read_records(path)
    known = {name for names in _NAMES.values() for name in names}
    if opened.headings and not known & {heading.strip() for heading in opened.headings}:
        raise UnusableFile(
            gettext_noop("%(file)s has none of the columns %(columns)s"),
            file=opened.name,
            columns=", ".join(HEADINGS),
        )
    return read_rows(opened.records, leaves, table=bool(opened.headings))


def read_rows(
    records: Iterable[Record | Quarantined], leaves: Mapping[int, str], *, table: bool = False
) -> QuotasRead:
    """The same for records that are at hand; `table`: cells are texts, marked where they would be formulas."""
    by_path = {path: leaf for leaf, path in leaves.items()}
    seen: dict[int, int] = {}

    def build(record: Record) -> QuotaRow:
        given = {str(key).strip(): value for key, value in record.values.items()}
        if table:
            given = {key: formula_unsafe(cell) for key, cell in given.items() if isinstance(cell, str)}
        leaf = _leaf(given, leaves, by_path)
        if leaf in seen:
            raise Fault(
                gettext_noop("the same category stands already in row %(first)s; keep one of them"),
                field="ID",
                first=seen[leaf],
            )
        targets = {split: _target(given, split) for split in SPLITS if _first(given, split) is not None}
        if not targets:
            raise Fault(gettext_noop("neither dev nor test has a number"), field="dev")
        seen[leaf] = record.row
        return QuotaRow(record.row, leaf, targets)

    rows, apart = collect(iter(records), build)
    return QuotasRead(rows, apart)


def _first(given: Mapping[str, Any], meaning: str) -> Any:
    return next((given[name] for name in _NAMES[meaning] if given.get(name) not in (None, "")), None)


def _leaf(given: Mapping[str, Any], leaves: Mapping[int, str], by_path: Mapping[str, int]) -> int:
    labels = [_first(given, key) for key in META_KEYS]
    named = by_path.get("\t".join(str(label) for label in labels)) if all(labels) else None
    number = _first(given, "id")
    if number is None and not any(labels):
        raise Fault(gettext_noop("names no category: give its id or its three labels"), field="ID")
    if number is None:
        if named is None:
            raise Fault(
                gettext_noop("the dataset's taxonomy has no specific harm with these three labels"),
                field="specific-harm",
                content=labels[-1],
            )
        return named
    leaf = _whole(number)
    if leaf is None or leaf not in leaves:
        raise Fault(
            gettext_noop("the dataset's taxonomy has no specific harm with this id"),
            field="ID",
            content=number,
        )
    if any(labels) and named != leaf:
        raise Fault(
            gettext_noop("the id and the labels name different categories; mend one or leave it out"),
            field="ID",
            content=number,
        )
    return leaf


def _whole(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isdecimal() and len(text) <= 9 else None


def _target(given: Mapping[str, Any], split: str) -> int:
    value = _first(given, split)
    number = _whole(value)
    if number is None or not 0 <= number <= MOST:
        raise Fault(
            gettext_noop("must be a whole number from 0 to %(most)d"), field=split, content=value, most=MOST
        )
    return number
