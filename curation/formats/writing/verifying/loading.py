"""The files loaded back as people load them: with `pandas`, with `datasets`, and the hub's folder with `mlcroissant`.

Nothing is fetched: what a folder names is held against what an export writes before a library follows it.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from math import isnan
from pathlib import Path
from typing import Any

from curation.formats.writing.card import configs
from curation.formats.writing.croissant import CONTEXT, contents_of
from curation.formats.writing.csv_files import ID_HEADINGS, headings
from curation.formats.writing.hub import CROISSANT
from curation.formats.writing.rows import META_KEYS
from curation.formats.writing.tables import SPLIT

from .contents import (
    Found,
    cells_of,
    columns_of,
    compare,
    files_of,
    ids_of,
    record_of,
    templated,
    turns_of,
)
from .listing import HUB_OWN, Listed, Manifest
from .report import Verification

KNOWN = {"README.md", "CHANGELOG.md", "CITATION.cff", "TERMS.txt", "statistics.json", CROISSANT}
BESIDE = {"MANIFEST", "ITEMS.jsonl", "SHA256SUMS"}
FOLDERS = ("data", "tables", "figures")


def load_back(place: Path, manifest: Manifest, found: Verification) -> None:
    """Every format with every library that reads it; what is not installed is named as skipped."""
    for library, act in (
        ("pandas", _with_pandas),
        ("datasets", _with_datasets),
        ("mlcroissant", _with_croissant),
    ):
        if find_spec(library) is None:
            found.skipped.append(library)
            continue
        done = False
        for kind, inner in manifest.formats.items():
            try:
                done |= act(kind, place, inner, manifest, found)
            except (
                Exception
            ) as error:  # any way in which a hostile file fails to load is a problem of the file
                found.unreadable(f"{kind} ({library})", error)
        if done:
            found.loaded.append(library)


def _shown(
    rows: Iterable[Mapping[str, Any]], kind: str, manifest: Manifest, wanted: Sequence[Listed]
) -> Iterable[Found]:
    """What a library's rows say of each item."""
    if kind == "text":
        return templated(rows, manifest, wanted)
    read: dict[str, Callable[[Any, Manifest], Found]] = {
        "ac": record_of,
        "pandas": record_of,
        "jsonl": record_of,
        "csv": cells_of,
        "ids": lambda row, _: ids_of(row),
        "messages": turns_of,
        "parquet": columns_of,
        "hf": columns_of,
    }
    return (read[kind](row, manifest) for row in rows)


def _with_pandas(kind: str, place: Path, inner: str, manifest: Manifest, found: Verification) -> bool:
    if kind in ("parquet", "hf") and find_spec("pyarrow") is None:
        found.skipped.append("pyarrow")
        return False
    for name, path, wanted in files_of(kind, inner, manifest):
        if not wanted and kind not in ("csv", "ids"):
            continue  # pandas makes no columns of a file without rows
        frame = _frame(kind, place / path, manifest)
        rows = frame.to_dict(orient="records")
        compare(f"{name} (pandas)", _shown(rows, kind, manifest, wanted), wanted, found)
    return True


def _frame(kind: str, file: Path, manifest: Manifest) -> Any:
    import pandas as pd

    if kind in ("parquet", "hf"):
        return (
            pd.read_parquet(file, dtype_backend="pyarrow")
            .astype(object)
            .where(lambda frame: frame.notna(), None)
        )
    if kind in ("csv", "ids"):
        encoding = manifest.options.csv_encoding if kind == "csv" else "utf-8"
        return pd.read_csv(file, dtype=str, keep_default_na=False, encoding=encoding)
    lines = kind not in ("ac", "pandas")
    return pd.read_json(file, orient="records", lines=lines, dtype=False, convert_dates=False)


@contextmanager
def _quiet() -> Iterator[tuple[Any, str]]:
    """`datasets` without progress bars, without asking anything of the hub, and a cache of its own.

    The shared cache is keyed by the folder and may hold an earlier state of it.
    """
    import datasets

    showed = datasets.utils.logging.is_progress_bar_enabled()
    before = datasets.config.HF_HUB_OFFLINE, datasets.config.HF_UPDATE_DOWNLOAD_COUNTS
    datasets.utils.logging.disable_progress_bar()
    datasets.config.HF_HUB_OFFLINE, datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = True, False
    try:
        with tempfile.TemporaryDirectory() as cache:
            yield datasets, cache
    finally:
        datasets.config.HF_HUB_OFFLINE, datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = before
        if showed:
            datasets.utils.logging.enable_progress_bar()


def _with_datasets(kind: str, place: Path, inner: str, manifest: Manifest, found: Verification) -> bool:
    if kind == "hf":
        return _hub_with_datasets(place / inner, inner, manifest, found)
    files = [(name, place / path, wanted) for name, path, wanted in files_of(kind, inner, manifest) if wanted]
    with _quiet() as (datasets, cache):
        for name, file, wanted in files:
            module, options = _module(kind, manifest, datasets)
            loaded = datasets.load_dataset(
                module, data_files=[str(file.resolve())], split="train", cache_dir=cache, **options
            )
            compare(f"{name} (datasets)", _shown(loaded, kind, manifest, wanted), wanted, found)
            del loaded
    return bool(files)


def _module(kind: str, manifest: Manifest, datasets: Any) -> tuple[str, dict[str, Any]]:
    """Which of its loaders reads a format, and how it is told that every cell is text."""
    if kind not in ("csv", "ids"):
        return ("parquet" if kind == "parquet" else "json"), {}
    names: tuple[str, ...] = ID_HEADINGS
    encoding = "utf-8"
    if kind == "csv":
        names = tuple(headings(manifest.locales, output_field=manifest.options.output_field))
        encoding = manifest.options.csv_encoding
    features = datasets.Features({name: datasets.Value("string") for name in names})
    return "csv", {"features": features, "keep_default_na": False, "encoding": encoding}


def _hub_with_datasets(folder: Path, inner: str, manifest: Manifest, found: Verification) -> bool:
    if not _sound_folder(folder, inner, manifest, found):
        return False
    with _quiet() as (datasets, cache):
        loaded = datasets.load_dataset(str(folder.resolve()), cache_dir=cache)
        if sorted(loaded) != sorted(manifest.present):
            found.wrong("hf (datasets)", f"has the splits {sorted(loaded)}, not {manifest.present}")
            return True
        for split in manifest.present:
            wanted = manifest.readable(split)
            compare(f"{split} of hf (datasets)", _shown(loaded[split], "hf", manifest, wanted), wanted, found)
        for told in manifest.tables:
            if told["rows"]:
                table = datasets.load_dataset(
                    str(folder.resolve()), told["name"], split=SPLIT, cache_dir=cache
                )
                shape = (table.num_rows, table.column_names)
                if shape != (told["rows"], list(told["columns"])):
                    found.wrong(
                        f"{told['name']} of hf (datasets)", "has other rows or columns than the manifest says"
                    )
                del table
        del loaded
    return True


def _sound_folder(folder: Path, inner: str, manifest: Manifest, found: Verification) -> bool:
    """Whether the card sends `datasets` to the export's own files alone, and nothing else lies there for it to find."""
    card = (folder / "README.md").read_text(encoding="utf-8")
    front = card.removeprefix("---\n").split("\n---\n")[0]
    lines = "\n".join(configs(manifest.present, manifest.table_shapes()))
    if not front.endswith("\n" + lines):
        found.wrong("README.md", "does not name exactly the files of the export")
        return False
    allowed = KNOWN | (BESIDE if inner == "." else set())
    for file in folder.iterdir():
        if file.name in HUB_OWN:
            continue
        if file.is_symlink() or (file.name not in allowed if file.is_file() else file.name not in FOLDERS):
            found.wrong(file.name, "is no file of an export, so the folder was not loaded")
            return False
    return True


def _with_croissant(kind: str, place: Path, inner: str, manifest: Manifest, found: Verification) -> bool:
    if kind != "hf":
        return False
    folder = place / inner
    described = json.loads((folder / CROISSANT).read_text(encoding="utf-8"))
    shapes = manifest.table_shapes()
    wanted = contents_of(
        folder, present=manifest.present, locales=manifest.locales, tables=shapes, options=manifest.options
    )
    # Checked before the library sees it: a context or a file that names an address would be fetched.
    if described.pop("@context") != CONTEXT or _names_context(described):
        found.wrong(CROISSANT, "has a context that is not the export's own")
        return False
    if {key: described.get(key) for key in wanted} != wanted:
        found.wrong(CROISSANT, "describes files or fields that are not those of the export")
        return False
    import mlcroissant

    dataset = mlcroissant.Dataset(jsonld=str(folder.resolve() / CROISSANT))
    for split in manifest.present:
        records = _records(dataset, split, manifest)
        items = manifest.readable(split)
        compare(f"{split} of {CROISSANT} (mlcroissant)", records, items, found)
    for told in manifest.tables:
        if told["rows"]:
            number = sum(1 for _ in dataset.records(told["name"]))
            if number != told["rows"]:
                found.wrong(CROISSANT, f"mlcroissant iterates {number} records of {told['name']}")
    return True


def _names_context(value: object) -> bool:
    if isinstance(value, dict):
        return "@context" in value or any(_names_context(inner) for inner in value.values())
    return isinstance(value, list) and any(_names_context(inner) for inner in value)


def _records(dataset: Any, split: str, manifest: Manifest) -> Iterator[Found]:
    for record in dataset.records(split):
        cells = {key.removeprefix(f"{split}/"): _decoded(cell) for key, cell in record.items()}
        meta = cells.get("meta")
        if not isinstance(meta, dict):
            meta = {key: cells[f"meta/{key}"] for key in META_KEYS}
        else:
            meta = {key.rpartition("/")[2]: _decoded(cell) for key, cell in meta.items()}
        yield columns_of({**cells, "meta": meta}, manifest)


def _decoded(cell: Any) -> Any:
    if isinstance(cell, bytes):
        return cell.decode()
    return None if isinstance(cell, float) and isnan(cell) else cell
