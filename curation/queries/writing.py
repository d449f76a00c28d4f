"""What waits for a writer, and what they look at while writing."""

from __future__ import annotations

from django.db.models import Exists, Q, QuerySet

from curation.models import (
    Category,
    Dataset,
    Draft,
    Item,
    Lease,
    Membership,
    Person,
)
from curation.queries.coverage import spared
from curation.queries.reviewing import in_other_hands


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
    own = Q(state=Item.State.NEEDS_CHANGES, author=person)  # came back to them: `sent_back` has it
    return writable_by_several(person, dataset).exclude(own)


def writable_by_several(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """What stands open for several writers, the person among them, whoever began it."""
    state = Item.State
    nobodys = Q(author=None, state__in=[state.DRAFT, state.NEEDS_CHANGES])
    opened = Q(state=state.NEEDS_CHANGES, open_to_all=True)
    waiting = Item.objects.filter(Q(state=state.AWAITING_ANSWER) | opened | nobodys, dataset=dataset)
    return spared(waiting, person).order_by("pk")


def stands_open(item: Item) -> bool:
    """Whether several people may write on the item: as `writable_by_several` has it."""
    state = item.State
    if item.state == state.AWAITING_ANSWER:
        return True
    nobodys = item.author_id is None and item.state in (state.DRAFT, state.NEEDS_CHANGES)
    return nobodys or (item.state == state.NEEDS_CHANGES and item.open_to_all)


def free_to_write(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """What any author may take, without what others have in hand now."""
    return open_to_writers(person, dataset).filter(~Exists(in_other_hands(person, Lease.Part.WRITE)))


def writers_for(item: Item) -> QuerySet[Person]:
    """Authors of the dataset."""
    roles = Membership.objects.filter(dataset=item.dataset_id, role=Membership.Role.AUTHOR)
    people = Person.objects.filter(is_active=True, pk__in=roles.values("person"))
    return people.order_by("display_name", "username")


def examples(category: Category, dataset: Dataset, *, but: Item, limit: int = 3) -> QuerySet[Item]:
    """Approved items of the leaf to learn from, the newest first."""
    approved = Item.objects.filter(
        dataset=dataset, state=Item.State.APPROVED, approved_revision__category=category
    )
    texts = approved.select_related("approved_revision__question_text", "approved_revision__answer_text")
    return texts.exclude(pk=but.pk).order_by("-pk")[:limit]
