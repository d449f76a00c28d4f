from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.change_log import as_markdown, change_between
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.management.releases import release_named
from curation.models import Dataset
from curation.release_diff import diff
from curation.rules import require


class Command(BenchCommand):
    help = "Say how two releases differ, cell by cell."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("old", metavar="A")
        parser.add_argument("new", metavar="B")
        parser.add_argument("--texts", action="store_true", help="texts before and after beside their hashes")
        parser.add_argument("--markdown", action="store_true", help="print a change log ready to paste")

    def act(
        self,
        *,
        actor: Actor,
        dataset: Dataset,
        old: str,
        new: str,
        texts: bool,
        markdown: bool,
        **options: Any,
    ) -> Outcome:
        before, after = release_named(dataset, old), release_named(dataset, new)
        if texts:
            require(actor, "read_texts", before)
            require(actor, "read_texts", after)
        found = diff(before, after, texts=texts)
        if markdown:
            return Outcome(sentence=as_markdown(change_between(before, after)), payload=found)
        lines = [f"+ {key}" for key in found["added"]] + [f"- {key}" for key in found["removed"]]
        lines += [f"~ {row['id']}: {', '.join(row['cells'])}" for row in found["changed"]]
        same = f"{old} and {new} hold the same."
        level = f"{found['level']}: {found['versions'][0] or old} to {found['versions'][1] or new}"
        return Outcome(sentence="\n".join([*lines, level] if lines else [same]), payload=found)
