"""The quality of a task's ratings: worked out once for the same rows and code, and kept with the task."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db.models import Count, Max, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

import curation.stats
from annotation import quality
from annotation.models import Assignment, GoldCase, Rating, RatingTask, TaskQuality, TaskResponse
from annotation.queries import current
from annotation.results import fully_rated, to_adjudicate
from annotation.study_rows import (
    checks_of,
    finals_of,
    floors_of,
    held_back,
    ratings_given,
    skips_of,
    study_responses,
)
from curation.actions.jobs import job_once
from curation.log import Actor
from curation.models import Job
from curation.rules import require

RESAMPLES = 10_000
INLINE_RATINGS = 150  # worked out within the page: 0.3 s of one core, and once a second to load scipy
AGAIN_AFTER = timedelta(minutes=1)  # while ratings come, a large task is worked out once in this time


@dataclass(frozen=True)
class Standing:
    """What the page can show now: a result, which is of earlier rows where `as_of` says when, and the job under way."""

    result: dict[str, Any] | None
    job: Job | None = None
    as_of: datetime | None = None


def standing_of(actor: Actor, task: RatingTask) -> Standing:
    """The kept result; worked out at once where that is quick, else by a job, with the last result to read meanwhile."""
    require(actor, "read_quality", task)
    mark, kept = mark_of(task), TaskQuality.objects.filter(task=task).first()
    if kept and kept.mark == mark:
        return Standing(dict(kept.result))
    if current(Rating.objects.filter(task=task)).count() <= INLINE_RATINGS:
        return Standing(quality_of(actor, task))
    if kept is None or kept.result.get("code_version") != code_version():
        return Standing(None, quality_job(actor, task, mark))
    recent = timezone.now() - kept.created_at < AGAIN_AFTER
    job = None if recent else quality_job(actor, task, mark)
    return Standing(dict(kept.result), job, as_of=kept.created_at)


def quality_job(actor: Actor, task: RatingTask, mark: str) -> Job:
    """The job that works the quality out: one of this task that is under way, one that failed on these rows, or a new one."""
    from annotation.tasks import quality as work

    active = Job.objects.filter(
        dataset=task.dataset,
        kind="quality",
        arguments__task=task.pk,
        state__in=[Job.State.QUEUED, Job.State.RUNNING],
    ).first()
    return active or job_once(
        actor,
        task.dataset,
        kind="quality",
        arguments={"task": task.pk, "mark": mark},
        title=_("Quality of the ratings of %(task)s") % {"task": task.name},
        task=work,
        target_url=reverse("annotation:quality", kwargs={"dataset": task.dataset.slug, "pk": task.pk}),
    )


def quality_of(
    actor: Actor, task: RatingTask, *, seed: int = 0, resamples: int = RESAMPLES
) -> dict[str, Any]:
    """The object that `quality --json` prints: the kept one where no row of the task changed since, else worked out anew.

    Only what pages ask for, seed 0 and RESAMPLES, is kept.
    """
    require(actor, "read_quality", task)
    mark = mark_of(task)
    if (seed, resamples) != (0, RESAMPLES):
        return _computed(task, mark, seed, resamples)
    kept = TaskQuality.objects.filter(task=task, mark=mark).values_list("result", flat=True).first()
    if kept is not None:
        return dict(kept)
    found = _computed(task, mark, seed, resamples)
    TaskQuality.objects.update_or_create(task=task, defaults={"mark": mark, "result": found})
    return found


def _computed(task: RatingTask, mark: str, seed: int, resamples: int) -> dict[str, Any]:
    head = {
        "task": task.name,
        "rubric": f"{task.rubric.name}@{task.rubric.version}",
        "overlap": task.overlap,
        "arms": task.arms,
        "seed": seed,
        "resamples": resamples,
        "code_version": code_version(),
        "mark": mark,
    }
    return head | quality.quality(rows_of(task), seed=seed, resamples=resamples)


def rows_of(task: RatingTask) -> quality.TaskRows:
    """All rows that the quality of the task's ratings is read from; a dozen queries whatever their number."""
    ratings = ratings_given(task)
    return quality.TaskRows(
        name=task.name,
        axes=task.rubric.axes,
        responses=tuple(study_responses(task)),
        ratings=ratings,
        finals=finals_of(task),
        checks=checks_of(task),
        skips=skips_of(task),
        floors=floors_of(task, {one.response for one in ratings if one.seconds is not None}),
        complete=fully_rated(task).count(),
        open=to_adjudicate(task).count(),
        back=held_back(task),
    )


@lru_cache(maxsize=1)
def code_version() -> str:
    """Names the code that makes the numbers by the hash of its sources."""
    digest = hashlib.sha256()
    own = [Path(quality.__file__), Path(__file__).parent.parent / "study_rows.py"]
    for path in [*sorted(Path(curation.stats.__file__).parent.glob("*.py")), *own]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"quality-{digest.hexdigest()[:16]}"


def mark_of(task: RatingTask) -> str:
    """Changes with every rating, correction, final value, skip and drawn response of the task, and with the code.

    Five counts over indexed rows; what no count sees is a rater's new pseudonym.
    """
    ratings = current(Rating.objects.filter(task=task)).order_by()
    skipped = Assignment.objects.filter(task=task, state=Assignment.State.SKIPPED)
    parts: list[Any] = [
        [task.rubric_id, task.state, task.overlap, task.arms, task.external, code_version()],
        list(ratings.values_list("role").annotate(Count("pk"), Max("pk")).order_by("role")),
        skipped.aggregate(Count("pk"), Max("ended_at")),
        TaskResponse.objects.filter(task=task).aggregate(
            Count("pk"), Max("pk"), Count("inclusion_probability"), Sum("inclusion_probability")
        ),
        GoldCase.objects.filter(rubric=task.rubric_id).aggregate(Count("pk"), Max("pk")),
    ]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()
