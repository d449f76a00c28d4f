"""The recipe refuses what cannot be trained, and names the field."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from finetune.training.config import ModelFolder, Recipe, TinyLlama
from finetune.training.schedule import learning_rate_at

from .conftest import ROOT, recipe


def test_recipe_round_trips_with_every_default_written_out() -> None:
    """A recipe read back from its own JSON is the same recipe with the same identity."""
    first = Recipe.from_json(recipe())
    again = Recipe.from_json(first.as_json())
    assert again == first
    assert again.sha256() == first.sha256()
    assert first.as_json()["micro_batch"] is None
    assert first.model == TinyLlama(hidden=32, layers=2, heads=2, vocab=400, seed=3)


def test_recipe_folder_model_keeps_its_path() -> None:
    """The second kind of model."""
    value = recipe(model={"kind": "folder", "path": "/models/base"})
    assert Recipe.from_json(value).model == ModelFolder(path="/models/base")


def test_recipe_validation_split_is_read_as_dev() -> None:
    """Other tools call the same split validation."""
    value = recipe(mixture=[{"release": "xs-0.1", "split": "validation"}])
    assert Recipe.from_json(value).mixture[0].split == "dev"


TINY = {"kind": "tiny_llama"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"learning_rat": 0.1}, "recipe"),
        ({"name": " "}, "name"),
        ({"mixture": []}, "mixture"),
        ({"mixture": "xs-0.1"}, "mixture"),
        ({"mixture": [{"release": "a", "split": "test"}]}, "mixture.split"),
        ({"mixture": [{"release": "a", "repeat": 0}]}, "mixture.repeat"),
        ({"mixture": [{"release": "a", "repeat": True}]}, "mixture.repeat"),
        ({"mixture": [{"release": "a", "max_items": 0}]}, "mixture.max_items"),
        ({"mixture": [{"release": "a"}, {"release": "a"}]}, "mixture"),
        ({"mixture": [{"release": "a", "weight": 2}]}, "mixture"),
        ({"model": {"kind": "gpt"}}, "model.kind"),
        ({"model": {"kind": "folder"}}, "model"),
        ({"model": {"kind": "folder", "path": "llm-jp/llm-jp-3-1.8b"}}, "model.path"),
        ({"model": {**TINY, "hidden": 30, "heads": 4}}, "model.hidden"),
        ({"model": {**TINY, "vocab": 100}}, "model.vocab"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": 1.5}, "epochs"),
        ({"batch_size": "8"}, "batch_size"),
        ({"micro_batch": 8}, "micro_batch"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"schedule": "linear"}, "schedule"),
        ({"warmup": 1.0}, "warmup"),
        ({"max_length": 4}, "max_length"),
        ({"when_too_long": "truncate"}, "when_too_long"),
        ({"precision": "fp16"}, "precision"),
        ({"seed": -1}, "seed"),
        ({"checkpoint_every": 0}, "checkpoint_every"),
        ({"max_steps": 0}, "max_steps"),
        ({"system": None}, "system"),
    ],
)
def test_recipe_bad_value_is_refused_with_its_field(changes: dict[str, Any], field: str) -> None:
    """Every refusal is a ValueError whose sentence begins with the field."""
    with pytest.raises(ValueError, match=rf"^{field}: ") as refusal:
        Recipe.from_json(recipe(**changes))
    assert refusal.value.field == field


def test_recipe_without_name_says_what_is_missing() -> None:
    """The sentence lists the missing keys."""
    value = recipe()
    del value["name"]
    with pytest.raises(ValueError, match="recipe: lacks name"):
        Recipe.from_json(value)


def test_config_imports_without_torch() -> None:
    """The web process validates recipes and reads metrics and manifests: none of that may load torch."""
    code = (
        "import sys\n"
        "from finetune.training import chat, config, data, errors, job, manifest, report, schedule\n"
        "print(sorted({'torch', 'transformers', 'tokenizers', 'django'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_learning_rate_rises_falls_and_stays() -> None:
    """10 warm-up steps of 100: 1/10 of the peak at step 1, the peak at 10, a tenth of it at 100."""
    common = {"steps": 100, "peak": 1.0, "warmup": 0.1}
    rates = {step: learning_rate_at(step=step, schedule="cosine", **common) for step in (1, 10, 55, 100)}
    # At step 55 half of the 90 falling steps are done: .1 + .9 * (1 + cos(pi/2)) / 2 = .55.
    assert rates == pytest.approx({1: 0.1, 10: 1.0, 55: 0.55, 100: 0.1})
    assert learning_rate_at(step=100, schedule="constant", **common) == 1.0
    assert learning_rate_at(step=1, steps=100, peak=2.0, warmup=0.0, schedule="constant") == 2.0
