from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.actions.backups import backup
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome


class Command(BenchCommand):
    help = "Write every row of the system to one file."
    needs_dataset = False

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")

    def act(self, *, actor: Actor, file: str, **options: Any) -> Outcome:
        counts = backup(file)
        rows = sum(counts.values())
        return Outcome(
            sentence=f"{rows} rows written to {file}. Checkpoints and exported files are not in it.",
            payload={"file": file, "rows": counts},
        )
