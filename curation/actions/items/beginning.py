"""Beginning an item: a new question, or another answer to one that stands."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from curation.errors import WrongState
from curation.log import Actor, person_of, record
from curation.models import Category, Dataset, Draft, Item, Person, Question
from curation.prepared import Prepared, insert, slot
from curation.rules import require

PERSON, DATASET, CATEGORY = slot(1), slot(2), slot(3)


@transaction.atomic
def start_item(actor: Actor, dataset: Dataset, *, category: Category | None = None) -> Item:
    """An empty item in state draft, with an empty draft for its author.

    One that the same person started in the category and never wrote on is given again.
    """
    return begin(actor, dataset, category)


def begin(actor: Actor, dataset: Dataset, category: Category | None) -> Item:
    """The same for acts that begin one in a transaction of their own."""
    require(actor, "write", dataset)
    if untouched := _untouched(actor, dataset, category):
        return untouched
    question = Question(dataset=dataset)
    insert(question)
    item = Item(
        dataset=dataset,
        question=question,
        author=person_of(actor),
        external_id=_id_for(dataset, question, 1),
        category=category if isinstance(actor, Person) else None,
    )
    insert(item)
    if isinstance(actor, Person):
        insert(Draft(item=item, person=actor, category=category))
    record(actor, "start", item)
    return item


def _untouched(actor: Actor, dataset: Dataset, category: Category | None) -> Item | None:
    if not isinstance(actor, Person):
        return None
    given = {PERSON: actor.pk, DATASET: dataset.pk}
    return _IN_NONE.first(given) if category is None else _IN_LEAF.first(given | {CATEGORY: category.pk})


def _empty(**of_draft: int | None) -> QuerySet[Item]:
    empty = Draft.objects.filter(person=PERSON, version=0, question="", answer="", **of_draft)
    begun = Item.objects.filter(dataset=DATASET, author=PERSON, state=Item.State.DRAFT, current_revision=None)
    return begun.filter(pk__in=empty.values("item")).order_by("pk")[:1]


_IN_NONE = Prepared(lambda: _empty(category=None))
_IN_LEAF = Prepared(lambda: _empty(category=CATEGORY))


def _id_for(dataset: Dataset, question: Question, answer_number: int) -> str:
    return f"{dataset.slug}-{question.pk:07d}-{answer_number:03d}"


@transaction.atomic
def add_answer(actor: Actor, item: Item) -> Item:
    """A sibling: another reference answer to the same question, awaiting its text."""
    require(actor, "write", item.dataset)
    if item.current_revision is None:
        raise WrongState(_("Submit the question first."))
    number = item.question.items.count() + 1
    sibling = Item.objects.create(
        dataset=item.dataset,
        question=item.question,
        author=person_of(actor),
        external_id=_id_for(item.dataset, item.question, number),
        rights=item.rights,
        category=item.category if isinstance(actor, Person) else None,
    )
    if isinstance(actor, Person):
        old = item.current_revision
        Draft.objects.create(item=sibling, person=actor, question=old.question, category=old.category)
    record(actor, "start", sibling, sibling_of=item.pk)
    return sibling
