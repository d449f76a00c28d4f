"""A tiny model trains, is killed, goes on bit for bit, stops when told, and says how it ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from finetune.training.config import Recipe
from finetune.training.data import Row
from finetune.training.environment import Stop
from finetune.training.files import sha256_of_file
from finetune.training.job import locked
from finetune.training.loop import collate, evaluate, make_optimizer, summed_loss, take_step
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
    assert latest_complete(broken / "checkpoints").step == 10  # type: ignore[union-attr]
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
    assert latest_complete(checkpoints).step == 10  # type: ignore[union-attr]
    weights.write_bytes(content[:-1] + b"\1")
    assert latest_complete(checkpoints).step == 10  # type: ignore[union-attr]
    weights.write_bytes(content)
    assert latest_complete(checkpoints).step == 20  # type: ignore[union-attr]
    (newest / "manifest.json").unlink()
    assert latest_complete(checkpoints).step == 10  # type: ignore[union-attr]
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


def some_rows() -> list[Row]:
    """Eight rows of different lengths with random tokens and at least two targets."""
    generator = torch.Generator().manual_seed(1)
    rows = []
    for number in range(8):
        length = 6 + 5 * number
        ids = torch.randint(4, 90, (length,), generator=generator).tolist()
        mask = bytes([0] * (length - 2 - number) + [1] * (2 + number))
        rows.append(Row(id=str(number), source="s", repeat=1, question=b"", ids=array("I", ids), mask=mask))
    return rows


def small_model() -> Any:
    """A one-layer Llama of 96 words."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    shape = LlamaConfig(
        vocab_size=96,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
    )
    return LlamaForCausalLM(shape)


def gradients(**changes: Any) -> tuple[float, dict[str, torch.Tensor]]:
    """Loss and gradients of one step over `some_rows`."""
    model = small_model()
    settings = Recipe.from_json(recipe(batch_size=8, **changes))
    result = take_step(
        model,
        make_optimizer(model, settings),
        some_rows(),
        recipe=settings,
        learning_rate=0.0,
        step=1,
        device=torch.device("cpu"),
    )
    return result.loss, {name: parameter.grad for name, parameter in model.named_parameters()}


def test_step_micro_batches_have_the_gradient_of_the_whole() -> None:
    """1 x 8, 8 x 1 and 3 + 3 + 2 rows of unequal length: one loss, one gradient."""
    loss, whole = gradients()
    for size in (1, 3):
        split_loss, split = gradients(micro_batch=size)
        assert split_loss == pytest.approx(loss, rel=1e-6)
        for name, gradient in whole.items():
            torch.testing.assert_close(split[name], gradient, rtol=1e-5, atol=1e-7)


def test_step_bf16_computes_in_bf16_and_keeps_fp32_weights() -> None:
    """Weights and gradients stay fp32, so that small updates are not lost; the loss is near."""
    loss, _ = gradients()
    low, gradient = gradients(precision="bf16")
    assert low == pytest.approx(loss, rel=0.02)
    assert low != loss
    assert {value.dtype for value in gradient.values()} == {torch.float32}


def test_evaluate_is_the_mean_over_supervised_tokens_and_ignores_padding() -> None:
    """The loss in one padded batch equals the sum of the rows alone, over the tokens counted."""
    model, cpu, settings = small_model(), torch.device("cpu"), Recipe.from_json(recipe(batch_size=8))
    rows = some_rows()
    alone = sum(summed_loss(model, [row], recipe=settings, device=cpu).item() for row in rows)
    # 2 + 3 + ... + 9 supervised tokens.
    assert sum(row.supervised for row in rows) == 44
    together = evaluate(model, rows, recipe=settings, device=cpu, stopped=lambda: False)
    assert together == pytest.approx(alone / 44, rel=1e-5)
    assert evaluate(model, rows, recipe=settings, device=cpu, stopped=lambda: True) is None


def test_collate_masks_padding_by_length_so_an_end_token_counts() -> None:
    """Two rows of 4 and 2: the end token 0 of the short one is a target although padding is 0 too."""
    rows = [
        Row(
            id="a", source="s", repeat=1, question=b"", ids=array("I", [5, 6, 7, 0]), mask=bytes([0, 0, 1, 1])
        ),
        Row(id="b", source="s", repeat=1, question=b"", ids=array("I", [5, 0]), mask=bytes([0, 1])),
    ]
    ids, attention, labels = collate(rows, device=torch.device("cpu"))
    assert ids.tolist() == [[5, 6, 7, 0], [5, 0, 0, 0]]
    assert attention.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert labels.tolist() == [[-100, -100, 7, 0], [-100, 0, -100, -100]]


def test_corpus_keeps_four_bytes_a_token(tokenizer: Any) -> None:
    """Rows hold packed integers and no text: 1,000 tokens are 4,000 bytes of ids and 1,000 of mask."""
    row = some_rows()[-1]
    assert row.ids.itemsize * len(row.ids) == 4 * 41
    assert len(row.mask) == 41
    assert not hasattr(row, "__dict__")
