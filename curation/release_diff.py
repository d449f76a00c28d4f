"""How two releases differ, cell by cell.

Rows are told apart by their content hash and split; cells are read of those rows alone that differ. Frozen rows never
change, so that what was found is kept for the next who asks.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast

from curation import release_versions
from curation.models import Release, ReleaseItem
from curation.queries import texts_by_hash
from curation.release_hashes import VERSION

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
KINDS = (ADDED, REMOVED, CHANGED)
CELLS = ("question", "answer", "category", "split", "attributes", "sources")
TRANSLATIONS = "translations"
CHUNK = 500
FEW = 5000  # rows up to which they are asked for by id; beyond, the whole release is read past
KEPT = 2  # whole differences remembered by a process: one of 100,000 rows is tens of megabytes
SUMMARIES = 512  # of the counts of differences, which are small

_TEXTS = ("question_text_id", "answer_text_id")
_JSON = ("labels", "attributes", "sources", "translations")
_Row = tuple[
    Any, ...
]  # external id, question, answer, split, then labels, attributes, sources, translations as JSON


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that differs. Of a text (`text`) both sides are hashes, None where there is none."""

    name: str
    before: Any
    after: Any
    text: bool = False


@dataclass(frozen=True, slots=True)
class RowDiff:
    """One item that differs: `kind` is added, removed or changed; cells of a changed one. `leaf` is its labels."""

    id: str
    kind: str
    leaf: tuple[str, ...]
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs between two releases, by id."""

    rows: tuple[RowDiff, ...]

    def ids(self, kind: str) -> list[str]:
        return [row.id for row in self.rows if row.kind == kind]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows of each kind."""
        found = Counter(row.kind for row in self.rows)
        return {kind: found[kind] for kind in KINDS}

    @property
    def cells(self) -> dict[str, int]:
        """How many changed rows differ in each cell, in the order of the columns."""
        found = Counter(cell.name for row in self.rows for cell in row.cells)
        return {name: found[name] for name in sorted(found, key=_place)}

    @property
    def level(self) -> str:
        counts = self.counts
        return release_versions.level(touched=counts[REMOVED] + counts[CHANGED], added=counts[ADDED])

    def by_leaf(self) -> list[tuple[tuple[str, ...], dict[str, int]]]:
        """Counts per kind of each leaf that something happened in, by its labels."""
        found: dict[tuple[str, ...], Counter[str]] = {}
        for row in self.rows:
            found.setdefault(row.leaf, Counter())[row.kind] += 1
        return [(leaf, {kind: found[leaf][kind] for kind in KINDS}) for leaf in sorted(found)]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a change log says of a difference: see the properties of `Difference` of the same names."""

    counts: Mapping[str, int]
    cells: Mapping[str, int]
    level: str
    by_leaf: tuple[tuple[tuple[str, ...], Mapping[str, int]], ...]


def _place(name: str) -> tuple[int, str]:
    return (CELLS.index(name) if name in CELLS else len(CELLS), name)


def difference(old: Release, new: Release) -> Difference:
    """What differs between any two releases; the same two are compared once by a process."""
    return _difference(_key(old), _key(new))


def summary(old: Release, new: Release) -> Summary:
    """Counts of what differs; those of many pairs are kept, for a release's page tells of its whole line."""
    return _summary(_key(old), _key(new))


@lru_cache(maxsize=SUMMARIES)
def _summary(old: tuple[int, str, int], new: tuple[int, str, int]) -> Summary:
    found = _difference(old, new)
    return Summary(found.counts, found.cells, found.level, tuple(found.by_leaf()))


def _key(release: Release) -> tuple[int, str, int]:
    """A frozen release by what cannot change of it; imported rows are hashed over fewer cells."""
    return release.pk, release.root_hash, 0 if release.imported else release.hash_version


@lru_cache(maxsize=KEPT)
def _difference(old: tuple[int, str, int], new: tuple[int, str, int]) -> Difference:
    before, after = _narrow(old[0]), _narrow(new[0])
    by_hash = old[2] == new[2] == VERSION
    shared = before.keys() & after.keys()
    differ = {key for key in shared if before[key] != after[key]} if by_hash else set(shared)
    gone, come = before.keys() - after.keys(), after.keys() - before.keys()
    olds = {row[0]: row for row in _rows(old[0], gone | differ, len(before))}
    news = {row[0]: row for row in _rows(new[0], come | differ, len(after))}
    leaves = _Leaves()
    found = [RowDiff(key, REMOVED, leaves[olds[key][4]]) for key in gone]
    found += [RowDiff(key, ADDED, leaves[news[key][4]]) for key in come]
    for key in differ:
        if cells := tuple(_cells(olds[key], news[key])):
            found.append(RowDiff(key, CHANGED, leaves[news[key][4]], cells))
    return Difference(tuple(sorted(found, key=lambda row: row.id)))


class _Leaves(dict[str, tuple[str, ...]]):
    """Labels out of their JSON, each spelling read once."""

    def __missing__(self, written: str) -> tuple[str, ...]:
        self[written] = tuple(json.loads(written))
        return self[written]


def _narrow(release: int) -> dict[str, tuple[str, str]]:
    rows = ReleaseItem.objects.filter(release=release).order_by()
    found = rows.values_list("external_id", "content_hash", "split").iterator(10_000)
    return {key: (content, split) for key, content, split in found}


def _rows(release: int, ids: set[str], size: int) -> Iterator[_Row]:
    """Cells of the named rows; JSON as the database spells it, read only where the spellings differ."""
    written = {f"{name}_": Cast(name, TextField()) for name in _JSON}
    rows = ReleaseItem.objects.filter(release=release).order_by().annotate(**written)
    columns = rows.values_list("external_id", *_TEXTS, "split", *written)
    if len(ids) > min(FEW, size // 2):
        yield from (row for row in columns.iterator(5000) if row[0] in ids)
        return
    listed = sorted(ids)
    for start in range(0, len(listed), CHUNK):
        yield from columns.filter(external_id__in=listed[start : start + CHUNK])


def _cells(old: _Row, new: _Row) -> Iterator[Cell]:
    """The cells in which two rows of one id differ."""
    if old[1] != new[1]:
        yield Cell("question", old[1], new[1], text=True)
    if old[2] != new[2]:
        yield Cell("answer", old[2], new[2], text=True)
    if old[3] != new[3]:
        yield Cell("split", old[3], new[3])
    for name, one, other in zip(("category", "attributes", "sources"), old[4:7], new[4:7], strict=True):
        if one != other and (before := json.loads(one)) != (after := json.loads(other)):
            yield Cell(name, before, after)
    if old[7] != new[7]:
        yield from _translated(json.loads(old[7]), json.loads(new[7]))


def _translated(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> Iterator[Cell]:
    for locale in sorted({*old, *new}):
        one, other = old.get(locale, {}), new.get(locale, {})
        for part in ("question", "answer"):
            if one.get(part) != other.get(part):
                yield Cell(f"{TRANSLATIONS}.{locale}.{part}", one.get(part), other.get(part), text=True)


def diff(old: Release, new: Release, *, texts: bool = False) -> dict[str, Any]:
    """The difference as plain data: ids added and removed, and the cells of those that changed with both values.

    Texts stand as hashes; with `texts` their bodies come along (empty where they were redacted).
    """
    found = difference(old, new)
    bodies = bodies_of(found.rows) if texts else {}
    return {
        "old": old.name,
        "new": new.name,
        "versions": [old.version, new.version],
        "level": found.level,
        "added": found.ids(ADDED),
        "removed": found.ids(REMOVED),
        "changed": [_plain(row, bodies if texts else None) for row in found.rows if row.kind == CHANGED],
    }


def _plain(row: RowDiff, bodies: Mapping[str, str] | None) -> dict[str, Any]:
    values: dict[str, dict[str, Any]] = {}
    for cell in row.cells:
        values[cell.name] = {"before": cell.before, "after": cell.after}
        if cell.text and bodies is not None:
            values[cell.name] |= {
                "before_text": bodies.get(cell.before) if cell.before else None,
                "after_text": bodies.get(cell.after) if cell.after else None,
            }
    return {"id": row.id, "cells": [cell.name for cell in row.cells], "values": values}


def bodies_of(rows: tuple[RowDiff, ...] | list[RowDiff]) -> dict[str, str]:
    """Bodies of the texts that the rows' cells name, by hash."""
    texts = [cell for row in rows for cell in row.cells if cell.text]
    return dict(texts_by_hash(side for cell in texts for side in (cell.before, cell.after) if side))
