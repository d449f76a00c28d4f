"""What to rate next in a task: raters are offered what was drawn, and the study knows each response's chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from annotation.actions.places import settle
from annotation.models import Assignment, Rating, RatingTask, TaskResponse
from annotation.queries import current, live
from curation.errors import Invalid
from curation.log import Actor, record
from curation.rules import require

Drawn = Sequence[tuple[int, str, float]]


@transaction.atomic
def offer(actor: Actor, task: RatingTask, drawn: Drawn, *, chances: Mapping[int, float]) -> int:
    """Offer raters the drawn responses (id, stratum, chance) of those nobody has rated; how many they are.

    `chances` has, for every response of the task, the chance that this draw gave it (for one with ratings: would have
    given it). Each response then counts by its chance of being rated by now, before this round or by it: 1 - (1 - p)(1
    - chance), with p what earlier rounds say, or the share rated so far, which raters took in an order of chance. So a
    study weights the rounds as one sample. Raises Invalid for a task that is closed or rated elsewhere, and for a
    response that is not in it or that somebody has begun.
    """
    require(actor, "offer", task)
    task = RatingTask.objects.select_for_update(no_key=True).get(pk=task.pk)
    if task.external or task.state != RatingTask.State.OPEN:
        raise Invalid(_("Only an open task that is rated here can offer raters what to rate next."))
    rows = list(TaskResponse.objects.select_for_update().filter(task=task).order_by("pk"))
    rated = set(current(Rating.objects.filter(task=task)).values_list("response_id", flat=True))
    held = set(live(Assignment.objects.filter(task=task)).values_list("response_id", flat=True))
    wanted = {response for response, _stratum, _chance in drawn}
    if not wanted or not wanted <= {row.response_id for row in rows} - rated:
        raise Invalid(_("What is drawn must be responses of the task that nobody has rated."))
    before = len(rated) / len(rows)
    seen = (wanted | rated | held) - _redacted(task)
    for row in rows:
        _count(row, before, chances.get(row.response_id, 0.0))
        row.offered = row.response_id in seen
    TaskResponse.objects.bulk_update(rows, ["inclusion_probability", "chance", "offered"], batch_size=500)
    settle(TaskResponse.objects.filter(task=task))
    strata: dict[str, int] = {}
    for _response, stratum, _chance in drawn:
        strata[stratum] = strata.get(stratum, 0) + 1
    record(actor, "offer", task, drawn=len(wanted), strata=strata)
    return len(wanted)


def _redacted(task: RatingTask) -> set[int]:
    gone = Q(response__question_text__redacted_at__isnull=False) | Q(
        response__text__redacted_at__isnull=False
    )
    return set(TaskResponse.objects.filter(gone, task=task).values_list("response_id", flat=True))


def _count(row: TaskResponse, before: float, chance: float) -> None:
    """Brings a response's probabilities up to date; the chance to be in the task at all stays a factor of its own."""
    known = row.chance
    into_task = 1.0 if row.inclusion_probability is None else row.inclusion_probability / (known or 1.0)
    row.chance = 1 - (1 - (before if known is None else known)) * (1 - chance)
    row.inclusion_probability = min(1.0, into_task * row.chance) or None
