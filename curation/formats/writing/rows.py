"""What a release is to an exporter: plain rows in their order, and a description."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from curation.errors import TeineiError

SPLITS = ("dev", "test")
META_KEYS = ("risk-area", "harm-type", "specific-harm")
# The two orders seen in the wild: NII's JSON, and the struct of the Hugging Face parquet (reference: dataset, F22).
META_ORDERS: dict[str, tuple[str, ...]] = {"ac": META_KEYS, "hf": ("harm-type", "risk-area", "specific-harm")}
OUTPUT_FIELDS = ("output", "output-sample")


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One item of a frozen release. `labels` are the three exact label strings from the top of the tree.

    `translations` maps a locale to {"question": text, "answer": text or None}; `content_hash` is the caller's own.
    """

    position: int
    external_id: str
    question: str
    answer: str
    labels: tuple[str, str, str]
    split: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    translations: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    content_hash: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseDescription:
    """What a release says about itself; every export carries terms and citation. `created` is an ISO date."""

    name: str
    dataset: str
    taxonomy: str
    licence: str
    terms: str
    citation: str
    created: str
    summary: str = ""
    content_warning: str = ""
    homepage: str = ""
    version: str = "1.0.0"
    languages: tuple[str, ...] = ("ja",)
    gated: bool = True


class UnwritableRelease(TeineiError):
    """The rows cannot be exported as they are; nothing was written."""


def checked(rows: Iterable[ReleaseRow]) -> list[ReleaseRow]:
    """Rows by position. UnwritableRelease names the first row that no reader could read back."""
    ordered = sorted(rows, key=lambda row: row.position)
    ids = Counter(row.external_id for row in ordered)
    places = Counter(row.position for row in ordered)
    if not ordered:
        raise UnwritableRelease("A release without items cannot be exported")
    for row in ordered:
        fault = _fault(row)
        if ids[row.external_id] > 1:
            fault = "its ID is that of another item too"
        elif places[row.position] > 1:
            fault = "its position is that of another item too"
        if fault:
            raise UnwritableRelease(f"Item {row.external_id!r} cannot be exported: {fault}")
    return ordered


def _fault(row: ReleaseRow) -> str:
    if row.split not in SPLITS:
        return "its split is neither dev nor test"
    if len(row.labels) != len(META_KEYS):
        return "it needs three labels"
    for text in _texts(row):
        if not isinstance(text, str):
            return "one of its fields is not text"
        if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text if char > "\ud7ff"):
            return "a text of it holds a NUL or half of a surrogate pair"
    return "" if row.question and row.external_id else "it has no question or no ID"


def _texts(row: ReleaseRow) -> Iterator[object]:
    yield from (row.external_id, row.question, row.answer, row.content_hash, *row.labels)
    for part in row.translations.values():
        yield from (text for text in part.values() if text is not None)


def record(row: ReleaseRow, *, output_field: str, meta_order: Sequence[str]) -> dict[str, Any]:
    """The AC record: exactly ID, text, output (or output-sample) and meta."""
    labels = dict(zip(META_KEYS, row.labels, strict=True))
    return {
        "ID": row.external_id,
        "text": row.question,
        output_field: row.answer,
        "meta": {key: labels[key] for key in meta_order},
    }


def by_split(rows: Iterable[ReleaseRow]) -> dict[str, list[ReleaseRow]]:
    """Rows of each split in release order; a split without rows is there with none."""
    found: dict[str, list[ReleaseRow]] = {split: [] for split in SPLITS}
    for row in rows:
        found[row.split].append(row)
    return found


def locales(rows: Iterable[ReleaseRow]) -> tuple[str, ...]:
    """The locales that any row is translated to, sorted: the same columns for every row and split."""
    return tuple(sorted({locale for row in rows for locale in row.translations}))
