"""Taking back what a batch did, item by item, where nothing happened to it since."""

from __future__ import annotations

from typing import Any

from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.actions import moves
from curation.actions.batches.carrying import newest_entry
from curation.actions.batches.pieces import PIECE, go_through
from curation.actions.batches.verbs import unchanged
from curation.actions.holding import hold
from curation.actions.items import refuse_unusable
from curation.actions.opening import close_to_writers
from curation.errors import Conflict
from curation.log import record
from curation.models import Batch, BatchItem, Category, Draft, Item, Lease, Person, Review
from curation.rules import require
from curation.workflow import advance, advance_back

Out, S, V = BatchItem.Outcome, Batch.State, Batch.Verb


def undo(person: Person, batch: Batch, *, seconds: float = 2.0, piece: int = PIECE) -> Batch:
    """Give each item what it had before, for about so many seconds; ask again while the batch is `undoing`.

    An item to which something happened since stays as it is, and the batch says why. What was not carried out yet never
    is.
    """
    require(person, "undo", batch)

    def begin(now: Batch) -> bool:
        if now.state in (S.RUNNING, S.DONE):
            advance(now, "undo", actor=person, log=False)
            record(person, "undo", now)
        return str(now.state) == S.UNDOING

    def step(now: Batch, row: BatchItem) -> None:
        item = row.item
        hold(item)
        _refuse_touched(item, row)
        _restore(person, now, item, row)
        row.outcome = Out.UNDONE

    def finish(now: Batch) -> None:
        advance(now, "finish_undo", actor=person, log=False)
        record(person, "finish_undo", now, items=now.rows.filter(outcome=Out.UNDONE).count())

    return go_through(
        batch,
        begin=begin,
        todo=Out.DONE,
        step=step,
        refused=Out.LEFT,
        finish=finish,
        seconds=seconds,
        piece=piece,
    )


def _refuse_touched(item: Item, row: BatchItem) -> None:
    if not unchanged(item, row.after) or newest_entry(item.pk) != row.after["log"]:
        raise Conflict(_("Something happened to it since."))
    if Lease.objects.filter(item=item, expires_at__gt=timezone.now()).exists():
        raise Conflict(_("Somebody has it in hand."))
    if Draft.objects.filter(item=item, saved_at__gt=row.done_at).exists():
        raise Conflict(_("Its writer has begun to mend it."))


def _restore(person: Person, batch: Batch, item: Item, row: BatchItem) -> None:
    before: dict[str, Any] = row.before
    match batch.verb:
        case V.MOVE:
            category = Category.objects.get(pk=before["category"])
            moves.move(person, item, category, revision=item.current_revision_id or 0)
        case V.OPEN:
            close_to_writers(person, item)
        case V.REQUEST_CHANGES:
            _forget_review(row.after["review"])
            had = {"open_to_all": before["open"], "author_id": before.get("author", item.author_id)}
            advance_back(item, batch.verb, before["state"], actor=person, changes=had, batch=batch.pk)
        case V.WITHDRAW | V.REOPEN:
            if batch.verb == V.WITHDRAW and before["state"] != Item.State.REJECTED:
                _refuse_return(item)
            advance_back(item, batch.verb, before["state"], actor=person, batch=batch.pk)


def _forget_review(review: int) -> None:
    """The sending back that is undone counts in nobody's acceptance; the log keeps that it was."""
    try:
        Review.objects.filter(pk=review).delete()
    except ProtectedError:
        raise Conflict(_("Something happened to it since.")) from None


def _refuse_return(item: Item) -> None:
    """What was withdrawn may have been written anew meanwhile, or its text taken out."""
    text = item.current_revision
    if text is None:
        return
    if text.redacted:
        raise Conflict(_("Its text was removed."))
    refuse_unusable(item, text.question)
