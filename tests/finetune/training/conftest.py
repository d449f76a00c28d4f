"""A job folder with our own short Japanese conversations, and a tiny recipe that trains in a second."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

from finetune.training.environment import prepare_environment

prepare_environment()

ROOT = Path(__file__).resolve().parents[3]

PLACES = ["台所", "駅前", "公園", "図書館", "海辺", "職場", "教室", "病院", "畑", "倉庫", "屋上", "廊下"]
THINGS = ["古い薬", "割れたガラス", "知らない荷物", "落ちていた財布", "壊れた電池"]


def conversations(count: int) -> list[dict[str, Any]]:
    """Up to 60 questions about something found somewhere, each with a careful answer."""
    pairs = [(place, thing) for thing in THINGS for place in PLACES][:count]
    return [
        {
            "id": f"q-{number:03d}",
            "messages": [
                {"role": "user", "content": f"{place}で{thing}を見つけました。どうすればいいですか。"},
                {"role": "assistant", "content": f"{thing}には触らず、{place}の係の人に知らせてください。"},
            ],
        }
        for number, (place, thing) in enumerate(pairs, start=1)
    ]


def recipe(**changes: Any) -> dict[str, Any]:
    """A recipe's JSON: 60,000 parameters, batches of 4."""
    return {
        "name": "tiny",
        "model": {"kind": "tiny_llama", "hidden": 32, "layers": 2, "heads": 2, "vocab": 400, "seed": 3},
        "mixture": [{"release": "xs-0.1", "split": "dev", "repeat": 2}],
        "epochs": 10,
        "batch_size": 4,
        "learning_rate": 0.003,
        "max_length": 256,
        "seed": 7,
        "checkpoint_every": 10,
        "evaluate_every": 10,
        "max_steps": 20,
        **changes,
    }


def write_job(
    folder: Path, *, examples: list[dict[str, Any]] | None = None, count: int = 20, **changes: Any
) -> Path:
    """Write a job folder; `changes` are the recipe's, `examples` replace the `count` conversations."""
    folder.mkdir()
    rows = examples
    if rows is None:
        rows = [{"source": "xs-0.1/dev", "repeat": 2, **row} for row in conversations(count)]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "examples.jsonl").write_text(lines, encoding="utf-8")
    job = {
        "run": 1,
        "attempt": 1,
        "token": "first",
        "recipe": recipe(**changes),
        "mixture": {"sources": [{"release": "xs-0.1", "split": "dev", "repeat": 2, "sha256": "ab" * 32}]},
        "examples": "examples.jsonl",
    }
    (folder / "job.json").write_text(json.dumps(job, ensure_ascii=False), encoding="utf-8")
    return folder


@pytest.fixture
def make_job(tmp_path: Path) -> Callable[..., Path]:
    """`write_job` under a name of the test's own folder."""
    return lambda name="job", **changes: write_job(tmp_path / name, **changes)


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A byte-level tokenizer trained on the conversations."""
    from finetune.training.tokenizer import FolderTokenizer, train_tokenizer

    folder = tmp_path_factory.mktemp("tokenizer")
    texts = [message["content"] for row in conversations(60) for message in row["messages"]]
    train_tokenizer(texts, vocab=400, folder=folder)
    return FolderTokenizer(folder)
