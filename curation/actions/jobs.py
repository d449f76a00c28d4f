"""Long work: queue it, show how far it is, cancel it, take it up again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from curation.actions.datasets import take_turns
from curation.actions.notices import tell_of_job
from curation.errors import NotAllowed, TeineiError
from curation.log import OPERATOR, Actor, Operator, person_of
from curation.models import Dataset, Job, Membership, Person
from curation.rules import roles_of
from curation.workflow import advance

BEAT_SECONDS = 5.0
Told = Callable[[str, int, int], None]  # what is being done, how much of it, out of how much


class Cancelled(Exception):
    """The person asked the job to stop; what is done so far stays."""


class NotYet(Exception):
    """What the job needs is taken: it waits on, and whoever raises this sees to it that it is sent again."""


@transaction.atomic
def queue_job(
    actor: Actor,
    dataset: Dataset,
    *,
    kind: str,
    title: str,
    task: Any,
    arguments: dict[str, Any] | None = None,
    target_url: str = "",
) -> Job:
    """Write the job's row and, once that is committed, send its id to the worker."""
    job = Job.objects.create(
        dataset=dataset,
        person=person_of(actor),
        kind=kind,
        title=title,
        arguments=arguments or {},
        target_url=target_url,
    )
    transaction.on_commit(lambda: send(task, job.pk))
    return job


def job_once(actor: Actor, dataset: Dataset, *, kind: str, arguments: dict[str, Any], **new: Any) -> Job:
    """The job of these arguments that is under way or has failed; else a new one, with the rest of queue_job's values."""
    ended = [Job.State.SUCCEEDED, Job.State.CANCELLED]
    before = Job.objects.filter(dataset=dataset, kind=kind, arguments=arguments).exclude(state__in=ended)
    found = before.first()
    if found is None:
        with transaction.atomic():
            take_turns(dataset)
            found = before.first() or queue_job(actor, dataset, kind=kind, arguments=arguments, **new)
    return found


def send(task: Any, job: int) -> None:
    """A missing broker leaves the job waiting: the page says that no worker listens, and what to do."""
    try:
        task.delay(job)
    except Exception as error:  # kombu raises whatever its transport raises
        Job.objects.filter(pk=job).update(
            message=_("No worker could be reached (%(error)s).") % {"error": error}
        )


def start(job: Job) -> None:
    advance(
        job,
        "start",
        actor=OPERATOR,
        log=False,
        changes={"started_at": timezone.now(), **_now()},
    )


def progress(job: Job, done: int, total: int | None = None, message: str = "") -> None:
    """Say how far the job is. Raises Cancelled where somebody asked it to stop."""
    values: dict[str, Any] = {"done": done, **_now()}
    if total is not None:
        values["total"] = total
    if message:
        values["message"] = message
    Job.objects.filter(pk=job.pk).update(**values)
    if Job.objects.filter(pk=job.pk, cancel_requested=True).exists():
        raise Cancelled


def _now() -> dict[str, Any]:
    return {"heartbeat_at": timezone.now()}


@contextmanager
def beating(job: Job) -> Iterator[None]:
    """Renew the job's heartbeat while the work inside says nothing: one long step is not a dead worker."""
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.wait(BEAT_SECONDS):
                with suppress(DatabaseError):
                    Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(**_now())
        finally:
            connection.close()

    heart = threading.Thread(target=beat, name=f"job-{job.pk}", daemon=True)
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join()


def told_in_english(work: Callable[[Job], dict[str, Any]]) -> Callable[[Job], dict[str, Any]]:
    """For work whose words are kept: whoever reads them later has them retold in their language."""

    @wraps(work)
    def wrapped(job: Job) -> dict[str, Any]:
        with translation.override("en"):
            return work(job)

    return wrapped


@transaction.atomic
def finish(job: Job, *, result: dict[str, Any], message: str = "") -> None:
    changes = {"finished_at": timezone.now(), "result": result, "message": message}
    advance(job, "succeed", actor=OPERATOR, log=False, changes=changes)
    tell_of_job(job)


@transaction.atomic
def fail(job: Job, *, message: str) -> None:
    advance(
        job,
        "fail",
        actor=OPERATOR,
        log=False,
        changes={"finished_at": timezone.now(), "message": message},
    )
    tell_of_job(job)


def stop(job: Job) -> None:
    """The job itself ends after it was asked to."""
    advance(
        job,
        "cancel",
        actor=OPERATOR,
        log=False,
        changes={"finished_at": timezone.now()},
    )


def run_job(job_id: int, work: Any) -> None:
    """The body of every job task: fetch, start, work(job) -> result, and end in a state that says what happened.

    A job that is missing or already taken is left alone, so that a message delivered twice does nothing twice.
    """
    job = Job.objects.filter(pk=job_id, state=Job.State.QUEUED).first()
    if job is None:
        return
    start(job)
    try:
        with beating(job):
            result = work(job)
    except Cancelled:
        stop(job)
    except NotYet as why:
        _put_back(job, str(why))
    except TeineiError as error:
        fail(job, message=error.sentence)
    except Exception as error:
        fail(job, message=f"{type(error).__name__}: {error}")
        raise
    else:
        finish(job, result=result or {})


def _put_back(job: Job, message: str) -> None:
    """Back into the queue; out of it again where somebody asked it to stop meanwhile."""
    advance(job, "put_back", actor=OPERATOR, log=False, changes={"message": message, "started_at": None})
    if Job.objects.filter(pk=job.pk, cancel_requested=True).exists():
        stop(job)


def may_stop(actor: Actor, job: Job) -> bool:
    """Whoever queued it, or answers for the dataset."""
    if isinstance(actor, Operator) or job.person_id == actor.pk:
        return True
    answers = {Membership.Role.LEAD, Membership.Role.RELEASE_MANAGER}
    return job.dataset is not None and bool(roles_of(actor, job.dataset) & answers)


@transaction.atomic
def cancel(person: Person, job: Job) -> None:
    """Ask a job to stop; one that still waits is cancelled at once."""
    if not may_stop(person, job):
        raise NotAllowed(_("Only whoever started it, or the lead, can stop it."))
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    if job.state == Job.State.QUEUED:
        advance(job, "cancel", actor=person, changes={"finished_at": timezone.now()})
