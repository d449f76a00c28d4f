from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from annotation.actions.rubrics import scale_of
from annotation.management.edges import refused, task_named
from curation.formats import read_verdicts
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.models import Dataset
from judging.actions.verdicts import import_verdicts


class Command(BenchCommand):
    help = "Bring in verdicts that judges gave elsewhere, from JSON lines; judges are made by their names."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--task", metavar="T", required=True)

    def act(self, *, actor: Actor, dataset: Dataset, file: str, task: str, **options: Any) -> Outcome:
        found = task_named(dataset, task)
        read = read_verdicts(file, rubric=scale_of(found.rubric))
        done = import_verdicts(actor, found, read.rows)
        apart = sorted([*read.quarantined, *done.quarantined], key=lambda row: row.row or 0)
        return Outcome(
            sentence=(
                f"{done.new} verdicts of {', '.join(done.judges) or 'no judge'} imported into {task}, "
                f"{done.known} unchanged, {len(apart)} quarantined."
            ),
            payload={
                "task": task,
                "judges": done.judges,
                "judges_created": done.made,
                "imported": done.new,
                "unchanged": done.known,
            },
            quarantined=refused(apart),
        )
