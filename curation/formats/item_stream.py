"""Items of a file one at a time, so that a file of any length takes the space of a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import foreign
from .category_names import CategoryNames
from .faults import Notice, Quarantined, UnusableFile, gettext_noop
from .item_mapping import ItemColumns, MappedBuilder, checked, guess, look_at
from .items_elsewhere import open_items
from .reading import FORMATS, ItemBuilder, ItemRow, ReadResult, Seen, headings_with_id
from .records import RecordFile, built, key_of
from .writing.csv_files import is_export

MOST_COLUMNS = 200


@dataclass(slots=True)
class ItemStream:
    """Rows in file order, sound or set apart, to be taken once.

    `warnings` is complete when all rows were taken. `columns` is what the columns were taken to mean where they were
    mapped; None where the file names everything as the readers know it.
    """

    format: str
    rows: Iterator[ItemRow | Quarantined]
    warnings: list[Notice] = field(default_factory=list)
    columns: ItemColumns | None = None


def stream_items(
    path: str | Path,
    *,
    format: str | None = None,
    columns: ItemColumns | None = None,
    names: CategoryNames | None = None,
    seen: Seen | None = None,
) -> ItemStream:
    """Open a file of items, or a folder where the format is one (xsafety: ja/ and en/; aisev: *.csv).

    `format` is one of FORMATS, or None to go by the content. `columns` says what the columns mean; without it, a file
    whose headings the readers do not know has them guessed, by the `names` of categories too. `seen` remembers what stood in earlier rows. Raises
    UnusableFile where nothing can be read, perhaps only when the rows are taken.
    """
    place = Path(path)
    if format is not None and format not in FORMATS:
        raise UnusableFile(
            gettext_noop("%(format)s is no known format; known are %(formats)s"),
            format=format,
            formats=", ".join(FORMATS),
        )
    if not place.exists():
        raise UnusableFile(gettext_noop("%(file)s does not exist"), file=place.name)
    found = format or (_folder_format(place) if place.is_dir() else None)
    whole = {"xsafety": foreign.read_xsafety, "aisev": foreign.read_aisev}
    if found in whole:
        return _of_result(whole[found](place))
    if place.is_dir():
        raise UnusableFile(gettext_noop("%(file)s is a folder; give a file"), file=place.name)
    if found == "dna":
        return _of_result(foreign.read_dna(place))
    opened = opened_within(place, shape="array" if found == "ac" else found)
    keys = {key_of(heading) for heading in opened.headings}
    if columns is None and found is None and "ten-perspective" in keys:
        return _of_result(foreign.read_aisev(place))
    if columns is None and found is None and {"risk-area", "types-of-harm", "question"} <= keys:
        return _of_result(foreign.read_dna(place))
    return _of_records(opened, columns, names, seen)


def opened_within(place: Path, *, shape: str | None = None) -> RecordFile:
    """The file's records, with no more columns than can be looked through. Raises UnusableFile."""
    opened = open_items(place, shape=shape)
    if len(opened.headings) > MOST_COLUMNS:
        raise UnusableFile(
            gettext_noop("%(file)s has %(n)s columns; at most %(most)s are read"),
            file=place.name,
            n=f"{len(opened.headings):,}",
            most=MOST_COLUMNS,
        )
    return opened


def _folder_format(place: Path) -> str:
    if (place / "ja").is_dir():
        return "xsafety"
    raise UnusableFile(
        gettext_noop("%(file)s is a folder without a ja folder in it; give a file, or name the format"),
        file=place.name,
    )


def _of_result(found: ReadResult) -> ItemStream:
    """Sets with a shape of their own are small, and are read whole."""

    def rows() -> Iterator[ItemRow | Quarantined]:
        yield from found.rows
        yield from found.quarantined

    return ItemStream(found.format, rows(), found.warnings)


def _of_records(
    opened: RecordFile, columns: ItemColumns | None, names: CategoryNames | None, seen: Seen | None
) -> ItemStream:
    look = look_at(opened)
    if columns is not None:
        columns = checked(columns, look)
    elif look.unknown:
        found = guess(look, names).columns
        columns = found if "question" in found.columns else None
    table = opened.shape in ("csv", "tsv")
    name = opened.export or ("ac" if opened.shape == "array" else opened.shape)
    stream = ItemStream(name, iter(()), opened.warnings, columns)
    if columns is not None:
        mapped = MappedBuilder(columns, opened, earlier=seen)
        stream.rows = _told(stream, mapped, built(opened.records, mapped.build))
        return stream
    has_id = headings_with_id(opened) if table else True
    reader = ItemBuilder(
        table=table, has_id=has_id, marked=table and is_export(opened.headings), earlier=seen
    )
    stream.rows = _told(stream, reader, built(opened.records, reader.build))
    return stream


def _told(
    stream: ItemStream, reader: ItemBuilder, rows: Iterator[ItemRow | Quarantined]
) -> Iterator[ItemRow | Quarantined]:
    """The rows; at their end the stream's warnings say what the reader decided by itself."""
    yield from rows
    stream.warnings += reader.decided()
