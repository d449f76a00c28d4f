"""The next response for a rater: one at a time, and never more raters than the task's overlap."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.actions.draws import Turn, gold_for, places_for
from annotation.actions.places import hold, settle, take
from annotation.models import Assignment, GoldCase, Rater, RatingTask, TaskRater, TaskResponse
from annotation.queries import last_lease, overdue, place_of, readiness
from curation.errors import Conflict, NotAllowed, WrongState
from curation.log import OPERATOR
from curation.models import Person
from curation.prepared import insert
from curation.queries import opted_out
from curation.rules import require
from curation.workflow import advance

A = Assignment.State
LEASE = timedelta(minutes=45)
TRIES = 20  # candidates that others may snatch away before a search begins anew

MISSING = {
    "paused": gettext_lazy("Your work in this task is paused. Please ask its lead."),
    "warning": gettext_lazy("Please read first what kind of texts await you here."),
    "practice": gettext_lazy("Please go through the practice set first."),
    "failed": gettext_lazy("Your practice was not enough yet. Please ask the lead of the task."),
}


class _Full(Exception):
    """All places of the response were taken between looking and locking."""


def rater_of(person: Person, task: RatingTask) -> Rater:
    """The pseudonym under which the person rates in the task; NotAllowed where they do not."""
    return entered(person, task).rater


def entered(person: Person, task: RatingTask) -> TaskRater:
    """The person's place in the task; NotAllowed where they have none."""
    place = place_of(person, task)
    if place is None:
        raise NotAllowed(_("You are not among the raters of this task."))
    return place


def lease_end() -> datetime:
    return timezone.now() + LEASE


def expire_leases(task: RatingTask, *, all_of_them: bool = False) -> int:
    """Give back what nobody submitted in time (or all that is out). Returns how many. Drafts stay where they are."""
    out = Assignment.objects.filter(task=task, state=A.LEASED)
    stale = out if all_of_them else overdue(out)
    if not stale.exists():
        return 0
    with transaction.atomic():
        return give_back(*stale)


def give_back(*held: Assignment) -> int:
    """End leases of one task without a result: their places are free again. Returns how many were still out.

    The locks are taken in the order of the population, all of them before anything is written.
    """
    concerned = {one.response_id for one in held if one.gold_id is None}
    rows = TaskResponse.objects.filter(task__in={one.task_id for one in held}, response__in=concerned)
    list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    ended = 0
    for one in held:
        try:
            advance(one, "expire", actor=OPERATOR, log=False)
        except Conflict:  # somebody else saw it too, or it was submitted after all
            continue
        ended += 1
    if ended:
        settle(rows)
    return ended


def lease(person: Person, task: RatingTask, *, place: TaskRater | None = None) -> Assignment | None:
    """The response that the person rates now: the one they hold, else the next of their own order; None at the end.

    Raises WrongState, with what is missing, for who is not ready to rate. Safe for any number of clients: a place is
    counted again after the response's row in the population is locked (PostgreSQL) or while nobody else writes
    (SQLite's immediate transactions). Who has read the person's place in this request hands it in.
    """
    place = place or entered(person, task)
    require(person, "lease", place)
    missing = readiness(place.task, place)
    if missing:
        raise WrongState(MISSING[missing])
    expire_leases(task)
    return search(person, place)


def search(person: Person, place: TaskRater) -> Assignment | None:
    """What the rater holds, else a place found without haste: leases that ran out are given back, locks waited for."""
    for again in range(2):  # a place may come free while others were tried
        held = held_by(place)
        if held is not None:
            return held
        turn = turn_of(person, place)
        found = _first(turn)
        if found is not None:
            return found
        if not again and not expire_leases(place.task):
            break
    return None


def held_by(place: TaskRater) -> Assignment | None:
    """The rater's lease; one that ran out is given back instead."""
    mine = Assignment.objects.filter(task=place.task_id, rater=place.rater_id, state=A.LEASED)
    held = mine.select_related("response__text", "response__question_text").first()
    if held is None or held.expires_at > timezone.now():
        return held
    with transaction.atomic():
        give_back(held)
    return None


def turn_of(person: Person, place: TaskRater, last: Assignment | None = None) -> Turn:
    """The rater's next turn in the task, after the last one on record (which a caller may have read)."""
    last = last or last_lease(place)
    closed = opted_out(person, place.task.dataset.taxonomy_id) if place.closes else {}
    return Turn(place=place, number=last.turn + 1 if last else 1, last=last, closed=closed)


def _first(turn: Turn) -> Assignment | None:
    """Take a place, each try in a transaction of its own: a full response's lock is given back before the next."""
    gold = gold_for(turn)
    if gold is not None:
        try:
            with transaction.atomic():
                hold(turn.place)
                return grant_gold(turn, gold)
        except IntegrityError:  # another tab of theirs was faster
            return held_by(turn.place)
    for _try, candidate in zip(range(TRIES), candidates(turn), strict=False):
        try:
            with transaction.atomic():
                hold(turn.place)
                if take(turn.task, candidate, arm=turn.arm(candidate)):
                    return grant(turn, candidate)
        except IntegrityError:
            return held_by(turn.place)
    return None


def candidates(turn: Turn) -> Iterator[TaskResponse]:
    """Rows to try, asked for anew each time: a try that found a row full has corrected its hint."""
    while True:
        row = places_for(turn)
        if row is None:
            return
        yield row


def following(turn: Turn) -> Assignment | None:
    """Take a place inside the caller's transaction, waiting for nobody: None where that does not find one.

    The locks of rows that turned out full stay until the transaction ends, so waiting here could tie two clients up.
    """
    gold = gold_for(turn)
    if gold is not None:
        return grant_gold(turn, gold)
    for again in range(3):
        candidate = places_for(turn) if again or turn.ahead is None else turn.ahead
        if candidate is None:
            return None
        if take(turn.task, candidate, arm=turn.arm(candidate), patient=False):
            return grant(turn, candidate)
    return None


def grant(turn: Turn, row: TaskResponse) -> Assignment:
    return _make(turn, response=row.response, with_reference=turn.arm(row))


def grant_gold(turn: Turn, case: GoldCase) -> Assignment:
    return _make(turn, response=case.response, with_reference=turn.arm_of_gold(case), gold=case)


def _make(turn: Turn, **what: object) -> Assignment:
    """Write the lease. What the rater had typed into their last one, if that ran out on this response, comes along."""
    response, last = what["response"], turn.last
    kept = last.draft if last and last.state == A.EXPIRED and last.response == response else {}
    made = Assignment(
        task=turn.task,
        rater=turn.place.rater,
        turn=turn.number,
        draft=kept,
        token=secrets.token_urlsafe(24),
        expires_at=lease_end(),
        **what,
    )
    insert(made)
    return made
