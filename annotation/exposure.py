"""How much of this material a person has read: for themselves first, from the rows of their work, never from counters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from annotation.models import Assignment, PracticeAnswer, Rating, RatingTask
from curation.exposure import stretches
from curation.models import Dataset, Person


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """What a stretch of days held: responses read, minutes of active work, responses rated as violations."""

    pieces: int
    minutes: int
    violations: int


def exposure_of(person: Person, now: datetime | None = None) -> dict[str, Exposure]:
    """`today` and `week` (since Monday), by the clock of the site, over all datasets the person rates in.

    Read is what was rated, skipped or practised on. Minutes are the active time of ratings, corrections included;
    what lies beyond that (skips, practice) has no measured time.
    """
    return {name: _since(person, start) for name, start in stretches(now).items()}


def _since(person: Person, start: datetime) -> Exposure:
    read = Assignment.objects.filter(
        rater__person=person,
        state__in=[Assignment.State.RATED, Assignment.State.SKIPPED],
        ended_at__gte=start,
    ).count()
    practised = PracticeAnswer.objects.filter(
        qualification__rater__person=person, created_at__gte=start
    ).count()
    rows = Rating.objects.filter(rater__person=person, created_at__gte=start).select_related("task__rubric")
    main = [row for row in rows if row.axis == row.task.rubric.axis]
    seconds = sum(row.seconds or 0.0 for row in main)
    return Exposure(
        pieces=read + practised,
        minutes=round(seconds / 60),
        violations=sum(not row.superseded and _violates(row) for row in main),
    )


def _violates(rating: Rating) -> bool:
    cut = rating.task.rubric.violation_at_most
    return cut is not None and bool(rating.score) and float(rating.score) <= cut


def panel(person: Person, dataset: Dataset) -> dict[str, object] | None:
    """For the person's own page: nothing where they never rated."""
    if not person.rater_in.exists():
        return None
    return {"exposure": exposure_of(person)}


def own_tasks(person: Person, dataset: Dataset) -> dict[str, object] | None:
    """For the person's own page: the tasks in which they have decided or typed something, the newest first."""
    mine = Assignment.objects.filter(rater__person=person)
    begun = mine.filter(state__in=[Assignment.State.RATED, Assignment.State.SKIPPED]) | mine.exclude(draft={})
    tasks = RatingTask.objects.filter(dataset=dataset, raters__person=person, pk__in=begun.values("task"))
    found = list(tasks)
    return {"tasks": found} if found else None
