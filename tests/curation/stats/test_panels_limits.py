"""Panels of a study at their limits: order of rows, degenerate studies, what is not estimable and why."""

import json
import math
import random
from dataclasses import replace

import pytest

from curation.stats import StudyData, StudyRating, StudyResponse, StudyVerdict, study
from curation.stats.next_ratings import chances, draw
from tests.curation.stats.fixture_small import SAFETY5, small_study
from tests.curation.stats.synthetic import nominal, random_study
from tests.curation.stats.test_stats_limits import made


def two_modes(seed, **shape):
    data, other = random_study(seed, **shape), random_study(seed + 1, **shape)
    return replace(data, other_verdicts=other.verdicts, other_mode="noref")


def words(data):
    """The nominal study of both modes."""
    folded = nominal(data)
    other = nominal(replace(data, verdicts=data.other_verdicts)).verdicts
    return replace(folded, other_verdicts=other, other_mode=data.other_mode)


def leaves(block, path=()):
    """(path, leaf) of every estimate, in lists too."""
    if isinstance(block, dict) and "n_clusters" in block:
        yield path, block
    elif isinstance(block, dict | list):
        inner = block.items() if isinstance(block, dict) else enumerate(block)
        for name, one in inner:
            yield from leaves(one, (*path, name))


@pytest.mark.parametrize("fold", [lambda data: data, words], ids=["ordinal", "nominal"])
def test_permuting_rows_of_both_modes_changes_no_bit(fold):
    data = fold(two_modes(7, questions=25, models=3, probability=[0.3, 0.7, 1.0]))
    expected = json.dumps(study(data, seed=3, resamples=300))
    drawn = draw(chances(replace(data, ratings=data.ratings[:60]), count=20), seed=5)
    for seed in range(2):
        names = ("responses", "ratings", "verdicts", "other_verdicts")
        shuffled = {name: list(getattr(data, name)) for name in names}
        for part in shuffled.values():
            random.Random(seed).shuffle(part)
        again = replace(data, **{name: tuple(part) for name, part in shuffled.items()})
        assert json.dumps(study(again, seed=3, resamples=300)) == expected
        kept = set(data.ratings[:60])
        assert (
            draw(
                chances(replace(again, ratings=tuple(r for r in again.ratings if r in kept)), count=20),
                seed=5,
            )
            == drawn
        )


@pytest.mark.parametrize(
    "data",
    [
        two_modes(9, questions=4, gap=0.6),
        words(two_modes(9, questions=4, gap=0.6)),
        made({}, {}),
        made({"q1": "5"}, {"q1": "5"}),
        made({"a": "12", "b": "33"}, {"a": "1", "b": "4"}),
        made(dict.fromkeys("abcdef", "555"), dict.fromkeys("abcdef", "55")),
        made(dict.fromkeys("abcdef", "15"), dict.fromkeys("abcdef", "55")),
        made({"a": "12", "b": "3", "c": "4"}, {}),
        made({}, {"a": "1", "b": "3", "c": "4"}),
        made({"a": "12", "b": "3"}, {"c": "1", "d": "4"}),
        replace(two_modes(3, questions=6), other_verdicts=()),
        replace(two_modes(3, questions=6), ratings=()),
        replace(two_modes(3, questions=6), verdicts=()),
        replace(
            two_modes(3, questions=6),
            responses=tuple(replace(r, category=()) for r in two_modes(3, questions=6).responses),
        ),
        replace(two_modes(3, questions=6), rubric=replace(SAFETY5, violation_at_most=None)),
        replace(
            two_modes(3, questions=6),
            rubric=replace(SAFETY5, violation_at_most=None, acceptable_at_least=None),
        ),
    ],
    ids=[
        "sparse",
        "nominal",
        "empty",
        "one",
        "two questions",
        "all fives",
        "judge constant",
        "no verdicts",
        "no ratings",
        "no overlap",
        "other mode empty",
        "modes without ratings",
        "this mode without verdicts",
        "no categories",
        "no violation cut",
        "no cuts",
    ],
)
def test_every_leaf_of_every_panel_is_finite_or_says_why(data):
    found = study(data, resamples=100)
    json.dumps(found, allow_nan=False)
    seen = 0
    for path, leaf in leaves(found):
        seen += 1
        assert leaf.get("note", "").endswith("." if leaf.get("note") else ""), path
        if leaf["value"] is None:
            assert leaf["note"], path
            assert (leaf["low"], leaf["high"]) == (None, None)
        else:
            assert math.isfinite(leaf["value"])
            assert (leaf["low"] is None) == (leaf["high"] is None)
            assert leaf["low"] is not None or leaf["note"], path
            if leaf["low"] is not None:
                assert leaf["low"] <= leaf["high"], path
    assert seen > 30
    for block in found["by_category"].values():
        assert block["differs"] is not None or block["differs_note"].endswith(".")
    assert draw(chances(data, count=3), seed=0) == [] or len(draw(chances(data, count=3), seed=0)) <= 3


def test_all_fives_leave_the_panels_without_a_finding():
    found = study(made(dict.fromkeys("abcdef", "555"), dict.fromkeys("abcdef", "55")), resamples=100)
    for name in ("judge_reliability_one", "corrected_for_judge"):
        assert (
            found["noise"][name]["note"]
            == "Not estimable: no response has two repeats with a score, or all verdicts are the same."
        )
    decisions = found["decisions"]["violation"]
    assert decisions["sensitivity"]["note"] == "No decided response is a violation to its raters."
    assert decisions["specificity"]["value"] == 1.0
    assert decisions["cohen_kappa"]["note"].startswith("Not estimable: judge and people put every response")
    assert decisions["gwet_ac1"]["value"] == 1.0
    why = "Not tested: effectively 6.0 responses here, fewer than 30."
    assert found["by_category"]["A > B"]["differs_note"] == why
    assert found["health"]["differs_by_model"] == {
        "p": None,
        "note": "Only one model has calls: there is nothing to compare.",
    }
    assert found["by_model"]["m"]["spread"]["restricted"] is False
    assert found["rate_next"]["half_width"] == 0.0


def test_one_repeat_has_no_reliability_of_the_judge():
    data = random_study(2, repeats=1, gap=0.0)
    noise = study(data, resamples=200)["noise"]
    why = "Not estimable: no response has two repeats with a score, or all verdicts are the same."
    assert noise["judge_reliability_one"]["note"] == why
    assert noise["corrected_for_judge"]["note"] == noise["latent"]["note"] == why
    assert noise["corrected_for_raters"]["value"] > noise["observed"]["value"]


def test_unreliable_raters_allow_no_correction():
    # Ratings without a common quality: their reliability is near nothing.
    rng = random.Random(1)
    names = [f"q{at}" for at in range(60)]
    marks = {name: "".join(rng.choice("12345") for _ in range(3)) for name in names}
    verdicts = {name: rng.choice(["12", "23", "45", "55"]) for name in names}
    noise = study(made(marks, verdicts), resamples=200)["noise"]
    assert noise["latent"]["note"] == "Not estimable: the people's reliability may lie below 0.30."
    assert noise["corrected_for_raters"]["value"] is None
    assert noise["corrected_for_judge"]["value"] is not None


def test_nominal_panels_leave_out_what_needs_numbers():
    found = study(words(two_modes(4, questions=20)), resamples=100)
    assert (found["noise"], found["raters"], found["leaves"]) == ({}, {}, {})
    assert found["agreement"]["calibration"] == []
    assert sum(map(sum, found["agreement"]["table"])) == pytest.approx(1)
    assert list(found["other_mode"]["differences"]) == ["cohen_kappa", "accuracy", "macro_f1"]
    assert found["decisions"]["violation"]["ppv"]["note"] == "The rubric has no cut point for a violation."
    assert found["rate_next"] == {"half_width": None, "strata": [], "plan": []}
    assert all(part["spread"] == {} for part in found["by_model"].values())


def test_modes_without_a_common_response_say_so():
    data = small_study()
    half = tuple(v for v in data.verdicts if v.response < "q4")
    rest = tuple(v for v in data.verdicts if v.response >= "q4")
    block = study(replace(data, verdicts=half, other_verdicts=rest, other_mode="noref"), resamples=50)[
        "other_mode"
    ]
    assert (block["responses"], block["moved"]) == (0, 0)
    assert block["differences"]["pearson"]["note"].startswith("No rated response has verdicts in both modes.")


def test_drawn_responses_without_probabilities_are_noted_in_every_correlation():
    sentence = "No inclusion probabilities are recorded: taken as a full sample."
    found = study(two_modes(5), resamples=50)
    for leaf in (
        found["judge_human"]["pearson"],
        found["noise"]["observed"],
        found["other_mode"]["differences"]["spearman"],
    ):
        assert sentence in leaf["note"]


def test_more_ratings_narrow_the_interval():
    data = random_study(12, questions=300, models=2, gap=0.0)
    rated = {r.id for at, r in enumerate(data.responses) if at % 6 == 0}
    block = study(replace(data, ratings=tuple(r for r in data.ratings if r.response in rated)), resamples=50)[
        "rate_next"
    ]
    widths = [block["half_width"], *(step["half_width"] for step in block["plan"])]
    assert [step["more"] for step in block["plan"]] == [30, 60, 120]
    assert widths == sorted(widths, reverse=True)
    assert sum(line["share"] for line in block["strata"]) == pytest.approx(1)
    assert sum(line["responses"] for line in block["strata"]) == 600
    assert sum(line["rated"] for line in block["strata"]) == 100


def test_failures_of_the_other_mode_are_not_this_modes():
    data = two_modes(6)
    alone = study(replace(data, other_verdicts=(), other_mode=""), resamples=50)
    assert study(data, resamples=50)["excluded"] == alone["excluded"]


def test_responses_of_two_labels_have_a_category_and_no_leaf():
    data = StudyData(
        SAFETY5,
        tuple(StudyResponse(name, name, "m", ("A", "B")) for name in "abcd"),
        tuple(StudyRating(name, "r", 4) for name in "abcd"),
        tuple(StudyVerdict(name, 1, 4) for name in "abcd"),
    )
    found = study(data, resamples=50)
    assert (list(found["by_category"]), found["leaves"]) == (["A > B"], {})
