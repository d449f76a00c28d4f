"""Handing in, taking out, bringing back, and what is said about it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.holding import hold
from curation.actions.items.revisions import Wording, add_revision, pointing_at
from curation.actions.leases import WRITE, end_lease, refuse_held
from curation.actions.notices import Kind, tell_writers
from curation.actions.repeats import sent_before
from curation.actions.texts import cleaned
from curation.errors import Conflict, Invalid
from curation.log import Actor, person_of
from curation.models import Draft, Item, Person, Revision, Suggestion
from curation.prepared import delete
from curation.rules import require
from curation.workflow import advance, target


@transaction.atomic
def submit(
    actor: Actor,
    item: Item,
    wording: Wording,
    *,
    base: int | None = None,
    client_id: str | None = None,
) -> Revision:
    """Hand in a question, or a question and its answer: a new revision, and the item moves on.

    The same person sending the same texts twice under one client id hands them in once. An approved item is revised by
    the same act and stays releasable in its approved revision until the new one is approved. Raises InHand where somebody
    else is writing an item that stands open. `base` is the id of the revision that the writing began from; raises Conflict where the item has a newer one, as when a sibling's author mended the question.
    """
    hold(item)
    if known := sent_before(actor, item.revisions, client_id, _said(wording)):
        return known
    verb = _verb(item, wording)
    require(actor, verb, item)
    if item.state == Item.State.AWAITING_ANSWER and verb == "submit_question":
        raise Invalid(_("Write an answer first: the question is there already."), field="answer")
    target(item, verb)
    if isinstance(actor, Person):
        refuse_held(actor, item, WRITE)
    if base is not None and item.current_revision_id not in (None, base):
        raise Conflict(
            _(
                "The item has a newer revision than the one you began from. Your text is kept: compare, then submit."
            )
        )
    revision = add_revision(item, wording, actor=actor, client_id=client_id)
    changes: dict[str, Any] = {**pointing_at(revision), "reserved_until": None, "open_to_all": False}
    if item.author_id is None or item.state == Item.State.AWAITING_ANSWER:
        changes["author"] = person_of(actor) or item.author
    advance(item, verb, actor=actor, changes=changes, revision=revision.pk)
    end_lease(item, WRITE)
    if isinstance(actor, Person):
        delete(Draft, item=item, person=actor)
        delete(Suggestion, item=item, person=actor)
    return revision


def _said(wording: Wording) -> dict[str, str]:
    return {part: cleaned(getattr(wording, part), field=part) for part in ("question", "answer")}


def _verb(item: Item, wording: Wording) -> str:
    if item.state == Item.State.APPROVED:
        return "revise"
    return "submit" if wording.answer.strip() else "submit_question"


@transaction.atomic
def withdraw(actor: Actor, item: Item, *, reason: str) -> None:
    """Take an item out of everything that is yet to be frozen. Frozen releases keep it."""
    hold(item)
    require(actor, "withdraw", item)
    if not reason.strip():
        raise Invalid(_("Say why the item is withdrawn."), field="reason")
    advance(item, "withdraw", actor=actor, reason_length=len(reason))
    end_lease(item, WRITE)
    _say(actor, item, reason)
    tell_writers(Kind.WITHDRAWN, item, by=person_of(actor))


@transaction.atomic
def reopen(actor: Actor, item: Item, *, reason: str = "") -> None:
    """Bring a rejected or withdrawn item back to its author."""
    hold(item)
    require(actor, "reopen", item)
    advance(item, "reopen", actor=actor)
    _say(actor, item, reason)
    tell_writers(Kind.SENT_BACK, item, by=person_of(actor))


def _say(actor: Actor, item: Item, text: str) -> None:
    person = person_of(actor)
    if person and text.strip():
        item.comments.create(person=person, body=cleaned(text, field="reason"))
