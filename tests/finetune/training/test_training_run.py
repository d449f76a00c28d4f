"""A tiny model trains, is killed, goes on bit for bit, stops when told, and says how it ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from finetune.training.config import Recipe
from finetune.training.environment import Stop
from finetune.training.files import sha256_of_file
from finetune.training.job import locked
from finetune.training.manifest import latest_complete, prune, step_folders
from finetune.training.outcome import NOT_OURS, run_to_outcome
from finetune.training.report import by_step, read_metrics
from finetune.training.train import train

from .conftest import ROOT, conversations, recipe

Make = Callable[..., Path]


def run_here(folder: Path) -> int:
    """Train in this process; returns the exit code."""
    return run_to_outcome(folder, lambda job, report: train(job, report=report, stop=Stop()))


def outcome_of(folder: Path) -> dict[str, Any]:
    """outcome.json."""
    value: dict[str, Any] = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))
    return value


def steps_of(folder: Path) -> list[dict[str, Any]]:
    """Rows of metrics.jsonl, one per step."""
    return by_step(read_metrics(folder / "metrics.jsonl")[0])


def newest_step(checkpoints: Path) -> int | None:
    """Step of the newest checkpoint that is complete."""
    found = latest_complete(checkpoints)
    return found.step if found else None


def change_job(folder: Path, **changes: Any) -> None:
    """Rewrite keys of job.json, as a second launch does."""
    path = folder / "job.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}), encoding="utf-8")


def start_process(folder: Path, *, code: str | None = None) -> subprocess.Popen[str]:
    """The trainer as its own process, or a line of Python in its place."""
    command = ["-c", code, str(folder)] if code else ["-m", "finetune.training", str(folder)]
    return subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=dict(os.environ), stderr=subprocess.PIPE, text=True
    )


# The real signal at an exact place: the process kills itself right after the line of step 13 is written.
KILL_AT_13 = """
import os, signal, sys
from pathlib import Path
from finetune.training.environment import Stop, prepare_environment
prepare_environment()
from finetune.training.job import read_job
from finetune.training.report import Report
from finetune.training.train import train

class Dying(Report):
    def metric(self, **fields):
        super().metric(**fields)
        if fields["step"] == 13:
            os.kill(os.getpid(), signal.SIGKILL)

job = read_job(Path(sys.argv[1]))
train(job, report=Dying(job.folder, run=job.run, attempt=job.attempt, token=job.token), stop=Stop())
"""


def test_train_tiny_model_changes_parameters_and_lowers_the_loss(make_job: Make) -> None:
    """80 steps over 20 answers: every weight moved and the loss fell by more than a third."""
    folder = make_job(max_steps=80, epochs=20, held_out=4, evaluate_every=40, checkpoint_every=30)
    assert run_here(folder) == 0
    outcome = outcome_of(folder)
    assert (outcome["outcome"], outcome["step"], outcome["checkpoint"]) == ("succeeded", 80, "step-00000080")
    rows = steps_of(folder)
    assert [row["step"] for row in rows] == list(range(81))
    assert [row["step"] for row in rows if "heldout_loss" in row] == [0, 40, 80]
    first, last = rows[1], rows[-1]
    assert last["loss"] < first["loss"] * 2 / 3
    assert last["heldout_loss"] < rows[0]["heldout_loss"]
    assert last["trained_loss"] < rows[0]["trained_loss"]
    assert last["lr"] == pytest.approx(0.0003)
    before = _weights(folder / "base")
    after = _weights(folder / "checkpoints/step-00000080")
    assert all(not torch.equal(before[name], after[name]) for name in before)
    # Steps 30 and 60 and the last one were saved, the newest two are kept.
    assert [path.name for path in step_folders(folder / "checkpoints")] == ["step-00000080", "step-00000060"]


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def test_train_killed_and_resumed_is_bit_equal(make_job: Make) -> None:
    """20 steps in one go = 10 saved, kill -9 after 13, resumed from 10: same weights, moments and losses."""
    whole, broken = make_job("whole", held_out=4), make_job("broken", held_out=4)
    assert run_here(whole) == 0
    killed = start_process(broken, code=KILL_AT_13)
    _, errors = killed.communicate(timeout=120)
    assert (killed.returncode, errors) == (-signal.SIGKILL, "")
    assert newest_step(broken / "checkpoints") == 10
    assert not (broken / "outcome.json").exists()
    change_job(broken, attempt=2, token="second")
    assert run_here(broken) == 0
    for name in ("model.safetensors", "optimizer.safetensors", "tokenizer.json"):
        place = f"checkpoints/step-00000020/{name}"
        assert sha256_of_file(broken / place) == sha256_of_file(whole / place), name
    numbers = ("step", "loss", "lr", "gradient_norm", "tokens")
    assert [[row.get(key) for key in numbers] for row in steps_of(broken)] == [
        [row.get(key) for key in numbers] for row in steps_of(whole)
    ]
    # Steps 11 to 13 stand twice in the file, and the second attempt's lines count.
    assert [row["attempt"] for row in steps_of(broken)] == [1] * 11 + [2] * 10
    assert len(read_metrics(broken / "metrics.jsonl")[0]) == 24


def test_train_sigterm_saves_and_exits_0(make_job: Make) -> None:
    """The process finishes its step, saves it, says cancelled, and a resume goes on from there."""
    folder = make_job(
        max_steps=100000, epochs=1000, batch_size=1, checkpoint_every=100000, evaluate_every=100000
    )
    process = start_process(folder)
    try:
        _wait_for_step(folder, step=3, process=process)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")
    outcome = outcome_of(folder)
    saved = latest_complete(folder / "checkpoints")
    assert saved is not None
    assert outcome["outcome"] == "cancelled"
    assert (outcome["step"], outcome["checkpoint"]) == (saved.step, saved.folder.name)
    assert outcome["manifest_sha256"] == saved.sha256
    assert steps_of(folder)[-1]["step"] == saved.step
    beat = json.loads((folder / "heartbeat.json").read_text())
    assert (beat["step"], beat["token"], beat["steps"]) == (saved.step, "first", 40000)


def _wait_for_step(folder: Path, *, step: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        if any(row["step"] >= step for row in steps_of(folder)):
            return
        time.sleep(0.05)
    pytest.fail(f"no step {step}; exit code {process.poll()}")


def test_train_broken_checkpoint_is_passed_over(make_job: Make) -> None:
    """Cut, changed, without manifest, or half-written: the next older complete one is used."""
    folder = make_job()
    assert run_here(folder) == 0
    checkpoints = folder / "checkpoints"
    newest = checkpoints / "step-00000020"
    weights = newest / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1])
    assert newest_step(checkpoints) == 10
    weights.write_bytes(content[:-1] + b"\1")
    assert newest_step(checkpoints) == 10
    weights.write_bytes(content)
    assert newest_step(checkpoints) == 20
    (newest / "manifest.json").unlink()
    assert newest_step(checkpoints) == 10
    (checkpoints / ".step-00000030.1.tmp").mkdir()
    prune(checkpoints)
    assert [path.name for path in checkpoints.iterdir()] == ["step-00000010"]


def test_train_resume_under_another_recipe_is_refused(make_job: Make) -> None:
    """A checkpoint goes on only under the recipe, mixture and data it was made with."""
    folder = make_job()
    assert run_here(folder) == 0
    change_job(folder, recipe=recipe(learning_rate=0.1))
    assert run_here(folder) == 1
    outcome = outcome_of(folder)
    assert outcome["class"] == "bad_config"
    assert "differs from this job in recipe_sha256" in outcome["message"]


def test_train_manifest_names_everything(make_job: Make) -> None:
    """Recipe, mixture, releases, data, base model, template, code and versions; hashes and ids, no text."""
    folder = make_job(max_steps=2)
    assert run_here(folder) == 0
    saved = latest_complete(folder / "checkpoints")
    assert saved is not None
    assert saved.manifest["recipe_sha256"] == Recipe.from_json(recipe(max_steps=2)).sha256()
    assert saved.manifest["releases"] == {"xs-0.1": "ab" * 32}
    assert saved.manifest["versions"]["torch"] == torch.__version__
    assert set(saved.manifest["files"]) == {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "optimizer.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    for name in ("checkpoints/step-00000002/manifest.json", "metrics.jsonl", "data.json", "outcome.json"):
        text = (folder / name).read_text(encoding="utf-8")
        assert not any(message["content"] in text for row in conversations(20) for message in row["messages"])


def test_train_not_finite_ends_before_the_weights_are_touched(make_job: Make, capfd: Any) -> None:
    """Weights that overflow: class nan, exit code 1, no checkpoint of the broken step."""
    from safetensors.torch import save_file

    source = make_job("source", max_steps=1)
    assert run_here(source) == 0
    weights = _weights(source / "base")
    weights["lm_head.weight"] = weights["lm_head.weight"] * float("inf")
    save_file(weights, source / "base/model.safetensors", metadata={"format": "pt"})
    folder = make_job("folder", model={"kind": "folder", "path": str(source / "base")})
    assert run_here(folder) == 1
    outcome = outcome_of(folder)
    assert (outcome["outcome"], outcome["class"]) == ("failed", "nan")
    assert "at step 1 " in outcome["message"]
    assert latest_complete(folder / "checkpoints") is None
    assert "見つけました" not in capfd.readouterr().err


def test_train_folder_with_missing_weights_is_refused(make_job: Make) -> None:
    """Missing tensors would be random numbers: refused instead."""
    from safetensors.torch import save_file

    source = make_job("source", max_steps=1)
    assert run_here(source) == 0
    weights = _weights(source / "base")
    del weights["lm_head.weight"]
    save_file(weights, source / "base/model.safetensors", metadata={"format": "pt"})
    folder = make_job("folder", model={"kind": "folder", "path": str(source / "base")})
    assert run_here(folder) == 1
    assert outcome_of(folder)["message"] == "model.path: lacks 1 weight tensors of its own architecture."


def test_train_bad_job_says_which_key(make_job: Make, tmp_path: Path) -> None:
    """Nothing is trained, and the outcome names the place."""
    folder = make_job()
    change_job(folder, examples="../examples.jsonl")
    assert run_here(folder) == 1
    assert outcome_of(folder)["message"].startswith("job.json examples: must be the name of a file")
    change_job(folder, examples="examples.jsonl", recipe=recipe(epochs=0))
    assert run_here(folder) == 1
    outcome = outcome_of(folder)
    assert (outcome["class"], outcome["message"]) == ("bad_config", "epochs: must be from 1 to 1000, not 0.")
    (folder / "examples.jsonl").write_text('{"id": 1, "source"\n')
    change_job(folder, recipe=recipe())
    assert run_here(folder) == 1
    assert outcome_of(folder)["message"] == "examples.jsonl line 1: is not valid JSON in UTF-8."
    (tmp_path / "empty").mkdir()
    assert run_here(tmp_path / "empty") == 1
    assert outcome_of(tmp_path / "empty")["message"] == "job.json: is missing."


def test_train_too_long_answer_ends_the_run_and_is_listed(make_job: Make) -> None:
    """data.json has every id; the outcome has the number and what to do."""
    folder = make_job(max_length=64)
    assert run_here(folder) == 1
    assert outcome_of(folder)["message"].startswith("max_length: 20 examples are longer than 64 tokens")
    listed = json.loads((folder / "data.json").read_text())["too_long"]
    assert [row["id"] for row in listed] == [f"q-{number:03d}" for number in range(1, 21)]


def test_train_replaced_attempt_writes_nothing_more(make_job: Make) -> None:
    """Another token in job.json: neither checkpoint nor outcome; and a held folder is left alone."""
    folder = make_job()

    class Replaced(Stop):
        """Asked between steps; at the first question another attempt takes the folder over."""

        @property
        def requested(self) -> bool:
            change_job(folder, token="second", attempt=2)
            return False

        @requested.setter
        def requested(self, value: bool) -> None:
            pass

    code = run_to_outcome(folder, lambda job, report: train(job, report=report, stop=Replaced()))
    assert code == NOT_OURS
    assert not (folder / "outcome.json").exists()
    assert step_folders(folder / "checkpoints") == []
    with locked(folder):
        assert run_here(folder) == NOT_OURS
