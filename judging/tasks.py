"""Background work of judging: ids in, one action each."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from curation.actions.jobs import run_job
from curation.log import OPERATOR
from curation.models import Job


@shared_task(name="judging.judge", acks_late=False)
def judge(job: int) -> None:
    """Acknowledged at once: calls and verdicts in the database, not the message, say what is left to do."""
    from judging.actions.calling import carry_out
    from judging.actions.turns import send_next

    try:
        run_job(job, carry_out)
    finally:
        # Also for one that had to wait: what it waited for may have ended before it stood in the queue again.
        send_next()


@shared_task(name="judging.settle")
def settle() -> None:
    """Find the runs whose worker died."""
    from judging.actions.runs import settle_all

    settle_all()


@shared_task(name="judging.bring")
def bring(job: int) -> None:
    """Read, or import, files that a person brought."""
    from judging.actions.uploads import work

    run_job(job, work)


@shared_task(name="judging.study")
def study(job: int) -> None:
    run_job(job, _study)


def _study(job: Job) -> dict[str, Any]:
    from annotation.models import RatingTask
    from judging.actions.studies import study_of
    from judging.models import Judge
    from judging.options import options_in

    named = job.arguments
    task = RatingTask.objects.select_related("rubric", "dataset").get(pk=named["task"])
    options = options_in(named.get("options") or {})
    judge = Judge.objects.get(pk=named["judge"])
    made = study_of(OPERATOR, task, judge, named["mode"], options=options)
    return {"study": made.pk}
