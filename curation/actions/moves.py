"""Moving an item to the category it belongs to. That is no writing: texts and credit stay as they are."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.items import hold, pointing_at
from curation.actions.leases import end_lease, refuse_held
from curation.actions.notices import Kind, tell_writers
from curation.actions.repeats import sent_before
from curation.actions.texts import cleaned, content_hash
from curation.errors import Conflict, Invalid, WrongState
from curation.log import record
from curation.models import Category, Item, Person, Revision
from curation.queries import cell, routine_of
from curation.rules import require

S = Item.State
MOVABLE = (S.IN_REVIEW, S.NEEDS_CHANGES, S.AWAITING_ANSWER)


@dataclass(frozen=True, kw_only=True)
class Moved:
    """The revision in the new category; a sentence where the category holds more than it should, else ""."""

    revision: Revision
    warning: str = ""


@transaction.atomic
def move(
    person: Person,
    item: Item,
    category: Category,
    *,
    revision: int,
    comment: str = "",
    client_id: str | None = None,
) -> Moved:
    """Copy the revision that was read into another leaf. The item keeps its state; somebody else reviews it then.

    A category that is full is warned about, never refused: where an item belongs is no matter of numbers. The same
    client id twice moves once. Raises Conflict where there is a newer revision or somebody else has the item in hand.
    """
    hold(item)
    if known := sent_before(person, item.revisions, client_id, {"category": category}):
        return Moved(revision=known)
    before = refuse_move(person, item, category)
    if before.pk != revision:
        raise Conflict(_("The item has a newer revision than the one you read. Read it again, then decide."))
    made = _copy(before, category, person, client_id)
    Item.objects.filter(pk=item.pk).update(**pointing_at(made))
    item.current_revision, item.category = made, category
    if comment.strip():
        item.comments.create(person=person, body=cleaned(comment, field="comment"))
    record(person, "move", item, revision=made.pk, before=before.category_id, category=category.pk)
    end_lease(item)
    tell_writers(Kind.MOVED, item, by=person)
    return Moved(revision=made, warning=_too_many(item, category))


def refuse_move(person: Person, item: Item, category: Category) -> Revision:
    """The revision that would be moved; raises the error with which `move` would refuse."""
    require(person, "move", item)
    before = item.current_revision
    if item.state not in MOVABLE or before is None:
        raise WrongState(_("Only what is being worked on can be moved. Revise the item first."))
    refuse_held(person, item)
    if category.taxonomy_id != item.dataset.taxonomy_id or not category.is_leaf:
        raise Invalid(_("Choose a specific harm of this dataset's taxonomy."), field="category")
    if category.pk == before.category_id:
        raise Invalid(_("It is in this category already."), field="category")
    return before


def _copy(before: Revision, category: Category, person: Person, client_id: str | None) -> Revision:
    return Revision.objects.create(
        item=before.item,
        number=before.number + 1,
        category=category,
        question_text=before.question_text,
        answer_text=before.answer_text,
        question_author=before.question_author,
        answer_author=before.answer_author,
        submitted_by=person,
        attributes=before.attributes,
        sources=before.sources,
        criteria=before.criteria,
        origin=before.origin,
        origins=before.origins,
        content_hash=content_hash(before.question, before.answer or None, category, before.attributes),
        client_id=client_id,
    )


def _too_many(item: Item, category: Category) -> str:
    """Whether the leaf holds more than the hard cap lets people take."""
    cap, now = routine_of(item.dataset).hard_cap, cell(item.dataset, category)
    if cap is None or not now.target or now.held * 100 <= now.target * cap:
        return ""
    message = _("“%(name)s” holds %(held)d items now, for a target of %(target)d.")
    return message % {"name": category.name, "held": now.held, "target": now.target}
