from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.actions.corrections import correct
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.management.releases import release_named
from curation.models import Dataset


class Command(BenchCommand):
    help = "Freeze a successor without some items, with an erratum and the list of what used them."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="N")
        parser.add_argument("--withdraw", required=True, metavar="ID[,ID]")
        parser.add_argument("--reason", required=True, metavar="TEXT")

    def act(
        self, *, actor: Actor, dataset: Dataset, name: str, withdraw: str, reason: str, **options: Any
    ) -> Outcome:
        ids = [part.strip() for part in withdraw.split(",") if part.strip()]
        successor, erratum = correct(actor, release_named(dataset, name), withdraw=ids, reason=reason)
        used = [f"{row['kind']} {row['name']}: {row['means'] % row['values']}" for row in erratum.affected]
        return Outcome(
            sentence="\n".join(
                [
                    f"{successor.name} frozen without {len(erratum.withdrawn_ids)} items.",
                    *(["Affected:"] if used else ["Nothing has used them."]),
                    *(f"  {line}" for line in used),
                ]
            ),
            payload={
                "release": name,
                "successor": successor.name,
                "version": successor.version,
                "withdrawn": erratum.withdrawn_ids,
                "root_hash": successor.root_hash,
                "affected": erratum.affected,
            },
        )
