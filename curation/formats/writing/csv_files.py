"""Tables for spreadsheets, and the list of ids. No cell is ever a formula."""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from .rows import META_KEYS, OUTPUT_FIELDS, ReleaseRow, by_split, locales

# Spreadsheets take a cell that begins with one of these for a formula (OWASP, CSV injection), the full-width ones in
# Japanese installations too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
ENCODINGS = ("utf-8", "utf-8-sig")
ID_HEADINGS = ("ID", "split", *META_KEYS, "content_hash")


def formula_safe(text: str) -> str:
    """The text, behind an apostrophe where a spreadsheet would take it for a formula.

    A text that has apostrophes of its own before such a character gets one more, so that each is told from a mark.
    """
    bare = text.lstrip("'")
    return "'" + text if bare.startswith(FORMULA_STARTS) or bare.lstrip().startswith(FORMULA_STARTS) else text


def formula_unsafe(cell: str) -> str:
    """The text of a cell that `formula_safe` wrote, character for character."""
    return cell[1:] if cell.startswith("'") and formula_safe(cell[1:]) == cell else cell


def is_export(names: Iterable[str]) -> bool:
    """Whether the headings of a table are those that `write_csv` writes: only there is an apostrophe a mark."""
    found = list(names)
    wanted = [["ID", "text", output, *META_KEYS, "attributes", "content_hash"] for output in OUTPUT_FIELDS]
    return found[: len(wanted[0])] in wanted


def headings(rows: Iterable[ReleaseRow], *, output_field: str = "output") -> list[str]:
    """The heading line: AC's fields, attributes as JSON, the content hash, two columns for each locale."""
    translated = [f"{part}_{locale}" for locale in locales(rows) for part in ("question", "answer")]
    return ["ID", "text", output_field, *META_KEYS, "attributes", "content_hash", *translated]


def write_csv(
    rows: Iterable[ReleaseRow], folder: Path, *, encoding: str = "utf-8", output_field: str = "output"
) -> list[Path]:
    """{dev,test}.csv; `encoding` utf-8, or utf-8-sig for Excel. `formula_unsafe` gives every cell back."""
    if encoding not in ENCODINGS:
        raise ValueError(f"encoding must be one of {ENCODINGS}")
    kept = list(rows)
    translated = locales(kept)

    def cells(row: ReleaseRow) -> Iterator[str]:
        yield from (row.external_id, row.question, row.answer, *row.labels)
        yield json.dumps(dict(row.attributes), ensure_ascii=False, sort_keys=True) if row.attributes else ""
        yield row.content_hash
        for locale in translated:
            part = row.translations.get(locale, {})
            yield from (part.get("question") or "", part.get("answer") or "")

    written = []
    for split, chosen in by_split(kept).items():
        path = folder / f"{split}.csv"
        with path.open("w", encoding=encoding, newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(headings(kept, output_field=output_field))
            writer.writerows([formula_safe(cell) for cell in cells(row)] for row in chosen)
        written.append(path)
    return written


def write_ids(rows: Iterable[ReleaseRow], folder: Path) -> list[Path]:
    """ids.csv: ids, splits, labels and content hashes; no text, so it may go where the texts may not."""
    path = folder / "ids.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(ID_HEADINGS)
        for row in rows:
            cells = (row.external_id, row.split, *row.labels, row.content_hash)
            writer.writerow([formula_safe(cell) for cell in cells])
    return [path]
