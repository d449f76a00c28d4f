"""The next response for a rater: one at a time, and never more raters than the task's overlap."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.models import Assignment, Rater, RatingTask, TaskResponse
from annotation.queries import live, next_responses, open_places
from curation.errors import Conflict, NotAllowed
from curation.log import OPERATOR
from curation.models import Person
from curation.rules import require
from curation.workflow import advance

LEASE = timedelta(minutes=45)


class _Full(Exception):
    """All places of the response were taken between looking and locking."""


def rater_of(person: Person, task: RatingTask) -> Rater:
    """The pseudonym under which the person rates in the task; NotAllowed where they do not."""
    rater = task.raters.filter(person=person).first()
    if rater is None:
        raise NotAllowed(_("You are not among the raters of this task."))
    return rater


def lease_end() -> datetime:
    return timezone.now() + LEASE


def expire_leases(task: RatingTask) -> int:
    """Give back what nobody submitted in time. Returns how many."""
    stale = Assignment.objects.filter(
        task=task, state=Assignment.State.LEASED, expires_at__lte=timezone.now()
    )
    ended = 0
    for lease in stale:
        try:
            advance(lease, "expire", actor=OPERATOR, log=False)
        except Conflict:  # somebody else saw it too
            continue
        ended += 1
    return ended


def lease(person: Person, task: RatingTask) -> Assignment | None:
    """The response that the person rates now: the one they hold, else the next of their own order; None at the end.

    Safe for any number of clients: the place is counted again after the response's row in the population is locked
    (PostgreSQL) or while nobody else writes (SQLite's immediate transactions).
    """
    require(person, "lease", task)
    rater = rater_of(person, task)
    expire_leases(task)
    for _round in range(2):  # a place may come free while others were tried
        held = _held(task, rater)
        if held is not None:
            return held
        candidates = next_responses(task, rater)
        for candidate in candidates:
            try:
                return _claim(task, rater, candidate)
            except _Full:
                continue
        if not candidates:
            break
    return None


def _held(task: RatingTask, rater: Rater) -> Assignment | None:
    held = live(Assignment.objects.filter(task=task, rater=rater)).order_by("pk")
    return held.select_related("response__text", "response__question_text").first()


def _claim(task: RatingTask, rater: Rater, candidate: int) -> Assignment:
    """Take a place, in a transaction of its own: a full response's lock is given back before the next is tried."""
    with transaction.atomic():
        # The rater's row first: two tabs of one person end up with one lease.
        Rater.objects.select_for_update().get(pk=rater.pk)
        held = _held(task, rater)
        if held is not None:
            return held
        row = lock_place(task, candidate)
        if not has_place(row, rater):
            raise _Full
        return Assignment.objects.create(
            task=task,
            response_id=row.response_id,
            rater=rater,
            with_reference=task.arms == RatingTask.Arms.WITH,
            token=secrets.token_urlsafe(24),
            expires_at=lease_end(),
        )


def lock_place(task: RatingTask, row: int) -> TaskResponse:
    """The population row, locked until the transaction ends: whoever gives or takes a place holds it."""
    return TaskResponse.objects.select_for_update().get(task=task, pk=row)


def has_place(row: TaskResponse, rater: Rater) -> bool:
    """Whether the rater may take a place on the (locked) response."""
    return open_places(TaskResponse.objects.filter(pk=row.pk), rater.pk).exists()
