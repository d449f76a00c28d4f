from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from curation.formats.writing import verification
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable


class Command(BenchCommand):
    help = "Check every hash, schema and count of an exported folder, from the files alone."
    needs_dataset = False

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR")

    def act(self, *, actor: Actor, folder: str, **options: Any) -> Outcome:
        if not Path(folder).is_dir():
            raise Unusable(f"{folder} is no folder; give one that export_release wrote.", field="folder")
        found = verification(folder)
        problems = [str(problem) for problem in found.problems]
        sentence = "\n".join(problems) if problems else f"{folder}: every hash, schema and count is right."
        return Outcome(
            sentence=sentence, payload={"folder": folder, "problems": problems}, failed=bool(problems)
        )
