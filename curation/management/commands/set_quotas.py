from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.actions.quotas import changes, set_quotas
from curation.formats.quotas import read_quotas
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Refused
from curation.models import Dataset
from curation.queries import leaves_of
from curation.rules import require


class Command(BenchCommand):
    help = "Set targets per leaf and split from a table, each leaf named by its id or its exact labels."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="CSV, TSV, JSON or JSONL, as the page gives it out")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")

    def act(self, *, actor: Actor, dataset: Dataset, file: str, dry_run: bool, **options: Any) -> Outcome:
        require(actor, "set_quotas", dataset)
        paths = {leaf.pk: leaf.path for leaf in leaves_of(dataset)}
        read = read_quotas(file, paths)
        done = changes(dataset, read.targets) if dry_run else set_quotas(actor, dataset, read.targets)
        said: list[dict[str, Any]] = [
            {
                "id": each.leaf,
                "labels": paths[each.leaf].split("\t"),
                "split": each.split,
                "was": each.was,
                "now": each.now,
            }
            for each in done
        ]
        verb = "would change" if dry_run else "changed"
        lines = [f"{len(said)} targets {verb}, {len(read.apart)} rows quarantined."]
        lines += [
            f"  {' > '.join(row['labels'])} {row['split']}: {row['was']} -> {row['now']}" for row in said
        ]
        return Outcome(
            sentence="\n".join(lines),
            payload={"dataset": dataset.slug, "changed": said, "dry_run": dry_run},
            quarantined=[
                Refused(row=row.row or "-", reason=row.reason, field=row.field) for row in read.apart
            ],
        )
