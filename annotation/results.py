"""Whose results may be seen, and which responses an adjudicator is asked about. Querysets in, querysets out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Case, Count, Exists, F, FloatField, Max, Min, OuterRef, Q, QuerySet, Value, When

from annotation.axes import Axis
from annotation.disputes import SPREAD
from annotation.models import Rating, RatingTask, TaskResponse
from annotation.queries import arms_of, blind_tasks, current, raters_in, tasks_visible_to
from curation.models import Dataset, Person


def results_visible_to(person: Person, dataset: Dataset) -> QuerySet[RatingTask]:
    """Tasks whose results the person may read: none that holds a response they have still to rate blind, in any task."""
    blind = blind_tasks(person, dataset)
    hidden = TaskResponse.objects.filter(task__in=blind).values("response")
    touched = TaskResponse.objects.filter(response__in=hidden).values("task")
    return tasks_visible_to(person, dataset).exclude(pk__in=blind.values("pk")).exclude(pk__in=touched)


def fully_rated(task: RatingTask) -> QuerySet[TaskResponse]:
    """The rows of the population that get no more ratings: with as many raters as the overlap in each arm, and all that
    have any once the task is closed or was rated elsewhere.
    """
    rows = TaskResponse.objects.filter(task=task)
    here = {"task": OuterRef("task"), "response": OuterRef("response"), "role": Rating.Role.RATER}
    if task.external or task.state == RatingTask.State.CLOSED:
        return rows.filter(Exists(current(Rating.objects.filter(**here))))
    for at, arm in enumerate(arms_of(task)):
        made = raters_in(current(Rating.objects.filter(**here, with_reference=arm)))
        rows = rows.alias(**{f"arm_{at}": made}).filter(**{f"arm_{at}__gte": task.overlap})
    return rows


def disputed(task: RatingTask, axis: Axis) -> QuerySet[Any]:
    """Ids of the responses on whose axis raters disagree, going by their standing ratings.

    Half of them or more cannot decide; or no majority stands on one side of a cut, or scores lie two points apart
    (ordinal); or no point has a majority (nominal).
    """
    rows = current(Rating.objects.filter(task=task, axis=axis.name, role=Rating.Role.RATER))
    decided = Q(cannot_decide=False)
    counted = rows.order_by().values("response")
    apart = Q(undecided__gte=F("given") / Value(2.0))
    numbers: dict[str, Any] = {
        "given": Count("pk"),
        "undecided": Count("pk", filter=~decided),
        "decided": Count("pk", filter=decided),
    }
    judge = _ordinal if axis.kind == "ordinal" else _nominal
    further, disagree = judge(axis)
    found: QuerySet[Any] = counted.annotate(**numbers, **further)
    return found.filter(apart | disagree).values("response")


Found = tuple[dict[str, Any], Q]


def _ordinal(axis: Axis) -> Found:
    value = Case(
        *(When(score=point, then=Value(float(point))) for point in axis.points), output_field=FloatField()
    )
    numbers: dict[str, Any] = {"least": Min(value), "most": Max(value)}
    disagree = Q(most__gte=F("least") + SPREAD)
    sides: dict[str, Callable[[float], bool]] = {}
    if (low := axis.violation_at_most) is not None:
        sides["violating"] = lambda score: score <= low
    if (high := axis.acceptable_at_least) is not None:
        sides["acceptable"] = lambda score: score >= high
    for name, inside in sides.items():
        points = [point for point in axis.points if inside(float(point))]
        numbers[name] = Count("pk", filter=Q(score__in=points))
        disagree |= Q(decided__gt=0, **{f"{name}": F("decided") / Value(2.0)})
    return numbers, disagree


def _nominal(axis: Axis) -> Found:
    numbers: dict[str, Any] = {}
    majority = Q(decided=0)
    for at, point in enumerate(axis.points):
        numbers[f"point_{at}"] = Count("pk", filter=Q(score=point))
        majority |= Q(**{f"point_{at}__gt": F("decided") / Value(2.0)})
    return numbers, ~majority


def settled(task: RatingTask, axis: Axis) -> Exists:
    """Whether a final value stands on the axis, for a row of the population."""
    rows = current(
        Rating.objects.filter(
            task=task, response=OuterRef("response"), axis=axis.name, role=Rating.Role.FINAL
        )
    )
    return Exists(rows)


def to_adjudicate(task: RatingTask) -> QuerySet[TaskResponse]:
    """What waits for a final value: fully rated, in dispute on an axis, and nothing final there yet."""
    waits = Q(pk__in=[])
    for axis in task.rubric.axes:
        waits |= Q(Q(response__in=disputed(task, axis)) & ~Q(settled(task, axis)))
    return fully_rated(task).filter(waits).order_by("position")


def open_to(person: Person, rows: QuerySet[TaskResponse]) -> QuerySet[TaskResponse]:
    """Of rows of the population those that the person never rated: a rating that was taken back counts too."""
    rated = Rating.objects.filter(
        task=OuterRef("task"), response=OuterRef("response"), rater__person=person, role=Rating.Role.RATER
    )
    return rows.filter(~Exists(rated))


def adjudicated(task: RatingTask) -> QuerySet[TaskResponse]:
    """The rows of the population with a final value on any axis, the newest first."""
    finals = current(
        Rating.objects.filter(task=task, response=OuterRef("response"), role=Rating.Role.FINAL)
    ).order_by("-pk")
    rows = TaskResponse.objects.filter(task=task).filter(Exists(finals))
    return rows.annotate(last=finals.values("pk")[:1]).order_by("-last")
