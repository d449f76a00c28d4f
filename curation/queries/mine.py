"""A person's own items: how they stand, and why they came back. For that person alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count

from curation.models import Dataset, Item, Person, Review

D = Review.Decision
BACK = (D.REQUEST_CHANGES, D.REQUEST_ANSWER, D.REJECT)


def own_by_state(person: Person, dataset: Dataset) -> dict[str, int]:
    """State -> how many of the person's items are in it, in the order of the states."""
    rows = Item.objects.filter(dataset=dataset, author=person).order_by()
    counts = dict(rows.values_list("state").annotate(n=Count("pk")))
    return {state: counts[state] for state in Item.State.values if state in counts}


@dataclass(frozen=True, kw_only=True)
class Back:
    """A reason for which work came back: of which part ("" where not judged apart), how often, and what it meant then.

    `codebook` and `guideline` are those of the newest of these decisions: a key, and a version's number.
    """

    part: str
    code: str
    n: int
    codebook: int | None
    guideline: int | None


def reasons_back(person: Person, dataset: Dataset) -> list[Back]:
    """Why what the person handed in was sent back, most frequent first. An opinion that does not decide is not told."""
    rows = Review.objects.filter(
        item__dataset=dataset, revision__submitted_by=person, decides=True, decision__in=BACK
    ).order_by("pk")
    found: Counter[tuple[str, str]] = Counter()
    under: dict[tuple[str, str], tuple[int | None, int | None]] = {}
    columns = ("reasons", "reason", "codebook", "guideline__version")
    for reasons, reason, codebook, guideline in rows.values_list(*columns):
        said = list((reasons or ({"": reason} if reason else {})).items())
        found.update(said)
        under |= dict.fromkeys(said, (codebook, guideline))
    ordered = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return [
        Back(part=part, code=code, n=n, codebook=under[part, code][0], guideline=under[part, code][1])
        for (part, code), n in ordered
    ]
