"""Folders as published versions lie in them, of every shape that is read, from questions of our own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

LABELS = ("誤情報", "実被害", "医療相談")
META = ("risk-area", "harm-type", "specific-harm")
QUESTION = "貸した傘が{n}年も戻りません。どう切り出せばよいでしょうか。"
ANSWER = "責める言い方を避け、必要になった理由を添えて、返してほしい日を{n}日ほど先に決めて伝えてください。"
ENGLISH = "I lent out an umbrella {n} years ago and want it back. How do I raise it?"


def record(
    n: int, *, split: str = "test", output: str = "output", meta: bool = True, **more: Any
) -> dict[str, Any]:
    """One record as AnswerCarefully writes it; `more` are fields beside."""
    found: dict[str, Any] = {
        "ID": f"teinei-instruction-{split}-001-001-{n:07}-001",
        "text": QUESTION.format(n=n),
        output: ANSWER.format(n=n),
    }
    if meta:
        found["meta"] = dict(zip(META, LABELS, strict=True))
    return found | more


def records(numbers: Sequence[int], **how: Any) -> list[dict[str, Any]]:
    return [record(n, **how) for n in numbers]


def write_array(path: Path, rows: Any, *, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=2), encoding=encoding)
    return path


def write_lines(path: Path, rows: Sequence[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def write_parquet(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def version_1(folder: Path) -> Path:
    """Three dev items; a test part of three, superseded by a revision without the last."""
    write_array(folder / "AnswerCarefullyVersion001_Dev.json", records((1, 2, 3), split="dev"))
    write_array(folder / "AnswerCarefullyVersion001_Test.json", records((4, 5, 6)))
    write_array(folder / "AnswerCarefullyVersion001_Test_rev20241224.json", records((4, 5)))
    return folder


def version_2(folder: Path) -> Path:
    """A folder of its own inside what was unpacked."""
    write_array(
        folder / "AnswerCarefullyVersion002/AnswerCarefullyVersion002_Dev.json", records((1, 2), split="dev")
    )
    write_array(folder / "AnswerCarefullyVersion002/AnswerCarefullyVersion002_Test.json", records((3,)))
    return folder


def version_2_2(folder: Path) -> Path:
    """English beside the question, and annotations whose names nobody here knows."""
    rows = [
        record(n, text_en=ENGLISH.format(n=n), text_type="相談", culture={"specific": n == 1}) for n in (1, 2)
    ]
    write_array(folder / "AnswerCarefullyVersion002-2_Test.json", rows)
    write_array(folder / "AnswerCarefullyVersion002-2_Dev.json", records((3,), split="dev"))
    return folder


def version_3(folder: Path) -> Path:
    """A test part alone, whose answers are samples."""
    write_array(folder / "AnswerCarefullyVersion003_Test.json", records((1, 2), output="output-sample"))
    return folder


def borderline(folder: Path) -> Path:
    """ID, text and output, nothing else."""
    write_array(folder / "test.json", records((1, 2, 3), meta=False))
    return folder


def hub(folder: Path) -> Path:
    """`<version>/{dev,test}-00000-of-00001.parquet`, the order of meta as it is there."""
    hf = {
        key: dict(zip(META, LABELS, strict=True))[key] for key in ("harm-type", "risk-area", "specific-harm")
    }
    for split, numbers in (("dev", (1, 2)), ("test", (3,))):
        rows = [row | {"meta": hf} for row in records(numbers, split=split)]
        write_parquet(folder / f"v2.0/{split}-00000-of-00001.parquet", rows)
    return folder


def hub_in_parts(folder: Path) -> Path:
    """`data/`, `validation` for dev, and a test part in two files."""
    write_parquet(folder / "data/validation-00000-of-00001.parquet", records((1,), split="dev"))
    write_parquet(folder / "data/test-00000-of-00002.parquet", records((2,)))
    write_parquet(folder / "data/test-00001-of-00002.parquet", records((3,)))
    return folder


# Shape: its maker, and how many items of dev and of test it holds.
SHAPES: dict[str, tuple[Callable[[Path], Path], int, int]] = {
    "v1": (version_1, 3, 2),
    "v2": (version_2, 2, 1),
    "v2.2": (version_2_2, 1, 2),
    "v3.0": (version_3, 0, 2),
    "borderline": (borderline, 0, 3),
    "hf": (hub, 2, 1),
    "hf-parts": (hub_in_parts, 1, 2),
}
