from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from curation.actions.exports import export_release
from curation.formats.writing import FORMATS
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.management.releases import release_named
from curation.models import Dataset


class Command(BenchCommand):
    help = "Write a release's files with SHA256SUMS, and read them back before calling it done."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="N")
        parser.add_argument("--out", required=True, metavar="DIR")
        parser.add_argument(
            "--format", required=True, action="append", choices=[*FORMATS, "all"], dest="formats"
        )
        parser.add_argument("--output-field", default="output", choices=["output", "output-sample"])
        parser.add_argument("--meta-order", metavar="ORDER", help="ac, hf, or the three keys with commas")
        parser.add_argument("--encoding", default="utf-8", choices=["utf-8", "utf-8-sig"], help="of CSV")
        parser.add_argument(
            "--with-people", action="store_true", help="add reviews and ratings under pseudonyms"
        )

    def act(self, *, actor: Actor, dataset: Dataset, name: str, out: str, **options: Any) -> Outcome:
        release = release_named(dataset, name)
        files, checked = export_release(
            actor,
            release,
            Path(out),
            formats=["all"] if "all" in options["formats"] else options["formats"],
            output_field=options["output_field"],
            meta_order=options["meta_order"],
            csv_encoding=options["encoding"],
            with_people=options["with_people"],
        )
        problems = [str(problem) for problem in checked.problems]
        names = [path.relative_to(out).as_posix() for path in files]
        sentence = f"{release.name}: {len(names)} files written to {out} and read back."
        if problems:
            sentence = f"{release.name}: the files were written but did not verify. " + " ".join(problems)
        return Outcome(
            sentence=sentence,
            payload={"release": release.name, "files": names, "problems": problems},
            failed=bool(problems),
        )
