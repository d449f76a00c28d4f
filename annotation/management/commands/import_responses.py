from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from annotation.actions.responses import import_responses
from annotation.management.edges import refused, release_named
from curation.formats import read_responses
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.models import Dataset


class Command(BenchCommand):
    help = "Bring in what models answered to a release's questions: JSON lines of item, model, response."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--release", metavar="N", required=True)

    def act(self, *, actor: Actor, dataset: Dataset, file: str, release: str, **_: Any) -> Outcome:
        read = read_responses(file)
        done = import_responses(actor, dataset, release=release_named(dataset, release), rows=read.rows)
        apart = [*read.quarantined, *done.quarantined]
        return Outcome(
            sentence=f"{done.new} responses imported, {done.known} were there already, {len(apart)} quarantined.",
            payload={"release": release, "imported": done.new, "unchanged": done.known},
            quarantined=refused(apart),
        )
