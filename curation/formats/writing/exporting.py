"""One call for every format: rows and a description in, a folder with its manifest, terms and sums out."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .csv_files import CsvFiles, IdsFile
from .hub import hub_files, write_hub
from .json_files import ac_files, jsonl_files, messages_files, pandas_files, text_files
from .manifest import (
    MANIFEST,
    SUMS,
    ItemLines,
    Options,
    listed,
    manifest_of,
    options_of,
    write_sums,
    write_terms,
    written_json,
)
from .parquet import ParquetFiles
from .rows import Checker, ReleaseDescription, ReleaseRow, UnwritableRelease, in_order
from .split_files import Writer
from .statistics import Tally
from .tables import KINDS_OF, HumanTable, write_table


@dataclass(frozen=True, slots=True)
class Order:
    """What a writer is told beside the rows."""

    description: ReleaseDescription
    options: Options
    locales: tuple[str, ...]
    tally: Tally
    tables: tuple[HumanTable, ...]


WRITERS: dict[str, Callable[[Path, Order], Writer]] = {
    "ac": lambda to, o: ac_files(to, output_field=o.options.output_field, meta_order=o.options.order("ac")),
    "pandas": lambda to, o: pandas_files(
        to, output_field=o.options.output_field, meta_order=o.options.order("ac")
    ),
    "jsonl": lambda to, o: jsonl_files(
        to, output_field=o.options.output_field, meta_order=o.options.order("ac")
    ),
    "csv": lambda to, o: CsvFiles(
        to, locales=o.locales, encoding=o.options.csv_encoding, output_field=o.options.output_field
    ),
    "parquet": lambda to, o: ParquetFiles(
        to, locales=o.locales, output_field=o.options.output_field, meta_order=o.options.order("hf")
    ),
    "hf": lambda to, o: hub_files(to, locales=o.locales, options=o.options),
    "messages": lambda to, o: messages_files(to, system=o.options.system, splits=o.options.training_splits),
    "text": lambda to, o: text_files(to, system=o.options.system, splits=o.options.training_splits),
    "ids": lambda to, _: IdsFile(to),
}
FORMATS = tuple(WRITERS)


def export(
    rows: Iterable[ReleaseRow],
    description: ReleaseDescription,
    folder: str | Path,
    *,
    formats: Sequence[str],
    output_field: str = "output",
    meta_order: str | Sequence[str] | None = None,
    csv_encoding: str = "utf-8",
    training_splits: Sequence[str] = ("dev",),
    tables: Sequence[HumanTable] = (),
) -> list[Path]:
    """Write a release into `folder` and return its files, SHA256SUMS last.

    One format stands in the folder itself, several (or "all") each in a folder of its name. Beside them: MANIFEST
    (JSON: counts, options, root hash), ITEMS.jsonl (ids and hashes), TERMS.txt, SHA256SUMS. `meta_order` is "ac", "hf"
    or the three keys; None leaves each format its own. Training formats hold dev alone unless told otherwise.
    `tables` (human data under pseudonyms) go with every format but ids, under `tables/`.

    Rows go by once, whatever the number of formats: an iterator that gives them by position is never held in memory,
    provided that the description names the locales. Everything is written beside the folder first and moved into
    place at the end: a failed export leaves nothing. The folder must be new, empty, or an untouched earlier export,
    which is replaced. Same input, same bytes.
    Raises UnwritableRelease for rows, options or a folder that cannot be used.
    """
    chosen = _formats(formats)
    options = options_of(output_field, meta_order, csv_encoding, training_splits)
    ordered, locales = in_order(rows, description)
    counted = Tally(measured="hf" in chosen)
    order = Order(description, options, locales, counted, tuple(table.checked() for table in tables))
    target = _checked_target(Path(folder))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
        built = Path(scratch) / "export"
        built.mkdir(mode=0o755)
        _build(ordered, built, chosen, order)
        names = [path.relative_to(built) for path in listed(built)]
        if target.exists():
            shutil.rmtree(target)
        built.replace(target)
    return [target / name for name in names]


def _build(rows: Iterable[ReleaseRow], built: Path, formats: Sequence[str], order: Order) -> None:
    places = {name: "." if len(formats) == 1 else name for name in formats}
    for place in places.values():
        (built / place).mkdir(exist_ok=True)
    write_terms(built, order.description)
    root = _write_rows(rows, built, places, order)
    described = replace(order.description, root_hash=root)
    told = _write_tables(built, places, order)
    if "hf" in places:
        write_hub(
            built / places["hf"],
            described,
            tally=order.tally,
            locales=order.locales,
            tables=order.tables,
            options=order.options,
        )
    manifest = manifest_of(
        described,
        tally=order.tally,
        locales=order.locales,
        places=places,
        tables=told,
        options=order.options,
    )
    written_json(built / MANIFEST, manifest)
    write_sums(built)


def _write_rows(rows: Iterable[ReleaseRow], built: Path, places: dict[str, str], order: Order) -> str:
    """Every format in one pass; the root hash of what went by."""
    texts = set(places) != {"ids"}
    checker = Checker(frozenset(order.locales), texts=texts)
    items = ItemLines(built, ids_alone=not texts)
    writers: dict[str, Writer] = {}
    with ExitStack() as broken:
        broken.callback(_closed, [items], writers)
        for name, place in places.items():
            writers[name] = WRITERS[name](built / place, order)
        for sound in checker.pieces(rows):
            piece = [_hashed(row, order.description) for row in sound]
            order.tally.add(piece)
            items.add(piece)
            readable = [row for row in piece if not row.redacted]
            for name, writer in writers.items():
                writer.add(piece if name == "ids" else readable)
        broken.pop_all()
    for writer in (items, *writers.values()):
        writer.close()
    if order.description.root_hash not in ("", items.root_hash):
        raise UnwritableRelease("The rows are not those of the release: their root hash is another")
    return items.root_hash


def _closed(items: Sequence[Writer], writers: dict[str, Writer]) -> None:
    """Close what an error left open; its files are about to be deleted."""
    for writer in (*items, *writers.values()):
        with suppress(Exception):
            writer.close()


def _hashed(row: ReleaseRow, description: ReleaseDescription) -> ReleaseRow:
    """The row, with a content hash where the caller gave none."""
    bare = not row.content_hash and description.hash_version == 2
    return replace(row, content_hash=row.computed_hash()) if bare else row


def _write_tables(built: Path, places: dict[str, str], order: Order) -> list[dict[str, Any]]:
    """The tables beside every format that takes them; what the manifest says of them."""
    kinds = {place: KINDS_OF[name] for name, place in places.items() if name in KINDS_OF}
    for table in order.tables:
        for place, kind in kinds.items():
            write_table(table, built / place, kind, encoding=order.options.csv_encoding)
    return [table.told() for table in order.tables] if kinds else []


def _formats(formats: Sequence[str]) -> list[str]:
    wanted = [formats] if isinstance(formats, str) else list(formats)
    if "all" in wanted:
        return list(FORMATS)
    unknown = [name for name in wanted if name not in WRITERS]
    if unknown or not wanted:
        raise UnwritableRelease(f"Unknown format {', '.join(unknown)!r}; known are {', '.join(FORMATS)}, all")
    return list(dict.fromkeys(wanted))


def _checked_target(target: Path) -> Path:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise UnwritableRelease(f"{target.name} is not a folder")
    if not target.exists():
        return target
    present = {file.relative_to(target).as_posix() for file in target.rglob("*") if not file.is_dir()}
    sums = target / SUMS
    known = {SUMS}
    if sums.is_file() and not sums.is_symlink():
        known |= {line[66:] for line in sums.read_text(encoding="utf-8", errors="replace").splitlines()}
    # Only what an earlier export wrote may be replaced; anything else in the folder is somebody's.
    if present and (strange := sorted(present - known)):
        raise UnwritableRelease(
            f"The folder {target.name} holds {strange[0]}, which no export wrote; choose another"
        )
    return target
