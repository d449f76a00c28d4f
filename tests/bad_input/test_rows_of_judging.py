"""Rows of responses and verdicts with one bad field each: set apart by row and field, the sound row beside is taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curation.formats.ratings import read_responses, read_verdicts

RESPONSE = {"item": "q1", "model": "m", "response": "答え"}
VERDICT = {"item": "q1", "model": "m", "judge": "j", "score": 3}
NUL, HALF = "a\0b", "\ud800"


def told(folder: Path, reader: Any, sound: dict[str, Any], field: str, value: object) -> tuple[int, Any]:
    """How many rows were taken, and where the others' fault was said to be."""
    file = folder / "rows.jsonl"
    rows = [sound, sound | {"item": "q2", field: value}]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    read = reader(file)
    return len(read.rows), [(fault.row, fault.field) for fault in read.quarantined]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("item", value) for value in (None, "", " x", "a\nb", True, 1.5, [], {}, NUL, HALF, "x" * 201)],
        *[("model", value) for value in (None, "", "a\nb", 5, [], NUL, HALF, "x" * 301)],
        *[("response", value) for value in (5, [], {}, True, NUL, HALF, "x" * 200_001)],
        *[("sample", value) for value in (False, True, [], {}, -1, 1.5, "one", 10**7, 2**70)],
        *[("note", value) for value in (NUL, HALF, [[[[[[[[[[1]]]]]]]]]])],
    ],
)
def test_bad_field_of_a_response_sets_its_row_apart(tmp_path: Path, field: str, value: object) -> None:
    assert told(tmp_path, read_responses, RESPONSE, field, value) == (1, [(2, field)])


@pytest.mark.parametrize("value", [None, "", " ", 0, "0"])
def test_missing_sample_is_the_first(tmp_path: Path, value: object) -> None:
    assert told(tmp_path, read_responses, RESPONSE, "sample", value) == (2, [])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("item", value) for value in (None, "", True, [], NUL, HALF, "x" * 201)],
        *[("model", value) for value in (None, "", "a\nb", [], NUL, HALF, "x" * 301)],
        *[("judge", value) for value in (None, "", "a\nb", [], NUL, HALF, "x" * 121)],
        *[("mode", value) for value in ("both", 1, [], False, NUL)],
        *[("repeat", value) for value in (False, True, [], -1, 1.5, "one", 2**70)],
        *[("score", value) for value in (True, [], {}, NUL, HALF)],
        *[("status", value) for value in ("fine", 1, [], NUL)],
        *[("raw", value) for value in (NUL, HALF, "x" * 200_001)],
        *[("response_sha256", value) for value in ("abc", 5, "A" * 64, NUL)],
    ],
)
def test_bad_field_of_a_verdict_sets_its_row_apart(tmp_path: Path, field: str, value: object) -> None:
    assert told(tmp_path, read_verdicts, VERDICT, field, value) == (1, [(2, field)])
