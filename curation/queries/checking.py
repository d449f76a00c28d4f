"""What the checks find in a text of an item, and what people said about it."""

from __future__ import annotations

from django.db.models import F, QuerySet
from django.db.models.functions import Left, Right

from curation.checks import Bands, Ends, Finding, bands_of, check
from curation.checks.templates import REACH
from curation.models import Category, Dataset, Dismissal, Item, Person
from curation.queries.coverage import known_routine

COMPARED = 200  # of an author's newest questions, and of a category's: a template shows in fewer


def findings_in(
    item: Item, *, question: str, answer: str, author: Person | None, category: Category | None
) -> list[Finding]:
    """What the checks say of these texts, beside the other questions of the author and of the category."""
    others = _ends_of_others(item, author, category) if question.strip() else []
    return check(question, answer, others=others, bands=lengths_in(item.dataset))


def lengths_in(dataset: Dataset) -> Bands:
    """How long the parts are to be in the dataset; no query where its routine was loaded along (`dataset__routine`)."""
    return bands_of(known_routine(dataset).bands)


def _ends_of_others(item: Item, author: Person | None, category: Category | None) -> list[Ends]:
    """The ends of other questions, each question once: siblings share theirs."""
    standing = (
        Item.objects.filter(dataset=item.dataset_id, current_revision__isnull=False)
        .exclude(question=item.question_id)
        .exclude(state__in=[Item.State.REJECTED, Item.State.WITHDRAWN])
        .order_by("-pk")
    )
    found: dict[int, Ends] = {}
    if author is not None:
        found |= _ends(standing.filter(author=author))
    if category is not None:
        found |= _ends(standing.filter(category=category))
    return list(found.values())


def _ends(items: QuerySet[Item]) -> dict[int, Ends]:
    folded = F("current_revision__question_text__folded")
    rows = items.annotate(first=Left(folded, REACH), last=Right(folded, REACH))
    return {
        question: (first, last)
        for question, first, last in rows.values_list("question", "first", "last")[:COMPARED]
    }


def dismissals_of(item: Item) -> QuerySet[Dismissal]:
    """Who dismissed which finding and why, in the order of time."""
    return Dismissal.objects.filter(item=item).select_related("person")
