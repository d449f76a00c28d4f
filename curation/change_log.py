"""What each version of a release's line changed: for its page, its exports and `diff_releases --markdown`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from curation.models import Erratum, Release
from curation.release_diff import KINDS, summary


def line_of(release: Release) -> list[Release]:
    """The release and its predecessors, newest first, without what the gates said and the snapshot."""
    if release.predecessor_id is None:
        return [release]
    versions = Release.objects.filter(dataset=release.dataset_id).defer("snapshot", "gates").in_bulk()
    found = [release]
    while (before := found[-1].predecessor_id) in versions and len(found) <= len(versions):
        found.append(versions[before])
    return found


def changes_of(release: Release) -> list[dict[str, Any]]:
    """What every version in the release's line brought, newest first.

    Each: `release`, `version`, `date` (ISO), `predecessor` (None for the first), `items`, `level` (major, minor, patch
    or "" for the first), counts `added`, `removed`, `changed`, `cells` ({name: rows}), `leaves` (labels and counts of
    those that something happened in), `note`, and its `errata` (reason, withdrawn ids, successor, date).
    """
    line = line_of(release)
    return _entries(line, Erratum.objects.filter(release__in=line), len(line))


def changes_until(release: Release, *, compared: int) -> list[dict[str, Any]]:
    """The same as it was known when the release was frozen, for its files: errata count that its line has mended.

    Only so many versions are compared with the one before; of older ones the numbers of what changed stay 0.
    """
    line = line_of(release)
    return _entries(line, Erratum.objects.filter(release__in=line, successor__in=line), compared)


def _entries(line: list[Release], found: QuerySet[Erratum], compared: int) -> list[dict[str, Any]]:
    errata: dict[int, list[Erratum]] = {}
    for erratum in found.select_related("successor").order_by("pk"):
        errata.setdefault(erratum.release_id, []).append(erratum)
    pairs = zip(line, [*line[1:], None], strict=True)
    return [
        (change_between(before, version) if number < compared else _entry(before, version))
        | {"errata": [_erratum(row) for row in errata.get(version.pk, [])]}
        for number, (version, before) in enumerate(pairs)
    ]


def change_between(old: Release | None, new: Release) -> dict[str, Any]:
    """One entry of a change log, without errata."""
    entry = _entry(old, new)
    if old is None:
        return entry
    found = summary(old, new)
    leaves = [{"labels": list(labels), **counts} for labels, counts in found.by_leaf]
    told = {"level": found.level, "cells": dict(found.cells), "leaves": leaves}
    return entry | dict(found.counts) | told


def _entry(old: Release | None, new: Release) -> dict[str, Any]:
    """An entry before anything is compared: `level` is empty."""
    items = new.counts.get("items", new.size)
    return {
        "release": new.name,
        "version": new.version,
        "date": f"{timezone.localdate(new.frozen_at):%Y-%m-%d}",
        "predecessor": old.name if old else None,
        "items": items,
        "level": "",
        "added": 0 if old else items,
        "removed": 0,
        "changed": 0,
        "cells": {},
        "leaves": [],
        "note": new.note,
    }


def _erratum(row: Erratum) -> dict[str, Any]:
    return {
        "reason": row.reason,
        "withdrawn": row.withdrawn_ids,
        "successor": row.successor.name if row.successor else None,
        "date": f"{timezone.localdate(row.created_at):%Y-%m-%d}",
    }


def lines_of(entry: Mapping[str, Any]) -> list[str]:
    """An entry in English lines, one for each thing to say; for CHANGELOG.md."""
    return list(_lines(entry))


def _lines(entry: Mapping[str, Any]) -> Iterator[str]:
    if note := " ".join(entry["note"].split()):
        yield note
    if entry["predecessor"] is None:
        yield f"First version. Items: {entry['items']}."
    elif not entry["level"]:
        yield f"Items: {entry['items']}."
    elif not any(entry[kind] for kind in KINDS):
        yield f"Holds the same items as {entry['predecessor']}."
    else:
        counts = ", ".join(f"{kind} {entry[kind]}" for kind in KINDS)
        yield f"Since {entry['predecessor']}: {counts} ({entry['level']} by Croissant 1.1)."
    if entry["cells"]:
        yield "Cells changed: " + ", ".join(f"{name} {n}" for name, n in entry["cells"].items()) + "."
    for leaf in entry["leaves"]:
        yield " › ".join(leaf["labels"]) + ": " + ", ".join(f"{k} {leaf[k]}" for k in KINDS if leaf[k])
    for erratum in entry.get("errata", []):
        use = f" Use {erratum['successor']} instead." if erratum["successor"] else ""
        ids = ", ".join(erratum["withdrawn"])
        yield f"Erratum of {erratum['date']}: {' '.join(erratum['reason'].split())} Withdrawn: {ids}.{use}"


def as_markdown(entry: Mapping[str, Any]) -> str:
    """A heading and a list, ready to paste into a change log."""
    version = f" ({entry['version']})" if entry["version"] else ""
    lines = [f"- {_plain(line)}" for line in lines_of(entry)]
    return "\n".join([f"## {_plain(entry['release'])}{version} {entry['date']}", "", *lines])


def _plain(text: str) -> str:
    """Nothing in a name or a reason may read as markup."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, "\\" + mark)
    return text
