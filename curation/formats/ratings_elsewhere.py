"""Ratings as other tools export them: which tool a file comes from, and its people's answers as plain rows."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from . import argilla, labelstudio
from .faults import Quarantined, UnusableFile, gettext_noop
from .records import Record, RecordFile, read_records

ROWS = "rows"
EXPORTS = (labelstudio.NAME, argilla.NAME)
FORMATS = (ROWS, *EXPORTS)
# Fields of a rating that the tool itself names, whatever the people's own fields are called.
OWN: dict[str, Mapping[str, str]] = {labelstudio.NAME: labelstudio.OWN, argilla.NAME: argilla.OWN}
_RECOGNISED: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    labelstudio.NAME: labelstudio.recognised,
    argilla.NAME: argilla.recognised,
}
_UNROLLED: dict[str, Callable[[RecordFile], Iterator[Record | Quarantined]]] = {
    labelstudio.NAME: labelstudio.unrolled,
    argilla.NAME: argilla.unrolled,
}
LOOKED_AT = 200  # an export may begin with records that nobody has answered


def open_ratings(path: str | Path, export: str | None = None) -> RecordFile:
    """The file's records; of an export those of its annotations, with `export` set.

    `export` is one of FORMATS, or None to go by the shape of the first records. Raises UnusableFile.
    """
    if export is not None and export not in FORMATS:
        raise UnusableFile(
            gettext_noop("%(format)s is no known format; known are %(formats)s"),
            format=export,
            formats=", ".join(FORMATS),
        )
    opened = read_records(path)
    found = export
    if export is None:
        first = list(islice(opened.records, LOOKED_AT))
        opened.records = chain(first, opened.records)
        found = recognise(opened, [record.values for record in first if isinstance(record, Record)])
    if found in (None, ROWS):
        return opened
    read = dataclasses.replace(opened, export=str(found), headings=())
    read.records = _UNROLLED[str(found)](opened)
    return read


def recognise(opened: RecordFile, first: list[dict[str, Any]]) -> str | None:
    """The tool that the first records come from, None where they are of no export."""
    if opened.shape not in ("array", "jsonl"):
        return None
    for name, recognised in _RECOGNISED.items():
        if any(recognised(values) for values in first):
            return name
    return None
