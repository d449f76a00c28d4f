from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.actions.datasets import give_role
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, actor_named
from curation.models import Dataset, Membership, Person


class Command(BenchCommand):
    help = "Give a person a role in a dataset; the first lead of a dataset is made so."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="who: the name they sign in with")
        parser.add_argument(
            "role", metavar="ROLE", choices=Membership.Role.values, help=", ".join(Membership.Role.values)
        )

    def act(self, *, actor: Actor, dataset: Dataset, name: str, role: str, **options: Any) -> Outcome:
        person = actor_named(name)
        assert isinstance(person, Person)
        give_role(actor, dataset, person, role)
        return Outcome(
            sentence=f"{name} is {role} in {dataset.slug}.",
            payload={"dataset": dataset.slug, "person": name, "role": role},
        )
