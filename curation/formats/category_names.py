"""Leaves of a taxonomy by what people call them: exact labels, names in Japanese and English, paths of either."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from curation.similar import fold

_BETWEEN = re.compile(r"\s*(?:[>＞»›|｜\t]|→|[/／](?=\S))\s*")
_LONGEST_PATH = 1000


@dataclass(frozen=True, slots=True)
class LeafNames:
    """A leaf: its key, its exact labels from the top of the tree, and for each of them the other names."""

    key: int
    labels: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]


class CategoryNames:
    """Finds the one leaf that words mean; None where there is none, or where several could be meant."""

    def __init__(self, leaves: Iterable[LeafNames]) -> None:
        self.exact: dict[tuple[str, ...], int] = {}
        self.labels: dict[str, list[int]] = {}
        self.named: dict[str, list[int]] = {}
        self.above: dict[int, set[str]] = {}
        for leaf in leaves:
            self.exact[leaf.labels] = leaf.key
            self.labels.setdefault(leaf.labels[-1], []).append(leaf.key)
            all_names = [
                {fold(name) for name in (label, *names)}
                for label, names in zip(leaf.labels, leaf.names, strict=True)
            ]
            for name in all_names[-1]:
                self.named.setdefault(name, []).append(leaf.key)
            self.above[leaf.key] = {name for names in all_names[:-1] for name in names}
        self.known: dict[tuple[str, ...], int | None] = {}

    def exactly(self, words: tuple[str, ...]) -> int | None:
        """By its exact labels, or by its own label where only one leaf has it."""
        if words in self.exact:
            return self.exact[words]
        same = self.labels.get(words[0], []) if len(words) == 1 else []
        return same[0] if len(same) == 1 else None

    def find(self, words: tuple[str, ...]) -> int | None:
        """Also by other names, written a little differently, and by a path in one text."""
        if words not in self.known:
            if len(self.known) > 4096:
                self.known.clear()
            self.known[words] = self._find(words)
        return self.known[words]

    def _find(self, words: tuple[str, ...]) -> int | None:
        if not words:
            return None
        found = self.exactly(words) or self._named(words)
        if found is None and len(words) == 1 and len(words[0]) <= _LONGEST_PATH:
            parts = [part for part in _BETWEEN.split(words[0]) if part]
            found = self._named(parts) if len(parts) > 1 else None
        return found

    def _named(self, words: Sequence[str]) -> int | None:
        """The one leaf of that name below everything else that is named."""
        folded = [fold(word) for word in words]
        likely = [
            key
            for key in dict.fromkeys(self.named.get(folded[-1], []))
            if all(word in self.above[key] for word in folded[:-1])
        ]
        return likely[0] if len(likely) == 1 else None
