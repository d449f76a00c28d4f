"""Synchronising a task with Label Studio: push what is missing there, pull what is new, twice without harm."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.actions.exchanges import Busy, Hold, exchange_of, held
from annotation.actions.partner_pull import Pulled, Reader, pull
from annotation.actions.partner_push import (
    REF,
    missing_in,
    numbers_of,
    places_by_ref,
    project_for,
    push,
)
from annotation.actions.partner_raters import Raters
from annotation.label_studio import Partner, PartnerFailed
from annotation.models import Exchange, PartnerAnnotation, PartnerConflict, PartnerProject, RatingTask
from curation.errors import Invalid, TeineiError
from curation.log import OPERATOR, Actor, record
from curation.rules import require

Progress = Callable[[int, int, str], None]  # done, of how many, what


@dataclass(kw_only=True)
class Synced:
    """What was (or, in a dry run, would be) pushed and pulled. `projects`: their numbers over there."""

    dry_run: bool
    projects: list[int] = field(default_factory=list)
    pushed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    conflicts: Counter[str] = field(default_factory=Counter)
    waiting: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values: the command's answer, a job's result, what the page shows."""
        names = ("taken", "known", "skipped", "left", "foreign")
        return {
            "dry_run": self.dry_run,
            "projects": self.projects,
            "pushed": self.pushed,
            **{name: self.counts[name] for name in names},
            "conflicts": dict(sorted((kind, n) for kind, n in self.conflicts.items() if n)),
            "waiting": self.waiting,
        }


def sync(
    actor: Actor,
    task: RatingTask,
    partner: Partner,
    *,
    dry_run: bool = False,
    progress: Progress = lambda _done, _total, _what: None,
) -> Synced:
    """Push and compare everything. Raises PartnerFailed, or Busy where another does not come to its end meanwhile.

    What is done when it breaks off stays; the next one goes on with what is missing.
    """
    require(actor, "sync", task)
    if dry_run:
        return _look(task, partner, progress)
    exchange = exchange_of(task, partner.url)
    exchange.task = task
    with held(exchange, pause=partner.pause) as hold, _remembered(exchange):
        done = _exchange(exchange, partner, hold, progress)
    record(actor, "sync", task, pushed=done.pushed, taken=done.counts["taken"], conflicts=done.waiting)
    return done


def pull_changes(exchange: Exchange, partner: Partner, *, everything: bool) -> Synced | None:
    """Pull alone, for the webhook and the clock; None where somebody exchanges already, who will see it too."""
    try:
        with held(exchange) as hold, _remembered(exchange):
            # Before the look: what is hinted at from now on may be missed by it, so it asks for another.
            Exchange.objects.filter(pk=exchange.pk).update(hinted_at=None)
            done = Synced(dry_run=False)
            for project in exchange.projects.filter(project_id__isnull=False):
                project.exchange = exchange
                _pull(project, partner, done, _beating(hold, None), everything=everything)
            _remember(exchange, done, everything=everything)
    except Busy:
        return None
    if done.counts["taken"] or done.conflicts:
        record(OPERATOR, "pull", exchange.task, taken=done.counts["taken"], conflicts=done.waiting)
    return done


def _exchange(exchange: Exchange, partner: Partner, hold: Hold, progress: Progress) -> Synced:
    done = Synced(dry_run=False)
    projects = []
    for number in numbers_of(exchange.task):
        project = project_for(exchange, number, partner)
        project.exchange = exchange
        projects.append(project)
        done.pushed += push(project, partner, _beating(hold, progress, "push"))
        Exchange.objects.filter(pk=exchange.pk).update(pushed_at=timezone.now())
    _register_webhooks(exchange, projects, partner)
    Exchange.objects.filter(pk=exchange.pk).update(hinted_at=None)
    for project in projects:
        _pull(project, partner, done, _beating(hold, progress, "pull"), everything=True)
    _remember(exchange, done, everything=True)
    return done


def _look(task: RatingTask, partner: Partner, progress: Progress) -> Synced:
    """What a synchronisation would do. Nothing is written, here or there."""
    done = Synced(dry_run=True)
    exchange = Exchange.objects.filter(task=task, url=partner.url).first()
    if exchange is None:
        partner.test()
        exchange = Exchange(task=task, url=partner.url)
    exchange.task = task
    known = {one.number: one for one in exchange.projects.all()} if exchange.pk else {}
    for number in numbers_of(task):
        project = known.get(number)
        there: set[str] = set()
        if project is not None and project.project_id is not None:
            project.exchange = exchange
            for _total, rows in partner.tasks(project.project_id, annotations=False):
                there |= {str(row.get("data", {}).get(REF)) for row in rows}
            _pull(project, partner, done, lambda n, total: progress(n, total, "pull"), everything=True)
        done.pushed += len(missing_in(exchange, number, there))
    done.waiting = exchange.conflicts.filter(decision="").count() if exchange.pk else 0
    return done


def _pull(
    project: PartnerProject,
    partner: Partner,
    done: Synced,
    beat: Callable[[int, int], None],
    *,
    everything: bool,
) -> None:
    assert project.project_id is not None
    if everything:
        partner.check_project(
            project.project_id
        )  # a project that is gone must not look like one without annotations
    pulled = Pulled(dry_run=done.dry_run, counts=done.counts, conflicts=done.conflicts)
    raters = Raters(project.exchange, partner, dry_run=done.dry_run)
    reader = Reader(project, raters, pulled, places_by_ref(project.exchange))
    pull(reader, partner, beat, everything=everything)
    done.projects.append(project.project_id)


def _beating(hold: Hold, progress: Progress | None, what: str = "") -> Callable[[int, int], None]:
    def beat(done: int, total: int) -> None:
        hold.beat()
        if progress is not None:
            progress(done, total, what)

    return beat


def _register_webhooks(exchange: Exchange, projects: list[PartnerProject], partner: Partner) -> None:
    """Where the settings say under which address Label Studio reaches this site. A secret is written once, there.

    Here stands its hash alone, kept before it goes out: whatever breaks off, or was deleted there, the next
    registration brings a new one.
    """
    base = settings.LABEL_STUDIO_WEBHOOK_URL
    if not base:
        return
    if exchange.secret_hash and all(
        one.webhook_id in partner.webhooks(one.project_id or 0) for one in projects
    ):
        return
    secret = secrets.token_urlsafe(32)
    Exchange.objects.filter(pk=exchange.pk).update(secret_hash=hashlib.sha256(secret.encode()).hexdigest())
    url = f"{base}{reverse('annotation:partner_hook', kwargs={'pk': exchange.pk})}"
    for project in projects:
        assert project.project_id is not None
        hook = partner.set_webhook(project.project_id, url=url, secret=secret)
        PartnerProject.objects.filter(pk=project.pk).update(webhook_id=hook)


def start_anew(actor: Actor, task: RatingTask, partner: Partner) -> None:
    """Forget projects that are gone over there, so that the next synchronisation makes new ones.

    The ratings that came from them stay. Raises Invalid where none is gone.
    """
    require(actor, "sync", task)
    gone = gone_projects(task, partner)
    if not gone:
        raise Invalid(_("The project is there. Nothing was changed."), field="label_studio")
    with transaction.atomic():
        there = PartnerProject.objects.filter(pk__in=gone, project_id__isnull=False)
        forgotten = there.update(project_id=None, webhook_id=None, watermark="")
        if forgotten:  # nobody was faster
            PartnerAnnotation.objects.filter(project__in=gone).update(gone=True)
            record(actor, "start_anew", task, projects=forgotten)


def gone_projects(task: RatingTask, partner: Partner) -> list[int]:
    """Our rows of the task's projects that are there no more. Raises PartnerFailed where that cannot be told."""
    return [
        project.pk
        for project in PartnerProject.objects.filter(exchange__task=task, exchange__url=partner.url)
        if project.project_id is not None and _is_gone(partner, project.project_id)
    ]


def _is_gone(partner: Partner, project: int) -> bool:
    try:
        partner.check_project(project)
    except PartnerFailed as error:
        if error.what != "gone":
            raise
        return True
    return False


@contextmanager
def _remembered(exchange: Exchange) -> Iterator[None]:
    """Failures are kept on the exchange for its page."""
    try:
        yield
    except Busy:
        raise
    except TeineiError as error:
        values = {"failed_at": timezone.now(), "failure": error.sentence, "failures": F("failures") + 1}
        Exchange.objects.filter(pk=exchange.pk).update(**values)
        raise


def _remember(exchange: Exchange, done: Synced, *, everything: bool) -> None:
    done.waiting = PartnerConflict.objects.filter(exchange=exchange, decision="").count()
    now = timezone.now()
    changes: dict[str, Any] = {"pulled_at": now, "failed_at": None, "failure": "", "failures": 0}
    if everything:
        changes |= {"compared_at": now, "last": done.as_dict()}
    Exchange.objects.filter(pk=exchange.pk).update(**changes)
