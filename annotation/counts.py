"""How far tasks are: responses, ratings and raters in numbers."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from annotation.models import Assignment, Rater, Rating, RatingTask, Rubric, TaskRater, TaskResponse
from annotation.queries import arms_of, current, taken
from curation.models import Dataset

A = Assignment.State


def with_counts(tasks: QuerySet[RatingTask]) -> QuerySet[RatingTask]:
    """Annotate `responses`, `ratings_made` and `raters_n`, one query whatever the number of rows."""

    def number(rows: QuerySet[Any]) -> Coalesce:
        counted = rows.order_by().values("task").annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))

    of_task = {"task": OuterRef("pk")}
    raters = (
        Rater.objects.filter(tasks=OuterRef("pk"))
        .order_by()
        .values("tasks")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return tasks.select_related("release", "rubric").annotate(
        responses=number(TaskResponse.objects.filter(**of_task)),
        ratings_made=number(current(Rating.objects.filter(**of_task, role=Rating.Role.RATER))),
        raters_n=Coalesce(Subquery(raters, output_field=IntegerField()), Value(0)),
    )


def progress_of(task: RatingTask) -> list[dict[str, Any]]:
    """Per rater: `rater`, `rated` (responses), `cannot_decide`, `skipped`, `last` (when the last rating came)."""
    standing = current(Rating.objects.filter(task=task, role=Rating.Role.RATER))
    undecided = Count("response", distinct=True, filter=Q(cannot_decide=True))
    # Each counted in one go over the task: a subquery for each rater would go over it as often as there are raters.
    counted = (
        standing.order_by()
        .values("rater")
        .annotate(rated=Count("response", distinct=True), cannot_decide=undecided, last=Max("created_at"))
    )
    rated = {row["rater"]: row for row in counted}
    left = Assignment.objects.filter(task=task, state=A.SKIPPED).values("rater").annotate(n=Count("pk"))
    skipped = dict(left.values_list("rater", "n"))
    enlisted = TaskRater.objects.filter(task=task).values("rater")
    people = Rater.objects.filter(Q(pk__in=enlisted) | Q(pk__in=rated)).order_by("pseudonym")
    progress = []
    for pk, name in people.values_list("pk", "pseudonym"):
        done = rated.get(pk) or {"rated": 0, "cannot_decide": 0, "last": None}
        numbers = {
            "rated": done["rated"],
            "cannot_decide": done["cannot_decide"],
            "skipped": skipped.get(pk, 0),
        }
        progress.append({"rater": name, **numbers, "last": done["last"]})
    return progress


def counts_of(task: RatingTask) -> dict[str, Any]:
    """`responses`, `offered`, `complete` (as many ratings as the overlap, in each arm), `ratings`, `wanted`, `models`: [(name, n)].

    Wanted are ratings of what is offered; the others of the population wait for a round that draws them.
    """
    arms = arms_of(task)
    found: list[tuple[bool, list[int]]] = []
    rows = TaskResponse.objects.filter(task=task).order_by("pk")
    per_arm = [taken(rows, leases=False, arm=arm).values_list("taken", flat=True) for arm in arms]
    for offers, *numbers in zip(rows.values_list("offered", flat=True), *per_arm, strict=True):
        found.append((offers, numbers))
    offered = sum(offers for offers, _numbers in found)
    models = (
        TaskResponse.objects.filter(task=task)
        .order_by()
        .values_list("response__model")
        .annotate(n=Count("pk"))
        .order_by("response__model")
    )
    return {
        "responses": len(found),
        "offered": offered,
        "complete": sum(min(numbers) >= task.overlap for _offers, numbers in found),
        "ratings": sum(sum(numbers) for _offers, numbers in found),
        "wanted": offered * task.overlap * len(arms),
        "models": list(models),
    }


def rubrics_of(dataset: Dataset) -> list[dict[str, Any]]:
    """The dataset's rubrics as a release keeps them: scale, cut points, anchors and words of every version."""
    columns = (
        "name",
        "version",
        "kind",
        "scale",
        "violation_at_most",
        "acceptable_at_least",
        "anchors",
        "texts",
        "content_hash",
        "signed_at",
    )
    rows = Rubric.objects.filter(dataset=dataset).order_by("name", "version").values(*columns)
    return [row | {"signed_at": row["signed_at"] and row["signed_at"].isoformat()} for row in rows]
