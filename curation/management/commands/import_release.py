from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.actions.published import import_release
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Refused
from curation.models import Dataset


class Command(BenchCommand):
    help = "Register an already published version, as a frozen release that leak checks know about."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", metavar="PATH", help="a file, or a folder of dev and test files")
        parser.add_argument("--name", required=True, metavar="N")

    def act(self, *, actor: Actor, dataset: Dataset, path: str, name: str, **options: Any) -> Outcome:
        release, quarantined = import_release(actor, dataset, path, name=name)
        counts = release.counts
        return Outcome(
            sentence=f"{name} registered: {counts['items']} items ({counts['dev']} dev, {counts['test']} test).",
            payload={"release": name, "counts": counts, "root_hash": release.root_hash},
            quarantined=[Refused(row=q.row or "-", reason=q.reason, field=q.field) for q in quarantined],
        )
