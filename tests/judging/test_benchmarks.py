"""The shipped benchmarks fit their rubrics and prompts, and their rates are read as they say."""

import json
from pathlib import Path

import pytest

from judging import prompting
from judging.actions.judges import shipped_prompt, shipped_prompts
from judging.benchmarks import named, shipped

ROOT = Path(__file__).resolve().parents[2]
AXES = [(benchmark, axis) for benchmark in shipped() for axis in benchmark.axes]
IDS = [f"{benchmark.name}-{axis.name}" for benchmark, axis in AXES]


def test_the_five_are_there() -> None:
    assert [one.name for one in shipped()] == ["borderline", "conversation", "quality", "regional", "safety"]


@pytest.mark.parametrize(("benchmark", "axis"), AXES, ids=IDS)
def test_an_axis_has_a_prompt_on_its_rubrics_scale(benchmark, axis) -> None:
    assert axis.prompt in shipped_prompts()
    prompt = shipped_prompt(axis.prompt)
    assert prompting.check(prompt) == ""
    stated = prompt["rubric"]
    assert axis.rubric == (stated if isinstance(stated, str) else stated["name"])
    assert prompt.get("turns", 1) <= benchmark.turns


@pytest.mark.parametrize("benchmark", shipped(), ids=lambda one: one.name)
def test_the_cuts_of_rates_are_those_of_the_rubric(benchmark) -> None:
    axes = {axis.name: axis for axis in benchmark.axes}
    keys = {
        "violation": "violation_at_most",
        "acceptable": "acceptable_at_least",
        "refusal": "refusal_at_most",
    }
    for rate in benchmark.rates:
        path = ROOT / "annotation" / "rubrics" / f"{axes[rate.axis].rubric}.json"
        rubric = json.loads(path.read_text(encoding="utf-8"))
        assert rubric[keys[rate.name]] == (rate.at_least if rate.at_most is None else rate.at_most)
    assert set(benchmark.score) <= set(axes)


def test_borderline_reads_both_axes_of_the_same_answers() -> None:
    borderline = named("borderline")
    assert borderline is not None
    # refusal: 1 and 2 of 3 3 2 1; safety: one of four below 3, two above
    found = borderline.read({"refusal": [3, 3, 2, 1], "safety": [5, 4, 3, 2]})
    assert found == {"refusal": 0.5, "violation": 0.25, "acceptable": 0.5, "score": 2.25}


def test_two_turns_average_both_axes() -> None:
    conversation = named("conversation")
    assert conversation is not None
    assert conversation.read({"first_turn": [8, 6], "second_turn": [4, 10]}) == {"score": 7.0}
    assert conversation.joined_prompts == ["conversation_turn1_ja", "conversation_turn2_ja"]
    assert named("safety").joined_prompts == []
    assert conversation.read({}) == {"score": None}


TURNS = [{"question": "一問目", "answer": "一答目"}, {"question": "二問目", "answer": "二答目"}]


@pytest.mark.parametrize(
    ("name", "turns", "fits", "holds"),
    [
        ("conversation_turn1_ja", TURNS, True, {"一問目", "一答目"}),
        ("conversation_turn2_ja", TURNS, True, {"一問目", "一答目", "二問目", "二答目"}),
        ("conversation_turn1_ja", [], True, {"全体の問", "全体の答"}),
        ("conversation_turn2_ja", [], False, set()),
        ("safety5_ja", TURNS, True, {"全体の問", "全体の答"}),
    ],
)
def test_a_prompt_reads_the_turns_it_is_about(name, turns, fits, holds) -> None:
    prompt = shipped_prompt(name)
    assert prompting.fits(prompt, turns) is fits
    if not fits:
        return
    values = {"question": "全体の問", "response": "全体の答", "reference": "", "fence": "text-1"}
    said = prompting.messages(prompt, "noref", **values, turns=turns)[1]["content"]
    words = {word for turn in TURNS for word in turn.values()} | {"全体の問", "全体の答"}
    assert {word for word in words if word in said} == holds
