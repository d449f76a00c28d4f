"""The demo's tiny run: waits for the worker, so that its page moves while one looks at it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from curation.models import Dataset, Person
from finetune.actions.runs import launch, read_recipe
from finetune.actions.supervision import missing_packages

RECIPE = {
    "name": "demo-tiny",
    "model": {"kind": "tiny_llama", "hidden": 64, "layers": 2, "heads": 4, "vocab": 800, "seed": 7},
    "mixture": [{"release": "demo-0.1", "split": "dev", "repeat": 4}],
    "epochs": 3,
    "batch_size": 8,
    "learning_rate": 2e-3,
    "max_length": 1024,
    "held_out": 4,
    "checkpoint_every": 20,
    "evaluate_every": 10,
    "seed": 1,
}


def queue_tiny_run(dataset: Dataset, cast: dict[str, Person]) -> str:
    """Launch the demo's run as the researcher, where the trainer is installed."""
    if missing_packages():
        return _("No training run: the trainer (requirements/train.txt) is not installed.")
    run = launch(cast["researcher"], dataset, read_recipe(RECIPE))
    return _("Training run %(name)s waits for the worker.") % {"name": run.name}
