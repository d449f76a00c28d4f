from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable
from curation.models import Dataset
from finetune.actions.runs import cancel
from finetune.models import TrainingRun


class Command(BenchCommand):
    help = "Ask a run to stop: it saves a checkpoint first, from which it can be resumed."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", metavar="ID", type=int)

    def act(self, *, actor: Actor, dataset: Dataset, run: int, **options: Any) -> Outcome:
        found = run_named(dataset, run)
        cancel(actor, found)
        found.refresh_from_db()
        word = "cancelled" if found.state == "cancelled" else "will stop after saving a checkpoint"
        return Outcome(sentence=f"Run {run} {word}.", payload={"run": run, "state": found.state})


def run_named(dataset: Dataset, pk: int) -> TrainingRun:
    """The dataset's run of that id; Unusable where there is none."""
    found = TrainingRun.objects.filter(dataset=dataset, pk=pk).select_related("dataset", "mixture").first()
    if found is None:
        raise Unusable(f"{dataset.slug} has no run {pk}. The command runs lists them.")
    return found
