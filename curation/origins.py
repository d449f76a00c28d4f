"""How the characters of a text came in: typed, pasted or from a machine. Pure.

Kept as runs, `[[kind, number of code points], ...]`, which together are as long as the text. They come from the
writer's own page: a hint for the reviewer, no proof.
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from curation.textdiff import changes

KINDS = ("typed", "pasted", "machine", "unknown")
PARTS = ("question", "answer")
Runs = list[list[Any]]
LARGEST = 100_000  # characters of the JSON of all runs; a page that sends more is not one of ours


def read(given: str) -> dict[str, Runs]:
    """What a page sends, by part; {} for anything that is not of this shape."""
    try:
        found = json.loads(given) if len(given) <= LARGEST else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {part: runs for part in PARTS if (runs := sound(found.get(part))) is not None}


def in_json(runs: dict[str, Any]) -> str:
    """The runs as a page's field holds them."""
    return json.dumps(runs, separators=(",", ":"))


def sound(value: Any) -> Runs | None:
    """The runs, neighbours of one kind joined; None for anything else."""
    if not isinstance(value, list):
        return None
    for run in value:
        if not (isinstance(run, list) and len(run) == 2 and run[0] in KINDS):
            return None
        if type(run[1]) is not int or not 0 < run[1] <= LARGEST:
            return None
    return joined([(kind, number) for kind, number in value])


def joined(runs: list[tuple[str, int]]) -> Runs:
    """Neighbours of one kind made one."""
    return [[kind, sum(n for _kind, n in same)] for kind, same in groupby(runs, key=lambda run: run[0])]


def fitted(given: Runs | None, text: str, *, held: Runs | None, before: str) -> Runs:
    """Runs as long as `text`: those given, else those of the text before, with what is new in it unknown."""
    if given is not None and sum(number for _kind, number in given) == len(text):
        return given
    return carried(held or [], before, text)


def carried(runs: Runs, before: str, after: str, *, kind: str = "unknown") -> Runs:
    """What the runs of `before` say of `after`: characters that stayed keep theirs, new ones are of `kind`."""
    if not after:
        return []
    each = [name for name, number in runs for _ in range(number)]
    if len(each) != len(before):
        each = ["unknown"] * len(before)
    found: list[tuple[str, int]] = []
    at = 0
    for change, piece in changes(before, after):
        if change == "ins":
            found.append((kind, len(piece)))
            continue
        if change == "same":
            found += [(name, 1) for name in each[at : at + len(piece)]]
        at += len(piece)
    return joined(found)


def counts(runs: Any) -> dict[str, int]:
    """Characters of each kind, and `all`; {} where nothing is known."""
    held = sound(runs) or []
    found = {kind: sum(number for name, number in held if name == kind) for kind in KINDS}
    total = sum(found.values())
    return found | {"all": total} if total > found["unknown"] else {}
