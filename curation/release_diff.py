"""How two releases differ, cell by cell."""

from __future__ import annotations

from typing import Any

from curation.models import Release


def diff(old: Release, new: Release) -> dict[str, Any]:
    """What changed from one release to the other, cell by cell: ids added and removed, and cells that differ."""
    columns = (
        "question_text_id",
        "answer_text_id",
        "labels",
        "split",
        "attributes",
        "translations",
    )
    names = ("question", "answer", "category", "split", "attributes", "translations")
    before = {row.external_id: row for row in old.items.all()}
    after = {row.external_id: row for row in new.items.all()}
    changed = []
    for key in sorted(before.keys() & after.keys()):
        cells = [
            name
            for name, column in zip(names, columns, strict=True)
            if getattr(before[key], column) != getattr(after[key], column)
        ]
        if cells:
            changed.append({"id": key, "cells": cells})
    return {
        "old": old.name,
        "new": new.name,
        "added": sorted(after.keys() - before.keys()),
        "removed": sorted(before.keys() - after.keys()),
        "changed": changed,
    }
