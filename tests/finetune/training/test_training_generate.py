"""Greedy answers of the base model and a checkpoint: complete, repeatable, resumable."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from finetune.training.environment import Stop
from finetune.training.generate import PREFIX, Request, generate
from finetune.training.outcome import run_to_outcome
from finetune.training.train import train

from .conftest import conversations, write_job


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job trained until it knows its 6 answers by heart, with 5 of the questions as prompts."""
    folder = write_job(
        tmp_path_factory.mktemp("learnt") / "job",
        count=6,
        max_steps=250,
        epochs=200,
        batch_size=6,
        learning_rate=0.01,
        checkpoint_every=1000,
    )
    assert run_to_outcome(folder, lambda job, report: train(job, report=report, stop=Stop())) == 0
    prompts = [{"id": row["id"], "messages": row["messages"][:1]} for row in conversations(5)]
    lines = "".join(json.dumps(prompt, ensure_ascii=False) + "\n" for prompt in prompts)
    (folder / "prompts.jsonl").write_text(lines, encoding="utf-8")
    return folder


@pytest.fixture
def trained(learnt: Path, tmp_path: Path) -> Path:
    """A copy of the trained job for one test."""
    return Path(shutil.copytree(learnt, tmp_path / "job"))


def generate_here(folder: Path, **request: Any) -> tuple[int, dict[str, Any]]:
    """Generate in this process; exit code and outcome."""
    asked = Request(**{"max_new_tokens": 60, "batch_size": 2, **request})
    code = run_to_outcome(
        folder, lambda job, report: generate(job, asked, report=report, stop=Stop()), prefix=PREFIX
    )
    return code, json.loads((folder / f"{PREFIX}outcome.json").read_text(encoding="utf-8"))


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Rows of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_generate_trained_model_repeats_what_it_learnt_and_stops(trained: Path) -> None:
    """After training the five answers come out by heart, each ended by the model; the base model knows none."""
    code, outcome = generate_here(trained)
    assert (code, outcome["outcome"], outcome["done"], outcome["total"]) == (0, "succeeded", 5, 5)
    answers = {row["id"]: row for row in lines_of(trained / "responses.jsonl")}
    expected = {row["id"]: row["messages"][1]["content"] for row in conversations(5)}
    assert {name: row["response"] for name, row in answers.items()} == expected
    assert {row["finish"] for row in answers.values()} == {"stop"}
    assert json.loads((trained / "outcome.json").read_text())["outcome"] == "succeeded"

    code, outcome = generate_here(trained, model="base", out="base.jsonl")
    assert (code, outcome["done"]) == (0, 5)
    before = lines_of(trained / "base.jsonl")
    assert all(row["response"] != expected[row["id"]] for row in before)
    assert before[0]["model_sha256"] != answers["q-001"]["model_sha256"]


def test_generate_adds_only_what_is_missing_and_the_same(trained: Path) -> None:
    """Three lines left, the last of them cut: the file is completed and equal to the uninterrupted one."""
    assert generate_here(trained)[0] == 0
    path = trained / "responses.jsonl"
    whole = path.read_bytes()
    kept = whole.splitlines(keepends=True)
    path.write_bytes(kept[0] + kept[1] + kept[2][:-9])
    code, outcome = generate_here(trained)
    assert (code, outcome["done"]) == (0, 5)
    assert path.read_bytes() == whole


def test_generate_refuses_to_mix_models_in_one_file(trained: Path) -> None:
    """Answers of another model or other settings never stand in one file."""
    assert generate_here(trained)[0] == 0
    code, outcome = generate_here(trained, model="base")
    assert (code, outcome["class"]) == (1, "bad_config")
    assert "another model or settings" in outcome["message"]
    code, outcome = generate_here(trained, model="step-00000001", out="other.jsonl")
    assert (code, outcome["message"]) == (1, "--model: names no complete checkpoint of this job.")
    code, outcome = generate_here(trained, model="../../base", out="other.jsonl")
    assert (code, outcome["class"]) == (1, "bad_config")
    assert not (trained / "other.jsonl").exists()
