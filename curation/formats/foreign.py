"""Sets of others that have a shape of their own: XSafety, Do-Not-Answer, Japan AISI's evaluation set."""

import codecs
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from . import fields
from .encoding import find_encoding
from .faults import Fault, Quarantined, UnusableFile, gettext_noop
from .reading import ItemBuilder, ItemRow, ReadResult, Seen, headings_with_id, refuse_repeat
from .records import Record, collect, key_of, read_records

DNA_HEADINGS = ("id", "risk-area", "types-of-harm", "specific-harms", "question")
AISEV_HEADINGS = ("ten-perspective", "requirement", "text")
XSAFETY_LARGEST = 64 << 20


def read_dna(place: Path) -> ReadResult:
    """Do-Not-Answer's questions.csv: three levels of labels, no answers, questions in English.

    Question 433 stands there again as 434: the second is set apart as a repeat. The file writes an explanation behind
    the name of a specific harm; the label is what stands before the first colon.
    """
    opened = read_records(place, shape="csv")
    _need_headings(opened.headings, DNA_HEADINGS, place)
    reader = ItemBuilder(table=True, has_id=headings_with_id(opened))
    rows, apart = collect(opened.records, reader.build)
    rows = [replace(row, labels=tuple(map(_before_colon, row.labels))) for row in rows]
    return ReadResult("dna", rows, apart, [*opened.warnings, *reader.decided()])


def _before_colon(label: str) -> str:
    return label.partition(":")[0].strip()


def read_aisev(place: Path) -> ReadResult:
    """Japan AISI's CSV (ten_perspective, scorer, requirement, text, gsn_perspective), a file or a folder of them.

    The files have no ids: `file name without .csv / row`. The perspective is the one label; the requirement sentence,
    the scorer and the goal are attributes.
    """
    files = sorted(file for file in place.glob("*.csv") if file.is_file()) if place.is_dir() else [place]
    if not files:
        raise UnusableFile(gettext_noop("%(file)s has no CSV file in it"), file=place.name)
    result = ReadResult("aisev")
    seen = Seen()

    def build(record: Record) -> ItemRow:
        row = _aisev_row(record)
        refuse_repeat(row, seen)
        return row

    for file in files:
        opened = read_records(file, shape="csv")
        _need_headings(opened.headings, AISEV_HEADINGS, file)
        rows, apart = collect(opened.records, build)
        result.rows += rows
        result.quarantined += apart
        result.warnings += opened.warnings
    return result


def _aisev_row(record: Record) -> ItemRow:
    given = {key_of(key): value for key, value in record.values.items()}
    kept = ("requirement", "scorer", "gsn_perspective")
    found = {name: given.get(name.replace("_", "-")) for name in kept}
    return ItemRow(
        row=record.row,
        external_id=f"{record.file.removesuffix('.csv')}/{record.row}",
        question=fields.text(given.get("text"), "text"),
        labels=(fields.label(given.get("ten-perspective"), "ten_perspective"),),
        attributes={name: fields.sound(value, name) for name, value in found.items() if value},
        file=record.file,
        line=record.line,
    )


def _need_headings(found: tuple[str, ...], wanted: tuple[str, ...], place: Path) -> None:
    keys = {key_of(heading) for heading in found}
    missing = [heading for heading in wanted if heading not in keys]
    if missing:
        raise UnusableFile(
            gettext_noop("%(file)s lacks the columns %(missing)s"),
            file=place.name,
            missing=", ".join(missing),
        )


def read_xsafety(place: Path) -> ReadResult:
    """XSafety: a folder with ja/ and en/, one headerless file for each category, one question for each record.

    id = category/row (from 1), the category is the label; the English record of the same row is the translation of the
    question. Where the two files differ in length, rows cannot be paired: the Japanese ones stay without translation
    and the file is named among the quarantined.
    """
    if not (place / "ja").is_dir():
        raise UnusableFile(
            gettext_noop("%(file)s is not an XSafety folder; it needs the folders ja and en"), file=place.name
        )
    result = ReadResult("xsafety")
    japanese = {file.stem: file for file in sorted((place / "ja").glob("*.csv"))}
    english = {file.stem: file for file in sorted((place / "en").glob("*.csv"))}
    if not japanese:
        raise UnusableFile(gettext_noop("%(file)s has no CSV file in its folder ja"), file=place.name)
    seen = Seen()
    for category in sorted({*japanese, *english}):
        if category not in japanese:
            result.quarantined.append(
                Quarantined(
                    None,
                    gettext_noop("there is no Japanese file of this name"),
                    file=f"en/{english[category].name}",
                )
            )
            continue
        _read_category(category, japanese[category], english.get(category), result, seen)
    if not result.rows:
        raise UnusableFile(gettext_noop("%(file)s has no sound question in it"), file=place.name)
    return result


def _read_category(
    category: str,
    japanese: Path,
    english: Path | None,
    result: ReadResult,
    seen: Seen,
) -> None:
    named = f"ja/{japanese.name}"
    questions = _headerless(japanese, named, result)
    paired = _pairs(category, len(questions), english, result)
    for number, ((line, question), (other_line, other)) in enumerate(zip(questions, paired, strict=True), 1):
        row = ItemRow(number, f"{category}/{number}", question, labels=(category,), file=named, line=line)
        try:
            fields.text(question, "text")
            refuse_repeat(row, seen)
        except Fault as fault:
            result.quarantined.append(_apart(fault, number, named, line))
            continue
        if other is not None:
            try:
                row = replace(
                    row, translations={"en": {"question": fields.text(other, "text"), "answer": None}}
                )
            except Fault as fault:
                result.quarantined.append(_apart(fault, number, f"en/{japanese.name}", other_line))
        result.rows.append(row)


def _pairs(
    category: str, wanted: int, english: Path | None, result: ReadResult
) -> list[tuple[int, str | None]]:
    none: list[tuple[int, str | None]] = [(0, None)] * wanted
    if not wanted:
        return none
    if english is None:
        template = gettext_noop(
            "there is no English file of this name; its questions came in without translation"
        )
        result.quarantined.append(Quarantined(None, template, field="en", file=f"en/{category}.csv"))
        return none
    named = f"en/{english.name}"
    before = len(result.quarantined)
    records = _headerless(english, named, result)
    if len(result.quarantined) > before:
        return none
    if len(records) != wanted:
        template = gettext_noop(
            "the English file has %(found)s records, the Japanese %(wanted)s, so which belong together is not known; "
            "its questions came in without translation"
        )
        values = {"found": len(records), "wanted": wanted}
        result.quarantined.append(Quarantined(None, template, field="en", file=named, values=values))
        return none
    return list(records)


def _apart(fault: Fault, row: int, file: str, line: int) -> Quarantined:
    values = {"field": fault.field, **fault.values}
    return Quarantined(row, fault.template, fault.field, fault.excerpt, file, line, values)


def _headerless(place: Path, named: str, result: ReadResult) -> list[tuple[int, str]]:
    """(line, text) of each record of a file; an unusable one is set apart by name and gives none."""
    try:
        if place.is_file() and place.stat().st_size > XSAFETY_LARGEST:
            raise UnusableFile(gettext_noop("%(file)s is larger than 64 MiB"), file=place.name)
        encoding = find_encoding(place)
    except UnusableFile as error:
        result.quarantined.append(Quarantined(None, error.template, file=named, values=error.values))
        return []
    records = list(split_records(place.read_bytes().removeprefix(codecs.BOM_UTF8).decode(encoding)))
    while records and not records[-1][1].strip():
        records.pop()  # blank lines at the end of a file are no records
    return records


def split_records(text: str) -> Iterator[tuple[int, str]]:
    """(line, text) of the records of a headerless one-column file.

    A record ends at CRLF where the file has any (so a bare LF belongs to the text), else at LF. A record that begins
    with a quote and has a closing one before a record end is unquoted and its doubled quotes are halved; commas and
    quotes elsewhere are text.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    at, line = 0, 1
    while at < len(text):
        closing = _closing_quote(text, at, end) if text[at] == '"' else None
        if closing is not None:
            record, stop = text[at + 1 : closing].replace('""', '"'), closing + 1
        else:
            found = text.find(end, at)
            stop = len(text) if found < 0 else found
            record = text[at:stop]
        yield line, record
        line += text.count("\n", at, stop) + 1
        at = stop + len(end)


def _closing_quote(text: str, at: int, end: str) -> int | None:
    """Where the field opened at `at` closes, if a record end follows there."""
    search = at + 1
    while (found := text.find('"', search)) >= 0:
        if text[found + 1 : found + 2] == '"':
            search = found + 2
            continue
        after = found + 1
        return found if after == len(text) or text.startswith(end, after) else None
    return None
