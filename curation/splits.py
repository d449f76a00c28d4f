"""Which questions go to test: stratified by leaf, seeded, and the same whatever order they come in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

TEST, DEV = "test", "dev"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A question about to be frozen. `split` is empty where it has none yet; `key` is stable across databases."""

    question: int
    key: str
    leaf: str
    split: str = ""


def assign(candidates: Iterable[Candidate], *, test_per_leaf: int, seed: int) -> dict[int, str]:
    """Splits for the questions that have none: each leaf's test part is filled up to K, the rest is dev.

    Within a leaf the order is drawn by sha256(seed, key), so the same questions and seed give the same splits on any
    machine. Dev keeps at least one question of every leaf: a leaf with a single question gives none to test.
    """
    by_leaf: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_leaf.setdefault(candidate.leaf, []).append(candidate)
    chosen: dict[int, str] = {}
    for leaf in by_leaf.values():
        open_places = test_per_leaf - sum(candidate.split == TEST for candidate in leaf)
        fresh = sorted((c for c in leaf if not c.split), key=lambda c: _draw(seed, c.key))
        if fresh and not any(candidate.split == DEV for candidate in leaf):
            open_places = min(open_places, len(fresh) - 1)
        for place, candidate in enumerate(fresh):
            chosen[candidate.question] = TEST if place < open_places else DEV
    return chosen


def _draw(seed: int, key: str) -> str:
    return hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()
