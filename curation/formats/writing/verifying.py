"""Checks of an export from its files alone: sums, shapes, counts, hashes of every text, and loading it back."""

import csv
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from curation.similar import text_hash

from .csv_files import ID_HEADINGS, formula_unsafe
from .exporting import FORMATS, MANIFEST, SUMS, TERMS, file_hash
from .hub import DATA_NAME
from .json_files import ANSWER_MARK, QUESTION_MARK, pandas_json
from .rows import META_KEYS, META_ORDERS, SPLITS


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and in which file."""

    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}"


@dataclass(slots=True)
class Verification:
    """Problems found; what was checked; what was not, for want of a package."""

    problems: list[Problem] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def wrong(self, file: str, reason: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(file, reason))


@dataclass(frozen=True, slots=True)
class Found:
    """One item as a format shows it; None where the format does not carry the part."""

    id: str | None
    question: str | None = None
    answer: str | None = None
    labels: tuple[str, ...] | None = None
    split: str | None = None


def verify(folder: str | Path, *, deep: bool = True) -> list[Problem]:
    """Every problem of an export; [] where there is none. See `verification`."""
    return verification(folder, deep=deep).problems


def verification(folder: str | Path, *, deep: bool = True) -> Verification:
    """Check sums, manifest, and each format's shape, order, counts and texts; with `deep` load `hf` back as users do.

    Nothing in the folder is trusted: listed paths must stay inside it, links are problems, a broken file is a problem
    and no exception.
    """
    place, found = Path(folder), Verification()
    if not place.is_dir():
        found.wrong(place.name, "is not a folder")
        return found
    _sums(place, found)
    manifest = _manifest(place, found)
    if manifest is None:
        return found
    for name, inner in manifest["formats"].items():
        at = place if inner == "." else place / name
        try:
            _format(name, at, manifest, found)
            if name == "hf" and deep:
                _load_datasets(at, manifest, found)
                _load_croissant(at, manifest, found)
        except Exception as error:  # any way in which a hostile file fails to load is a problem of the file
            found.wrong(name, f"cannot be read: {type(error).__name__}: {str(error)[:200]}")
        found.checked.append(name)
    return found


def _sums(place: Path, found: Verification) -> None:
    sums = place / SUMS
    if sums.is_symlink() or not sums.is_file():
        found.wrong(SUMS, "is missing")
        return
    listed: set[str] = set()
    for number, line in enumerate(sums.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        digest, gap, name = line[:64], line[64:66], line[66:]
        parts = Path(name).parts
        if gap != "  " or not name or Path(name).is_absolute() or ".." in parts or "\\" in name:
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
        if (file.is_symlink() or not file.is_dir()) and name not in listed and name != SUMS:
            found.wrong(name, f"is not listed in {SUMS}")
    found.checked.append(SUMS)


def _manifest(place: Path, found: Verification) -> dict[str, Any] | None:
    try:
        manifest: dict[str, Any] = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        formats, items, options = manifest["formats"], manifest["items"], manifest["options"]
        sound = isinstance(formats, dict) and all(
            name in FORMATS and inner in (".", name) for name, inner in formats.items()
        )
        counts = {split: sum(item["split"] == split for item in items) for split in SPLITS}
        texts = all(
            isinstance(item[key], str) for item in items for key in ("ID", "question_sha256", "answer_sha256")
        )
        sound = (
            sound
            and texts
            and isinstance(options["output_field"], str)
            and len({i["ID"] for i in items}) == len(items)
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        found.wrong(MANIFEST, "is missing or unsound, so the formats cannot be checked")
        return None
    if manifest.get("counts") != counts:
        found.wrong(MANIFEST, f"counts {manifest.get('counts')}, lists {counts}")
    if not (place / TERMS).is_file():
        found.wrong(TERMS, "is missing; no export may go without its terms")
    found.checked.append(MANIFEST)
    return manifest


Reader = Callable[[Path, dict[str, Any]], Iterator[Found]]


def _format(kind: str, at: Path, manifest: dict[str, Any], found: Verification) -> None:
    options = manifest["options"]
    if kind == "ids":
        _compare("ids.csv", _ids(at / "ids.csv"), manifest["items"], found)
        return
    ending, read = _READERS[kind]
    for split in options["training_splits"] if kind in ("messages", "text") else SPLITS:
        file = at / ending.format(split=split)
        wanted = [item for item in manifest["items"] if item["split"] == split]
        name = file.relative_to(at.parent if at.name == kind else at).as_posix()
        if kind == "hf" and not wanted and not file.exists():
            continue
        if not file.is_file():
            found.wrong(name, "is missing")
            continue
        try:
            rows = list(read(file, manifest))
        except Exception as error:  # see verification()
            found.wrong(name, f"cannot be read: {type(error).__name__}: {str(error)[:200]}")
            continue
        _compare(name, iter(rows), wanted, found)


def _compare(name: str, rows: Iterator[Found], wanted: list[dict[str, Any]], found: Verification) -> None:
    rows_read = list(rows)
    if len(rows_read) != len(wanted):
        found.wrong(name, f"holds {len(rows_read)} items, the manifest {len(wanted)}")
        return
    for number, (row, item) in enumerate(zip(rows_read, wanted, strict=True), 1):
        if row.id is not None and row.id != item["ID"]:
            found.wrong(name, f"item {number} is {row.id}, the manifest has {item['ID']} there")
            return
        labels = None if row.labels is None else json.dumps(list(row.labels), ensure_ascii=False)
        parts = (
            ("question", row.question, item["question_sha256"]),
            ("answer", row.answer, item["answer_sha256"]),
            ("labels", labels, item.get("labels_sha256")),
        )
        for part, text, digest in parts:
            if text is not None and text_hash(text) != digest:
                found.wrong(name, f"the {part} of item {number} ({item['ID']}) is not the released one")
        if row.split is not None and row.split != item["split"]:
            found.wrong(name, f"item {number} ({item['ID']}) has another split")


def _record(given: dict[str, Any], manifest: dict[str, Any]) -> Found:
    output = manifest["options"]["output_field"]
    if list(given) != ["ID", "text", output, "meta"] or sorted(given["meta"]) != sorted(META_KEYS):
        raise ValueError(f"a record has the keys {list(given)[:8]} instead of ID, text, {output}, meta")
    order = manifest["options"]["meta_order"] or list(META_ORDERS["ac"])
    if list(given["meta"]) != order:
        raise ValueError(f"meta has its keys in the order {list(given['meta'])}, not {order}")
    return Found(given["ID"], given["text"], given[output], tuple(given["meta"][key] for key in META_KEYS))


def _read_array(file: Path, manifest: dict[str, Any]) -> Iterator[Found]:
    for given in json.loads(file.read_bytes().decode("utf-8")):
        yield _record(given, manifest)


def _read_pandas(file: Path, manifest: dict[str, Any]) -> Iterator[Found]:
    text = file.read_bytes().decode("utf-8")
    records = json.loads(text)
    if pandas_json(records) != text:
        raise ValueError("the bytes are not those that pandas writes")
    for given in records:
        yield _record(given, manifest)


def _read_lines(file: Path, manifest: dict[str, Any]) -> Iterator[Found]:
    for given in _objects(file):
        yield _record(given, manifest)


def _objects(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="\n") as stream:
        for line in stream:
            yield json.loads(line)


def _read_csv(file: Path, manifest: dict[str, Any]) -> Iterator[Found]:
    output = manifest["options"]["output_field"]
    with file.open(encoding=manifest["options"]["csv_encoding"], newline="") as stream:
        for row in csv.DictReader(stream, strict=True):
            cells = {key: formula_unsafe(cell) for key, cell in row.items()}
            yield Found(cells["ID"], cells["text"], cells[output], tuple(cells[key] for key in META_KEYS))


def _ids(file: Path) -> Iterator[Found]:
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, strict=True)
        if tuple(reader.fieldnames or ()) != ID_HEADINGS:
            raise ValueError("the heading is not that of a list of ids")
        for row in reader:
            cells = {key: formula_unsafe(cell) for key, cell in row.items()}
            yield Found(cells["ID"], labels=tuple(cells[key] for key in META_KEYS), split=cells["split"])


def _read_parquet(file: Path, manifest: dict[str, Any]) -> Iterator[Found]:
    import pyarrow.parquet as pq

    from .parquet import schema

    options = manifest["options"]
    order = options["meta_order"] or META_ORDERS["hf"]
    wanted = schema(manifest["locales"], output_field=options["output_field"], meta_order=order)
    table = pq.ParquetFile(file).read()
    if not table.schema.equals(wanted):
        raise ValueError("the schema is not the one of this format")
    for row in table.to_pylist():
        labels = tuple(row["meta"][key] for key in META_KEYS)
        yield Found(row["ID"], row["text"], row[options["output_field"]], labels)


def _read_messages(file: Path, manifest: dict[str, Any]) -> Iterator[Found]:
    for given in _objects(file):
        system, user, assistant = given["messages"]
        roles = [turn["role"] for turn in (system, user, assistant)]
        if roles != ["system", "user", "assistant"] or system["content"] != manifest["options"]["system"]:
            raise ValueError("a record is not system, user, assistant with the released system sentence")
        yield Found(given["ID"], user["content"], assistant["content"])


def _read_text(file: Path, manifest: dict[str, Any]) -> Iterator[Found]:
    start = manifest["options"]["system"] + QUESTION_MARK
    wanted = [item for item in manifest["items"] if item["split"] == file.stem]
    for number, given in enumerate(_objects(file)):
        text = given["text"]
        if list(given) != ["text"] or not text.startswith(start) or ANSWER_MARK not in text:
            raise ValueError("a record is not in the template")
        digest = wanted[number]["question_sha256"] if number < len(wanted) else ""
        yield _parted(text[len(start) :], digest)


def _parted(text: str, digest: str) -> Found:
    """Question and answer; a text that itself holds the mark is parted where the question's hash fits."""
    at = first = text.index(ANSWER_MARK)
    while at >= 0:
        if text_hash(text[:at]) == digest:
            return Found(None, text[:at], text[at + len(ANSWER_MARK) :])
        at = text.find(ANSWER_MARK, at + 1)
    return Found(None, text[:first], text[first + len(ANSWER_MARK) :])


_READERS: dict[str, tuple[str, Reader]] = {
    "ac": ("{split}.json", _read_array),
    "pandas": ("{split}.json", _read_pandas),
    "jsonl": ("{split}.jsonl", _read_lines),
    "csv": ("{split}.csv", _read_csv),
    "parquet": ("{split}.parquet", _read_parquet),
    "hf": (f"data/{DATA_NAME}", _read_parquet),
    "messages": ("{split}.jsonl", _read_messages),
    "text": ("{split}.jsonl", _read_text),
}


def _load_datasets(at: Path, manifest: dict[str, Any], found: Verification) -> None:
    if find_spec("datasets") is None:
        found.skipped.append("datasets")
        return
    import datasets

    # A cache of its own: the shared one is keyed by the folder and may hold an earlier state of it.
    with tempfile.TemporaryDirectory() as cache:
        showed = datasets.utils.logging.is_progress_bar_enabled()
        datasets.utils.logging.disable_progress_bar()
        try:
            loaded = datasets.load_dataset(str(at.resolve()), cache_dir=cache)
        finally:
            if showed:
                datasets.utils.logging.enable_progress_bar()
        counts = {split: loaded[split].num_rows if split in loaded else 0 for split in SPLITS}
        ids = [row for split in SPLITS if split in loaded for row in loaded[split]["ID"]]
        del loaded
    if counts != manifest["counts"]:
        found.wrong("hf", f"datasets loads {counts}, the manifest counts {manifest['counts']}")
    elif ids != [item["ID"] for split in SPLITS for item in manifest["items"] if item["split"] == split]:
        found.wrong("hf", "datasets loads other ids than the manifest lists")
    found.checked.append("datasets")


def _load_croissant(at: Path, manifest: dict[str, Any], found: Verification) -> None:
    if find_spec("mlcroissant") is None:
        found.skipped.append("mlcroissant")
        return
    described = json.loads((at / "croissant.json").read_text(encoding="utf-8"))
    # Checked before the library sees it: a description that names a URL would be fetched.
    present = [split for split in SPLITS if manifest["counts"][split]]
    for split, file in zip(present, described["distribution"], strict=True):
        if file["contentUrl"] != f"data/{DATA_NAME.format(split=split)}":
            found.wrong("croissant.json", "names a file that is not one of the export's own")
            return
    import mlcroissant

    dataset = mlcroissant.Dataset(jsonld=str(at.resolve() / "croissant.json"))
    for split in present:
        wanted = [item["ID"] for item in manifest["items"] if item["split"] == split]
        ids = [record[f"{split}/ID"].decode() for record in dataset.records(split)]
        if ids != wanted:
            found.wrong(
                "croissant.json",
                f"mlcroissant iterates {len(ids)} records of {split}, not the {len(wanted)} released",
            )
    found.checked.append("mlcroissant")
