"""SHA256SUMS, MANIFEST and ITEMS.jsonl of a folder that nobody vouches for, and the hashes that they claim."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.formats.writing.csv_files import ENCODINGS, source_lines
from curation.formats.writing.exporting import FORMATS
from curation.formats.writing.json_files import sorted_json
from curation.formats.writing.manifest import (
    ITEMS,
    LAYOUT,
    MANIFEST,
    SUMS,
    TERMS,
    Options,
    file_hash,
    options_of,
)
from curation.formats.writing.rows import SPLITS
from curation.formats.writing.tables import KINDS, NAME, HumanTable
from curation.release_hashes import root_hash, row_hash

from .report import Verification

# What the hub and its client put beside a dataset that is downloaded; nothing here or there reads it as data.
HUB_OWN = (".gitattributes", ".cache", ".git")


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of ITEMS.jsonl. Attributes and sources are JSON with sorted keys, None where they are not told."""

    position: int
    id: str
    split: str
    content_hash: str
    question: str
    answer: str | None
    labels: tuple[str, ...]
    translations: dict[str, dict[str, str | None]]
    attributes: str | None
    sources: str | None
    source_lines: str | None
    lost: tuple[str, ...]

    @property
    def redacted(self) -> bool:
        """Whether no file holds its texts."""
        return self.lost == ("item",)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A sound MANIFEST with the items that it goes with."""

    formats: dict[str, str]
    options: Options
    locales: tuple[str, ...]
    tables: tuple[dict[str, Any], ...]
    items: tuple[Listed, ...]

    def readable(self, split: str) -> list[Listed]:
        """Items of a split that stand in its files."""
        return [item for item in self.items if item.split == split and not item.redacted]

    @property
    def present(self) -> list[str]:
        """Splits that have items in files."""
        return [split for split in SPLITS if self.readable(split)]

    def table_shapes(self) -> tuple[HumanTable, ...]:
        """The tables as they are described, one row standing for all: a claim of many costs no memory."""
        return tuple(
            HumanTable(told["name"], told["columns"], [()] * min(told["rows"], 1), told["about"])
            for told in self.tables
        )


def check_sums(place: Path, found: Verification) -> None:
    """Every file is listed and has its hash; no listed path leads out of the folder; links are problems."""
    sums = place / SUMS
    if sums.is_symlink() or not sums.is_file():
        found.wrong(SUMS, "is missing")
        return
    listed: set[str] = set()
    for number, line in enumerate(sums.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        digest, gap, name = line[:64], line[64:66], line[66:]
        parts = Path(name).parts
        if (
            gap != "  "
            or not name
            or Path(name).is_absolute()
            or ".." in parts
            or "\\" in name
            or "\0" in name
        ):
            found.wrong(SUMS, f"line {number} is not a hash, two spaces and a path inside the folder")
            continue
        listed.add(name)
        file = place / name
        if file.is_symlink() or not file.is_file() or not file.resolve().is_relative_to(place.resolve()):
            found.wrong(name, "is listed, but there is no such file")
        elif file_hash(file) != digest:
            found.wrong(name, "does not match its SHA-256")
    for file in sorted(place.rglob("*")):
        name = file.relative_to(place).as_posix()
        if name.split("/")[0] in HUB_OWN and not (place / name.split("/")[0]).is_symlink():
            continue
        if (file.is_symlink() or not file.is_dir()) and name not in listed and name != SUMS:
            found.wrong(name, f"is not listed in {SUMS}")
    found.checked.append(SUMS)


def read_manifest(place: Path, found: Verification) -> Manifest | None:
    """MANIFEST and its items with every hash made again; None where the formats cannot be checked by them."""
    try:
        given = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        if isinstance(given, dict) and given.get("layout", 1) != LAYOUT and "formats" in given:
            found.wrong(MANIFEST, "is of another version of this program, so the formats cannot be checked")
            return None
        formats, options, locales, tables = _header(given)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, AttributeError):
        found.wrong(MANIFEST, "is missing or unsound, so the formats cannot be checked")
        return None
    items = _items(place, given, found)
    if items is None:
        return None
    counts = {split: sum(item.split == split for item in items) for split in SPLITS}
    lost = {split: sum(item.split == split and item.redacted for item in items) for split in SPLITS}
    if given.get("counts") != counts:
        found.wrong(MANIFEST, f"counts {given.get('counts')}, lists {counts}")
    if given.get("redacted") != lost:
        found.wrong(MANIFEST, f"counts {given.get('redacted')} as redacted, lists {lost}")
    if given["root_hash"] != root_hash((one.position, one.id, one.split, one.content_hash) for one in items):
        found.wrong(MANIFEST, "names a root hash that is not the one of its items")
    if not (place / TERMS).is_file():
        found.wrong(TERMS, "is missing; no export may go without its terms")
    found.checked.append(MANIFEST)
    return Manifest(formats, options, locales, tables, tuple(items))


def _header(
    given: dict[str, Any],
) -> tuple[dict[str, str], Options, tuple[str, ...], tuple[dict[str, Any], ...]]:
    """The parts of a manifest that later checks lean on. ValueError and its kin where one is not what it must be."""
    formats, told, locales = given["formats"], given["options"], given["locales"]
    if not formats or any(name not in FORMATS or inner not in (".", name) for name, inner in formats.items()):
        raise ValueError("formats")
    options = options_of(
        told["output_field"], told["meta_order"], told["csv_encoding"], tuple(told["training_splits"])
    )
    if not isinstance(told["system"], str) or options.csv_encoding not in ENCODINGS:
        raise ValueError("options")
    if (
        given["items"] != ITEMS
        or given["hash_version"] not in (1, 2)
        or not isinstance(given["root_hash"], str)
    ):
        raise ValueError("items")
    if not all(isinstance(locale, str) for locale in locales) or list(locales) != sorted(set(locales)):
        raise ValueError("locales")
    for table in given["tables"]:
        named = NAME.fullmatch(table["name"]) and all(NAME.fullmatch(column) for column in table["columns"])
        if not named or not set(table["columns"].values()) <= set(KINDS) or type(table["rows"]) is not int:
            raise ValueError("tables")
        if not isinstance(table["about"], str) or not 0 <= table["rows"] < 10**9:
            raise ValueError("tables")
    with_system = Options(
        options.output_field,
        options.meta_order,
        options.csv_encoding,
        options.training_splits,
        told["system"],
    )
    return formats, with_system, tuple(locales), tuple(given["tables"])


def _items(place: Path, given: dict[str, Any], found: Verification) -> list[Listed] | None:
    items: list[Listed] = []
    ids: set[str] = set()
    ids_alone = set(given["formats"]) == {"ids"}
    try:
        for number, line in enumerate(_lines(place / ITEMS), 1):
            item = _item(line, given["locales"], ids_alone=ids_alone)
            if item.id in ids or (items and item.position <= items[-1].position):
                raise ValueError(f"line {number} is out of order or stands there twice")
            ids.add(item.id)
            items.append(item)
            # A redacted item has lost what its hash was made of: texts, attributes and sources.
            bare = item.redacted and not line.get("attributes") and not line.get("sources")
            checkable = given["hash_version"] == 2 and not ids_alone and not bare
            if checkable and _hash_of(line) != item.content_hash:
                found.wrong(
                    ITEMS, f"the content hash of item {number} ({item.id}) is not the one of its parts"
                )
    except (OSError, ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        found.unreadable(ITEMS, error)
        return None
    found.checked.append(ITEMS)
    return items


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    if file.is_symlink():
        raise ValueError("it is a link")
    with file.open(encoding="utf-8", newline="\n") as stream:
        for line in stream:
            yield json.loads(line)


def _item(line: dict[str, Any], locales: list[str], *, ids_alone: bool) -> Listed:
    answer, labels, translations = line["answer_sha256"], line["labels"], line["translations"]
    texts = (line["ID"], line["content_hash"], line["question_sha256"], *labels, *line.get("redacted", ()))
    if not all(isinstance(text, str) for text in texts) or not isinstance(answer, str | None):
        raise TypeError("a field is not text")
    if (
        line["split"] not in SPLITS
        or type(line["position"]) is not int
        or not translations.keys() <= set(locales)
    ):
        raise ValueError("a split, a position or a locale is not what it can be")
    for parts in translations.values():
        if not all(isinstance(digest, str | None) for digest in parts.values()):
            raise TypeError("a hash is not text")
    attributes, sources = line.get("attributes"), line.get("sources")
    if not ids_alone and not (isinstance(attributes, dict) and isinstance(sources, list)):
        raise ValueError("attributes or sources are missing")
    return Listed(
        position=line["position"],
        id=line["ID"],
        split=line["split"],
        content_hash=line["content_hash"],
        question=line["question_sha256"],
        answer=answer,
        labels=tuple(labels),
        translations=translations,
        attributes=None if attributes is None else sorted_json(attributes),
        sources=None if sources is None else sorted_json(sources),
        source_lines=None if sources is None else source_lines(sources),
        lost=tuple(line.get("redacted", ())),
    )


def _hash_of(line: dict[str, Any]) -> str:
    return row_hash(
        question=line["question_sha256"],
        answer=line["answer_sha256"],
        labels=line["labels"],
        attributes=line["attributes"],
        sources=line["sources"],
        translations=line["translations"],
    )
