"""A version published elsewhere, as it lies in somebody's folder: which files it is made of, and their rows.

Known shapes: AnswerCarefully's arrays of versions 1 to 3 and its borderline set, the Hugging Face layout
(`dev-00000-of-00001.parquet`, also below `data/`), and our own exports. No link is followed, nothing is evaluated.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .encoding import LARGEST_FILE
from .faults import Fault, Notice, Quarantined, UnusableFile, gettext_noop
from .reading import ItemBuilder, ItemRow, headings_with_id
from .reading_parquet import MOST_ROWS, read_parquet
from .records import RecordFile, collect, read_records
from .translation_columns import translation_columns
from .writing.csv_files import is_export

ENDINGS = (".json", ".jsonl", ".csv", ".tsv", ".parquet")
DEEPEST = 3  # folders below the one that is named
MOST_ENTRIES = 5_000
SPLIT_WORDS = {"dev": "dev", "validation": "dev", "valid": "dev", "test": "test"}
ORDER = ("test", "dev")  # an id that stands in both is a test item: the safe side
# What stands beside the data in exports and on the hub.
BESIDE = frozenset(
    (
        "croissant.json",
        "statistics.json",
        "dataset_info.json",
        "dataset_infos.json",
        "rights.json",
        "items.jsonl",
    )
)
MAGIC = b"PAR1"

_REVISION = re.compile(r"[_-]rev(\d{8})$", re.IGNORECASE)
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})$")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORDS = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One file as it was read: path inside the folder, SHA-256, rows taken, and the split its name says ("" for none)."""

    name: str
    sha256: str
    rows: int
    split: str
    shape: str


@dataclass(slots=True)
class Published:
    """What was found: rows with their split, rows set apart, files with their hashes, and what the reader decided."""

    rows: list[tuple[ItemRow, str]] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    files: list[ReadFile] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Named:
    """A file by what its name says."""

    path: Path
    name: str
    stem: str
    split: str
    revision: str = ""
    shard: int = 0
    shards: int = 0


def read_published(path: str | Path, *, longest_id: int) -> Published:
    """Read a file or a folder. Raises UnusableFile where nothing of it can be read or what is meant cannot be seen.

    Where the name says no split and the rows neither, rows are dev. An id that stands twice is kept once, test first.
    """
    place = Path(path)
    if not place.exists():
        raise UnusableFile(gettext_noop("%(file)s does not exist"), file=_shown(place.name))
    found = Published()
    files = _chosen(place, found) if place.is_dir() else [_named(place, place.name)]
    files.sort(key=lambda file: (ORDER.index(file.split or "dev"), file.name))
    ids: dict[str, str] = {}
    for file in files:
        if len(files) > 1 and _empty(file.path):
            found.notices.append(Notice(gettext_noop("%(file)s is empty"), {"file": _shown(file.name)}))
        else:
            _read(file, found, ids, longest_id)
    return found


def _empty(path: Path) -> bool:
    """Whether it is what an export writes for a split without rows."""
    return path.stat().st_size < 64 and b"".join(path.read_bytes().split()) in (b"", b"[]")


def _read(file: _Named, found: Published, ids: dict[str, str], longest_id: int) -> None:
    _refuse_size(file)
    before = _sha256(file.path)
    opened = _opened(file.path)
    opened.name = _shown(file.name)
    table = opened.shape in ("csv", "tsv", "parquet")
    builder = _PublishedRows(
        table=table,
        has_id=not table or headings_with_id(opened),
        marked=opened.shape in ("csv", "tsv") and is_export(opened.headings),
        columns=translation_columns,
    )
    builder.seen, builder.file, builder.longest_id = ids, _shown(file.name), longest_id
    rows, apart = collect(opened.records, builder.build)
    if len(rows) + len(found.rows) > MOST_ROWS:
        raise UnusableFile(
            gettext_noop("%(file)s holds more than %(most)s rows"), file=opened.name, most=f"{MOST_ROWS:,}"
        )
    if _sha256(file.path) != before:
        raise UnusableFile(gettext_noop("%(file)s was changed while it was read"), file=opened.name)
    found.rows += [(row, row.split or file.split or "dev") for row in rows]
    found.quarantined += [replace(one, file=builder.file) for one in apart]
    found.files.append(ReadFile(_shown(file.name), before, len(rows), file.split, opened.shape))
    found.notices += [*opened.warnings, *_told(file, rows, builder)]


def _refuse_size(file: _Named) -> None:
    if not file.path.is_file():
        raise UnusableFile(gettext_noop("%(file)s is not a file"), file=_shown(file.name))
    if file.path.stat().st_size > LARGEST_FILE:
        raise UnusableFile(gettext_noop("%(file)s is larger than 2 GiB; split it"), file=_shown(file.name))


def _told(file: _Named, rows: Sequence[ItemRow], builder: "_PublishedRows") -> Iterator[Notice]:
    name = _shown(file.name)
    if not file.split and (bare := sum(row.split is None for row in rows)):
        yield Notice(
            gettext_noop("%(file)s: neither its name nor %(n)s rows say a split, so they were taken for dev"),
            {"file": name, "n": bare},
        )
    if builder.unnamed:
        yield Notice(
            gettext_noop("%(file)s: kept as attributes: %(names)s"),
            {"file": name, "names": ", ".join(sorted(builder.unnamed)[:20])},
        )
    if locales := sorted({locale for row in rows for locale in row.translations}):
        yield Notice(
            gettext_noop("%(file)s: read as translations: %(names)s"),
            {"file": name, "names": ", ".join(locales)},
        )
    if builder.repeats:
        yield Notice(
            gettext_noop(
                "%(file)s: %(n)s rows repeat question and answer of another under an ID of their own"
            ),
            {"file": name, "n": builder.repeats},
        )


class _PublishedRows(ItemBuilder):
    """Rows as they were published: a text that stands twice stays twice, an id stands once in the whole release."""

    seen: dict[str, str]
    file = ""
    longest_id = 0
    repeats = 0

    def remember(self, row: ItemRow) -> None:
        from curation.similar import text_hash

        key = row.external_id or text_hash(row.question)[:16]
        if len(key) > self.longest_id:
            template = gettext_noop("the ID has %(n)s characters; at most %(most)s can be kept")
            raise Fault(template, field="ID", content=key, n=len(key), most=self.longest_id)
        if key in self.seen:
            template = gettext_noop("the ID stands already in %(where)s; give every record an ID of its own")
            raise Fault(template, field="ID", content=key, where=self.seen[key])
        texts = (text_hash(row.question), text_hash(row.answer) if row.answer is not None else None)
        self.repeats += self.earlier.texts.get(texts) is not None
        self.earlier.texts[texts] = row.row
        self.seen[key] = f"{self.file}:{row.row}"


def _opened(place: Path) -> RecordFile:
    with place.open("rb") as stream:
        parquet = stream.read(4) == MAGIC
    if parquet or place.suffix.lower() == ".parquet":
        return read_parquet(place)
    return read_records(place)


def _sha256(place: Path) -> str:
    with place.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _chosen(folder: Path, found: Published) -> list[_Named]:
    """The files of one version: one for each split, all its parts, the newest revision."""
    here = list(_regular(folder, found))
    named = [_named(path, path.relative_to(folder).as_posix()) for path in here]
    split = [file for file in named if file.split]
    if not split:
        if len(named) == 1:
            return named
        if named:
            raise UnusableFile(
                gettext_noop(
                    "Which splits the files of %(file)s hold cannot be seen from their names (%(names)s); put dev or test "
                    "into them"
                ),
                file=_shown(folder.name),
                names=_listed(file.name for file in named),
            )
        why = " ".join(f"({notice})" for notice in found.notices)
        raise UnusableFile(
            gettext_noop("%(file)s holds no JSON, JSONL, CSV, TSV or Parquet file %(why)s"),
            file=_shown(folder.name),
            why=why,
        )
    places = sorted({file.path.parent for file in split})
    if len(places) > 1:
        raise UnusableFile(
            gettext_noop("%(file)s holds several versions or formats (%(names)s); name one of these folders"),
            file=_shown(folder.name),
            names=_listed(place.relative_to(folder).as_posix() for place in places),
        )
    return [file for word in ORDER for file in _of_split([f for f in split if f.split == word], found)]


def _of_split(files: list[_Named], found: Published) -> list[_Named]:
    stems = {(file.stem, file.path.suffix.lower()) for file in files}
    if len(stems) > 1:
        raise UnusableFile(
            gettext_noop("%(names)s hold the same split (%(split)s); leave one of them in the folder"),
            names=_listed(file.name for file in files),
            split=files[0].split,
        )
    newest = max((file.revision for file in files), default="")
    kept = [file for file in files if file.revision == newest]
    for old in (file for file in files if file.revision != newest):
        found.notices.append(
            Notice(
                gettext_noop("%(new)s is the newer revision of %(old)s: only the newer one was read"),
                {"new": _shown(kept[0].name), "old": _shown(old.name)},
            )
        )
    parts = max((file.shards for file in kept), default=0)
    if parts and sorted(file.shard for file in kept) != list(range(parts)):
        raise UnusableFile(
            gettext_noop("%(names)s: %(n)s of %(parts)s parts are there; bring all of them"),
            names=_listed(file.name for file in kept),
            n=len(kept),
            parts=parts,
        )
    if not parts and len(kept) > 1:
        raise UnusableFile(
            gettext_noop("%(names)s hold the same split (%(split)s); leave one of them in the folder"),
            names=_listed(file.name for file in kept),
            split=kept[0].split,
        )
    return kept


def _regular(folder: Path, found: Published) -> Iterator[Path]:
    """Data files below the folder. Links are left out and told; devices, pipes and hidden files are no data."""
    entries = 0
    links = []
    for at, folders, names in os.walk(folder, followlinks=False):
        base = Path(at)
        depth = len(base.relative_to(folder).parts)
        links += [base / name for name in folders if (base / name).is_symlink()]
        folders[:] = sorted(name for name in folders if not name.startswith(".") and depth < DEEPEST)
        for name in sorted(names):
            entries += 1
            if entries > MOST_ENTRIES:
                raise UnusableFile(
                    gettext_noop("%(file)s holds more than %(most)s files; name the folder of one version"),
                    file=_shown(folder.name),
                    most=f"{MOST_ENTRIES:,}",
                )
            path = base / name
            if path.suffix.lower() not in ENDINGS or name.startswith(".") or name.lower() in BESIDE:
                continue
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                links.append(path)
            elif stat.S_ISREG(mode):
                yield path
    if links:
        found.notices.append(
            Notice(
                gettext_noop("Links are not followed: %(names)s; copy the files themselves into the folder"),
                {"names": _listed(link.relative_to(folder).as_posix() for link in sorted(links))},
            )
        )


def _named(path: Path, name: str) -> _Named:
    stem = path.stem
    revision = shard = shards = ""
    if match := _SHARD.search(stem):
        stem, (shard, shards) = stem[: match.start()], match.groups()
    if match := _REVISION.search(stem):
        stem, revision = stem[: match.start()], match.group(1)
    words = _WORDS.findall(_HUMPS.sub(" ", stem).lower())
    said = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
    split = said.pop() if len(said) == 1 else ""
    return _Named(path, name, stem, split, revision, int(shard or 0), int(shards or 0))


def _listed(names: Any) -> str:
    every = [_shown(name) for name in names]
    return ", ".join(every[:8]) + (f" (+{len(every) - 8})" if len(every) > 8 else "")


def _shown(name: str) -> str:
    """A file's name as it can be kept and printed, whatever bytes it was made of."""
    safe = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in name)
    return safe if len(safe) <= 200 else safe[:200] + "…"
