"""The questions of a release as the draw of splits is given them: with what they are near-duplicates of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from curation.gates.plan import PlanItem
from curation.models import Category
from curation.queries import texts_by_hash
from curation.splits import DEV, TEST, Candidate

if TYPE_CHECKING:
    from curation.lookalikes import Twin

_PREFERRED = {TEST: 2, DEV: 1}


def first_items(items: Sequence[PlanItem]) -> list[PlanItem]:
    """One item for each question, by the id: siblings ask the same."""
    chosen: dict[int, PlanItem] = {}
    for item in items:
        held = chosen.get(item.question)
        if held is None or item.external_id < held.external_id:
            chosen[item.question] = item
    return list(chosen.values())


@dataclass(frozen=True)
class Asked:
    """Questions by the hash of their text: their first items, and the folded texts of those that have one."""

    items: dict[str, list[PlanItem]]
    texts: dict[str, str]

    @classmethod
    def of(cls, items: Iterable[PlanItem]) -> Asked:
        held = _by_text(items)
        return cls(held, {key: folded for key, folded in texts_by_hash(held, "folded") if folded})

    def among(self, items: Iterable[PlanItem]) -> Asked:
        """Those of these items, which must be some of its own."""
        held = _by_text(items)
        return Asked(held, {key: self.texts[key] for key in held if key in self.texts})

    @cached_property
    def twins(self) -> tuple[dict[str, str], dict[str, Twin]]:
        """Near-duplicates among them: the cluster of each, and its twin, best one that has a split already."""
        from curation import lookalikes

        prefer = {key: max(_PREFERRED.get(item.split, 0) for item in self.items[key]) for key in self.texts}
        return lookalikes.twins(self.texts, prefer)

    def ids(self, keys: Iterable[str]) -> list[str]:
        return sorted({item.external_id for key in keys for item in self.items[key]})


def _by_text(items: Iterable[PlanItem]) -> dict[str, list[PlanItem]]:
    held: dict[str, list[PlanItem]] = defaultdict(list)
    for item in items:
        held[item.question_hash].append(item)
    return held


def candidates(asked: Asked, categories: Mapping[int, Category]) -> list[Candidate]:
    """The questions of a release, each once. Those that are near-duplicates, by letters, are of one cluster.

    Only by letters: what an installation can do more must not move a question to another split.
    """
    clusters, twins = asked.twins
    leaves = {pk: category.path for pk, category in categories.items()}

    def candidate(item: PlanItem) -> Candidate:
        key = item.question_hash
        others = [other for other in asked.items[key] if other is not item]
        of, score = ("", 0.0)
        if others:
            of, score = others[0].external_id, 100.0
        elif key in twins:
            of, score = asked.items[twins[key].of][0].external_id, twins[key].score
        return Candidate(
            question=item.question,
            key=key,
            leaf=leaves[item.category],
            split=item.split,
            cluster=clusters.get(key, key if others else ""),
            twin=of,
            score=score,
        )

    return [candidate(item) for held in asked.items.values() for item in held]
