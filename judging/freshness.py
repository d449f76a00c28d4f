"""Whether a study that was looked at is still that of its rows, without reading them all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Count, Max, Model, Sum

from annotation.models import Rating, RatingTask, TaskResponse
from annotation.queries import ratings_of
from curation.models import LogEntry
from curation.stats.data import StudyOptions
from judging.actions import studies
from judging.models import Attempt, Judge, Study, Verdict

# Seconds. What no mark sees (a rater's new pseudonym) is seen after them.
TRUSTED = 600
WRITTEN: tuple[type[Model], ...] = (LogEntry, Attempt, Verdict, Rating)


@dataclass(frozen=True)
class Mark:
    """`last`: the newest rows of the whole server, which every write of ratings or verdicts adds to; `rows`: a hash of
    counts over the task's own, which takes longer and stays the same while others write.
    """

    last: tuple[int | None, ...]
    rows: str


def last_written() -> tuple[int | None, ...]:
    newest = (model._default_manager.order_by().aggregate(last=Max("pk")) for model in WRITTEN)
    return tuple(found["last"] for found in newest)


def rows_of(task: RatingTask, judge: Judge) -> str:
    """Changes with every rating, verdict and drawn response of the task.

    Verdicts may be written again in place: their scores, states and parser versions are counted apart.
    """
    population = TaskResponse.objects.filter(task=task).aggregate(
        Count("pk"), Max("pk"), Count("inclusion_probability"), Sum("inclusion_probability")
    )
    ratings = ratings_of(task).aggregate(Count("pk"), Max("pk"), Count("rater", distinct=True))
    verdicts = (
        Verdict.objects.filter(call__judge=judge, call__response__in_tasks__task=task)
        .order_by()
        .values_list("call__mode", "status", "score", "parser_version")
        .annotate(Count("pk"), Max("pk"))
    )
    parts = [task.rubric_id, population, ratings, sorted(verdicts)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def remembered(task: RatingTask, judge: Judge, mode: str, options: StudyOptions) -> tuple[Study | None, Mark]:
    """The study that was found before, where nothing changed since; and the mark of now, to `remember` another."""
    last = last_written()
    before: tuple[Mark, int] | None = cache.get(_key(task.pk, judge.pk, mode, options))
    if before and before[0].last == last:
        mark = before[0]
    else:
        mark = Mark(last, rows_of(task, judge))
    if before is None or before[0].rows != mark.rows:
        return None, mark
    # Its numbers are read only by what is not kept as text.
    found = Study.objects.filter(pk=before[1], task=task).defer("result").first()
    if found and mark != before[0]:
        remember(found, mark, options)
    return found, mark


def remember(study: Study, mark: Mark, options: StudyOptions) -> None:
    """To be called with a mark taken before the study's rows were read, so that a change meanwhile is seen."""
    cache.set(_key(study.task_id, study.judge_id, study.mode, options), (mark, study.pk), TRUSTED)


def _key(task: int, judge: int, mode: str, options: StudyOptions) -> str:
    chosen = f"{options.epsilon!r}-{options.at_least}-{options.of}-{options.target}"
    return f"study-{task}-{judge}-{mode}-{chosen}-{studies.RESAMPLES}-{studies.code_version()}"
