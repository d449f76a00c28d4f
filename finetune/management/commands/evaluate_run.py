from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.models import Dataset
from finetune.actions.evaluations import carry_out, queue_evaluation
from finetune.management.commands.cancel_run import run_named


class Command(BenchCommand):
    help = "Let the base model and the newest checkpoint answer the frozen test questions."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", metavar="ID", type=int)
        parser.add_argument("--wait", action="store_true", help="stay until it ends; exit 1 if it failed")

    def act(self, *, actor: Actor, dataset: Dataset, run: int, wait: bool, **options: Any) -> Outcome:
        evaluation = queue_evaluation(actor, run_named(dataset, run), send=not wait)
        if wait:
            evaluation = carry_out(evaluation.pk) or evaluation
        state = evaluation.state
        return Outcome(
            sentence=f"Evaluation {evaluation.pk} of run {run}: {state}. {evaluation.message}".strip(),
            payload={"evaluation": evaluation.pk, "run": run, "state": state, "result": evaluation.result},
            failed=wait and state != "succeeded",
        )
