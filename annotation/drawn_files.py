"""A drawn list from a file: which responses a study wants rated, each with the chance with which it was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.matching import Responses
from annotation.models import Response
from curation.formats import fields
from curation.formats.faults import Fault, Quarantined, gettext_noop
from curation.formats.records import Record, collect, key_of, read_records


@dataclass(frozen=True, slots=True)
class DrawnRow:
    row: int
    item: str
    model: str
    chance: float
    stratum: str = ""
    response_sha256: str | None = None


def read_drawn(path: str | Path) -> tuple[list[DrawnRow], list[Quarantined]]:
    """Rows of `{"item", "model", "inclusion_probability", "stratum"?, "response_sha256"?}`, and what is no such row.

    JSON lines, an array, CSV or TSV with the same headings.
    """
    return collect(read_records(path).records, _row)


def drawn_given(given: Sequence[dict[str, Any]]) -> tuple[list[DrawnRow], list[Quarantined]]:
    """The same from objects."""
    return collect((Record(n, n, values) for n, values in enumerate(given, start=1)), _row)


def _row(record: Record) -> DrawnRow:
    given = {key_of(key).replace("-", "_"): value for key, value in record.values.items()}
    chance = given.get("inclusion_probability")
    if chance is None or chance == "":
        raise Fault(
            gettext_noop("%(field)s is missing; give the chance with which the response was drawn"),
            field="inclusion_probability",
        )
    return DrawnRow(
        record.row,
        fields.identifier(given.get("item"), "item"),
        fields.name(given.get("model"), "model"),
        fields.number(chance, "inclusion_probability", above=0.0, most=1.0),
        fields.optional_text(given.get("stratum"), "stratum", limit=80) or "",
        fields.sha256(given.get("response_sha256"), "response_sha256"),
    )


def matched(
    rows: Sequence[DrawnRow], responses: Sequence[Response]
) -> tuple[list[tuple[int, str, float]], list[Quarantined]]:
    """The rows as (response, stratum, chance), and those that mean no response, or one that a row before them meant."""
    known = Responses(responses)
    drawn: list[tuple[int, str, float]] = []
    apart: list[Quarantined] = []
    seen: dict[int, int] = {}
    for row in rows:
        try:
            found = known.find(row.item, row.model, row.response_sha256)
            if found is None:
                raise Fault(
                    gettext_noop("%(model)s has no response to this item in the release and split"),
                    field="item",
                    content=row.item,
                    model=row.model,
                )
            if found.pk in seen:
                raise Fault(
                    gettext_noop("the same response stands already in row %(first)s; keep one of them"),
                    field="item",
                    content=row.item,
                    first=seen[found.pk],
                )
        except Fault as fault:
            values = {"field": fault.field, **fault.values}
            apart.append(Quarantined(row.row, fault.template, field=fault.field, values=values))
            continue
        seen[found.pk] = row.row
        drawn.append((found.pk, row.stratum, row.chance))
    return drawn, apart


def unusable(apart: Sequence[Quarantined]) -> str:
    """The first rows that cannot be drawn, with the reason of each."""
    return "; ".join(f"row {one.row}, {one.field or 'record'}: {one.reason}" for one in apart[:5])
