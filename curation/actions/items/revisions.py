"""A new text of an item, and of the siblings that share its question."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from curation.actions.items.drafts import kept_draft
from curation.actions.texts import cleaned, content_hash, keep_text, keepable
from curation.actions.wordings import kept_criteria, origins_of_submit
from curation.errors import Invalid
from curation.log import Actor, person_of
from curation.models import Category, Draft, Item, Person, Revision
from curation.prepared import Prepared, insert, slot, word_slot
from curation.similar import folded_hash


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What an author hands in. An empty answer means: the question alone."""

    question: str
    answer: str = ""
    category: Category | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    criteria: dict[str, Any] | None = None  # None keeps those of the revision before
    origins: dict[str, Any] | None = None  # as the page says; None follows from the draft


def pointing_at(revision: Revision) -> dict[str, Any]:
    """What an item holds of its newest revision: wherever the one is written, so is the other."""
    return {"current_revision": revision, "category": revision.category, "updated_at": revision.created_at}


def add_revision(
    item: Item,
    wording: Wording,
    *,
    actor: Actor,
    client_id: str | None = None,
    origin: str = "typed",
    credit: Revision | None = None,
) -> Revision:
    """Write a revision; siblings whose question changes with it get one too, in the same transaction.

    Who changes a part is its author from then on, unless the authors of `credit` are to stay.
    """
    question = cleaned(wording.question, field="question")
    answer = cleaned(wording.answer, field="answer")
    keepable({"attributes": wording.attributes, "sources": wording.sources})
    category = _category(item, wording)
    refuse_unusable(item, question)
    before = item.current_revision
    asked = before or _sibling_revision(item)
    person = person_of(actor)
    revision = Revision(
        item=item,
        number=before.number + 1 if before else 1,
        category=category,
        question_text=keep_text(question),
        answer_text=keep_text(answer) if answer else None,
        question_author=asked.question_author if asked and (credit or asked.question == question) else person,
        answer_author=credit.answer_author if credit else _answer_author(before, answer, person),
        submitted_by=person,
        attributes=wording.attributes,
        sources=wording.sources,
        criteria=kept_criteria(wording.criteria) if wording.criteria is not None else _criteria(before),
        origins=origins_of_submit(
            _begun_from(item, person, wording),
            wording.origins,
            typed={"question": wording.question, "answer": wording.answer},
            cleaned={"question": question, "answer": answer},
        ),
        origin=origin,
        content_hash=content_hash(question, answer or None, category, wording.attributes),
        client_id=client_id,
    )
    insert(revision)
    if asked and asked.question != question:
        _carry_to_siblings(item, revision)
    return revision


def _sibling_revision(item: Item) -> Revision | None:
    """What the question says already, for an item that has no revision of its own yet."""
    sibling = _SIBLING.first({QUESTION: item.question_id, ITEM: item.pk})
    return sibling.current_revision if sibling else None


def _sibling() -> QuerySet[Item]:
    siblings = Item.objects.filter(question=QUESTION, current_revision__isnull=False).exclude(pk=ITEM)
    return siblings.select_related("current_revision__question_text").order_by("pk")[:1]


def _twin() -> QuerySet[Item]:
    there = Item.objects.filter(dataset=DATASET, current_revision__question_text__folded_hash=FOLDED)
    standing = there.exclude(state__in=[Item.State.REJECTED, Item.State.WITHDRAWN])
    return standing.exclude(question=QUESTION).order_by("pk")[:1]


QUESTION, ITEM, DATASET, FOLDED = slot(1), slot(2), slot(3), word_slot(4)
_SIBLING, _TWIN = Prepared(_sibling), Prepared(_twin)


def _criteria(before: Revision | None) -> dict[str, Any]:
    return before.criteria if before else {}


def _begun_from(item: Item, person: Person | None, wording: Wording) -> Draft | Revision | None:
    """Whose characters those of the wording are compared with, where the page does not say how they came in."""
    if wording.origins is not None or person is None:
        return item.current_revision
    return kept_draft(person, item) or item.current_revision


def _answer_author(before: Revision | None, answer: str, person: Person | None) -> Person | None:
    if not answer:
        return None
    return before.answer_author if before and before.answer == answer else person


def _category(item: Item, wording: Wording) -> Category:
    category = wording.category or (item.current_revision.category if item.current_revision else None)
    if category is None:
        raise Invalid(_("Choose a category."), field="category")
    if category.taxonomy_id != item.dataset.taxonomy_id or not category.is_leaf:
        raise Invalid(_("Choose a specific harm of this dataset's taxonomy."), field="category")
    return category


def refuse_unusable(item: Item, question: str) -> None:
    """An empty question, or one that another question of the dataset has already, is refused."""
    folded = folded_hash(question)
    if not folded:
        raise Invalid(_("Write a question first."), field="question")
    twin = _TWIN.first({DATASET: item.dataset_id, QUESTION: item.question_id, FOLDED: folded})
    if twin:
        message = _("The same question exists already as %(id)s. Change it, or write on that one.")
        raise Invalid(message % {"id": twin.external_id}, field="question")


def _carry_to_siblings(item: Item, revision: Revision) -> None:
    siblings = (
        Item.objects.filter(question=item.question_id, current_revision__isnull=False)
        .exclude(pk=item.pk)
        .exclude(current_revision__question_text=revision.question_text_id)
        .select_related("current_revision__answer_text", "current_revision__category")
    )
    for sibling in siblings:
        old = sibling.current_revision
        assert old is not None
        copy = Revision.objects.create(
            item=sibling,
            number=old.number + 1,
            category=old.category,
            question_text=revision.question_text,
            answer_text=old.answer_text,
            question_author=revision.question_author,
            answer_author=old.answer_author,
            submitted_by=revision.submitted_by,
            attributes=old.attributes,
            sources=old.sources,
            criteria=old.criteria,
            origins={
                part: runs
                for part, runs in (
                    ("question", revision.origins.get("question")),
                    ("answer", old.origins.get("answer")),
                )
                if runs
            },
            origin=old.origin,
            content_hash=content_hash(revision.question, old.answer or None, old.category, old.attributes),
        )
        Item.objects.filter(pk=sibling.pk).update(**pointing_at(copy))
