"""How far tasks are: responses, ratings and raters in numbers."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from annotation.models import Assignment, Rater, Rating, RatingTask, TaskResponse
from annotation.queries import arms_of, current, taken

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
    """Per rater: `rater`, `rated`, `cannot_decide`, `skipped`, `last` (when the last rating came)."""
    standing = current(Rating.objects.filter(task=task, role=Rating.Role.RATER))
    of_rater = {"rater": OuterRef("pk")}

    def number(rows: QuerySet[Any]) -> Coalesce:
        counted = rows.order_by().values("rater").annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))

    rows = (
        Rater.objects.filter(Q(tasks=task) | Q(pk__in=standing.values("rater")))
        .distinct()
        .annotate(
            rated=number(standing.filter(**of_rater)),
            undecided=number(standing.filter(**of_rater, cannot_decide=True)),
            skipped=number(Assignment.objects.filter(**of_rater, task=task, state=A.SKIPPED)),
            last=Subquery(standing.filter(**of_rater).order_by("-pk").values("created_at")[:1]),
        )
        .order_by("pseudonym")
    )
    return [
        {
            "rater": row.pseudonym,
            "rated": row.rated,
            "cannot_decide": row.undecided,
            "skipped": row.skipped,
            "last": row.last,
        }
        for row in rows
    ]


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


def usage_of_items(items: Any) -> list[dict[str, Any]]:
    """For the registry: the tasks whose population holds responses to the items."""
    rows = TaskResponse.objects.filter(response__item__in=list(items)).order_by("task", "response__item")
    found: dict[str, list[int]] = {}
    for task, item in rows.values_list("task__name", "response__item").distinct():
        found.setdefault(task, []).append(item)
    return [{"kind": "task", "name": name, "items": ids} for name, ids in found.items()]
