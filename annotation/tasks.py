"""Background work of rating: ids in, one action each."""

from __future__ import annotations

from celery import shared_task

from curation.actions.jobs import run_job


@shared_task(name="annotation.synchronise", acks_late=False)
def synchronise(job: int) -> None:
    """Acknowledged at once: what is missing on either side says what is left to do, not the message."""
    from annotation.actions.partner_jobs import carry_out

    run_job(job, carry_out)


@shared_task(name="annotation.pull")
def pull(exchange: int) -> None:
    """What a webhook hinted at."""
    from annotation.actions.partner_jobs import pull_one

    pull_one(exchange)


@shared_task(name="annotation.reconcile")
def reconcile() -> None:
    """Make good what webhooks lost."""
    from annotation.actions.partner_jobs import reconcile as act

    act()
