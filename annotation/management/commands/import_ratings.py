from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.db import transaction

from annotation.actions.ratings_import import RatingsImported, import_ratings
from annotation.actions.rubrics import load_rubric, scale_of, shipped_rubrics
from annotation.management.edges import refused
from annotation.models import RatingTask
from curation.formats import Quarantined, RatingRow, read_ratings
from curation.formats.mapping import Columns, checked, guess, look, named
from curation.formats.ratings import RowsRead
from curation.formats.ratings_elsewhere import FORMATS, ROWS
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable
from curation.management.base import Refused as Row
from curation.models import Dataset


class Command(BenchCommand):
    help = (
        "Bring in people's ratings from JSON lines, or from an export of Label Studio or Argilla; makes an external "
        "task where there is none of that name."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--task", metavar="T", required=True)
        parser.add_argument(
            "--rubric",
            metavar="R",
            help=f"{', '.join(shipped_rubrics())}, or a JSON file; safety5 for a new task where left out",
        )
        parser.add_argument(
            "--format", choices=FORMATS, help="what the file is; by its first records where left out"
        )
        parser.add_argument(
            "--map",
            metavar="FIELD=COLUMN",
            action="append",
            default=[],
            help="which field or question means what: score=safety, item=question_id, model==gpt-x for all rows",
        )
        parser.add_argument("--dry-run", action="store_true", help="show what would be taken, write nothing")

    def act(
        self, *, actor: Actor, dataset: Dataset, file: str, task: str, rubric: str | None, **options: Any
    ) -> Outcome:
        columns, export = _columns(file, options["format"], options["map"])
        with transaction.atomic():  # a file that turns out unusable leaves no rubric behind
            known = RatingTask.objects.filter(dataset=dataset, name=task).select_related("rubric").first()
            chosen = (
                known.rubric if known and not rubric else load_rubric(actor, dataset, rubric or "safety5")
            )
            # Further axes have scales of their own: the action holds every row to its own axis's.
            scale = scale_of(chosen) if len(chosen.axes) == 1 else None
            read = read_ratings(file, rubric=scale, columns=columns, export=export)
            done = import_ratings(actor, dataset, task=task, rows=read.rows, rubric=chosen)
            if done.created and not done.new:  # a useless file must not take the name
                raise Unusable(_no_row(file, [*read.quarantined, *done.quarantined]), field="file")
            payload = _told(done, columns, export, read) | {"dry_run": options["dry_run"]}
            if options["dry_run"]:
                transaction.set_rollback(True)
        apart: list[Row] = refused(
            sorted([*read.quarantined, *done.quarantined], key=lambda row: row.row or 0)
        )
        made = " (new external task)" if done.created else ""
        would = "would be imported" if options["dry_run"] else "imported"
        return Outcome(
            sentence=(
                f"{done.new} ratings {would} into {task}{made}, {done.corrected} corrected, {done.known} unchanged, "
                f"{len(apart)} quarantined; {payload['responses']} responses, {payload['raters']} raters."
                + "".join(f" {notice}." for notice in read.warnings)
            ),
            payload=payload,
            quarantined=apart,
        )


def _columns(file: str, export: str | None, given: list[str]) -> tuple[Columns | None, str]:
    """What the file's columns mean (None: they bear the fields' own names), and which tool it comes from."""
    seen = look(file, export)
    if not (seen.export or given):
        return None, export or ROWS
    return checked(named(guess(seen, "ratings"), given, seen), seen), seen.export or ROWS


def _told(
    done: RatingsImported, columns: Columns | None, export: str, read: RowsRead[RatingRow]
) -> dict[str, Any]:
    return {
        "task": done.task.name,
        "created": done.created,
        "format": export,
        "columns": {} if columns is None else {**columns.columns, **columns.constants},
        "rubric": str(done.task.rubric),
        "imported": done.new,
        "corrected": done.corrected,
        "unchanged": done.known,
        "responses": done.task.population.count(),
        "raters": done.task.raters.count(),
        "warnings": [str(notice) for notice in read.warnings],
    }


def _no_row(file: str, apart: list[Quarantined]) -> str:
    named = "; ".join(f"row {one.row}, {one.field or 'record'}: {one.reason}" for one in apart[:5])
    return f"No row of {Path(file).name} can be used, so no task was made. {named}"
