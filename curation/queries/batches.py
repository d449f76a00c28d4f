"""Changes of several items: whose they are, and what each came to."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Count, QuerySet

from curation.models import Batch, BatchItem, Dataset, Membership, Person
from curation.rules import roles_of

NAMED = 200  # items that are told by id, of all reasons together


@dataclass(kw_only=True)
class Why:
    """A reason for which items were refused or left, and some of them."""

    outcome: str
    sentence: str
    count: int
    items: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a batch came to: numbers by outcome, and why not."""

    counts: dict[str, int]
    why: list[Why]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def over(self) -> int:
        """How many are not pending any more."""
        return self.total - self.counts["pending"]


def batches_visible_to(person: Person, dataset: Dataset) -> QuerySet[Batch]:
    """Those of the dataset, newest first, for its leads; nothing for others."""
    if Membership.Role.LEAD not in roles_of(person, dataset):
        return Batch.objects.none()
    return Batch.objects.filter(dataset=dataset).select_related("dataset", "person").order_by("-pk")


def told(batch: Batch) -> Told:
    """In two queries, whatever the number of items."""
    rows = batch.rows.order_by()
    counts = dict.fromkeys(BatchItem.Outcome.values, 0)
    whys: dict[tuple[str, str], Why] = {}
    for outcome, sentence, n in rows.values_list("outcome", "why").annotate(n=Count("pk")):
        counts[outcome] += n
        if sentence:
            whys[outcome, sentence] = Why(outcome=outcome, sentence=sentence, count=n)
    named = rows.exclude(why="").order_by("item")[:NAMED]
    for outcome, sentence, pk, name in named.values_list("outcome", "why", "item", "item__external_id"):
        whys[outcome, sentence].items.append((pk, name))
    return Told(counts=counts, why=sorted(whys.values(), key=lambda each: -each.count))
