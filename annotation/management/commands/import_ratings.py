from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.db import transaction

from annotation.actions.ratings_import import import_ratings
from annotation.actions.rubrics import load_rubric, scale_of, shipped_rubrics
from annotation.management.edges import refused
from annotation.models import RatingTask
from curation.formats import Quarantined, read_ratings
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable
from curation.management.base import Refused as Row
from curation.models import Dataset


class Command(BenchCommand):
    help = (
        "Bring in people's ratings from JSON lines; makes an external task where there is none of that name."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--task", metavar="T", required=True)
        parser.add_argument(
            "--rubric",
            metavar="R",
            help=f"{', '.join(shipped_rubrics())}, or a JSON file; safety5 for a new task where left out",
        )

    def act(
        self, *, actor: Actor, dataset: Dataset, file: str, task: str, rubric: str | None, **_: Any
    ) -> Outcome:
        with transaction.atomic():  # a file that turns out unusable leaves no rubric behind
            known = RatingTask.objects.filter(dataset=dataset, name=task).select_related("rubric").first()
            chosen = (
                known.rubric if known and not rubric else load_rubric(actor, dataset, rubric or "safety5")
            )
            read = read_ratings(file, rubric=scale_of(chosen))
            done = import_ratings(actor, dataset, task=task, rows=read.rows, rubric=chosen)
            if done.created and not done.new:  # a useless file must not take the name
                raise Unusable(_no_row(file, [*read.quarantined, *done.quarantined]), field="file")
        apart: list[Row] = refused(
            sorted([*read.quarantined, *done.quarantined], key=lambda row: row.row or 0)
        )
        responses, raters = done.task.population.count(), done.task.raters.count()
        made = " (new external task)" if done.created else ""
        return Outcome(
            sentence=(
                f"{done.new} ratings imported into {task}{made}, {done.corrected} corrected, {done.known} unchanged, "
                f"{len(apart)} quarantined; {responses} responses, {raters} raters."
            ),
            payload={
                "task": task,
                "created": done.created,
                "rubric": str(done.task.rubric),
                "imported": done.new,
                "corrected": done.corrected,
                "unchanged": done.known,
                "responses": responses,
                "raters": raters,
            },
            quarantined=apart,
        )


def _no_row(file: str, apart: list[Quarantined]) -> str:
    named = "; ".join(f"row {one.row}, {one.field or 'record'}: {one.reason}" for one in apart[:5])
    return f"No row of {Path(file).name} can be used, so no task was made. {named}"
