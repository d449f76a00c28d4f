"""What the trainer says: readable while it is written, and after a crash."""

from __future__ import annotations

import errno
import json
from pathlib import Path

from finetune.training.errors import BadConfig, NotFinite, classify
from finetune.training.report import Report, by_step, read_metrics


def test_metrics_are_read_on_from_an_offset(tmp_path: Path) -> None:
    """Each call returns what is new; a line still being written waits."""
    report = Report(tmp_path, run=1, attempt=1, token="t")
    path = tmp_path / "metrics.jsonl"
    assert read_metrics(path) == ([], 0)
    report.metric(step=1, loss=2.0)
    rows, offset = read_metrics(path)
    assert [(row["step"], row["loss"], row["run"]) for row in rows] == [(1, 2.0, 1)]
    with path.open("a") as stream:
        stream.write('{"step": 2, "lo')
    assert read_metrics(path, offset=offset) == ([], offset)


def test_metrics_after_a_cut_line_go_on(tmp_path: Path) -> None:
    """A crash spoils one line; the next attempt's lines stand on their own, and the later line of a step wins."""
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "lo')
    report = Report(tmp_path, run=1, attempt=2, token="t")
    report.metric(step=1, loss=2.5)
    report.metric(step=2, loss=1.5)
    rows = by_step(read_metrics(path)[0])
    assert [(row["step"], row["loss"]) for row in rows] == [(1, 2.5), (2, 1.5)]


def test_outcome_of_an_earlier_attempt_is_removed_at_the_start(tmp_path: Path) -> None:
    """Nobody may read the end of the attempt before as the end of this one."""
    Report(tmp_path, run=1, attempt=1, token="a").conclude("cancelled", step=3)
    written = json.loads((tmp_path / "outcome.json").read_text())
    assert (written["outcome"], written["attempt"], written["token"], written["step"]) == (
        "cancelled",
        1,
        "a",
        3,
    )
    Report(tmp_path, run=1, attempt=2, token="b").begin()
    assert not (tmp_path / "outcome.json").exists()


def test_classify_names_the_class_and_never_quotes() -> None:
    """Messages of unknown errors may hold training text, so only type and place are told."""
    assert classify(BadConfig("epochs", "must be more.")) == ("bad_config", "epochs: must be more.")
    assert classify(NotFinite("The loss ..."))[0] == "nan"
    assert classify(MemoryError())[0] == "out_of_memory"
    assert (
        classify(RuntimeError("[enforce] DefaultCPUAllocator: can't allocate memory"))[0] == "out_of_memory"
    )
    assert classify(OSError(errno.ENOSPC, "No space left"))[1].startswith("The disk is full")
    try:
        raise KeyError("秘密の質問")
    except KeyError as error:
        kind, sentence = classify(error)
    assert kind == "error"
    assert sentence.startswith("KeyError at test_training_report.py:")
    assert "秘密" not in sentence
