from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from annotation.actions.quality import RESAMPLES, quality_of
from annotation.management.edges import task_named
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, whole
from curation.models import Dataset


class Command(BenchCommand):
    help = (
        "The quality of a task's ratings: agreement of raters in every part, each rater against the rest and over time, "
        "silent checks, pace."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--task", metavar="T", required=True)
        parser.add_argument("--seed", type=whole(0, 2**63 - 1), default=0)
        parser.add_argument("--resamples", type=whole(2, 100_000), default=RESAMPLES)

    def act(self, *, actor: Actor, dataset: Dataset | None, **options: Any) -> Outcome:
        assert dataset is not None
        task = task_named(dataset, options["task"])
        found = quality_of(actor, task, seed=options["seed"], resamples=options["resamples"])
        return Outcome(sentence=readable(found), payload=found)


def readable(found: dict[str, Any]) -> str:
    """The result as a few lines."""
    counts = found["counts"]
    first = (
        f"Task {found['task']}: {counts['ratings']} ratings by {counts['raters']} raters of {counts['rated']} responses, "
        f"{counts['cannot_decide']} undecided; {counts['to_adjudicate']} responses wait for a final value."
    )
    lines = [first]
    for axis, block in found["axes"].items():
        for name, leaf in block["human_human"].items():
            lines.append(f"{axis} {name}: {_leaf(leaf)}")
        lines += [
            f"{axis} {rater}: same point as the others {_leaf(one['same_as_rest'])}"
            for rater, one in block["raters"].items()
        ]
    for rater, one in found["gold"].items():
        lines.append(f"{rater}: {one['right']} of {one['asked']} silent checks right")
    return "\n".join(lines)


def _leaf(leaf: dict[str, Any]) -> str:
    if leaf["value"] is None:
        return leaf.get("note", "not estimable")
    ends = "" if leaf["low"] is None else f" [{leaf['low']:.3f}, {leaf['high']:.3f}]"
    return f"{leaf['value']:.3f}{ends} n={leaf['n']}"
