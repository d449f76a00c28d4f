"""Draw what raters should see next from a study's rows, and hand it to their task or to a new one."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from annotation.actions.rounds import offer
from annotation.actions.tasks import create_task
from annotation.models import RatingTask, TaskResponse
from curation.errors import Invalid
from curation.log import Actor
from curation.rules import require
from curation.stats.data import StudyOptions
from judging.actions.studies import DEFAULTS, check_options
from judging.models import Judge
from judging.queries import study_data

if TYPE_CHECKING:
    from curation.stats.next_ratings import Chances

MOST_DRAWN = 10_000


def hand_over(
    actor: Actor,
    task: RatingTask,
    judge: Judge,
    mode: str,
    count: int,
    seed: int,
    *,
    options: StudyOptions = DEFAULTS,
) -> int:
    """Draws `count` responses by the judge's scores (all that are left where there are fewer) and offers raters these.

    Returns how many were drawn. Raises Invalid for an impossible count, mode or seed, where nothing is left to rate,
    and for a task that cannot take them (annotation.actions.rounds.offer).
    """
    found, rows = _draw(actor, task, judge, mode, count, seed, options)
    return offer(
        actor, task, rows, chances=dict(zip(map(_pk, found.table.ids), found.total.tolist(), strict=True))
    )


def hand_over_as_task(
    actor: Actor,
    task: RatingTask,
    judge: Judge,
    mode: str,
    count: int,
    seed: int,
    *,
    name: str,
    options: StudyOptions = DEFAULTS,
    **campaign: Any,
) -> RatingTask:
    """As `hand_over`, into a new task of its own: other raters, a longer scale, another overlap.

    Its population is what was drawn among the responses of the task that nobody has rated; each keeps the chance of the
    draw times that of being in the task at all, so that the new task speaks about those unrated ones. `campaign` goes to
    `create_task`; rubric, overlap and arms are those of the task where nothing else is said. Raises Invalid as both do,
    and for a task that came with its ratings: it has no release to plan by.
    """
    if task.release is None:
        raise Invalid(
            _("This task was imported without a release, so no task can follow it."), field="release"
        )
    _found, rows = _draw(actor, task, judge, mode, count, seed, options)
    inside = {row.response_id: row for row in task.population.all()}
    drawn = [(pk, stratum, chance * _into_task(inside[pk])) for pk, stratum, chance in rows]
    asked = {"rubric": task.rubric, "overlap": task.overlap, "arms": task.arms, **campaign}
    return create_task(
        actor, task.dataset, name=name, release=task.release, plan="drawn", drawn=drawn, seed=seed, **asked
    )


def _into_task(row: TaskResponse) -> float:
    """The chance of being in the task, apart from what its rounds did."""
    return 1.0 if row.inclusion_probability is None else row.inclusion_probability / (row.chance or 1.0)


def _draw(
    actor: Actor, task: RatingTask, judge: Judge, mode: str, count: int, seed: int, options: StudyOptions
) -> tuple[Chances, list[tuple[int, str, float]]]:
    """The chances of every response, and what was drawn as (response, stratum, chance)."""
    require(actor, "study", task)
    check_options(mode, seed, 1, options)
    if not 1 <= count <= MOST_DRAWN:
        message = _("The number to rate next must be from 1 to %(most)d.")
        raise Invalid(message % {"most": MOST_DRAWN}, field="count")
    from curation.stats import next_ratings  # scipy: only who draws waits for it

    found = next_ratings.chances(study_data(task, judge, mode), count=count, options=options)
    drawn = next_ratings.draw(found, seed=seed)
    if not drawn:
        raise Invalid(_("Every response of this task has a rating already."), field="count")
    return found, [(_pk(response), stratum, chance) for response, stratum, chance, _reason in drawn]


def _pk(response: Hashable) -> int:
    """The engine takes any names; those of our rows are their keys."""
    assert isinstance(response, int)
    return response
