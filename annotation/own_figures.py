"""A rater's own numbers in a task: as soon as those who lead it see them, and never so that they tell a silent check."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from statistics import median
from typing import Any

from annotation.actions.quality import rows_of
from annotation.models import Assignment, Rater, Rating, RatingTask
from annotation.quality import Given, TaskRows, own_part
from annotation.queries import current
from annotation.study_rows import TOLD_EVERY

A, Role = Assignment.State, Rating.Role


def own_figures(task: RatingTask, rater: Rater) -> dict[str, Any]:
    """`own_part` of the task; while it is open, what concerns the rater alone goes by all of their turns, silent checks
    among them, and the rest by full stretches of turns and by answers as they were given first."""
    rows = rows_of(task)
    if task.external or task.state != RatingTask.State.OPEN:
        return own_part(rows, rater.pseudonym)
    return own_part(_as_first_given(task, rater, rows), rater.pseudonym) | _so_far(task, rater)


def _as_first_given(task: RatingTask, rater: Rater, rows: TaskRows) -> TaskRows:
    """A correction moves none of the numbers: it would tell what others gave."""
    given = Rating.objects.filter(task=task, rater=rater, role=Role.RATER).order_by("pk")
    columns = ("response_id", "rater__pseudonym", "axis", "score", "with_reference", "seconds", "created_at")
    first: dict[tuple[int, str], Given] = {}
    for row in given.values_list(*columns):
        first.setdefault((row[0], row[2]), Given(*row))
    others = tuple(one for one in rows.ratings if one.rater != rater.pseudonym)
    return replace(rows, ratings=others + tuple(first.values()))


def _so_far(task: RatingTask, rater: Rater) -> dict[str, Any]:
    """What the rater did up to now; a silent check counts as any other turn."""
    turns = Assignment.objects.filter(task=task, rater=rater, state__in=[A.RATED, A.SKIPPED])
    states = list(turns.values_list("state", "reason_code", "turn"))
    mine = current(Rating.objects.filter(task=task, rater=rater, axis=task.rubric.axis))
    given = list(mine.exclude(role=Role.FINAL).values_list("cannot_decide", "seconds"))
    timed = [seconds for _undecided, seconds in given if seconds is not None]
    last = max((turn for _state, _code, turn in states), default=0)
    return {
        "ratings": len(given),
        "cannot_decide": sum(undecided for undecided, _seconds in given),
        "skips": dict(Counter(code or "none" for state, code, _turn in states if state == A.SKIPPED)),
        "median_seconds": median(timed) if timed else None,
        "told": last // TOLD_EVERY * TOLD_EVERY,
        "every": TOLD_EVERY,
    }
