"""Studies: computed once for the same ratings, verdicts and code, and kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, fields
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

import curation.stats
from annotation.actions.tasks import MOST_OVERLAP
from annotation.models import RatingTask
from curation.actions import jobs
from curation.errors import Invalid
from curation.log import Actor
from curation.models import Job
from curation.rules import require
from curation.stats import StudyData, StudyOptions
from judging.models import Judge, Mode, Study
from judging.profiles import label_of
from judging.queries import study_data

DEFAULTS = StudyOptions()
TARGETS = ("test_set", "population")
MOST_EPSILON = 10
RESAMPLES = 10_000
MOST_RESAMPLES = 100_000
INLINE_ROWS = 9_000  # ratings and verdicts that are computed within a page's time


@lru_cache(maxsize=1)
def code_version() -> str:
    """Names the statistics engine by the hash of its sources: the same name means the same numbers."""
    digest = hashlib.sha256()
    for path in sorted(Path(curation.stats.__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"stats-{digest.hexdigest()[:16]}"


def data_hash(data: StudyData, options: StudyOptions = DEFAULTS) -> str:
    """sha256 over rubric, population, ratings, verdicts of both modes and options, whatever order the rows came in."""
    parts = [
        astuple(data.rubric),
        *map(_lines, (data.responses, data.ratings, data.verdicts, data.other_verdicts)),
        data.other_mode,
        options.as_dict(),
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def _lines(rows: tuple[Any, ...]) -> list[str]:
    """Each row as JSON, in one order; without astuple, which copies the cells of tens of thousands of rows one by one."""
    if not rows:
        return []
    cells = attrgetter(*(column.name for column in fields(rows[0])))
    return sorted(map(json.JSONEncoder().encode, map(cells, rows)))


def known_study(
    task: RatingTask,
    judge: Judge,
    mode: str,
    *,
    seed: int,
    resamples: int,
    data: StudyData,
    options: StudyOptions = DEFAULTS,
) -> Study | None:
    return Study.objects.filter(
        task=task,
        judge=judge,
        mode=mode,
        seed=seed,
        resamples=resamples,
        data_hash=data_hash(data, options),
        code_version=code_version(),
    ).first()


def study_of(
    actor: Actor,
    task: RatingTask,
    judge: Judge,
    mode: str,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    options: StudyOptions = DEFAULTS,
    data: StudyData | None = None,
) -> Study:
    """The study of a judge and mode on a task: the kept one where nothing changed since, else computed and kept.

    Its `result` has the shape of `study --json`. Raises Invalid for an impossible seed, number of resamples or option.
    """
    require(actor, "study", task)
    check_options(mode, seed, resamples, options)
    data = data or study_data(task, judge, mode)
    known = known_study(task, judge, mode, seed=seed, resamples=resamples, data=data, options=options)
    if known:
        return known
    named: dict[str, Any] = {
        "mode": mode,
        "seed": seed,
        "resamples": resamples,
        "code_version": code_version(),
    }
    head = {"task": task.name, "judge": judge.name, "profile": label_of(judge.spec), **named}
    made, _new = Study.objects.get_or_create(
        task=task,
        judge=judge,
        data_hash=data_hash(data, options),
        **named,
        defaults={"result": head | _computed(data, seed, resamples, options)},
    )
    return made


def _computed(data: StudyData, seed: int, resamples: int, options: StudyOptions) -> dict[str, Any]:
    from curation.stats import study  # scipy: a command that computes nothing need not wait for it

    return study(
        data,
        seed=seed,
        resamples=resamples,
        majority=(options.at_least, options.of),
        alt_test_epsilon=options.epsilon,
        target=options.target,
    )


def check_options(mode: str, seed: int, resamples: int, options: StudyOptions = DEFAULTS) -> None:
    if mode not in Mode.values:
        raise Invalid(_("The mode is ref or noref."), field="mode")
    if not 0 <= seed < 2**63:
        raise Invalid(_("The seed must be a whole number, not below 0."), field="seed")
    if not 1 <= resamples <= MOST_RESAMPLES:
        message = _("The number of resamples must be from 1 to %(most)d.")
        raise Invalid(message % {"most": MOST_RESAMPLES}, field="resamples")
    if not 0 <= options.epsilon <= MOST_EPSILON:
        message = _("Epsilon must be from 0 to %(most)d.")
        raise Invalid(message % {"most": MOST_EPSILON}, field="epsilon")
    if options.at_least < 1 or (
        options.of is not None and not options.at_least <= options.of <= MOST_OVERLAP
    ):
        message = _("The majority is K or K/N: at least K raters agree, of N or more (1 to %(most)d).")
        raise Invalid(message % {"most": MOST_OVERLAP}, field="majority")
    if options.target not in TARGETS:
        raise Invalid(_("The target is test_set or population."), field="target")


def needs_job(data: StudyData) -> bool:
    """Whether computing takes longer than a page may."""
    return len(data.ratings) + len(data.verdicts) > INLINE_ROWS


def study_job(
    actor: Actor,
    task: RatingTask,
    judge: Judge,
    mode: str,
    data: StudyData,
    options: StudyOptions = DEFAULTS,
) -> Job:
    """The job that computes the study: one that is under way or has failed on the same rows, else a new one."""
    from judging.tasks import study as work

    require(actor, "study", task)
    from judging.options import query_of

    chosen = query_of(options)
    arguments = {
        "task": task.pk,
        "judge": judge.pk,
        "mode": mode,
        "data": data_hash(data, options),
        "options": chosen,
    }
    page = reverse("judging:study", kwargs={"dataset": task.dataset.slug, "pk": task.pk})
    return jobs.job_once(
        actor,
        task.dataset,
        kind="study",
        title=_("Study of %(judge)s on %(task)s") % {"judge": judge.name, "task": task.name},
        task=work,
        arguments=arguments,
        target_url=f"{page}?{urlencode({'judge': judge.pk, 'mode': mode, **chosen})}",
    )
