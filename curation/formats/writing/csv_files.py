"""Tables for spreadsheets, and the list of ids. No cell is ever a formula."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from .json_files import sorted_json
from .rows import META_KEYS, OUTPUT_FIELDS, SPLITS, ReleaseRow

# Spreadsheets take a cell that begins with one of these for a formula (OWASP, CSV injection), the full-width ones in
# Japanese installations too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
ENCODINGS = ("utf-8", "utf-8-sig")
QUOTE = '"'
ID_HEADINGS = ("ID", "split", *META_KEYS, "content_hash")


def formula_safe(text: str) -> str:
    """The text, behind an apostrophe where a spreadsheet would take it for a formula.

    A text that has apostrophes of its own before such a character gets one more, so that each is told from a mark.
    """
    if text[:1].isalnum():  # neither white space, nor an apostrophe, nor a start
        return text
    bare = text.lstrip("'")
    return "'" + text if bare.startswith(FORMULA_STARTS) or bare.lstrip().startswith(FORMULA_STARTS) else text


def formula_unsafe(cell: str) -> str:
    """The text of a cell that `formula_safe` wrote, character for character."""
    return cell[1:] if cell.startswith("'") and formula_safe(cell[1:]) == cell else cell


def csv_line(cells: Iterable[str]) -> str:
    """A line as `csv.writer` writes it, in a third of its time: that looks at every character by itself."""
    line = ",".join(
        [
            f'"{cell.replace(QUOTE, QUOTE * 2)}"'
            if "," in cell or QUOTE in cell or "\n" in cell or "\r" in cell
            else cell
            for cell in cells
        ]
    )
    return line + "\r\n"


def is_export(names: Iterable[str]) -> bool:
    """Whether the headings of a table are those that an export writes: only there is an apostrophe a mark."""
    found = list(names)
    wanted = [["ID", "text", output, *META_KEYS, "attributes", "content_hash"] for output in OUTPUT_FIELDS]
    return found[: len(wanted[0])] in wanted


def headings(locales: Iterable[str], *, output_field: str = "output") -> list[str]:
    """The heading line: AC's fields, attributes as JSON, the content hash, sources, two columns for each locale."""
    translated = [f"{part}_{locale}" for locale in locales for part in ("question", "answer")]
    return ["ID", "text", output_field, *META_KEYS, "attributes", "content_hash", "sources", *translated]


class CsvFiles:
    """{dev,test}.csv; `encoding` utf-8, or utf-8-sig for Excel. `formula_unsafe` gives every cell back."""

    def __init__(
        self, folder: Path, *, locales: Sequence[str], encoding: str = "utf-8", output_field: str = "output"
    ) -> None:
        self.locales = locales
        self.labels: dict[tuple[str, ...], list[str]] = {}  # some dozens, whatever the number of rows
        self.files: dict[str, IO[str]] = {}
        for split in SPLITS:
            self.files[split] = (folder / f"{split}.csv").open("w", encoding=encoding, newline="")
            csv.writer(self.files[split]).writerow(headings(locales, output_field=output_field))

    def add(self, rows: Sequence[ReleaseRow]) -> None:
        """Write a piece, each row to its split's table."""
        for split, stream in self.files.items():
            stream.write("".join([csv_line(self._cells(row)) for row in rows if row.split == split]))

    def _cells(self, row: ReleaseRow) -> list[str]:
        labels = self.labels.get(row.labels)
        if labels is None:
            labels = self.labels[row.labels] = [formula_safe(label) for label in row.labels]
        cells = [formula_safe(row.external_id), formula_safe(row.question), formula_safe(row.answer), *labels]
        cells.append(sorted_json(row.attributes) if row.attributes else "")  # begins with a brace
        cells.append(formula_safe(row.content_hash))
        cells.append(formula_safe(source_lines(row.sources)) if row.sources else "")
        for locale in self.locales:
            part = row.translations.get(locale) or {}
            cells += (formula_safe(part.get("question") or ""), formula_safe(part.get("answer") or ""))
        return cells

    def close(self) -> None:
        """Nothing ends a table."""
        for stream in self.files.values():
            stream.close()


def source_lines(sources: Sequence[Any]) -> str:
    """Sources, one a line: a text as it is, what is no line of text as JSON."""
    return "\n".join(
        source if isinstance(source, str) and source.splitlines() == [source] else sorted_json(source)
        for source in sources
    )


class IdsFile:
    """ids.csv: ids, splits, labels and content hashes; no text, so it may go where the texts may not."""

    def __init__(self, folder: Path) -> None:
        self.stream = (folder / "ids.csv").open("w", encoding="utf-8", newline="")
        csv.writer(self.stream).writerow(ID_HEADINGS)

    def add(self, rows: Sequence[ReleaseRow]) -> None:
        """Write a piece; a row that has fewer labels has empty cells."""
        lines = [
            csv_line(map(formula_safe, (row.external_id, row.split, *padded(row.labels), row.content_hash)))
            for row in rows
        ]
        self.stream.write("".join(lines))

    def close(self) -> None:
        """Nothing ends a list."""
        self.stream.close()


def padded(labels: Sequence[str]) -> tuple[str, ...]:
    """Three labels, "" where there is none."""
    return (*labels, "", "", "")[: len(META_KEYS)]
