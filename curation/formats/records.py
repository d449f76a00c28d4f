"""From a file to records: the shape found from the content, one record at a time, faults with their line.

Shapes: a JSON array of objects, JSON lines, CSV and TSV with headings. JSON lines and tables are streamed; an array is
decoded element by element from its text. Nothing in a file is ever evaluated or taken for a path.
"""

import csv
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, TypeVar

from .encoding import CHUNK, find_encoding
from .faults import Fault, Notice, Quarantined, UnusableFile, gettext_noop
from .fields import kind_of

_BLANK = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its number from 1, the line where it begins, its fields, the file's own name.

    `columns` says, where fields were mapped, which of the file's columns each came from. Of another tool's export,
    `part` says which part of the record this is, and `answers` which fields its people filled in.
    """

    row: int
    line: int
    values: dict[str, Any]
    file: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    part: str = ""
    answers: tuple[str, ...] = ()


@dataclass(slots=True)
class RecordFile:
    """An opened input: what it was found to be, and its records (to be taken once). `export`: the tool it came from."""

    name: str
    shape: str
    encoding: str
    headings: tuple[str, ...] = ()
    warnings: list[Notice] = field(default_factory=list)
    records: Iterator[Record | Quarantined] = field(default_factory=lambda: iter(()))
    export: str = ""


class _Repeated(dict[str, Any]):
    """A JSON object that names one key twice: which value was meant is not known."""


def read_records(path: str | Path, *, shape: str | None = None) -> RecordFile:
    """Open a file of records. `shape` (array, jsonl, csv, tsv) insists; otherwise the content decides.

    Raises UnusableFile for what is no file, empty, binary, in another encoding, or of another shape.
    """
    place = Path(path)
    encoding = find_encoding(place)
    found = _shape(place, encoding)
    if shape in ("csv", "tsv") and found in ("csv", "tsv"):
        found = shape
    if shape is not None and found != shape:
        raise UnusableFile(
            gettext_noop("%(file)s looks like %(found)s, not %(wanted)s"),
            file=place.name,
            found=found,
            wanted=shape,
        )
    opened = RecordFile(place.name, found, encoding)
    if encoding == "cp932":
        opened.warnings.append(
            Notice(
                gettext_noop("The file is not UTF-8 and was read as CP932 (Shift_JIS); check the first texts")
            )
        )
    if found == "array":
        opened.records = _array(place, encoding)
    elif found == "jsonl":
        opened.records = _lines(place, encoding)
    else:
        opened.headings, opened.records = _table(place, encoding, "\t" if found == "tsv" else ",")
    return opened


def _shape(place: Path, encoding: str) -> str:
    with place.open(encoding=encoding, newline="") as stream:
        head = stream.read(8192).lstrip()
    if head.startswith("["):
        return "array"
    if head.startswith("{"):
        return "jsonl"
    first = head.splitlines()[0] if head else ""
    return "tsv" if first.count("\t") > first.count(",") else "csv"


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else _Repeated(made)


def _checked(value: object, row: int, line: int, name: str) -> Record | Quarantined:
    if isinstance(value, _Repeated):
        return Quarantined(
            row, gettext_noop("one key stands twice in the record; keep one"), file=name, line=line
        )
    if not isinstance(value, dict):
        return Quarantined(
            row,
            gettext_noop("the record is %(kind)s; it must be an object with keys and values"),
            file=name,
            line=line,
            values={"kind": kind_of(value)},
        )
    return Record(row, line, value, name)


def _array(place: Path, encoding: str) -> Iterator[Record | Quarantined]:
    with place.open(encoding=encoding, newline="") as stream:
        text = _Window(stream, place.name)
        text.skip(past="[")
        if text.skip() == "]":
            raise UnusableFile(gettext_noop("%(file)s is an empty array"), file=place.name)
        row = 0
        while True:
            row += 1
            text.skip()
            line = text.line
            yield _checked(text.value(), row, line, place.name)
            if text.skip() == "]":
                break
            if text.skip(past=",") is None:
                raise text.broken()
        text.skip(past="]")
        if text.skip():
            raise UnusableFile(gettext_noop("%(file)s goes on after the end of its array"), file=place.name)


class _Window:
    """A part of a JSON text: what was read is let go, so that an array of any length takes the space of an element."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self.stream, self.name = stream, name
        self.text, self.at, self.line, self.ended = "", 0, 1, False
        self.decoder = json.JSONDecoder(object_pairs_hook=_pairs)

    def skip(self, past: str = "") -> str | None:
        """Go over blanks, and over the character `past`; the next character ("" at the end), None where it is not past."""
        while True:
            found = _BLANK.match(self.text, self.at)
            self._go(found.end() if found else self.at)
            if self.at < len(self.text) or not self._more():
                break
        here = self.text[self.at : self.at + 1]
        if past:
            if here != past:
                return None
            self._go(self.at + 1)
        return here

    def value(self) -> Any:
        """The value that begins here, once so much is read that it must have ended."""
        if self.at > CHUNK:
            self.text, self.at = self.text[self.at :], 0
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.at)
            except (ValueError, RecursionError) as error:
                if not (_cut(error, len(self.text)) and self._more()):
                    raise self.broken(error) from None
            else:
                if end < len(self.text) or not self._more():  # a number may go on in what is not read yet
                    self._go(end)
                    return value

    def _more(self) -> bool:
        if not self.ended:
            chunk = self.stream.read(CHUNK)
            self.ended = not chunk
            self.text += chunk
        return not self.ended

    def _go(self, to: int) -> None:
        self.line += self.text.count("\n", self.at, to)
        self.at = to

    def broken(self, error: Exception | None = None) -> UnusableFile:
        line = self.line
        if isinstance(error, json.JSONDecodeError):
            line += self.text.count("\n", self.at, error.pos)
        return UnusableFile(
            gettext_noop("%(file)s is not sound JSON: it breaks at line %(line)s; nothing was read"),
            file=self.name,
            line=line,
        )


def _cut(error: Exception, length: int) -> bool:
    """Whether the text may only have been too short: the decoder stopped at its end, or inside a string."""
    return isinstance(error, json.JSONDecodeError) and (
        error.pos >= length - 16 or error.msg.startswith("Unterminated string")
    )


def _lines(place: Path, encoding: str) -> Iterator[Record | Quarantined]:
    row = sound = 0
    decoder = json.JSONDecoder(object_pairs_hook=_pairs)
    with place.open(encoding=encoding, newline="\n") as stream:
        for line, text in enumerate(stream, 1):
            if not text.strip(" \t\r\n"):
                continue
            row += 1
            try:
                yield _checked(decoder.decode(text), row, line, place.name)
                sound += 1
            except (ValueError, RecursionError) as error:
                if row == 1 and isinstance(error, json.JSONDecodeError) and error.pos >= len(text.rstrip()):
                    break  # one object written over several lines: its inner lines are no records
                yield Quarantined(
                    row,
                    gettext_noop("the line is not sound JSON; write one whole object on each line"),
                    file=place.name,
                    line=line,
                )
    if not sound:
        raise UnusableFile(
            gettext_noop(
                "No line of %(file)s is a JSON object; give an array of objects or one object on each line"
            ),
            file=place.name,
        )


def _table(
    place: Path, encoding: str, delimiter: str
) -> tuple[tuple[str, ...], Iterator[Record | Quarantined]]:
    rows = _cells(place, encoding, delimiter)
    first = next(rows, None)
    if first is None or isinstance(first[1], Quarantined):
        raise UnusableFile(gettext_noop("%(file)s has no readable heading line"), file=place.name)
    headings = tuple(cell.strip() for cell in first[1])
    twice = sorted(heading for heading, times in Counter(headings).items() if heading and times > 1)
    if twice:
        raise UnusableFile(
            gettext_noop("%(file)s has the heading %(heading)s twice"), file=place.name, heading=twice[0]
        )
    return headings, _named(rows, headings, place.name)


def _named(
    rows: Iterator[tuple[int, list[str] | Quarantined]], headings: tuple[str, ...], name: str
) -> Iterator[Record | Quarantined]:
    for row, (line, cells) in enumerate(rows, 1):
        if isinstance(cells, Quarantined):
            yield Quarantined(row, cells.template, file=name, line=line, values=cells.values)
        elif len(cells) != len(headings):
            yield Quarantined(
                row,
                gettext_noop(
                    "the record has %(found)s fields, the heading %(wanted)s; a text with a separator in it needs "
                    "quotes around it"
                ),
                file=name,
                line=line,
                values={"found": len(cells), "wanted": len(headings)},
            )
        else:
            yield Record(
                row, line, {key: cell for key, cell in zip(headings, cells, strict=True) if key}, name
            )


def _cells(place: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str] | Quarantined]]:
    with place.open(encoding=encoding, newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield line, Quarantined(None, _quoting(str(error)), values={"line": line})
                continue
            if cells is None:
                return
            if cells:
                yield line, cells


def _quoting(message: str) -> str:
    if "field limit" in message:
        return gettext_noop(
            "a field is longer than can be stored, or a quote opened at line %(line)s never closes"
        )
    if "end of data" in message:
        return gettext_noop("the quote opened at line %(line)s never closes; what follows it was not read")
    return gettext_noop("a quote inside a quoted field must be doubled (line %(line)s)")


Row = TypeVar("Row")


def built(
    records: Iterable[Record | Quarantined], build: Callable[[Record], Row]
) -> Iterator[Row | Quarantined]:
    """A row from every record, one at a time; a Fault sets its record apart and the others go on."""
    for record in records:
        if isinstance(record, Quarantined):
            yield record
            continue
        try:
            yield build(record)
        except Fault as fault:
            named = record.columns.get(fault.field, fault.field)
            if record.part:
                named = f"{named} #{record.part}".strip()
            yield Quarantined(
                record.row,
                fault.template,
                field=named,
                excerpt=fault.excerpt,
                file=record.file,
                line=record.line,
                values={"field": named, **fault.values},
            )


def collect(
    records: Iterable[Record | Quarantined],
    build: Callable[[Record], Row],
) -> tuple[list[Row], list[Quarantined]]:
    """All of them at once: the rows, and what was set apart."""
    rows: list[Row] = []
    apart: list[Quarantined] = []
    for row in built(records, build):
        if isinstance(row, Quarantined):
            apart.append(row)
        else:
            rows.append(row)
    return rows, apart


def key_of(heading: str) -> str:
    """A heading as it is compared: `Risk_Area`, `risk area` and `risk-area` are one."""
    return re.sub(r"[\s_]+", "-", unicodedata.normalize("NFKC", heading).strip().casefold())
