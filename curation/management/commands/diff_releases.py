from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.management.releases import release_named
from curation.models import Dataset
from curation.release_diff import diff


class Command(BenchCommand):
    help = "Say how two releases differ, cell by cell."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("old", metavar="A")
        parser.add_argument("new", metavar="B")

    def act(self, *, actor: Actor, dataset: Dataset, old: str, new: str, **options: Any) -> Outcome:
        found = diff(release_named(dataset, old), release_named(dataset, new))
        lines = [f"+ {key}" for key in found["added"]] + [f"- {key}" for key in found["removed"]]
        lines += [f"~ {row['id']}: {', '.join(row['cells'])}" for row in found["changed"]]
        return Outcome(sentence="\n".join(lines) or f"{old} and {new} hold the same.", payload=found)
