"""Reviewing: accept, fix and accept, send back, ask for another answer, reject."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.items import Wording, add_revision, hold
from curation.actions.reasons import need_reason
from curation.actions.texts import cleaned
from curation.errors import Conflict, Invalid
from curation.models import Draft, Guideline, Item, Person, Review, Revision
from curation.rules import require
from curation.workflow import advance

D = Review.Decision
SENDS_BACK = (D.REQUEST_CHANGES, D.REQUEST_ANSWER, D.REJECT)
VERBS = {
    D.APPROVE: "approve",
    D.FIX_AND_APPROVE: "approve",
    D.REQUEST_CHANGES: "request_changes",
    D.REQUEST_ANSWER: "request_answer",
    D.REJECT: "reject",
}
# What each decision says of the question and of the answer; None: the reviewer says it.
JUDGED: dict[str, tuple[bool | None, bool | None]] = {
    D.APPROVE: (True, True),
    D.FIX_AND_APPROVE: (True, True),
    D.REQUEST_CHANGES: (None, None),
    D.REQUEST_ANSWER: (True, False),
    D.REJECT: (None, None),
}


@transaction.atomic
def review(
    person: Person,
    item: Item,
    *,
    decision: str,
    revision: int,
    reason: str = "",
    comment: str = "",
    question_ok: bool | None = None,
    answer_ok: bool | None = None,
    open_to_all: bool = False,
    fixed: Wording | None = None,
    client_id: str | None = None,
) -> Review:
    """Decide on the revision that the reviewer read.

    Raises Conflict where the item has a newer revision or was decided meanwhile. The same client id twice answers
    with the same review. `fixed` is the reviewer's own wording of a fix-and-accept; the credit of the parts they left
    alone stays with the author.
    """
    hold(item)
    if client_id and (known := item.reviews.filter(client_id=client_id).first()):
        return known
    if decision not in VERBS:
        raise Invalid(_("Choose a decision."), field="decision")
    require(person, decision, item)
    if item.current_revision_id != revision:
        raise Conflict(_("The item has a newer revision than the one you read. Read it again, then decide."))
    if decision in SENDS_BACK:
        need_reason(decision, reason=reason, comment=comment)
    changes = _changes(person, item, decision, fixed, open_to_all)
    row = Review.objects.create(
        item=item,
        revision=changes.get("current_revision") or _read(item),
        reviewer=person,
        decision=decision,
        question_ok=JUDGED[decision][0] if JUDGED[decision][0] is not None else question_ok,
        answer_ok=JUDGED[decision][1] if JUDGED[decision][1] is not None else answer_ok,
        reason=reason,
        comment=comment.strip(),
        guideline=Guideline.objects.filter(dataset=item.dataset).order_by("-version").first(),
        client_id=client_id,
    )
    advance(item, VERBS[D(decision)], actor=person, changes=changes, review=row.pk)
    Draft.objects.filter(item=item, person=person).delete()
    return row


def _changes(
    person: Person, item: Item, decision: str, fixed: Wording | None, open_to_all: bool
) -> dict[str, Any]:
    """What the decision sets on the item beside its state; a fix is written as the revision that is judged."""
    changes: dict[str, Any] = {}
    if decision == D.FIX_AND_APPROVE:
        _need_fix(item, fixed)
        assert fixed is not None
        changes["current_revision"] = add_revision(item, fixed, actor=person)
    if VERBS[D(decision)] == "approve":
        changes["approved_revision"] = changes.get("current_revision") or _read(item)
    if decision == D.REQUEST_CHANGES:
        changes["open_to_all"] = open_to_all
    return changes


def _need_fix(item: Item, fixed: Wording | None) -> None:
    """A fix changes something and leaves nothing out."""
    before = item.current_revision
    if fixed is None or before is None:
        raise Invalid(_("Mend the text first, or accept it as it is."), field="fixed")
    if before.answer_text_id and not fixed.answer.strip():
        raise Invalid(
            _("An accepted item needs its answer. To ask for another one, send it back."), field="answer"
        )
    texts = (cleaned(fixed.question, field="question"), cleaned(fixed.answer, field="answer"))
    category = fixed.category.pk if fixed.category else before.category_id
    if (*texts, category, fixed.attributes) == (
        before.question,
        before.answer,
        before.category_id,
        before.attributes,
    ):
        raise Invalid(_("Nothing was changed. Mend the text first, or accept it as it is."), field="fixed")


def _read(item: Item) -> Revision:
    assert item.current_revision is not None  # the caller has compared its id
    return item.current_revision
