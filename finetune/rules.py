"""Who may train."""

from __future__ import annotations

from curation.log import Actor
from curation.models import Dataset, Membership
from curation.rules import needs, rule
from finetune.models import TrainingRun

Role = Membership.Role


@rule("launch", Dataset)
def launch(actor: Actor, dataset: Dataset) -> str | None:
    return needs(actor, dataset, Role.RESEARCHER)


@rule("cancel", TrainingRun)
@rule("resume", TrainingRun)
@rule("evaluate", TrainingRun)
def steer(actor: Actor, run: TrainingRun) -> str | None:
    return needs(actor, run.dataset, Role.RESEARCHER)
