"""Reviewing: accept, fix and accept, send back, ask for another answer, reject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.codebooks import codebook_of
from curation.actions.doubles import agrees, close, why_second
from curation.actions.items import Wording, add_revision, hold, pointing_at
from curation.actions.leases import end_lease, refuse_held
from curation.actions.notices import tell_of_decision
from curation.actions.reasons import ACCEPTED, Judged, judged
from curation.actions.repeats import sent_before
from curation.actions.texts import cleaned
from curation.errors import Conflict, Invalid
from curation.log import record
from curation.models import Codebook, DoubleReview, Draft, Item, Person, Review, Revision
from curation.queries import writers_for
from curation.queries.guidelines import newest_guideline
from curation.rules import require
from curation.second_opinions import double_of
from curation.workflow import advance, target

D = Review.Decision
SENDS_BACK = (D.REQUEST_CHANGES, D.REQUEST_ANSWER, D.REJECT)
VERBS = {
    D.APPROVE: "approve",
    D.FIX_AND_APPROVE: "approve",
    D.REQUEST_CHANGES: "request_changes",
    D.REQUEST_ANSWER: "request_answer",
    D.REJECT: "reject",
}


@transaction.atomic
def review(
    person: Person,
    item: Item,
    *,
    decision: str,
    revision: int,
    reason: str = "",
    reasons: Mapping[str, str] | None = None,
    comment: str = "",
    question_ok: bool | None = None,
    answer_ok: bool | None = None,
    open_to_all: bool = False,
    fixed: Wording | None = None,
    second: bool = False,
    client_id: str | None = None,
) -> Review:
    """Decide on the revision that the reviewer read.

    Raises Conflict where the item has a newer revision, was decided meanwhile, or somebody else has it in hand. The
    same person deciding the same twice under one client id decides once. `fixed` is the reviewer's wording of a
    fix-and-accept; the credit of both parts stays with the author. What is sent back judges both parts, with a coded reason for each that is not good and a comment.

    Where two people review the text (`second` asks for that), the first decision is an opinion that nobody else sees:
    the second one decides if it is the same, else a lead settles it.
    """
    hold(item)
    if known := sent_before(person, item.reviews, client_id, _same(decision, comment, fixed)):
        return known
    if decision not in VERBS:
        raise Invalid(_("Choose a decision."), field="decision")
    require(person, decision, item)
    refuse_held(person, item)
    target(item, VERBS[D(decision)])
    if item.current_revision_id != revision:
        raise Conflict(_("The item has a newer revision than the one you read. Read it again, then decide."))
    codes = codebook_of(item.dataset)
    said = _said(codes, decision, reason, reasons, comment, question_ok, answer_ok)
    double = double_of(item)
    why = "" if double else why_second(item, fix=decision == D.FIX_AND_APPROVE, asked=second)
    differs = double is not None and double.agreed is None and not agrees(double, decision)
    changes = _changes(person, item, decision, fixed, open_to_all, said)
    text = changes.get("current_revision") or _read(item)
    if why:
        double = DoubleReview.objects.create(item=item, revision=text, why=why)
    row = Review.objects.create(
        item=item,
        revision=text,
        reviewer=person,
        decision=decision,
        question_ok=said.question_ok,
        answer_ok=said.answer_ok,
        reason=said.first,
        reasons=said.reasons,
        comment=comment.strip(),
        guideline=newest_guideline(item.dataset),
        codebook=codes,
        decides=not (why or differs),
        double=double,
        client_id=client_id,
    )
    if double is not None and not why:
        first_two = double.agreed is None
        close(double, agreed=not differs if first_two else None, by=None if first_two else person, text=text)
    _move_on(person, item, row, changes)
    return row


def _same(decision: str, comment: str, fixed: Wording | None) -> dict[str, str]:
    """What a review says that is this one sent again."""
    said = {"decision": decision, "comment": comment.strip()}
    if decision == D.FIX_AND_APPROVE and fixed is not None:
        parts = ("question", "answer")
        said |= {f"revision.{part}": cleaned(getattr(fixed, part), field=part) for part in parts}
    return said


def _said(
    codes: Codebook,
    decision: str,
    reason: str,
    reasons: Mapping[str, str] | None,
    comment: str,
    question_ok: bool | None,
    answer_ok: bool | None,
) -> Judged:
    if decision not in SENDS_BACK:
        return ACCEPTED
    parts = {"question": question_ok, "answer": answer_ok}
    return judged(codes.book, decision, said=parts, reasons=reasons or {}, reason=reason, comment=comment)


def _move_on(person: Person, item: Item, row: Review, changes: dict[str, Any]) -> None:
    """A decision moves the item; an opinion leaves it in review, in nobody's hands."""
    if row.decides:
        told: dict[str, Any] = {"review": row.pk}
        if item.approved_revision_id:
            told["approved_before"] = item.approved_revision_id
        if changes.get("open_to_all"):
            told["opened"] = 1
        if "author" in changes and changes["author"] != item.author:
            told["author_before"] = item.author_id
        advance(item, VERBS[D(row.decision)], actor=person, changes=changes, **told)
    else:
        kept = {
            name: changes[name] for name in ("current_revision", "category", "updated_at") if name in changes
        }
        if kept:
            Item.objects.filter(pk=item.pk).update(**kept)
        record(person, "give_opinion", item, review=row.pk)
    Draft.objects.filter(item=item, person=person).delete()
    end_lease(item)
    tell_of_decision(item, row)


def _changes(
    person: Person, item: Item, decision: str, fixed: Wording | None, open_to_all: bool, said: Judged
) -> dict[str, Any]:
    """What the decision sets on the item beside its state; a fix is written as the revision that is judged."""
    changes: dict[str, Any] = {}
    if decision == D.FIX_AND_APPROVE:
        mended = need_fix(item, fixed)
        changes |= pointing_at(add_revision(item, mended, actor=person, credit=item.current_revision))
    if VERBS[D(decision)] == "approve":
        changes["approved_revision"] = changes.get("current_revision") or _read(item)
    if decision == D.REQUEST_CHANGES:
        changes |= {"open_to_all": open_to_all, "author": _who_mends(item, said)}
    return changes


def _who_mends(item: Item, said: Judged) -> Person | None:
    """To whom an item comes back: the writer of the question where that is not good, for the answer hangs on it; else
    the writer of the answer. Whoever has the item keeps it where that person writes here no more."""
    text = _read(item)
    writer = text.answer_author if said.question_ok else text.question_author
    if writer is None or writer == item.author or not writers_for(item).filter(pk=writer.pk).exists():
        return item.author
    return writer


def need_fix(item: Item, fixed: Wording | None) -> Wording:
    """A fix changes something and leaves nothing out; raises Invalid where it does not."""
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
    return fixed


def _read(item: Item) -> Revision:
    assert item.current_revision is not None  # the caller has compared its id
    return item.current_revision
