from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from annotation.actions.generation import generate
from annotation.management.edges import endpoint_named, release_named
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, whole
from curation.models import Dataset


class Command(BenchCommand):
    help = "Ask a model endpoint for responses to a release's questions. Run again, it asks only for what is missing."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--release", metavar="N", required=True)
        parser.add_argument("--endpoint", metavar="E", required=True)
        parser.add_argument("--split", choices=["test", "dev", "all"], default="test")
        parser.add_argument(
            "--sample", type=whole(0, 10**6), default=0, help="number of the sample, for several of one model"
        )
        parser.add_argument("--parallel", type=whole(1, 64), default=4, help="requests at a time")

    def act(self, *, actor: Actor, dataset: Dataset, release: str, endpoint: str, **options: Any) -> Outcome:  # type: ignore[override]
        def show(done: int, total: int) -> None:
            if done == total or done % 25 == 0:
                self.stderr.write(f"{done} / {total}")

        made = generate(
            actor,
            dataset,
            release=release_named(dataset, release),
            endpoint=endpoint_named(dataset, endpoint),
            split=options["split"],
            sample=options["sample"],
            parallel=options["parallel"],
            progress=show,
        )
        failures = dict(sorted(made.failures.items()))
        told = ", ".join(f"{n} {name}" for name, n in failures.items()) or "no failures"
        return Outcome(
            sentence=f"{made.new} responses generated, {made.known} were there already; {told}.",
            payload={
                "release": release,
                "generated": made.new,
                "unchanged": made.known,
                "failures": failures,
            },
            failed=bool(failures),
        )
