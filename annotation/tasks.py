"""Background work of rating: ids in, one action each."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from curation.actions.jobs import run_job
from curation.log import OPERATOR
from curation.models import Job


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


@shared_task(name="annotation.quality")
def quality(job: int) -> None:
    run_job(job, _quality)


def _quality(job: Job) -> dict[str, Any]:
    from annotation.actions.quality import quality_of
    from annotation.models import RatingTask

    task = RatingTask.objects.select_related("rubric", "dataset").get(pk=job.arguments["task"])
    return {"mark": quality_of(OPERATOR, task)["mark"]}
