"""What would be frozen, as the gates are asked about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.models import Dataset, Item, Person, Question, Revision


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would be frozen: items with their approved revisions loaded, and every question's split."""

    dataset: Dataset
    items: Sequence[Item]
    splits: dict[int, str]
    test_per_leaf: int
    viewer: Person | None = None

    def split(self, item: Item) -> str:
        return self.splits[item.question_id]


def releasable(dataset: Dataset) -> list[Item]:
    """Items with an approved revision that are neither withdrawn nor rejected, in the order of a release."""
    gone = [Item.State.WITHDRAWN, Item.State.REJECTED]
    items = (
        Item.objects.filter(dataset=dataset, approved_revision__isnull=False)
        .exclude(state__in=gone)
        .select_related(
            "question",
            "rights",
            "approved_revision__category",
            "approved_revision__question_text",
            "approved_revision__answer_text",
        )
    )
    return sorted(items, key=lambda item: (approved_revision(item).category.position, item.external_id))


def approved_revision(item: Item) -> Revision:
    """The revision that would be frozen; a releasable item always has one."""
    assert item.approved_revision is not None
    return item.approved_revision


def known_splits(items: Sequence[Item]) -> dict[int, str]:
    """Splits that questions have already: permanent in every version."""
    none = Question.Split.NONE
    return {item.question_id: item.question.split for item in items if item.question.split != none}
