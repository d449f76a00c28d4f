"""What the checks find in a text of an item, and what people said about it."""

from __future__ import annotations

from django.db.models import F, QuerySet
from django.db.models.functions import Left, Right

from curation.checks import Bands, Ends, Finding, bands_of, check
from curation.checks.templates import REACH
from curation.models import Category, Dataset, Dismissal, Item, Person
from curation.prepared import Prepared, slot
from curation.queries.coverage import known_routine

DATASET, QUESTION, ITEM, KEY = slot(1), slot(2), slot(3), slot(4)
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
    here = {DATASET: item.dataset_id, QUESTION: item.question_id}
    found: dict[int, Ends] = {}
    for ends, key in ((_BY_AUTHOR, author), (_IN_CATEGORY, category)):
        if key is not None:
            rows = ends.tuples(here | {KEY: key.pk})
            found |= {question: (first, last) for question, first, last in rows}
    return list(found.values())


def _ends(**among: int) -> QuerySet[Item, tuple[int, str, str]]:
    folded = F("current_revision__question_text__folded")
    return (
        Item.objects.filter(dataset=DATASET, current_revision__isnull=False, **among)
        .exclude(question=QUESTION)
        .exclude(state__in=[Item.State.REJECTED, Item.State.WITHDRAWN])
        .annotate(first=Left(folded, REACH), last=Right(folded, REACH))
        .order_by("-pk")
        .values_list("question", "first", "last")[:COMPARED]
    )


_BY_AUTHOR = Prepared(lambda: _ends(author=KEY))
_IN_CATEGORY = Prepared(lambda: _ends(category=KEY))
_SAID = Prepared(lambda: Dismissal.objects.filter(item=ITEM).select_related("person"))


def dismissals_of(item: Item) -> list[Dismissal]:
    """Who dismissed which finding and why, in the order of time."""
    return _SAID.rows({ITEM: item.pk})
