"""MANIFEST (what a folder holds), ITEMS.jsonl (a line for each item), TERMS.txt and SHA256SUMS."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from curation.release_hashes import RootHash

from .json_files import SYSTEM, quoted, sorted_json
from .rows import (
    META_KEYS,
    META_ORDERS,
    OUTPUT_FIELDS,
    SPLITS,
    Hashes,
    ReleaseDescription,
    ReleaseRow,
    UnwritableRelease,
)
from .statistics import Tally

MANIFEST = "MANIFEST"
ITEMS = "ITEMS.jsonl"
SUMS = "SHA256SUMS"
TERMS = "TERMS.txt"
LAYOUT = 2  # of MANIFEST and ITEMS.jsonl


@dataclass(frozen=True, slots=True)
class Options:
    """How the formats are written; recorded in the manifest, so that a folder can be checked by itself."""

    output_field: str = "output"
    meta_order: tuple[str, ...] | None = None
    csv_encoding: str = "utf-8"
    training_splits: tuple[str, ...] = ("dev",)
    system: str = SYSTEM

    def order(self, default: str) -> tuple[str, ...]:
        """The order of the keys of meta: the one asked for, else the format's own."""
        return self.meta_order or META_ORDERS[default]


def options_of(
    output_field: str,
    meta_order: str | Sequence[str] | None,
    csv_encoding: str,
    training_splits: Sequence[str],
) -> Options:
    """The options, or UnwritableRelease where one has no meaning."""
    if output_field not in OUTPUT_FIELDS:
        raise UnwritableRelease(f"The output field must be one of {', '.join(OUTPUT_FIELDS)}")
    order = (
        META_ORDERS.get(meta_order, tuple(meta_order.split(",")))
        if isinstance(meta_order, str)
        else meta_order
    )
    if order is not None and sorted(order) != sorted(META_KEYS):
        raise UnwritableRelease(
            f"The order of meta must be ac, hf, or the keys {', '.join(META_KEYS)} in any order"
        )
    if csv_encoding not in ("utf-8", "utf-8-sig"):
        raise UnwritableRelease("The encoding of CSV must be utf-8 or utf-8-sig")
    if not set(training_splits) <= set(SPLITS) or not training_splits:
        raise UnwritableRelease("Training formats hold dev, test or both")
    return Options(
        output_field, None if order is None else tuple(order), csv_encoding, tuple(training_splits)
    )


class ItemLines:
    """ITEMS.jsonl, and the root hash of what went by.

    A line has what its content hash is made of, and so can be checked where the texts are not. Where ids alone are
    exported, attributes and sources stay out: they may quote what must not be passed on.
    """

    def __init__(self, folder: Path, *, ids_alone: bool) -> None:
        self.ids_alone = ids_alone
        self.labels: dict[tuple[str, ...], str] = {}  # some dozens, whatever the number of rows
        self.stream: IO[str] = (folder / ITEMS).open("w", encoding="utf-8", newline="")
        self.root = RootHash()

    def add(self, rows: Sequence[ReleaseRow]) -> None:
        """Write a piece."""
        self.stream.write("".join([self._line(row) for row in rows]))
        self.root.add((row.position, row.external_id, row.split, row.content_hash) for row in rows)

    def _line(self, row: ReleaseRow) -> str:
        """JSON with sorted keys, written by hand: an encoder for each line costs more than all else here."""
        question, answer, translated = row.hashes()
        labels = self.labels.get(row.labels)
        if labels is None:
            labels = self.labels[row.labels] = sorted_json(row.labels)
        attributes = sources = ""
        if not self.ids_alone:
            attributes = f'"attributes": {sorted_json(row.attributes) if row.attributes else "{}"}, '
            sources = f'"sources": {sorted_json(row.sources) if row.sources else "[]"}, '
        lost = ["item"] if row.redacted else _lost(row)
        redacted = f'"redacted": {sorted_json(lost)}, ' if lost else ""
        rights = f'"rights": {quoted(row.rights_name)}, ' if row.rights_name else ""
        return (
            f'{{"ID": {quoted(row.external_id)}, "answer_sha256": {_or_null(answer)}, {attributes}'
            f'"content_hash": "{row.content_hash}", "labels": {labels}, "position": {row.position}, '
            f'"question_sha256": "{question}", {redacted}{rights}{sources}'
            f'"split": "{row.split}", "translations": {_hashes_json(translated) if translated else "{}"}}}\n'
        )

    def close(self) -> None:
        """End the list."""
        self.stream.close()

    @property
    def root_hash(self) -> str:
        """Of every row that went by."""
        return self.root.hexdigest()


def _or_null(digest: str | None) -> str:
    return "null" if digest is None else f'"{digest}"'  # hexadecimal: nothing to escape


def _hashes_json(translated: Hashes) -> str:
    locales = [
        f"{quoted(locale)}: {{"
        + ", ".join([f'"{part}": {_or_null(parts[part])}' for part in sorted(parts)])
        + "}"
        for locale, parts in sorted(translated.items())
    ]
    return "{" + ", ".join(locales) + "}"


def _lost(row: ReleaseRow) -> list[str]:
    """Parts of translations that have a hash and no text any more."""
    found = []
    for locale, parts in row.translations_sha256.items():
        told = row.translations.get(locale) or {}
        if len(told) < len(parts) or not all(told.values()):
            found += [(locale, part) for part in parts if parts[part] and not told.get(part)]
    return [f"{locale}/{part}" for locale, part in sorted(found)]


def manifest_of(
    description: ReleaseDescription,
    *,
    tally: Tally,
    locales: Sequence[str],
    places: dict[str, str],
    tables: list[dict[str, Any]],
    options: Options,
) -> dict[str, Any]:
    """What a folder must hold: counts, options, formats with their places, and how its items hash."""
    described = asdict(options)
    return {
        "layout": LAYOUT,
        "name": description.name,
        "dataset": description.dataset,
        "version": description.version,
        "taxonomy": description.taxonomy,
        "licence": description.licence,
        "rights": dict(sorted(description.rights.items())),
        "created": description.created,
        "hash_version": description.hash_version,
        "root_hash": description.root_hash,
        "counts": tally.counts(redacted=True),
        "redacted": tally.redacted_counts(),
        "leaves": tally.leaves(),
        "locales": list(locales),
        "formats": places,
        "tables": tables,
        "options": {
            name: list(value) if isinstance(value, tuple) else value for name, value in described.items()
        },
        "items": ITEMS,
    }


def written_json(path: Path, value: Any, *, indent: int = 1) -> Path:
    """A file of indented JSON with a last newline."""
    text = json.dumps(value, ensure_ascii=False, indent=indent) + "\n"
    path.write_text(text, encoding="utf-8", newline="")
    return path


def terms_text(description: ReleaseDescription) -> str:
    """The terms and the citation, as they stand beside the files of every format."""
    attribution = str(description.rights.get("attribution") or "")
    parts = (description.title, description.licence, description.terms, attribution, description.citation)
    return "\n\n".join(part for part in parts if part) + "\n"


def write_terms(folder: Path, description: ReleaseDescription) -> Path:
    """TERMS.txt."""
    (folder / TERMS).write_text(terms_text(description), encoding="utf-8", newline="")
    return folder / TERMS


def write_sums(folder: Path) -> Path:
    """SHA256SUMS of every file under the folder, in the format of `sha256sum -c`, sorted by path."""
    path = folder / SUMS
    lines = [
        f"{file_hash(file)}  {file.relative_to(folder).as_posix()}\n"
        for file in listed(folder)
        if file.name != SUMS
    ]
    path.write_text("".join(lines), encoding="utf-8", newline="")
    return path


def file_hash(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def listed(folder: Path) -> list[Path]:
    """Every file under the folder by path, the sums last."""
    files = sorted((file for file in folder.rglob("*") if file.is_file()), key=lambda file: file.as_posix())
    return [file for file in files if file.name != SUMS] + [file for file in files if file.name == SUMS]
