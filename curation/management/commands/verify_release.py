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
        parser.add_argument(
            "--quick", action="store_true", help="leave out loading the files back with libraries"
        )

    def act(self, *, actor: Actor, folder: str, quick: bool = False, **options: Any) -> Outcome:
        if not Path(folder).is_dir():
            raise Unusable(f"{folder} is no folder; give one that export_release wrote.", field="folder")
        found = verification(folder, deep=not quick)
        problems = [str(problem) for problem in found.problems]
        sentences = problems or [f"{folder}: every hash, schema and count is right."]
        if found.skipped:
            sentences.append(f"Not installed, so not tried: {', '.join(found.skipped)}.")
        return Outcome(
            sentence="\n".join(sentences),
            payload={
                "folder": folder,
                "problems": problems,
                "checked": found.checked,
                "loaded": found.loaded,
                "skipped": found.skipped,
            },
            failed=bool(problems),
        )
