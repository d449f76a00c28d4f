"""What waits for a writer, and what they look at while writing."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from curation.models import (
    Category,
    Dataset,
    Draft,
    Item,
    Person,
)
from curation.queries.coverage import spared


def sent_back(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """What a reviewer sent back to the person, oldest first."""
    return spared(_sent_back(person, dataset), person).order_by("pk")


def _sent_back(person: Person, dataset: Dataset) -> QuerySet[Item]:
    return Item.objects.filter(dataset=dataset, author=person, state=Item.State.NEEDS_CHANGES)


def drafts_of(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """Items that the person has begun and not yet submitted, oldest first: own ones, and answers to open questions.

    A question that was never written on and whose place was given back is begun no more.
    """
    return spared(_drafts_of(person, dataset), person).order_by("pk")


def _drafts_of(person: Person, dataset: Dataset) -> QuerySet[Item]:
    mine = Draft.objects.filter(person=person)
    own = Q(author=person, state=Item.State.DRAFT)
    answers = Q(pk__in=mine.values("item"), state=Item.State.AWAITING_ANSWER)
    empty = mine.filter(version=0, question="", answer="").values("item")
    given_back = Q(state=Item.State.DRAFT, reserved_until=None, current_revision=None, pk__in=empty)
    return Item.objects.filter(own | answers, dataset=dataset).exclude(given_back)


def set_aside(person: Person, dataset: Dataset) -> int:
    """How many of the person's own pieces are kept out of their lists, in categories that they opted out of."""
    mine = Item.objects.filter(
        Q(pk__in=_sent_back(person, dataset).values("pk"))
        | Q(pk__in=_drafts_of(person, dataset).values("pk"))
    )
    return mine.exclude(pk__in=spared(mine, person).values("pk")).count()


def open_to_writers(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """What any author may take: questions without an answer, items open to another writer, imported drafts."""
    state = Item.State
    nobodys = Q(author=None, state__in=[state.DRAFT, state.NEEDS_CHANGES])
    opened = Q(state=state.NEEDS_CHANGES, open_to_all=True) & ~Q(author=person)
    waiting = Item.objects.filter(Q(state=state.AWAITING_ANSWER) | opened | nobodys, dataset=dataset)
    return spared(waiting, person).order_by("pk")


def next_to_write(person: Person, dataset: Dataset, *, after: int | None = None) -> Item | None:
    """What was sent back first, then what anybody may take; `after` is the item just left, and comes last."""
    for waiting in (sent_back(person, dataset), open_to_writers(person, dataset)):
        others = waiting.exclude(pk=after or 0)
        found = others.filter(pk__gt=after or 0).first() or others.first()
        if found:
            return found
    return None


def examples(category: Category, dataset: Dataset, *, but: Item, limit: int = 3) -> QuerySet[Item]:
    """Approved items of the leaf to learn from, the newest first."""
    approved = Item.objects.filter(
        dataset=dataset, state=Item.State.APPROVED, approved_revision__category=category
    )
    texts = approved.select_related("approved_revision__question_text", "approved_revision__answer_text")
    return texts.exclude(pk=but.pk).order_by("-pk")[:limit]
