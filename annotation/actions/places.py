"""The places of a response: at most as many raters as the task's overlap, in each arm.

The truth are standing ratings and the leases that are out; it is counted under the lock of the population's row. The
columns `open_without` and `open_with` only say where to look, and are written anew by whoever gives or takes a place.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Value
from django.db.models.functions import Greatest
from django.db.models.lookups import LessThan

from annotation.models import Assignment, Rating, RatingTask, TaskRater, TaskResponse
from annotation.queries import arms_of, current, raters_in
from curation.prepared import Prepared, PreparedUpdate, slot

CHUNK = 500


def arm_of(task: RatingTask, slot: int, side: int) -> bool:
    """Whether a rater with this number sees the reference answer of a question on this side."""
    if task.arms == RatingTask.Arms.BOTH:
        return (slot + side) % 2 == 1
    return bool(task.arms == RatingTask.Arms.WITH)


def settle(rows: QuerySet[TaskResponse]) -> None:
    """Count the free places of rows of the population anew, under their locks (taken in order, so none waits in turn).

    Whoever gives or takes a place calls it in the same transaction, after the change.
    """
    with transaction.atomic():
        locked = rows.select_for_update(of=("self",)).order_by("pk").values_list("task", "pk")
        of_task: dict[int, list[int]] = defaultdict(list)
        for task_id, pk in locked:
            of_task[task_id].append(pk)
        for task in RatingTask.objects.filter(pk__in=of_task):
            free = {"open_without": _free(task, arm=False), "open_with": _free(task, arm=True)}
            ids = of_task[task.pk]
            for start in range(0, len(ids), CHUNK):
                TaskResponse.objects.filter(pk__in=ids[start : start + CHUNK]).update(**free)


def settle_responses(task: RatingTask, responses: set[int]) -> None:
    """The same, for responses of a task."""
    ids = sorted(responses)
    for start in range(0, len(ids), CHUNK):
        settle(TaskResponse.objects.filter(task=task, response__in=ids[start : start + CHUNK]))


def _free(task: RatingTask, *, arm: bool) -> Any:
    if task.external or arm not in arms_of(task):
        return Value(0)
    here = {"task": OuterRef("task"), "response": OuterRef("response"), "with_reference": arm}
    left = Value(task.overlap) - raters_in(_ratings(here)) - raters_in(_leases(here))
    return Greatest(left, Value(0), output_field=IntegerField())


def _ratings(here: dict[str, Any]) -> QuerySet[Rating]:
    return current(Rating.objects.filter(**here, role=Rating.Role.RATER))


def _leases(here: dict[str, Any]) -> QuerySet[Assignment]:
    """Leases that are out. One whose time is over holds its place until it is given back: so no clock decides."""
    return Assignment.objects.filter(**here, state=Assignment.State.LEASED, gold=None)


def lock(rows: QuerySet[TaskResponse], *, patient: bool = True) -> TaskResponse | None:
    """The only row, locked until the transaction ends; an impatient caller gets None where somebody holds it."""
    return rows.order_by("pk").select_for_update(of=("self",), skip_locked=not patient).first()


def free_places(task: RatingTask, row: TaskResponse, *, arm: bool) -> int:
    """How many raters the (locked) response can still take in the arm.

    Leases are counted before ratings: of one that becomes a rating in between both are seen, never neither.
    """
    if task.external or arm not in arms_of(task):
        return 0
    here = {"task": task.pk, "response": row.response_id, "with_reference": arm}
    out = _leases(here).count()
    return task.overlap - out - _ratings(here).aggregate(n=Count("rater", distinct=True))["n"]


ROW, RESPONSE, TASK, OVERLAP = slot(1), slot(2), slot(3), slot(4)


_PLACE = Prepared(lambda: TaskRater.objects.filter(pk=ROW).order_by().only("pk").select_for_update())


def hold(place: TaskRater) -> None:
    """The rater's other tabs wait until the transaction ends. The first lock of whoever changes their leases.

    Without it two of them could wait for each other's entry in an index that allows one lease.
    """
    if connection.features.has_select_for_update:
        _PLACE.rows({ROW: place.pk})


def take(task: RatingTask, row: TaskResponse, *, arm: bool, patient: bool = True) -> bool:
    """Lock the response, take a place of it, and write the hint anew. False where none is left for a rater.

    An impatient caller gets False too where somebody else holds the lock just now.
    """
    if connection.features.has_select_for_update and not _lock(patient).rows({ROW: row.pk}):
        return False
    values = {ROW: row.pk, RESPONSE: row.response_id, TASK: task.pk, OVERLAP: task.overlap}
    if _taking(arm).run(values):
        return True
    settle(TaskResponse.objects.filter(pk=row.pk))
    return False


@cache
def _lock(patient: bool) -> Prepared[TaskResponse]:
    rows = TaskResponse.objects.filter(pk=ROW).order_by().only("pk")
    return Prepared(lambda: rows.select_for_update(of=("self",), skip_locked=not patient))


@cache
def _taking(arm: bool) -> PreparedUpdate:
    """One statement counts and writes; it sees all that was committed before the lock was given."""

    def build() -> tuple[QuerySet[TaskResponse], dict[str, Any]]:
        here = {"task": TASK, "response": RESPONSE, "with_reference": arm}
        taken = raters_in(_ratings(here)) + raters_in(_leases(here))
        rows = TaskResponse.objects.filter(LessThan(taken, Value(OVERLAP)), pk=ROW, offered=True)
        return rows, {"open_with" if arm else "open_without": Value(OVERLAP) - taken - Value(1)}

    return PreparedUpdate(build)
