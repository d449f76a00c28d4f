from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.actions.datasets import load_taxonomy
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome


class Command(BenchCommand):
    help = "Bring in a taxonomy: one that ships (ac2, ac1, dna, xsafety), or a JSON file."
    needs_dataset = False

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME_OR_FILE")

    def act(self, *, actor: Actor, name: str, **options: Any) -> Outcome:
        taxonomy, new = load_taxonomy(actor, name)
        leaves = taxonomy.categories.filter(level=3).count()
        said = "loaded" if new else "was there already"
        return Outcome(
            sentence=f"Taxonomy {taxonomy.name} {said}: {leaves} specific harms.",
            payload={"taxonomy": taxonomy.name, "new": new, "leaves": leaves},
        )
