from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from curation.formats.objects import read_object
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.models import Dataset
from judging.actions.judges import create_judge


class Command(BenchCommand):
    help = (
        "Make a judge from a JSON file: model endpoint, prompt, scale and sampling. A judge never changes. Paths in the "
        "file are taken from its own folder."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")

    def act(self, *, actor: Actor, dataset: Dataset, file: str, **options: Any) -> Outcome:
        judge = create_judge(actor, dataset, read_object(file), folder=Path(file).resolve().parent)
        where = f"endpoint {judge.endpoint.name}" if judge.endpoint else "no endpoint, imports only"
        return Outcome(
            sentence=f"Judge {judge.name} ({', '.join(filter(None, [where, judge.profile]))}), {judge.hash[:12]}.",
            payload={
                "judge": judge.name,
                "hash": judge.hash,
                "endpoint": judge.spec["endpoint"],
                "profile": judge.profile or None,
            },
        )
