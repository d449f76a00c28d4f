"""A batch goes through its items a piece at a time: a transaction each, taken up again where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import transaction
from django.db.models import QuerySet

from curation.errors import TeineiError
from curation.models import Batch, BatchItem

PIECE = 25  # items a transaction: nobody else waits long
Step = Callable[[Batch, BatchItem], None]


def go_through(
    batch: Batch,
    *,
    begin: Callable[[Batch], bool],
    todo: str,
    step: Step,
    refused: str,
    finish: Callable[[Batch], None],
    seconds: float,
    piece: int = PIECE,
) -> Batch:
    """Do `step` for the rows whose outcome is `todo` until none is left or the time is over; at least one piece.

    `begin` says, under the lock of the batch, whether there is anything to do. A step that raises leaves nothing of
    itself behind and gives its row the outcome `refused`, with the sentence.
    """
    end = time.monotonic() + seconds
    while True:
        with transaction.atomic():
            # Itself alone: whoever decides on an item meanwhile writes rows that name the dataset.
            held = Batch.objects.select_for_update(of=("self",)).select_related("dataset", "person")
            batch = held.get(pk=batch.pk)
            if not begin(batch):
                return batch
            rows = list(_next(batch, todo)[:piece])
            for row in rows:
                _one(batch, row, step, refused)
            if not _next(batch, todo).exists():
                finish(batch)
                return batch
        if time.monotonic() >= end:
            return batch


def _next(batch: Batch, todo: str) -> QuerySet[BatchItem]:
    return batch.rows.filter(outcome=todo).select_related("item__dataset").order_by("item")


def _one(batch: Batch, row: BatchItem, step: Step, refused: str) -> None:
    try:
        with transaction.atomic():
            step(batch, row)
    except TeineiError as error:
        row.outcome, row.why = refused, error.sentence
    row.save()
