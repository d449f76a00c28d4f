"""Exchanges in the background: the lead's own as a job, those that webhooks and the clock ask for without one."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.actions.exchanges import HOLD
from annotation.actions.partner import Synced, pull_changes, sync
from annotation.actions.partner_server import address_of, partner_of
from annotation.models import Exchange, RatingTask
from curation.actions.datasets import take_turns
from curation.actions.jobs import fail, progress, queue_job
from curation.errors import TeineiError
from curation.log import OPERATOR, Actor
from curation.models import Job, Person
from curation.rules import require

log = logging.getLogger(__name__)
KIND = "label_studio"
EVERY = timedelta(minutes=5)  # a pull of what changed
WHOLE = timedelta(hours=1)  # a comparison of everything
LOST = timedelta(seconds=30)  # after which a hint's own pull is not waited for any more
TOGETHER = 2  # seconds in which hints become one pull
LONGEST_PAUSE = timedelta(hours=1)  # between attempts at a server that is away


@transaction.atomic
def queue_sync(actor: Actor, task: RatingTask, *, dry_run: bool = False) -> Job:
    """Synchronise in the background; the job that is waiting or running already, where there is one."""
    from annotation.tasks import synchronise

    require(actor, "sync", task)
    take_turns(task.dataset)
    known = jobs_of(task).filter(finished_at=None).first()
    if known is not None:
        return known
    title = _("Look what Label Studio would bring: %(task)s") if dry_run else _("Label Studio: %(task)s")
    return queue_job(
        actor,
        task.dataset,
        kind=KIND,
        title=(title % {"task": task.name})[:200],
        task=synchronise,
        arguments={"task": task.pk, "dry_run": dry_run},
        target_url=reverse("annotation:partner", kwargs={"dataset": task.dataset.slug, "pk": task.pk}),
    )


def jobs_of(task: RatingTask) -> Any:
    return Job.objects.filter(dataset=task.dataset_id, kind=KIND, arguments__task=task.pk).order_by("-pk")


def carry_out(job: Job) -> dict[str, Any]:
    """The body of the job. It waits for another exchange of the task to end, and stops when it is asked to."""
    task = RatingTask.objects.select_related("dataset", "rubric").get(pk=job.arguments["task"])
    actor: Person | Any = job.person or OPERATOR

    def pause(seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            progress(job, job.done)
            time.sleep(min(left, 1.0))

    def tell(done: int, total: int, what: str) -> None:
        job.done = done
        progress(job, done, total, _("Sending responses") if what == "push" else _("Reading annotations"))

    with partner_of(task.dataset, pause=pause) as partner:
        return sync(actor, task, partner, dry_run=job.arguments["dry_run"], progress=tell).as_dict()


def hint(exchange: Exchange) -> bool:
    """Something happened over there: one pull soon, however many hints come until it begins. Whether it was queued."""
    from annotation.tasks import pull

    if not Exchange.objects.filter(pk=exchange.pk, hinted_at=None).update(hinted_at=timezone.now()):
        return False

    def send() -> None:
        try:
            pull.apply_async((exchange.pk,), countdown=TOGETHER)
        except Exception as error:  # kombu raises whatever its transport raises; the clock finds the hint
            log.warning("No worker could be reached for a pull: %s", type(error).__name__)

    transaction.on_commit(send)
    return True


def pull_one(pk: int, *, everything: bool = False) -> Synced | None:
    """Pull one exchange; failures stand on it afterwards. None where another is at it."""
    exchange = Exchange.objects.select_related("task__dataset", "task__rubric").filter(pk=pk).first()
    if exchange is None or exchange.task.state != RatingTask.State.OPEN:
        return None
    try:
        with partner_of(exchange.task.dataset, tries=3) as partner:
            if partner.url != exchange.url:  # the dataset moved to another server
                return None
            return pull_changes(exchange, partner, everything=everything)
    except TeineiError as error:
        log.warning("Label Studio, exchange %s: %s", exchange.pk, error.sentence)
        return None


def due(now: datetime) -> list[tuple[int, bool]]:
    """(exchange, whether everything is compared) of those whose turn it is: the longer, the more often it failed."""
    rows = Exchange.objects.filter(task__state=RatingTask.State.OPEN, pushed_at__isnull=False)
    free = rows.filter(Q(holder="") | Q(held_until__lte=now))
    found = []
    for one in free.select_related("task__dataset"):
        pause = min(EVERY * 2 ** min(one.failures, 6), LONGEST_PAUSE)
        last = max(filter(None, (one.pulled_at, one.failed_at)), default=None)
        hinted = one.hinted_at is not None and one.hinted_at < now - LOST and not one.failures
        if (last is None or last <= now - pause or hinted) and address_of(one.task.dataset) == one.url:
            found.append((one.pk, one.compared_at is None or one.compared_at <= now - WHOLE))
    return found


def reconcile() -> None:
    """What the clock asks for: pulls that are due, and jobs whose worker died."""
    now = timezone.now()
    silent = Job.objects.filter(kind=KIND, state=Job.State.RUNNING, heartbeat_at__lte=now - 2 * HOLD)
    for job in silent:
        fail(job, message=_("The worker stopped. Synchronise again: it goes on where it was."))
    for pk, everything in due(now):
        pull_one(pk, everything=everything)
