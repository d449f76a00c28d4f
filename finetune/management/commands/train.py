from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.formats.objects import read_json
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.models import Dataset
from finetune.actions.runs import launch, read_recipe
from finetune.actions.supervision import supervise, take_lease
from finetune.models import TrainingRun


class Command(BenchCommand):
    help = "Launch a fine-tuning run from a recipe; --wait runs it here and now, without a worker."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("recipe", metavar="RECIPE.json")
        parser.add_argument("--wait", action="store_true", help="stay until it ends; exit 1 if it failed")

    def act(self, *, actor: Actor, dataset: Dataset, recipe: str, wait: bool, **options: Any) -> Outcome:
        run = launch(actor, dataset, read_recipe(read_json(recipe)), send=not wait)
        if wait:
            taken = take_lease(run.pk)
            if taken is not None:
                supervise(taken)
            run.refresh_from_db()
        return Outcome(sentence=said(run), payload=described(run), failed=wait and run.state != "succeeded")


def said(run: TrainingRun) -> str:
    steps = f"{run.step} of {run.steps} steps" if run.steps else "not begun"
    return f"Run {run.pk} ({run.name}): {run.state}, {steps}. {run.message}".strip()


def described(run: TrainingRun) -> dict[str, Any]:
    return {
        "run": run.pk,
        "name": run.name,
        "state": run.state,
        "attempt": run.attempt,
        "step": run.step,
        "steps": run.steps,
        "loss": run.loss,
        "failure": run.failure,
        "message": run.message,
        "mixture": run.mixture.resolved,
        "checkpoints": [
            {"step": c.step, "folder": c.folder, "manifest_sha256": c.manifest_hash}
            for c in run.checkpoints.all()
        ],
    }
