from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.formats.objects import read_object
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.models import Dataset
from judging.actions.judges import create_judge


class Command(BenchCommand):
    help = "Make a judge from a JSON file: model endpoint, prompt, scale and sampling. A judge never changes."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")

    def act(self, *, actor: Actor, dataset: Dataset, file: str, **options: Any) -> Outcome:  # type: ignore[override]
        judge = create_judge(actor, dataset, read_object(file))
        where = f"endpoint {judge.endpoint.name}" if judge.endpoint else "no endpoint, imports only"
        return Outcome(
            sentence=f"Judge {judge.name} ({where}), {judge.hash[:12]}.",
            payload={"judge": judge.name, "hash": judge.hash, "endpoint": judge.spec["endpoint"]},
        )
