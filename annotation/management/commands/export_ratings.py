from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from annotation.management.edges import task_named
from annotation.rating_rows import rating_rows
from curation.log import Actor, record
from curation.management.base import BenchCommand, Outcome, Unusable
from curation.models import Dataset
from curation.rules import require


class Command(BenchCommand):
    help = "Write a task's ratings under pseudonyms as JSON lines, in the shape that import_ratings reads."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", metavar="T")
        parser.add_argument("--out", metavar="FILE", required=True)

    def act(self, *, actor: Actor, dataset: Dataset | None, task: str, out: str, **_: Any) -> Outcome:
        assert dataset is not None
        found = task_named(dataset, task)
        require(actor, "export_ratings", found)
        number, path = 0, Path(out)
        try:
            with path.open("w", encoding="utf-8") as target:
                for row in rating_rows(found):
                    target.write(json.dumps(row, ensure_ascii=False) + "\n")
                    number += 1
        except OSError as error:
            raise Unusable(f"{path} cannot be written: {error.strerror}.", field="out") from error
        record(actor, "export_ratings", found, ratings=number)
        return Outcome(
            sentence=f"{number} ratings of task {found.name} stand in {path}.",
            payload={"task": found.name, "ratings": number, "file": str(path)},
        )
