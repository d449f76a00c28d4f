"""What a person may see and rate. Querysets in, querysets out."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotation.models import (
    Assignment,
    GoldCase,
    Qualification,
    Rater,
    Rating,
    RatingTask,
    Response,
    Rubric,
    TaskRater,
    TaskResponse,
)
from annotation.qualifying import open_step
from curation.models import Category, Dataset, Membership, OptOut, Person, ReleaseItem
from curation.prepared import Prepared, slot
from curation.queries import opted_out
from curation.rules import roles_of

Role = Membership.Role
A, Arms = Assignment.State, RatingTask.Arms
TENS = 10
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


def overdue(leases: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """Leases whose time is over and that nobody has given back yet."""
    return leases.filter(state=A.LEASED, expires_at__lte=timezone.now())


def raters_in(rows: QuerySet[Any]) -> Coalesce:
    """How many raters rows of ratings or leases of one response (filtered by OuterRef) name."""
    counted = rows.order_by().values("response").annotate(n=Count("rater", distinct=True)).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


def taken(rows: QuerySet[Any], *, but: Any = None, leases: bool = True, arm: Any = None) -> QuerySet[Any]:
    """Annotate `taken`: raters whose rating stands, and (with `leases`) those who hold a live lease.

    `but` leaves one rater (an expression or a row) out of the count; `arm` counts one arm alone (with the reference or
    without: a bool or an expression), else both together.
    """
    here: dict[str, Any] = {"task": OuterRef("task"), "response": OuterRef("response")}
    if arm is not None:
        here["with_reference"] = arm
    ratings = current(Rating.objects.filter(**here, role=Rating.Role.RATER))
    held = live(Assignment.objects.filter(**here, gold=None))
    if but is not None:
        ratings, held = ratings.exclude(rater=but), held.exclude(rater=but)
    number = raters_in(ratings) + raters_in(held) if leases else raters_in(ratings)
    return rows.annotate(taken=number)


def shown_with(rows: QuerySet[TaskResponse], rater: Any) -> QuerySet[Any]:
    """Annotate `arm`: whether the rater would see the reference answer (see `TaskResponse.side`)."""
    slot = TaskRater.objects.filter(task=OuterRef("task"), rater=rater).values("slot")[:1]
    dealt = rows.annotate(dealt=(Subquery(slot, output_field=IntegerField()) + F("side")) % 2)
    return dealt.annotate(
        arm=Case(
            When(task__arms=Arms.WITH, then=Value(True)),
            When(task__arms=Arms.BOTH, dealt=1, then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        )
    )


def not_begun(rows: QuerySet[Any], rater: Any) -> QuerySet[Any]:
    """Of the population rows those offered that the rater neither rated nor skipped."""
    here = {"task": OuterRef("task"), "response": OuterRef("response"), "rater": rater}
    done = Assignment.objects.filter(**here, state__in=[A.RATED, A.SKIPPED])
    return rows.filter(~Exists(done), ~Exists(current(Rating.objects.filter(**here))), offered=True)


def open_places(rows: QuerySet[Any], rater: Any, *, leases: bool = True) -> QuerySet[TaskResponse]:
    """Of the population rows those that the rater has not begun and that have a place for them, in their arm."""
    mine = shown_with(not_begun(rows, rater), rater)
    free = taken(mine, but=rater, leases=leases, arm=OuterRef("arm"))
    return free.filter(taken__lt=F("task__overlap"))


def _rows_of_person(person: Person, dataset: Dataset) -> QuerySet[TaskResponse]:
    return TaskResponse.objects.filter(
        task__dataset=dataset,
        task__external=False,
        task__state=RatingTask.State.OPEN,
        task__raters__person=person,
    )


def _rater_of(person: Person, dataset: Dataset) -> int | None:
    return Rater.objects.filter(dataset=dataset, person=person).values_list("pk", flat=True).first()


TASK, PERSON = slot(1), slot(2)


def _place() -> QuerySet[TaskRater]:
    """A person's place with its rater and task, and what every request about it asks besides."""
    member = Membership.objects.filter(
        person=PERSON, dataset=OuterRef("task__dataset"), role=Membership.Role.RATER
    )
    open_rows = TaskResponse.objects.filter(
        Q(open_without__gt=0) | Q(open_with__gt=0), task=OuterRef("task"), offered=True
    )
    span = open_rows.order_by("-position").values("position")[:1]
    rows = TaskRater.objects.filter(task=TASK, rater__person=PERSON).annotate(
        has_role=Exists(member),
        has_closed=Exists(OptOut.objects.filter(person=PERSON)),
        last_open=Coalesce(Subquery(span, output_field=IntegerField()), Value(0)),
    )
    heavy = [f"task__rubric__{name}" for name in SAYS]
    return rows.select_related("rater", "task__rubric", "task__dataset").defer(*heavy, "task__plan")[:1]


_PLACE = Prepared(_place)


SAYS = ("scale", "anchors", "texts")  # of a rubric: much, and the same for every request


@lru_cache(maxsize=64)
def _said(rubric: int, content_hash: str) -> dict[str, Any]:
    """What a rubric says, read once in the life of a process: the hash stands for the content."""
    found = Rubric.objects.get(pk=rubric, content_hash=content_hash)
    return {"axes": found.axes, **{name: getattr(found, name) for name in SAYS}}


def place_of(person: Person, task: RatingTask | int) -> TaskRater | None:
    """The person's place in the task, with the rater and the task's present state; None where they have none.

    It carries `rates` (they have the role), `closes` (they opted out of something) and `span`, the last position that is
    open: one query in all, for a rating must not cost more than it has to.
    """
    key = task if isinstance(task, int) else task.pk
    place = _PLACE.first({TASK: key, PERSON: person.pk})
    if place is not None:
        read, rubric = place.__dict__, place.task.rubric
        place.rates, place.closes, place.span = read["has_role"], read["has_closed"], read["last_open"]
        rubric.__dict__.update(_said(rubric.pk, rubric.content_hash))
    return place


def place_at(person: Person, slug: str, task: int) -> TaskRater | None:
    """The same for an open task of the dataset at this address; None, as for a stranger, where they may not rate."""
    place = place_of(person, task)
    if place is None or place.task.dataset.slug != slug or not may_rate(place):
        return None
    return place


def may_rate(place: TaskRater) -> bool:
    """Whether the task is open, rated here, and the person still has the role."""
    task = place.task
    return place.rates and not task.external and task.state == RatingTask.State.OPEN


def _last() -> QuerySet[Assignment]:
    mine = Assignment.objects.filter(task=TASK, rater=PERSON).order_by("-turn")
    return mine.select_related("response").defer("response__turns", "draft")[:1]


_LAST = Prepared(_last)


def last_lease(place: TaskRater) -> Assignment | None:
    """What the rater was given last in the task, however it ended."""
    return _LAST.first({TASK: place.task_id, PERSON: place.rater_id})


def readiness(task: RatingTask, place: TaskRater) -> str:
    """What stands between a rater and their work: "paused", "warning", "practice", "failed", or "" for nothing.

    paused: the lead gives them nothing for now. warning: the content warning is unread. practice: the practice set is not
    through yet at this task's own threshold. failed: the last attempt at it was not enough.
    """
    if place.paused:
        return "paused"
    if place.rater.warned_at is None:
        return "warning"
    if task.qualify_at is None:
        return ""
    attempts = Qualification.objects.filter(rater=place.rater_id, rubric=task.rubric_id).order_by("attempt")
    return open_step(list(attempts), task.qualify_at)


def waiting(person: Person, dataset: Dataset) -> QuerySet[TaskResponse]:
    """What the person can still rate in the dataset, over all tasks: by the hints, so that a side bar can ask it.

    A place that is only borrowed for longer than a lease lasts counts as free; what the person holds is theirs.
    """
    rater = _rater_of(person, dataset)
    if rater is None:
        return TaskResponse.objects.none()
    rows = shown_with(not_begun(_rows_of_person(person, dataset), rater), rater)
    here = {"task": OuterRef("task"), "response": OuterRef("response"), "with_reference": OuterRef("arm")}
    borrowed = Assignment.objects.filter(**here, gold=None, state=A.LEASED)
    returned = borrowed.filter(Q(rater=rater) | Q(expires_at__lte=timezone.now()))
    rows = rows.filter(Q(arm=False, open_without__gt=0) | Q(arm=True, open_with__gt=0) | Exists(returned))
    return rows.exclude(category__in=opted_out(person, dataset.taxonomy_id))


def waiting_per_task(person: Person, dataset: Dataset) -> dict[int, int]:
    """Task id -> how many responses the person is told they can still rate in it.

    In tens where the task has silent checks, one that they hold among them: an exact number would stay where it was
    after a check, and be nothing while the last one is held.
    """
    rows = waiting(person, dataset).order_by().values_list("task", "task__gold_share")
    checks = live(Assignment.objects.filter(task__dataset=dataset, rater__person=person, gold__isnull=False))
    checked = checks.order_by().values_list("task", "task__gold_share").annotate(n=Count("pk"))
    left: dict[int, int] = {}
    shares: dict[int, float] = {}
    for task, share, number in rows.annotate(n=Count("pk")).union(checked, all=True):
        left[task], shares[task] = left.get(task, 0) + number, share
    return {task: -(-number // TENS) * TENS if shares[task] else number for task, number in left.items()}


def blind_tasks(person: Person, dataset: Dataset) -> QuerySet[RatingTask]:
    """Open tasks in which the person still has something to rate, be it a silent check that they hold.

    Leases of others do not count here: a place that is only borrowed may come back.
    """
    known = Rater.objects.filter(dataset=dataset, person=person)
    checks = live(Assignment.objects.filter(task__dataset=dataset, task__state=RatingTask.State.OPEN)).filter(
        gold__isnull=False
    )
    mine = known.annotate(checked=Exists(checks.filter(rater=OuterRef("pk")))).values_list("pk", "checked")
    rater, checked = mine.first() or (None, False)
    if rater is None:
        return RatingTask.objects.none()
    rows = open_places(_rows_of_person(person, dataset), rater, leases=False)
    found = Q(pk__in=rows.values("task"))
    if checked:  # asked apart: the database finds the rows of one task faster where nothing else is asked
        found |= Q(pk__in=checks.filter(rater=rater).values("task"))
    return RatingTask.objects.filter(found)


def readable(responses: QuerySet[Response]) -> QuerySet[Response]:
    """Without those whose question or text was redacted: neither raters nor judges are given them."""
    return responses.filter(question_text__redacted_at=None, text__redacted_at=None)


def intact(cases: QuerySet[GoldCase]) -> QuerySet[GoldCase]:
    """Cases of which no text was redacted."""
    return cases.filter(
        response__question_text__redacted_at=None,
        response__text__redacted_at=None,
        reference_text__redacted_at=None,
    )


def arms_of(task: RatingTask) -> list[bool]:
    """The arms in which each response is rated: without the reference answer (False), with it (True)."""
    return {Arms.WITHOUT: [False], Arms.WITH: [True], Arms.BOTH: [False, True]}[Arms(task.arms)]


def silent_checks(rubric: int, arms: str) -> QuerySet[GoldCase]:
    """The rubric's silent checks that look like any response of a task with these arms.

    That takes a reference answer where the task shows them, and a category where the rubric has worked examples for some
    of the dataset's: without it a check would be the response with other examples beside it.
    """
    cases = intact(GoldCase.objects.filter(rubric=rubric, use=GoldCase.Use.GOLD))
    if arms != Arms.WITHOUT:
        cases = cases.filter(reference_text__isnull=False)
    given = Rubric.objects.values_list("texts__examples", "dataset__taxonomy").get(pk=rubric)
    labels = {example["label"] for example in given[0] or []}
    if labels and Category.objects.filter(taxonomy=given[1], label__in=labels).exists():
        cases = cases.exclude(response__labels=[])
    return cases


def reference_of(held: Assignment, task: RatingTask) -> str:
    """The reference answer that belongs to a lease; empty in the arm that does not show it."""
    if not held.with_reference:
        return ""
    if held.gold_id is not None:
        known = (
            GoldCase.objects.filter(pk=held.gold_id).values_list("reference_text__body", flat=True).first()
        )
        return known or ""
    if task.release_id is None:
        return ""
    frozen = ReleaseItem.objects.filter(release=task.release_id, external_id=held.response.item_key)
    row = frozen.select_related("answer_text").first()
    return row.answer if row else ""


def _decided() -> QuerySet[Assignment]:
    mine = Assignment.objects.filter(task=TASK, rater=PERSON).order_by()
    turns = mine.order_by("-turn").values("turn")[:1]
    otherwise = (
        mine.filter(state__in=[A.EXPIRED, A.LEASED]).values("task").annotate(n=Count("pk")).values("n")
    )
    ended = mine.filter(state__in=[A.RATED, A.SKIPPED], ended_at__isnull=False)
    done = Subquery(turns) - Coalesce(Subquery(otherwise), Value(0))
    return ended.annotate(done=done).order_by("-ended_at", "-pk")[:1]


_DECIDED = Prepared(_decided)


def last_decided(place: TaskRater) -> Assignment | None:
    """What undo takes back: the rater's last rated or skipped response in the task.

    It carries `done`, how many there are. Every lease has a turn, so that is the last turn without those that are out
    or ended otherwise: an index knows these, however much is done.
    """
    return _DECIDED.first({TASK: place.task_id, PERSON: place.rater_id})


def own_progress(place: TaskRater, last: Assignment | None, total: int | None = None) -> dict[str, int]:
    """How far the rater is: `done` (rated or skipped), `left` (what they could still take), `number`, `total`.

    last: what `last_decided` told. Counting what is left goes through the whole population; a page that has shown a
    total hands it in.
    """
    done = int(last.__dict__["done"]) if last else 0
    if total is None:
        rows = TaskResponse.objects.filter(task=place.task_id)
        total = done + open_places(rows, place.rater_id).count()
    return {"done": done, "left": max(0, total - done), "number": done + 1, "total": max(total, done)}
