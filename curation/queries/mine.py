"""A person's own items: how they stand, and why they came back. For that person alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Q

from curation.models import Dataset, Item, Person, Review, Revision

D = Review.Decision
BACK = (D.REQUEST_CHANGES, D.REQUEST_ANSWER, D.REJECT)


def own(person: Person) -> Q:
    """Items that the person has, or of which they wrote the question or the answer: these may be two people."""
    wrote = Revision.objects.filter(Q(question_author=person) | Q(answer_author=person))
    return Q(author=person) | Q(pk__in=wrote.values("item"))


def own_by_state(person: Person, dataset: Dataset) -> dict[str, int]:
    """State -> how many of the person's items are in it, in the order of the states."""
    rows = Item.objects.filter(own(person), dataset=dataset).order_by()
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
    """Why what the person wrote was sent back, most frequent first. An opinion that does not decide is not told.

    A reason is told to whoever wrote the part it speaks of; to whoever handed the text in, where question and answer
    were not judged apart.
    """
    wrote = ("revision__question_author", "revision__answer_author", "revision__submitted_by")
    theirs = Q(*[(name, person) for name in wrote], _connector=Q.OR)
    rows = Review.objects.filter(theirs, item__dataset=dataset, decides=True, decision__in=BACK).order_by(
        "pk"
    )
    found: Counter[tuple[str, str]] = Counter()
    under: dict[tuple[str, str], tuple[int | None, int | None]] = {}
    columns = ("reasons", "reason", "codebook", "guideline__version")
    for reasons, reason, codebook, guideline, *people in rows.values_list(*columns, *wrote):
        writers = dict(zip(("question", "answer", ""), people, strict=True))
        given = (reasons or ({"": reason} if reason else {})).items()
        said = [(part, code) for part, code in given if writers.get(part) == person.pk]
        found.update(said)
        under |= dict.fromkeys(said, (codebook, guideline))
    ordered = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return [
        Back(part=part, code=code, n=n, codebook=under[part, code][0], guideline=under[part, code][1])
        for (part, code), n in ordered
    ]
