"""What a person has typed and not handed in yet."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.actions.holding import hold
from curation.actions.reservations import keep_place
from curation.actions.texts import keepable
from curation.actions.wordings import kept_criteria, origins_after
from curation.errors import Conflict
from curation.models import Category, Draft, Item, Person
from curation.models.item import Unsubmitted
from curation.prepared import Prepared, insert, slot, update
from curation.rules import allows, require
from curation.stood_open import stood_open
from curation.workflow import target, verbs_from

WRITING = {"submit", "submit_question", "revise"}


ITEM, PERSON = slot(1), slot(2)
_KEPT = Prepared(lambda: Draft.objects.filter(item=ITEM, person=PERSON).select_related("category"))
TYPED = [field.name for field in Unsubmitted._meta.get_fields()]


def kept_draft(person: Person, item: Item) -> Draft | None:
    """The person's draft of the item, if there is one."""
    return _KEPT.first({ITEM: item.pk, PERSON: person.pk})


def draft_of(person: Person, item: Item) -> Draft:
    """The person's draft, begun from the newest revision where there is none yet.

    Who is asked for another answer begins with an empty one, not with the words of the former writer.
    """
    draft = kept_draft(person, item)
    if draft is None:
        revision = item.current_revision
        draft = Draft(item=item, person=person)
        if revision:
            theirs = revision.answer_author_id != person.pk
            asked_for = item.state == Item.State.AWAITING_ANSWER and theirs
            draft.question, draft.answer = revision.question, "" if asked_for else revision.answer
            draft.category = revision.category
            draft.attributes, draft.sources = revision.attributes, revision.sources
            draft.criteria = revision.criteria
            draft.origins = {k: v for k, v in revision.origins.items() if k == "question" or not asked_for}
    return draft


def _refuse_closed(person: Person, item: Item) -> None:
    """Raises WrongState, but for whoever had it open before another handed it in."""
    if allows(person, "submit", item) or not stood_open(item):
        target(item, "submit")


@transaction.atomic
def save_draft(
    person: Person,
    item: Item,
    *,
    version: int,
    client_id: str,
    question: str | None = None,
    answer: str | None = None,
    category: Category | None = None,
    attributes: dict[str, Any] | None = None,
    sources: list[str] | None = None,
    criteria: dict[str, Any] | None = None,
    origins: dict[str, Any] | None = None,
) -> Draft:
    """Keep what has been typed so far. `version` is the one the page last saw.

    The same client id twice is the same save. Raises Conflict where another window has saved since: nothing is
    overwritten, and the caller shows both texts.
    """
    hold(item)
    require(person, "save_draft", item)
    draft = draft_of(person, item)
    if not verbs_from(item) & WRITING and not allows(person, "fix_and_approve", item) and not draft.pk:
        _refuse_closed(person, item)
    if client_id and draft.client_id == client_id:
        return draft
    if draft.version != version:
        raise Conflict(_("This draft was changed in another window. Both texts are kept."))
    keepable({"attributes": attributes, "sources": sources, "question": question, "answer": answer})
    new = {
        "question": question,
        "answer": answer,
        "category": category,
        "attributes": attributes,
        "sources": sources,
        "criteria": None if criteria is None else kept_criteria(criteria),
    }
    texts = {
        "question": draft.question if question is None else question,
        "answer": draft.answer if answer is None else answer,
    }
    draft.origins = origins_after(draft, origins, texts)
    for name, value in new.items():
        if value is not None:
            setattr(draft, name, value)
    draft.version, draft.client_id = version + 1, client_id
    _write(draft)
    if item.current_revision_id is None and item.author_id == person.pk and item.state == Item.State.DRAFT:
        keep_place(item, draft.category)
    return draft


def _write(draft: Draft) -> None:
    draft.saved_at = timezone.now()
    if not draft.pk:
        insert(draft)
        return
    names = (*TYPED, "version", "client_id", "saved_at")
    update(Draft, {"id": draft.pk}, {name: getattr(draft, name) for name in names})
