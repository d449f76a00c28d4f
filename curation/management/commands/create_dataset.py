from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.actions.datasets import create_dataset
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable
from curation.models import Taxonomy


class Command(BenchCommand):
    help = "Make a dataset under a taxonomy."
    needs_dataset = False

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="also its short name in addresses")
        parser.add_argument("--taxonomy", required=True, metavar="T")
        parser.add_argument("--title", default="", help="what pages call it; NAME where left out")

    def act(self, *, actor: Actor, name: str, taxonomy: str, title: str, **options: Any) -> Outcome:
        found = Taxonomy.objects.filter(name=taxonomy).first()
        if found is None:
            names = ", ".join(Taxonomy.objects.values_list("name", flat=True)) or "none yet"
            raise Unusable(
                f"There is no taxonomy {taxonomy}. There are: {names}. load_taxonomy brings one in."
            )
        dataset = create_dataset(actor, name=title or name, taxonomy=found, slug=name)
        return Outcome(
            sentence=f"Dataset {dataset.slug} made under {found.name}.",
            payload={"dataset": dataset.slug, "taxonomy": found.name},
        )
