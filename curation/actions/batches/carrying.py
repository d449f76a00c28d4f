"""Carrying out what was looked at."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from curation.actions.batches.pieces import PIECE, go_through
from curation.actions.batches.verbs import act, need_comment, plan_of, stamp, unchanged
from curation.actions.holding import hold
from curation.errors import Conflict
from curation.log import record
from curation.models import Batch, BatchItem, LogEntry, Person
from curation.rules import require
from curation.workflow import advance

Out, S = BatchItem.Outcome, Batch.State


def carry_out(
    person: Person, batch: Batch, *, comment: str = "", seconds: float = 2.0, piece: int = PIECE
) -> Batch:
    """Do what was looked at, for about so many seconds; ask again while the batch is `running`.

    A second window or a second press goes on with what is left and does nothing twice. `comment` is kept where the
    action keeps it, not with the batch. An item that is not as it was when it was looked at is refused.
    """
    require(person, "carry_out", batch)
    plan = plan_of(batch)
    if batch.state in (S.PREPARED, S.RUNNING):
        need_comment(plan, comment)

    def begin(now: Batch) -> bool:
        if now.state == S.PREPARED:
            advance(now, "carry_out", actor=person, log=False)
            record(person, "carry_out", now, of=now.verb, items=now.rows.filter(outcome=Out.PENDING).count())
        return str(now.state) == S.RUNNING

    def step(now: Batch, row: BatchItem) -> None:
        item = row.item
        hold(item)
        if not unchanged(item, row.before):
            raise Conflict(_("It was changed after the preview."))
        review = act(person, item, plan, comment)
        item.refresh_from_db()
        row.after = stamp(item) | {"log": newest_entry(item.pk), "review": review}
        row.outcome, row.done_at = Out.DONE, timezone.now()

    def finish(now: Batch) -> None:
        advance(now, "finish", actor=person, log=False)
        record(person, "finish", now, items=now.rows.filter(outcome=Out.DONE).count())

    return go_through(
        batch,
        begin=begin,
        todo=Out.PENDING,
        step=step,
        refused=Out.REFUSED,
        finish=finish,
        seconds=seconds,
        piece=piece,
    )


def newest_entry(item: int) -> int:
    """The id of the newest log entry of an item, 0 where there is none."""
    entries = LogEntry.objects.filter(object_type="item", object_id=str(item)).order_by("-id")
    return entries.values_list("pk", flat=True).first() or 0
