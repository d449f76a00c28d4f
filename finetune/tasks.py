"""Background work of fine-tuning: ids in, one action each."""

from __future__ import annotations

from celery import shared_task

from finetune.actions import evaluations, supervision


@shared_task(name="finetune.train", acks_late=False)
def train(run: int) -> None:
    """Acknowledged at once: the lease in the database, not the message, keeps the run."""
    taken = supervision.take_lease(run)
    if taken is not None:
        supervision.supervise(taken)


@shared_task(name="finetune.reconcile")
def reconcile() -> None:
    """Take up runs whose supervisor died."""
    supervision.reconcile()


@shared_task(name="finetune.evaluate", acks_late=False)
def evaluate(evaluation: int) -> None:
    """Before and after on the frozen test split."""
    evaluations.carry_out(evaluation)
