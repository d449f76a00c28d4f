"""What a person may see and rate, and how far a task is. Querysets in, querysets out."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotation.models import Assignment, Rater, Rating, RatingTask, Response, TaskResponse
from curation.models import Dataset, Membership, Person
from curation.rules import roles_of

Role = Membership.Role
A = Assignment.State
# Whoever plans and reads studies. Raters reach a task through their own page alone.
TASK_ROLES = frozenset({Role.LEAD, Role.RESEARCHER, Role.RELEASE_MANAGER})


def tasks_visible_to(person: Person, dataset: Dataset) -> QuerySet[RatingTask]:
    """Tasks of the dataset for those who plan or read them; whether their results may be seen is `rules.blinded`."""
    if not roles_of(person, dataset) & TASK_ROLES:
        return RatingTask.objects.none()
    return RatingTask.objects.filter(dataset=dataset)


def tasks_to_rate(person: Person, dataset: Dataset) -> QuerySet[RatingTask]:
    """Open tasks that count the person among their raters, as long as they still have the role."""
    if Role.RATER not in roles_of(person, dataset):
        return RatingTask.objects.none()
    return RatingTask.objects.filter(
        dataset=dataset, raters__person=person, external=False, state=RatingTask.State.OPEN
    ).order_by("pk")


def responses_visible_to(person: Person, dataset: Dataset) -> QuerySet[Response]:
    """Responses with their models, for those who plan or read tasks and rate in none that is still open to them."""
    if not roles_of(person, dataset) & TASK_ROLES or blind_tasks(person, dataset).exists():
        return Response.objects.none()
    return Response.objects.filter(dataset=dataset)


def current(ratings: QuerySet[Rating]) -> QuerySet[Rating]:
    """Ratings that stand: corrected and undone ones are kept, but count nowhere."""
    return ratings.filter(superseded=False)


def ratings_of(task: RatingTask) -> QuerySet[Rating]:
    """The standing ratings of a task, on the main axis of its rubric; silent checks are none."""
    rows = Rating.objects.filter(task=task, axis=task.rubric.axis).exclude(role=Rating.Role.GOLD)
    return current(rows)


def live(leases: QuerySet[Assignment]) -> QuerySet[Assignment]:
    return leases.filter(state=A.LEASED, expires_at__gt=timezone.now())


def _number_of(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("response").annotate(n=Count("rater", distinct=True)).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


def taken(rows: QuerySet[Any], *, but: Any = None, leases: bool = True) -> QuerySet[Any]:
    """Annotate `taken`: raters whose rating stands, and (with `leases`) those who hold a live lease.

    `but` leaves one rater (an expression or a row) out of the count.
    """
    here = {"task": OuterRef("task"), "response": OuterRef("response")}
    ratings = current(Rating.objects.filter(**here, role=Rating.Role.RATER))
    held = live(Assignment.objects.filter(**here))
    if but is not None:
        ratings, held = ratings.exclude(rater=but), held.exclude(rater=but)
    number = _number_of(ratings) + _number_of(held) if leases else _number_of(ratings)
    return rows.annotate(taken=number)


def open_places(rows: QuerySet[Any], rater: Any, *, leases: bool = True) -> QuerySet[TaskResponse]:
    """Of the population rows those offered that the rater neither rated nor skipped and that have a place for them."""
    here = {"task": OuterRef("task"), "response": OuterRef("response"), "rater": rater}
    done = Assignment.objects.filter(**here, state__in=[A.RATED, A.SKIPPED])
    rated = current(Rating.objects.filter(**here))
    fresh = rows.filter(~Exists(done), ~Exists(rated), offered=True)
    return taken(fresh, but=rater, leases=leases).filter(taken__lt=F("task__overlap"))


def _rows_of_person(person: Person, dataset: Dataset) -> QuerySet[TaskResponse]:
    return TaskResponse.objects.filter(
        task__dataset=dataset,
        task__external=False,
        task__state=RatingTask.State.OPEN,
        task__raters__person=person,
    )


def _rater_of(person: Person, dataset: Dataset) -> int | None:
    return Rater.objects.filter(dataset=dataset, person=person).values_list("pk", flat=True).first()


def waiting(person: Person, dataset: Dataset) -> QuerySet[TaskResponse]:
    """What the person can still rate in the dataset, over all tasks."""
    rater = _rater_of(person, dataset)
    if rater is None:
        return TaskResponse.objects.none()
    return open_places(_rows_of_person(person, dataset), rater)


def waiting_per_task(person: Person, dataset: Dataset) -> dict[int, int]:
    """Task id -> how many responses the person can still rate in it."""
    rows = waiting(person, dataset).order_by().values_list("task")
    return dict(rows.annotate(n=Count("pk")))


def blind_tasks(person: Person, dataset: Dataset) -> QuerySet[RatingTask]:
    """Open tasks in which the person still has something to rate.

    Leases of others do not count here: a place that is only borrowed may come back.
    """
    rater = _rater_of(person, dataset)
    if rater is None:
        return RatingTask.objects.none()
    rows = open_places(_rows_of_person(person, dataset), rater, leases=False)
    return RatingTask.objects.filter(pk__in=rows.values("task"))


def order_key(task: RatingTask, rater: Rater, response: int) -> bytes:
    """Where a response stands in the rater's own order: the same for the same seed, unlike that of other raters."""
    return hashlib.sha256(f"{task.seed}/{rater.pk}/{response}".encode()).digest()


def next_responses(task: RatingTask, rater: Rater) -> list[int]:
    """Ids of the task's population rows that the rater may take, best first.

    Rows whose question is the one rated last stand at the end, so that one is not seen twice in a row where that can
    be avoided.
    """
    last = (
        Assignment.objects.filter(task=task, rater=rater, ended_at__isnull=False)
        .order_by("-ended_at", "-pk")
        .values_list("response__question_hash", "response__item_key")
        .first()
    )
    rows = open_places(TaskResponse.objects.filter(task=task), rater.pk).values_list(
        "pk", "response_id", "response__question_hash", "response__item_key"
    )
    ordered = sorted(
        ((question, item) == last, order_key(task, rater, response), pk)
        for pk, response, question, item in rows
    )
    return [pk for _same, _key, pk in ordered]


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
    """`responses`, `offered`, `complete` (as many ratings as the overlap), `ratings`, `wanted`, `models`: [(name, n)].

    Wanted are ratings of what is offered; the others of the population wait for a round that draws them.
    """
    rows = taken(TaskResponse.objects.filter(task=task), leases=False)
    found = list(rows.values_list("taken", "offered"))
    numbers = [number for number, _offered in found]
    offered = sum(offered for _number, offered in found)
    models = (
        TaskResponse.objects.filter(task=task)
        .order_by()
        .values_list("response__model")
        .annotate(n=Count("pk"))
        .order_by("response__model")
    )
    return {
        "responses": len(numbers),
        "offered": offered,
        "complete": sum(number >= task.overlap for number in numbers),
        "ratings": sum(numbers),
        "wanted": offered * task.overlap,
        "models": list(models),
    }


def own_progress(task: RatingTask, rater: Rater) -> dict[str, int]:
    """How far the rater is: `done` (rated or skipped) and `left` (what they could still take)."""
    done = Assignment.objects.filter(task=task, rater=rater, state__in=[A.RATED, A.SKIPPED]).count()
    left = open_places(TaskResponse.objects.filter(task=task), rater.pk).count()
    return {"done": done, "left": left, "number": done + 1, "total": done + left}


def last_decided(task: RatingTask, rater: Rater) -> Assignment | None:
    """What undo takes back: the rater's last rated or skipped response in the task."""
    return (
        Assignment.objects.filter(
            task=task, rater=rater, state__in=[A.RATED, A.SKIPPED], ended_at__isnull=False
        )
        .order_by("-ended_at", "-pk")
        .first()
    )


def usage_of_items(items: Any) -> list[dict[str, Any]]:
    """For the registry: the tasks whose population holds responses to the items."""
    rows = TaskResponse.objects.filter(response__item__in=list(items)).order_by("task", "response__item")
    found: dict[str, list[int]] = {}
    for task, item in rows.values_list("task__name", "response__item").distinct():
        found.setdefault(task, []).append(item)
    return [{"kind": "task", "name": name, "items": ids} for name, ids in found.items()]
