"""A person's own items: how they stand, and why they came back. For that person alone."""

from __future__ import annotations

from collections import Counter

from django.db.models import Count

from curation.models import Dataset, Item, Person, Review

D = Review.Decision
BACK = (D.REQUEST_CHANGES, D.REQUEST_ANSWER, D.REJECT)


def own_by_state(person: Person, dataset: Dataset) -> dict[str, int]:
    """State -> how many of the person's items are in it, in the order of the states."""
    rows = Item.objects.filter(dataset=dataset, author=person).order_by()
    counts = dict(rows.values_list("state").annotate(n=Count("pk")))
    return {state: counts[state] for state in Item.State.values if state in counts}


def reasons_back(person: Person, dataset: Dataset) -> list[tuple[str, str, int]]:
    """(part, code, how often) of the decisions that sent back what the person handed in, most frequent first.

    The part is "" where question and answer were not judged apart. An opinion that does not decide is not told.
    """
    rows = Review.objects.filter(
        item__dataset=dataset, revision__submitted_by=person, decides=True, decision__in=BACK
    ).order_by()
    found: Counter[tuple[str, str]] = Counter()
    for reasons, reason in rows.values_list("reasons", "reason"):
        found.update((reasons or ({"": reason} if reason else {})).items())
    return [
        (part, code, n) for (part, code), n in sorted(found.items(), key=lambda each: (-each[1], each[0]))
    ]
