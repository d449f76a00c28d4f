"""Every number of a study, or of a task's quality, as lines of one table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

HEAD = ("task", "judge", "mode", "seed", "resamples", "code_version", "options", "overlap")
NUMBERS = ("value", "low", "high", "n", "n_clusters")


def lines(result: dict[str, Any]) -> Iterator[list[Any]]:
    """[block, part, statistic, value, low, high, n, n_clusters, note] of each estimate, and of each plain number."""
    for block, part in result.items():
        if block not in HEAD:
            yield from _walk([block], part)


def _walk(path: list[str], part: Any) -> Iterator[list[Any]]:
    if isinstance(part, dict) and "n_clusters" in part:
        yield [*_named(path), *(part[key] for key in NUMBERS), part.get("note", "")]
    elif isinstance(part, dict):
        for key, inner in part.items():
            yield from _walk([*path, str(key)], inner)
    elif isinstance(part, list):
        for at, inner in enumerate(part):
            yield from _walk([*path, str(at)], inner)
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield [*_named(path), part, None, None, None, None, ""]


def _named(path: list[str]) -> list[str]:
    return [path[0], " / ".join(path[1:-1]), path[-1]]
