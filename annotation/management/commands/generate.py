from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from annotation.actions.generation import Generated, generate
from annotation.management.edges import endpoint_named, release_named
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, whole
from curation.models import Dataset


class Command(BenchCommand):
    help = (
        "Ask model endpoints, all at the same time, for responses to a release's questions. Run again, it asks only for "
        "what is missing."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--release", metavar="N", required=True)
        parser.add_argument("--endpoint", metavar="A,B", required=True, help="one or more, with commas")
        parser.add_argument("--split", choices=["test", "dev", "all"], default="test")
        parser.add_argument(
            "--sample", type=whole(0, 10**6), default=0, help="number of the sample, for several of one model"
        )
        parser.add_argument(
            "--parallel",
            type=whole(1, 64),
            help="requests at a time; without it, what the endpoint's limits say",
        )

    def act(self, *, actor: Actor, dataset: Dataset, release: str, endpoint: str, **options: Any) -> Outcome:
        def show(name: str, done: int, total: int) -> None:
            if done == total or done // 25 > shown.get(name, 0):
                shown[name] = done // 25
                self.stderr.write(f"{name}: {done} / {total}")

        shown: dict[str, int] = {}
        names = list(dict.fromkeys(name.strip() for name in endpoint.split(",") if name.strip()))
        made = generate(
            actor,
            dataset,
            release=release_named(dataset, release),
            endpoints=[endpoint_named(dataset, name) for name in names],
            split=options["split"],
            sample=options["sample"],
            parallel=options["parallel"],
            progress=show,
        )
        failures = sum((one.failures for one in made.values()), Counter[str]())
        return Outcome(
            sentence="\n".join(told(name, one) for name, one in made.items()),
            payload={
                "release": release,
                "generated": sum(one.new for one in made.values()),
                "unchanged": sum(one.known for one in made.values()),
                "failures": dict(sorted(failures.items())),
                "endpoints": {name: payload(one) for name, one in made.items()},
            },
            failed=bool(failures),
        )


def payload(one: Generated) -> dict[str, Any]:
    failures = dict(sorted(one.failures.items()))
    return {"generated": one.new, "unchanged": one.known, "failures": failures, "down": one.down or None}


def told(name: str, one: Generated) -> str:
    failures = ", ".join(f"{n} {failure}" for failure, n in sorted(one.failures.items())) or "no failures"
    down = f" The endpoint was given up: {one.down}." if one.down else ""
    return f"{name}: {one.new} responses generated, {one.known} were there already; {failures}.{down}"
