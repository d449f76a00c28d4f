from __future__ import annotations

from typing import Any

from curation.log import Actor, person_of
from curation.management.base import BenchCommand, Outcome
from curation.models import Dataset
from finetune.management.commands.train import described, said
from finetune.models import TrainingRun
from finetune.queries import runs_visible_to


class Command(BenchCommand):
    help = "List the fine-tuning runs of a dataset, newest first."

    def act(self, *, actor: Actor, dataset: Dataset, **options: Any) -> Outcome:
        found = TrainingRun.objects.filter(dataset=dataset)
        if person := person_of(actor):
            found = runs_visible_to(person, dataset)
        runs = list(found.select_related("mixture").prefetch_related("checkpoints"))
        return Outcome(
            sentence="\n".join(said(run) for run in runs) or f"{dataset.slug} has no run yet.",
            payload={"runs": [described(run) for run in runs]},
        )
