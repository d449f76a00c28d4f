"""The shipped judge prompts: places to fill, modes, rubric and output form."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = [
    "safety5_ja",
    "borderline3_ja",
    "regional5_ja",
    "quality5_ja",
    "conversation_turn1_ja",
    "conversation_turn2_ja",
]
SECOND = ["question_2", "response_2"]


def load(name: str) -> dict:
    return json.loads((ROOT / f"judging/prompts/{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_template_places_per_mode(name: str) -> None:
    places = {
        mode: re.findall(r"\{(\w+)\}", block["template"]) for mode, block in load(name)["modes"].items()
    }
    more = SECOND if load(name).get("turns") == 2 else []
    assert {mode: sorted(found) for mode, found in places.items()} == {
        "ref": sorted(["question", "reference", "response", *more]),
        "noref": sorted(["question", "response", *more]),
    }


@pytest.mark.parametrize("name", NAMES)
def test_output_ends_in_one_score_line(name: str) -> None:
    assert '{"score": n}' in load(name)["output"].splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_scale_is_the_rubric_scale(name: str) -> None:
    prompt = load(name)
    rubric = prompt["rubric"]  # a name, or the rubric itself where only judges use it
    if isinstance(rubric, str):
        rubric = json.loads((ROOT / f"annotation/rubrics/{rubric}.json").read_text(encoding="utf-8"))
    assert prompt["scale"] == rubric["scale"]
    for point in prompt["scale"]:
        assert f"\n{point}：" in prompt["instructions"]
