"""How much of this material a person has had before them: for themselves first, from rows of their work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from curation.models import Person, WorkedDay


@dataclass(frozen=True, kw_only=True)
class Worked:
    """What a stretch of days held: minutes of active writing and reviewing, and breaks taken."""

    writing: int
    reviewing: int
    breaks: int

    @property
    def minutes(self) -> int:
        return self.writing + self.reviewing


def stretches(now: datetime | None = None) -> dict[str, datetime]:
    """When `today` and the `week` (since Monday) began, by the clock of the site."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"today": midnight, "week": midnight - timedelta(days=midnight.weekday())}


def worked_of(person: Person, now: datetime | None = None) -> dict[str, Worked]:
    """`today` and `week`, over all datasets the person writes and reviews in."""
    return {name: _since(person, start) for name, start in stretches(now).items()}


def _since(person: Person, start: datetime) -> Worked:
    found = WorkedDay.objects.filter(person=person, day__gte=start.date())
    sums = found.aggregate(*(Sum(name, default=0) for name in ("writing", "reviewing", "breaks")))
    return Worked(
        writing=round(sums["writing__sum"] / 60),
        reviewing=round(sums["reviewing__sum"] / 60),
        breaks=sums["breaks__sum"],
    )
