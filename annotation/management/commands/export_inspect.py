from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from annotation.inspect_export import files_of, lines_of
from annotation.management.edges import task_named
from curation.log import Actor, record
from curation.management.base import BenchCommand, Outcome, Unusable
from curation.models import Dataset
from curation.rules import require


class Command(BenchCommand):
    help = (
        "Write a task's ratings as files for Inspect's precomputed_scores, one for each model: a value for each answer, "
        "with the raw ratings under pseudonyms beside it."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--task", metavar="T", required=True)
        parser.add_argument("--to", metavar="DIR", required=True, help="a folder; made where there is none")
        parser.add_argument("--raters", action="store_true", help="also a file for each model and rater")

    def act(self, *, actor: Actor, dataset: Dataset | None, **options: Any) -> Outcome:
        assert dataset is not None
        task = task_named(dataset, options["task"])
        require(actor, "export_ratings", task)
        files = files_of(task, raters=options["raters"])
        if not files:
            raise Unusable(f"Task {task.name} has no ratings yet.", field="task")
        folder = Path(options["to"])
        folder.mkdir(parents=True, exist_ok=True)
        for name, records in files.items():
            with (folder / name).open("w", encoding="utf-8") as target:
                target.writelines(lines_of(records))
        counts = {name: len(records) for name, records in files.items()}
        record(actor, "export_ratings", task, files=len(files), records=sum(counts.values()))
        return Outcome(
            sentence=f"{len(files)} files with {sum(counts.values())} scores of task {task.name} lie in {folder}.",
            payload={"task": task.name, "files": counts},
        )
