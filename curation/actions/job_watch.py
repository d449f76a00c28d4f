"""Jobs whose worker died: taken up again from the start, or ended with a sentence that says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from curation.actions.jobs import fail, send, stop
from curation.actions.publishing import broke_off
from curation.errors import Conflict
from curation.log import OPERATOR
from curation.models import Job, Publication
from curation.workflow import advance

SILENT = timedelta(seconds=60)  # twelve heartbeats
TURNS = 3
# Work that may start again from the beginning: kind of the job, name of its task.
LASTING = {
    "check_release": "curation.check_release",
    "freeze_release": "curation.freeze_release",
    "export_release": "curation.export_release",
    "import_items": "curation.import_items",
    "drafting_aid": "curation.fetch_suggestion",
    "plan_publication": "curation.plan_publication",
    "publish_release": "curation.publish_release",
}


def take_up() -> list[int]:
    """Queue the silent jobs again, and end those that were asked to stop or died too often. Returns those queued."""
    silent = Job.objects.filter(
        kind__in=LASTING, state=Job.State.RUNNING, heartbeat_at__lte=timezone.now() - SILENT
    )
    with translation.override("en"):  # retold to whoever reads it
        return [job.pk for job in silent if _take_up(job)]


def _take_up(job: Job) -> bool:
    turns = int(job.result.get("turns", 0)) + 1
    try:
        if job.cancel_requested:
            stop(job)
        elif turns >= TURNS:
            message = _("The worker stopped %(n)d times while it was at this. Ask for it again.")
            fail(job, message=message % {"n": turns})
            _tell_publication(job)
        else:
            _queue_again(job, turns)
            return True
    except Conflict:  # it came back, or another worker's clock was first
        pass
    return False


def _tell_publication(job: Job) -> None:
    rows = Publication.objects.filter(pk=job.arguments.get("publication"), state=Publication.State.PUBLISHING)
    for publication in rows:
        broke_off(publication, OPERATOR)


@transaction.atomic
def _queue_again(job: Job, turns: int) -> None:
    changes: dict[str, Any] = {"started_at": None, "result": {"turns": turns}, "done": 0}
    changes["message"] = _("The worker stopped; this starts again.")
    advance(job, "put_back", actor=OPERATOR, log=False, changes=changes)
    task = current_app.tasks[LASTING[job.kind]]
    transaction.on_commit(lambda: send(task, job.pk))
