"""Draw what raters should see next from a study's rows, and hand it to their task."""

from __future__ import annotations

from collections.abc import Hashable

from django.utils.translation import gettext as _

from annotation.actions.rounds import offer
from annotation.models import RatingTask
from curation.errors import Invalid
from curation.log import Actor
from curation.rules import require
from curation.stats.data import StudyOptions
from judging.actions.studies import DEFAULTS, check_options
from judging.models import Judge
from judging.queries import study_data

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
    rows = [(_pk(response), stratum, chance) for response, stratum, chance, _reason in drawn]
    return offer(
        actor, task, rows, chances=dict(zip(map(_pk, found.table.ids), found.total.tolist(), strict=True))
    )


def _pk(response: Hashable) -> int:
    """The engine takes any names; those of our rows are their keys."""
    assert isinstance(response, int)
    return response
