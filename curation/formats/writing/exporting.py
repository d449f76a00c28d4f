"""One call for every format: rows and a description in, a folder with its manifest, terms and sums out."""

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.similar import text_hash

from .csv_files import write_csv, write_ids
from .hub import write_hf
from .json_files import SYSTEM, write_ac, write_jsonl, write_messages, write_pandas, write_text
from .parquet import write_parquet
from .rows import (
    META_KEYS,
    META_ORDERS,
    OUTPUT_FIELDS,
    SPLITS,
    ReleaseDescription,
    ReleaseRow,
    UnwritableRelease,
    checked,
    locales,
)

MANIFEST = "MANIFEST"
SUMS = "SHA256SUMS"
TERMS = "TERMS.txt"


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


Writer = Callable[[list[ReleaseRow], Path, ReleaseDescription, Options], list[Path]]

WRITERS: dict[str, Writer] = {
    "ac": lambda rows, to, _, o: write_ac(rows, to, output_field=o.output_field, meta_order=o.order("ac")),
    "pandas": lambda rows, to, _, o: write_pandas(
        rows, to, output_field=o.output_field, meta_order=o.order("ac")
    ),
    "jsonl": lambda rows, to, _, o: write_jsonl(
        rows, to, output_field=o.output_field, meta_order=o.order("ac")
    ),
    "csv": lambda rows, to, _, o: write_csv(rows, to, encoding=o.csv_encoding, output_field=o.output_field),
    "parquet": lambda rows, to, _, o: write_parquet(
        rows, to, output_field=o.output_field, meta_order=o.order("hf")
    ),
    "hf": lambda rows, to, d, o: write_hf(rows, to, d, output_field=o.output_field, meta_order=o.order("hf")),
    "messages": lambda rows, to, _, o: write_messages(rows, to, system=o.system, splits=o.training_splits),
    "text": lambda rows, to, _, o: write_text(rows, to, system=o.system, splits=o.training_splits),
    "ids": lambda rows, to, _, _o: write_ids(rows, to),
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
) -> list[Path]:
    """Write a release into `folder` and return its files, SHA256SUMS last.

    One format stands in the folder itself, several (or "all") each in a folder of its name. Beside them: MANIFEST
    (JSON: counts, options, ids and hashes of texts), TERMS.txt, SHA256SUMS. `meta_order` is "ac", "hf" or the three
    keys; None leaves each format its own. Training formats hold dev alone unless told otherwise.
    Everything is written beside the folder first and moved into place at the end: a failed export leaves nothing. The
    folder must be new, empty, or an untouched earlier export, which is replaced. Same input, same bytes.
    Raises UnwritableRelease for rows, options or a folder that cannot be used.
    """
    chosen = _formats(formats)
    options = _options(output_field, meta_order, csv_encoding, training_splits)
    ordered = checked(rows)
    target = Path(folder)
    _check_target(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
        built = Path(scratch) / "export"
        built.mkdir(mode=0o755)
        _build(ordered, description, built, chosen, options)
        names = [path.relative_to(built) for path in _listed(built)]
        if target.exists():
            shutil.rmtree(target)
        built.replace(target)
    return [target / name for name in names]


def _build(
    rows: list[ReleaseRow],
    description: ReleaseDescription,
    built: Path,
    formats: Sequence[str],
    options: Options,
) -> None:
    places = {name: "." if len(formats) == 1 else name for name in formats}
    for name, place in places.items():
        (built / place).mkdir(exist_ok=True)
        WRITERS[name](rows, built / place, description, options)
        if name == "hf" and place != ".":
            (built / place / TERMS).write_text(terms_text(description), encoding="utf-8", newline="")
    (built / TERMS).write_text(terms_text(description), encoding="utf-8", newline="")
    manifest = (
        json.dumps(manifest_of(rows, description, places, options), ensure_ascii=False, indent=1) + "\n"
    )
    (built / MANIFEST).write_text(manifest, encoding="utf-8", newline="")
    write_sums(built)


def terms_text(description: ReleaseDescription) -> str:
    """The terms and the citation, as they stand beside the files of every format."""
    parts = (
        f"{description.dataset} {description.name}",
        description.licence,
        description.terms,
        description.citation,
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def manifest_of(
    rows: list[ReleaseRow], description: ReleaseDescription, places: dict[str, str], options: Options
) -> dict[str, Any]:
    """What a folder must hold: counts, options, and for every item its split and the SHA-256 of its texts."""
    counts = Counter(row.split for row in rows)
    leaves = Counter((row.split, *row.labels) for row in rows)
    return {
        "name": description.name,
        "dataset": description.dataset,
        "taxonomy": description.taxonomy,
        "licence": description.licence,
        "created": description.created,
        "counts": {split: counts[split] for split in SPLITS},
        "leaves": [
            {"split": key[0], "labels": list(key[1:]), "items": n} for key, n in sorted(leaves.items())
        ],
        "locales": list(locales(rows)),
        "formats": places,
        "options": {
            "output_field": options.output_field,
            "meta_order": list(options.meta_order) if options.meta_order else None,
            "csv_encoding": options.csv_encoding,
            "training_splits": list(options.training_splits),
            "system": options.system,
        },
        "items": [
            {
                "ID": row.external_id,
                "split": row.split,
                "content_hash": row.content_hash,
                "question_sha256": text_hash(row.question),
                "answer_sha256": text_hash(row.answer),
                "labels_sha256": text_hash(json.dumps(list(row.labels), ensure_ascii=False)),
            }
            for row in rows
        ],
    }


def write_sums(folder: Path) -> Path:
    """SHA256SUMS of every file under the folder, in the format of `sha256sum -c`, sorted by path."""
    path = folder / SUMS
    lines = [
        f"{file_hash(file)}  {file.relative_to(folder).as_posix()}\n"
        for file in _listed(folder)
        if file.name != SUMS
    ]
    path.write_text("".join(lines), encoding="utf-8", newline="")
    return path


def file_hash(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _listed(folder: Path) -> list[Path]:
    files = sorted((file for file in folder.rglob("*") if file.is_file()), key=lambda file: file.as_posix())
    return [file for file in files if file.name != SUMS] + [file for file in files if file.name == SUMS]


def _formats(formats: Sequence[str]) -> list[str]:
    wanted = [formats] if isinstance(formats, str) else list(formats)
    if "all" in wanted:
        return list(FORMATS)
    unknown = [name for name in wanted if name not in WRITERS]
    if unknown or not wanted:
        raise UnwritableRelease(f"Unknown format {', '.join(unknown)!r}; known are {', '.join(FORMATS)}, all")
    return list(dict.fromkeys(wanted))


def _options(
    output_field: str,
    meta_order: str | Sequence[str] | None,
    csv_encoding: str,
    training_splits: Sequence[str],
) -> Options:
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


def _check_target(target: Path) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise UnwritableRelease(f"{target.name} is not a folder")
    if not target.exists():
        return
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
