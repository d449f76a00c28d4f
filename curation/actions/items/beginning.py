"""Beginning an item: a new question, or another answer to one that stands."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from curation.errors import WrongState
from curation.log import Actor, person_of, record
from curation.models import Category, Dataset, Draft, Item, Person, Question
from curation.rules import require


@transaction.atomic
def start_item(actor: Actor, dataset: Dataset, *, category: Category | None = None) -> Item:
    """An empty item in state draft, with an empty draft for its author.

    One that the same person started in the category and never wrote on is given again.
    """
    require(actor, "write", dataset)
    if untouched := _untouched(actor, dataset, category):
        return untouched
    question = Question.objects.create(dataset=dataset)
    item = Item.objects.create(
        dataset=dataset,
        question=question,
        author=person_of(actor),
        external_id=_id_for(dataset, question, 1),
        category=category if isinstance(actor, Person) else None,
    )
    if isinstance(actor, Person):
        Draft.objects.create(item=item, person=actor, category=category)
    record(actor, "start", item)
    return item


def _untouched(actor: Actor, dataset: Dataset, category: Category | None) -> Item | None:
    if not isinstance(actor, Person):
        return None
    empty = Draft.objects.filter(person=actor, category=category, version=0, question="", answer="")
    return Item.objects.filter(
        dataset=dataset,
        author=actor,
        state=Item.State.DRAFT,
        current_revision=None,
        pk__in=empty.values("item"),
    ).first()


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
