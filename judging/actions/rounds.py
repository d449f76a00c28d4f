"""The next ratings, handed over from what a study showed."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.models import RatingTask
from curation.errors import Conflict
from curation.log import Actor
from curation.stats.data import StudyOptions
from judging.actions.next_ratings import hand_over, hand_over_as_task
from judging.actions.studies import data_hash
from judging.models import Study
from judging.options import options_of
from judging.queries import study_data


@transaction.atomic
def hand_over_from(actor: Actor, study: Study, *, count: int, seed: int) -> int:
    """Draw the next ratings by a kept study, with its options, and offer them to the raters; how many there are.

    Raises Conflict where ratings or verdicts came in since, or somebody has handed over meanwhile: sent twice, it is
    done once.
    """
    task, options = _unchanged(study)
    return hand_over(actor, task, study.judge, study.mode, count, seed, options=options)


@transaction.atomic
def new_task_from(
    actor: Actor, study: Study, *, count: int, seed: int, name: str, overlap: int, raters: Sequence[str] = ()
) -> RatingTask:
    """The same draw as a task of its own, with the practice and the silent checks of the one it follows.

    Raises Conflict as above, Invalid for what cannot be planned: sent twice, the name is taken.
    """
    task, options = _unchanged(study)
    same = {"gold_share": task.gold_share, "qualify_at": task.qualify_at}
    campaign = {"overlap": overlap, "raters": raters, **same}
    return hand_over_as_task(
        actor, task, study.judge, study.mode, count, seed, name=name, options=options, **campaign
    )


def _unchanged(study: Study) -> tuple[RatingTask, StudyOptions]:
    """The study's task, locked, and its options; Conflict where the numbers are no longer those that were shown."""
    rows = RatingTask.objects.select_related("rubric", "dataset", "release")
    task = rows.select_for_update(no_key=True, of=("self",)).get(pk=study.task_id)
    options = options_of(study.result)
    if data_hash(study_data(task, study.judge, study.mode), options) != study.data_hash:
        raise Conflict(_("Since this study was shown, its task has changed. Look at the new numbers first."))
    return task, options
