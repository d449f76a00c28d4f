"""Figures published for public data, recomputed from the files themselves."""

import json

import pytest

from curation.stats import StudyData, StudyRating, StudyResponse, StudyRubric, StudyVerdict, study
from curation.stats.correlation import independent_responses
from tests.data_sets import data_set

STARS = StudyRubric("ordinal", (1, 2, 3, 4, 5))
PREFERENCE = StudyRubric("nominal", ("model_a", "model_b", "tie"))


def annotated(name, judge, rubric):
    """An alt-test set as a study; an item is a question of its own, rated by the three or four who saw it."""
    folder = data_set("alttest") / name
    humans = json.loads((folder / "human_annotations.json").read_text(encoding="utf-8"))
    labels = json.loads((folder / "llm_annotations.json").read_text(encoding="utf-8"))[judge]
    return StudyData(
        rubric,
        tuple(StudyResponse(item, item, "text") for item in labels),
        tuple(
            StudyRating(item, rater, score) for rater, row in humans.items() for item, score in row.items()
        ),
        tuple(StudyVerdict(item, 1, score) for item, score in labels.items()),
    )


def test_cebab_stars_correlates_means_with_means():
    found = study(annotated("cebab_stars", "gpt-4o", STARS), resamples=200)
    block = found["judge_human"]
    shown = [round(block[name]["value"], 4) for name in ("pearson", "spearman", "kendall_tau_b")]
    assert shown == [0.9032, 0.8991, 0.7915]
    assert found["counts"] == {
        "items": 711,
        "responses": 711,
        "ratings": 2193,
        "raters": 10,
        "verdicts": 711,
        "judge_repeats": 1,
        "effective_responses": independent_responses(block["pearson"]["low"], block["pearson"]["high"]),
    }


@pytest.mark.parametrize(
    ("judge", "winning", "advantage"),
    [
        ("gemini_flash", 0.6, 0.82),
        ("gemini_pro", 0.8, 0.87),
        ("gpt-4o", 0.9, 0.90),
        ("llama-31", 0.6, 0.85),
        ("gpt-4o-mini", 0.9, 0.89),
        ("mistral-v03", 0.5, 0.83),
    ],
)
def test_alt_test_cebab_stars(judge, winning, advantage):
    block = study(annotated("cebab_stars", judge, STARS), resamples=50, alt_test_epsilon=0.1)["alt_test"]
    assert block["winning_rate"]["value"] == pytest.approx(winning)
    assert round(block["advantage_probability"]["value"], 2) == advantage
    assert block["verdict"] == "pass"


@pytest.mark.parametrize(
    ("judge", "advantage"),
    [
        ("gemini_flash", 0.72),
        ("gemini_pro", 0.76),
        ("gpt-4o", 0.77),
        ("llama-31", 0.69),
        ("gpt-4o-mini", 0.74),
        ("mistral-v03", 0.68),
    ],
)
def test_alt_test_mtbench(judge, advantage):
    block = study(annotated("mtbench", judge, PREFERENCE), resamples=50, alt_test_epsilon=0.2)["alt_test"]
    assert block["winning_rate"]["value"] == 0.0
    assert round(block["advantage_probability"]["value"], 2) == advantage
    # Three raters of 74-88 texts each: too few for a failure to count.
    assert block["verdict"] == "under_powered"
