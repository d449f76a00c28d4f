"""A dataset with a frozen release, a researcher, and runs small enough to train within seconds."""

from __future__ import annotations

import itertools
from typing import Any

from curation.actions.releases import Choice, freeze
from curation.log import OPERATOR, Actor
from curation.models import Dataset, Person, Release
from finetune.actions.runs import launch, read_recipe
from finetune.models import TrainingRun
from tests.factories.curation import leaf, make_dataset, make_item, make_member

_numbers = itertools.count(1)
QUESTIONS = 3  # of each leaf: one goes to test, two to dev


def make_release(dataset: Dataset, *, name: str = "r-0.1", questions: int = QUESTIONS) -> Release:
    """Approved items in each of the three leaves, frozen: one test question a leaf, the rest dev."""
    author, reviewer = make_member(dataset, "author"), make_member(dataset, "reviewer")
    for number in range(3):
        for _each in range(questions):
            make_item(
                dataset, state="approved", author=author, reviewer=reviewer, category=leaf(dataset, number)
            )
    return freeze(OPERATOR, dataset, Choice(name=name, test_per_leaf=1))


def make_world(*roles: str) -> tuple[Dataset, Release, Person]:
    """A dataset, its release r-0.1 (3 test, 6 dev), and a researcher (or somebody with the roles)."""
    dataset = make_dataset()
    return dataset, make_release(dataset), make_member(dataset, *(roles or ("researcher",)))


def recipe(**changes: Any) -> dict[str, Any]:
    """A recipe's JSON: 30,000 parameters, 6 items twice an epoch in batches of 4, so 3 steps an epoch."""
    return {
        "name": f"tiny-{next(_numbers)}",
        "model": {"kind": "tiny_llama", "hidden": 32, "layers": 1, "heads": 2, "vocab": 400, "seed": 3},
        "mixture": [{"release": "r-0.1", "split": "dev", "repeat": 2}],
        "epochs": 2,
        "batch_size": 4,
        "learning_rate": 0.005,
        "max_length": 512,
        "seed": 7,
        **changes,
    }


def make_run(dataset: Dataset, *, actor: Actor = OPERATOR, **changes: Any) -> TrainingRun:
    """A run that waits; nobody is told."""
    return launch(actor, dataset, read_recipe(recipe(**changes)), send=False)
