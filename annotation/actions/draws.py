"""What a rater gets at their n-th turn in a task: drawn from the task's seed, the rater and the turn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from annotation.actions.places import arm_of
from annotation.models import Assignment, GoldCase, Rating, RatingTask, Response, TaskRater, TaskResponse
from annotation.queries import current, silent_checks
from curation.prepared import Prepared, slot, small_slot, word_slot

A, Arms = Assignment.State, RatingTask.Arms


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
    last = turn.last
    if last is not None and last.state == A.EXPIRED:
        again = _free(turn).filter(response=last.response_id).first()
        if again is not None:
            return again
    start = int(turn.draw("position") * (turn.place.span + 1))
    if last is None:
        return _around(turn, _free, start)
    if turn.closed or not last.response.question_hash:
        seen = _same_question(last.response)
        return _around(turn, lambda turn: _free(turn).exclude(seen), start) or _around(turn, _free, start)
    return _walked(turn, start, last.response.question_hash) or _around(turn, _free, start)


def _around(turn: Turn, rows: Callable[[Turn], QuerySet[TaskResponse]], start: int) -> TaskResponse | None:
    return rows(turn).filter(position__gte=start).first() or rows(turn).filter(position__lt=start).first()


# The walk of every submit: compiled once for each way in which arms are dealt.
TASK, RATER, START, SEEN = slot(1), slot(2), small_slot(3), word_slot(4)


def _walked(turn: Turn, start: int, seen: str) -> TaskResponse | None:
    values = {TASK: turn.task.pk, RATER: turn.place.rater_id, START: start, SEEN: seen}
    ahead, behind = _walks(turn.task.arms, turn.place.slot % 2)
    return ahead.first(values) or behind.first(values)


@cache
def _walks(arms: str, slot_parity: int) -> tuple[Prepared[TaskResponse], Prepared[TaskResponse]]:
    own = Response.objects.filter(pk=OuterRef("response")).order_by().values("question_hash")[:1]

    def build(**where: int) -> QuerySet[TaskResponse]:
        rows = _rows(TASK, RATER, arms, slot_parity).filter(~Q(Exact(Subquery(own), Value(SEEN))), **where)
        # Only the row that is found is joined with its texts.
        return _with_texts(TaskResponse.objects.filter(pk=Subquery(rows.values("pk")[:1])).order_by())

    return Prepared(lambda: build(position__gte=START)), Prepared(lambda: build(position__lt=START))


def _open() -> Q:
    """The condition of the index `task_response_open`, in its words."""
    return Q(open_without__gt=0) | Q(open_with__gt=0)


def _free(turn: Turn) -> QuerySet[TaskResponse]:
    rows = _with_texts(_rows(turn.task.pk, turn.place.rater_id, turn.task.arms, turn.place.slot))
    return rows.exclude(category__in=turn.closed) if turn.closed else rows


def _rows(task: int, rater: int, arms: str, number: int) -> QuerySet[TaskResponse]:
    """What a rater with this number could take by the hints, in the order of positions."""
    here = {"task": task, "response": OuterRef("response"), "rater": rater}
    # Said so that an index by response serves: one by state would go through all that the rater has done.
    begun = Assignment.objects.filter(**here).exclude(state=A.EXPIRED)
    rated = current(Rating.objects.filter(**here))
    return TaskResponse.objects.filter(
        _open(), _in_arm(arms, number), _none(begun), _none(rated), task=task, offered=True
    ).order_by("position")


def _with_texts(rows: QuerySet[TaskResponse]) -> QuerySet[TaskResponse]:
    texts = rows.select_related("response__text", "response__question_text")
    return texts.defer("response__text__folded", "response__question_text__folded")


def _none(rows: QuerySet[Any]) -> Q:
    """No row, looked for anew with each row outside: of NOT EXISTS PostgreSQL would make a join with all that a rater did.

    Said as "not 1", which the planner takes for likely; "is null" it takes for rare, and prepares for a long search.
    """
    found = Subquery(rows.order_by().values_list(Value(1))[:1], output_field=IntegerField())
    return ~Q(Exact(Coalesce(found, Value(0)), Value(1)))


def _in_arm(arms: str, number: int) -> Q:
    """Rows with a place in the arm that a rater with this number has for their side."""
    columns = {False: Q(open_without__gt=0), True: Q(open_with__gt=0)}
    if arms != Arms.BOTH:
        return columns[arms == Arms.WITH]
    return (Q(side=0) & columns[number % 2 == 1]) | (Q(side=1) & columns[number % 2 == 0])


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
    cases = silent_checks(task.rubric_id, task.arms).filter(~Exists(inside), ~Exists(seen))
    cases = cases.select_related("response__text", "response__question_text").order_by("position")
    found = [case for case in cases if "\t".join(case.response.labels) not in turn.closed.values()]
    if not found:
        return None
    return found[int(turn.draw("case") * len(found))]
