"""What a rater gets at their n-th turn in a task: drawn from the task's seed, the rater and the turn."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q, QuerySet

from annotation.actions.places import arm_of
from annotation.models import Assignment, GoldCase, Rating, RatingTask, Response, TaskRater, TaskResponse
from annotation.queries import current

A, Arms = Assignment.State, RatingTask.Arms
BEGUN = (A.LEASED, A.RATED, A.SKIPPED)


@dataclass(kw_only=True)
class Turn:
    """A rater's n-th turn. `last` is the lease of the turn before, `closed` the categories they opted out of.

    `ahead` is what a look before the transaction found: others wait while one writes, so that looking is done outside.
    """

    place: TaskRater
    number: int
    last: Assignment | None
    closed: dict[int, str] = field(default_factory=dict)
    ahead: TaskResponse | None = None

    def look(self) -> None:
        """Find a place ahead of the transaction that will take it."""
        if self.draw("gold") >= self.task.gold_share:
            self.ahead = places_for(self)

    @property
    def task(self) -> RatingTask:
        return self.place.task

    def draw(self, what: str) -> float:
        """A number in [0, 1): the same for the same seed, rater, turn and purpose."""
        words = f"{self.task.seed}/{self.place.rater_id}/{self.number}/{what}"
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:6]) / 2**48

    def arm(self, row: TaskResponse) -> bool:
        """Whether the rater sees the reference answer of this response."""
        return arm_of(self.task, self.place.slot, row.side)

    def arm_of_gold(self, case: GoldCase) -> bool:
        """The same for a silent check: dealt as if its question had a side."""
        if self.task.arms == Arms.BOTH:
            side = (
                hashlib.sha256(f"{self.task.seed}/side/{case.response.question_hash}".encode()).digest()[0]
                % 2
            )
            return arm_of(self.task, self.place.slot, side) and case.reference_text_id is not None
        return arm_of(self.task, self.place.slot, 0)


def places_for(turn: Turn) -> TaskResponse | None:
    """A row of the population that seems to have a place for the rater, with its response and texts.

    The first one at or after a drawn position, going round. A response whose lease the rater let run out in their last
    turn comes first; the question seen last comes only where there is no other.
    """
    free = _free(turn)
    if turn.last is not None and turn.last.state == A.EXPIRED:
        again = free.filter(response=turn.last.response_id).first()
        if again is not None:
            return again
    start = _start(turn)
    seen = _same_question(turn.last.response) if turn.last else None
    for rows in [free.exclude(seen), free.filter(seen)] if seen else [free]:
        found = rows.filter(position__gte=start).first() or rows.filter(position__lt=start).first()
        if found is not None:
            return found
    return None


def _start(turn: Turn) -> int:
    """A drawn position among those that are open."""
    inside = TaskResponse.objects.filter(_open(), task=turn.task, offered=True)
    last = inside.order_by("-position").values_list("position", flat=True).first()
    return int(turn.draw("position") * ((last or 0) + 1))


def _open() -> Q:
    """The condition of the index `task_response_open`, in its words."""
    return Q(open_without__gt=0) | Q(open_with__gt=0)


def _free(turn: Turn) -> QuerySet[TaskResponse]:
    task, place = turn.task, turn.place
    here = {"task": task, "response": OuterRef("response"), "rater": place.rater_id}
    begun = Assignment.objects.filter(**here, state__in=BEGUN)
    rows = TaskResponse.objects.filter(
        _open(),
        _in_arm(turn),
        ~Exists(begun),
        ~Exists(current(Rating.objects.filter(**here))),
        task=task,
        offered=True,
    )
    if turn.closed:
        rows = rows.exclude(category__in=turn.closed)
    return rows.select_related("response__text", "response__question_text").order_by("position")


def _in_arm(turn: Turn) -> Q:
    """Rows with a place in the arm that the rater has for their side."""
    columns = {False: Q(open_without__gt=0), True: Q(open_with__gt=0)}
    if turn.task.arms != Arms.BOTH:
        return columns[turn.task.arms == Arms.WITH]
    slot = turn.place.slot
    return (Q(side=0) & columns[arm_of(turn.task, slot, 0)]) | (
        Q(side=1) & columns[arm_of(turn.task, slot, 1)]
    )


def _same_question(response: Response) -> Q:
    if response.question_hash:
        return Q(response__question_hash=response.question_hash)
    return Q(response__question_hash="", response__item_key=response.item_key)


def gold_for(turn: Turn) -> GoldCase | None:
    """The silent check that this turn is, if it is one and the rater has one left that they have not seen."""
    task = turn.task
    if turn.draw("gold") >= task.gold_share:
        return None
    inside = TaskResponse.objects.filter(task=task, response=OuterRef("response"))
    seen = Assignment.objects.filter(rater=turn.place.rater_id, response=OuterRef("response"))
    cases = GoldCase.objects.filter(
        ~Exists(inside), ~Exists(seen), rubric=task.rubric_id, use=GoldCase.Use.GOLD
    )
    if task.arms == Arms.WITH:
        cases = cases.filter(reference_text__isnull=False)
    cases = cases.select_related("response__text", "response__question_text").order_by("position")
    found = [case for case in cases if "\t".join(case.response.labels) not in turn.closed.values()]
    if not found:
        return None
    return found[int(turn.draw("case") * len(found))]
