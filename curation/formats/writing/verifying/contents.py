"""Each format read as its own writer wrote it, item by item, and held against the list."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.formats.writing.card import DATA_NAME
from curation.formats.writing.csv_files import ID_HEADINGS, formula_unsafe, headings, padded
from curation.formats.writing.json_files import ANSWER_MARK, QUESTION_MARK, pandas_json
from curation.formats.writing.parquet import schema
from curation.formats.writing.rows import META_KEYS, SPLITS
from curation.formats.writing.tables import FOLDER, KINDS_OF, digest_of, read_table
from curation.similar import text_hash

from .listing import Listed, Manifest
from .report import Verification


@dataclass(frozen=True, slots=True)
class Found:
    """One item as a format shows it; None where the format does not carry the part."""

    id: str | None
    question: str | None = None
    answer: str | None = None
    labels: tuple[str, ...] | None = None
    split: str | None = None
    attributes: str | None = None
    sources: str | None = None
    source_lines: str | None = None
    content_hash: str | None = None
    translations: Mapping[tuple[str, str], str | None] | None = None


Reader = Callable[[Path, Manifest, Sequence[Listed]], Iterable[Found]]


def check_format(kind: str, place: Path, inner: str, manifest: Manifest, found: Verification) -> None:
    """Shape, order, counts and every text of a format's files."""
    for name, path, wanted in files_of(kind, inner, manifest):
        file = place / path
        if not file.is_file() or file.is_symlink():
            found.wrong(name, "is missing")
            continue
        try:
            compare(name, READERS[kind](file, manifest, wanted), wanted, found)
        except Exception as error:  # any way in which a hostile file fails to load is a problem of the file
            found.unreadable(name, error)
    _check_tables(kind, place / inner, manifest, found)


def files_of(kind: str, inner: str, manifest: Manifest) -> Iterator[tuple[str, Path, list[Listed]]]:
    """(name, path below the folder, items) of each file that a format must have."""
    if kind == "ids":
        path = Path(inner) / "ids.csv"
        yield path.as_posix(), path, list(manifest.items)
        return
    splits: Sequence[str] = SPLITS
    if kind in ("messages", "text"):
        splits = [split for split in SPLITS if split in manifest.options.training_splits]
    elif kind == "hf":
        splits = manifest.present
    for split in splits:
        path = Path(inner) / ENDINGS[kind].format(split=split)
        yield path.as_posix(), path, manifest.readable(split)


def compare(name: str, rows: Iterable[Found], wanted: Sequence[Listed], found: Verification) -> None:
    """Hold what a file shows against what it must hold, in order."""
    number = 0
    for number, row in enumerate(rows, 1):
        if number > len(wanted):
            continue
        item = wanted[number - 1]
        if row.id is not None and row.id != item.id:
            found.wrong(name, f"item {number} is {row.id}, the list has {item.id} there")
            return
        for part in _differences(row, item):
            found.wrong(name, f"the {part} of item {number} ({item.id}) is not the released one")
    if number != len(wanted):
        found.wrong(name, f"holds {number} items, the list {len(wanted)}")


def _differences(row: Found, item: Listed) -> Iterator[str]:
    if row.question is not None and text_hash(row.question) != item.question:
        yield "question"
    if (
        row.answer is not None
        and (text_hash(row.answer) if row.answer or item.answer else None) != item.answer
    ):
        yield "answer"
    plain = (
        ("labels", row.labels, padded(item.labels)),
        ("split", row.split, item.split),
        ("attributes", row.attributes, item.attributes),
        ("sources", row.sources, item.sources),
        ("sources", row.source_lines, item.source_lines),
        ("content hash", row.content_hash, item.content_hash),
    )
    for part, shown, listed in plain:
        if shown is not None and shown != listed:
            yield part
    for (locale, part), text in (row.translations or {}).items():
        digest = None if f"{locale}/{part}" in item.lost else item.translations.get(locale, {}).get(part)
        if (None if text is None else text_hash(text)) != digest:
            yield f"{part} in {locale}"


def _check_tables(kind: str, place: Path, manifest: Manifest, found: Verification) -> None:
    ending = KINDS_OF.get(kind)
    for told in manifest.tables if ending else ():
        file = place / FOLDER / f"{told['name']}.{ending}"
        name = f"{kind}:{FOLDER}/{file.name}"
        try:
            encoding = manifest.options.csv_encoding if ending == "csv" else "utf-8"
            if file.is_symlink():
                raise ValueError("it is a link")
            if digest_of(read_table(file, told["columns"], encoding=encoding)) != told["sha256"]:
                found.wrong(name, "does not hold the rows that the manifest describes")
        except Exception as error:  # see check_format
            found.unreadable(name, error)


def record_of(given: Mapping[str, Any], manifest: Manifest, order: Sequence[str] | None = None) -> Found:
    """An AC record. ValueError where its keys are others, or `order` is given and meta has another."""
    output, meta = manifest.options.output_field, given["meta"]
    if list(given) != ["ID", "text", output, "meta"] or sorted(meta) != sorted(META_KEYS):
        raise ValueError(f"a record has the keys {list(given)[:8]} instead of ID, text, {output}, meta")
    if order is not None and list(meta) != list(order):
        raise ValueError(f"meta has its keys in the order {list(meta)}, not {list(order)}")
    return Found(given["ID"], given["text"], given[output], tuple(meta[key] for key in META_KEYS))


def _read_array(file: Path, manifest: Manifest, _: Sequence[Listed]) -> Iterator[Found]:
    for given in json.loads(file.read_bytes().decode("utf-8")):
        yield record_of(given, manifest, manifest.options.order("ac"))


def _read_pandas(file: Path, manifest: Manifest, _: Sequence[Listed]) -> Iterator[Found]:
    text = file.read_bytes().decode("utf-8")
    records = json.loads(text)
    if pandas_json(records) != text:
        raise ValueError("the bytes are not those that pandas writes")
    for given in records:
        yield record_of(given, manifest, manifest.options.order("ac"))


def _objects(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="\n") as stream:
        for line in stream:
            yield json.loads(line)


def _read_lines(file: Path, manifest: Manifest, _: Sequence[Listed]) -> Iterator[Found]:
    for given in _objects(file):
        yield record_of(given, manifest, manifest.options.order("ac"))


def cells_of(row: Mapping[str, str], manifest: Manifest) -> Found:
    """A line of the table, by its heading."""
    cells = {key: formula_unsafe(cell) for key, cell in row.items()}
    return Found(
        cells["ID"],
        cells["text"],
        cells[manifest.options.output_field],
        tuple(cells[key] for key in META_KEYS),
        attributes=cells["attributes"] or "{}",
        source_lines=cells["sources"],
        content_hash=cells["content_hash"],
        translations={
            (locale, part): cells[f"{part}_{locale}"] or None
            for locale in manifest.locales
            for part in ("question", "answer")
        },
    )


def _table(file: Path, encoding: str, heading: Sequence[str]) -> Iterator[dict[str, str]]:
    with file.open(encoding=encoding, newline="") as stream:
        reader = csv.DictReader(stream, strict=True)
        if list(reader.fieldnames or ()) != list(heading):
            raise ValueError("the heading is not the one of this format")
        yield from reader


def _read_csv(file: Path, manifest: Manifest, _: Sequence[Listed]) -> Iterator[Found]:
    heading = headings(manifest.locales, output_field=manifest.options.output_field)
    for row in _table(file, manifest.options.csv_encoding, heading):
        yield cells_of(row, manifest)


def ids_of(row: Mapping[str, str]) -> Found:
    """A line of the list of ids, by its heading."""
    cells = {key: formula_unsafe(cell) for key, cell in row.items()}
    labels = tuple(cells[key] for key in META_KEYS)
    return Found(cells["ID"], labels=labels, split=cells["split"], content_hash=cells["content_hash"])


def _read_ids(file: Path, _: Manifest, __: Sequence[Listed]) -> Iterator[Found]:
    for row in _table(file, "utf-8", ID_HEADINGS):
        yield ids_of(row)


def columns_of(row: Mapping[str, Any], manifest: Manifest) -> Found:
    """A row of a Parquet file."""
    return Found(
        row["ID"],
        row["text"],
        row[manifest.options.output_field],
        tuple(row["meta"][key] for key in META_KEYS),
        attributes=row["attributes"],
        sources=row["sources"],
        content_hash=row["content_hash"],
        translations={
            (locale, part): row[f"{part}_{locale}"]
            for locale in manifest.locales
            for part in ("question", "answer")
        },
    )


def _read_parquet(file: Path, manifest: Manifest, wanted: Sequence[Listed]) -> Iterator[Found]:
    import pyarrow.parquet as pq

    options = manifest.options
    named = schema(manifest.locales, output_field=options.output_field, meta_order=options.order("hf"))
    with pq.ParquetFile(file) as opened:
        if not opened.schema_arrow.equals(named):
            raise ValueError("the schema is not the one of this format")
        if opened.metadata.num_rows != len(wanted):  # before a small file unfolds to more than memory holds
            raise ValueError(f"it holds {opened.metadata.num_rows} items, the list {len(wanted)}")
        for batch in opened.iter_batches(batch_size=1000):
            for row in batch.to_pylist():
                yield columns_of(row, manifest)


def turns_of(given: Mapping[str, Any], manifest: Manifest) -> Found:
    """A record of messages."""
    system, user, assistant = given["messages"]
    roles = [turn["role"] for turn in (system, user, assistant)]
    if roles != ["system", "user", "assistant"] or system["content"] != manifest.options.system:
        raise ValueError("a record is not system, user, assistant with the released system sentence")
    return Found(given["ID"], user["content"], assistant["content"])


def _read_messages(file: Path, manifest: Manifest, _: Sequence[Listed]) -> Iterator[Found]:
    for given in _objects(file):
        yield turns_of(given, manifest)


def templated(
    texts: Iterable[Mapping[str, Any]], manifest: Manifest, wanted: Sequence[Listed]
) -> Iterator[Found]:
    """Records of the template, taken apart again."""
    start = manifest.options.system + QUESTION_MARK
    for number, given in enumerate(texts):
        text = given["text"]
        if list(given) != ["text"] or not text.startswith(start) or ANSWER_MARK not in text:
            raise ValueError("a record is not in the template")
        yield _parted(text[len(start) :], wanted[number].question if number < len(wanted) else "")


def _read_text(file: Path, manifest: Manifest, wanted: Sequence[Listed]) -> Iterator[Found]:
    return templated(_objects(file), manifest, wanted)


def _parted(text: str, digest: str) -> Found:
    """Question and answer; a text that itself holds the mark is parted where the question's hash fits."""
    at = first = text.index(ANSWER_MARK)
    while at >= 0:
        if text_hash(text[:at]) == digest:
            return Found(None, text[:at], text[at + len(ANSWER_MARK) :])
        at = text.find(ANSWER_MARK, at + 1)
    return Found(None, text[:first], text[first + len(ANSWER_MARK) :])


ENDINGS = {
    "ac": "{split}.json",
    "pandas": "{split}.json",
    "jsonl": "{split}.jsonl",
    "csv": "{split}.csv",
    "parquet": "{split}.parquet",
    "hf": f"data/{DATA_NAME}",
    "messages": "{split}.jsonl",
    "text": "{split}.jsonl",
}
READERS: dict[str, Reader] = {
    "ac": _read_array,
    "pandas": _read_pandas,
    "jsonl": _read_lines,
    "csv": _read_csv,
    "parquet": _read_parquet,
    "hf": _read_parquet,
    "messages": _read_messages,
    "text": _read_text,
    "ids": _read_ids,
}
