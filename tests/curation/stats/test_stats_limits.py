"""Order of the rows, degenerate studies, contradictions, and what is counted as excluded."""

import json
import math
import random

import pytest

from curation.stats import Estimate, StudyData, StudyRating, StudyResponse, StudyRubric, StudyVerdict, study
from tests.curation.stats.fixture_small import SAFETY5, small_study
from tests.curation.stats.synthetic import nominal, random_study


def made(marks, verdicts, *, rubric=SAFETY5, models=("m",)):
    """One response per question: marks is {question: ratings or ""}, verdicts {question: scores or ""}."""
    names = list(dict.fromkeys([*marks, *verdicts]))
    return StudyData(
        rubric,
        tuple(
            StudyResponse(name, name, models[at % len(models)], ("A", "B")) for at, name in enumerate(names)
        ),
        tuple(StudyRating(name, f"r{at}", int(x)) for name, row in marks.items() for at, x in enumerate(row)),
        tuple(StudyVerdict(name, at, int(x)) for name, row in verdicts.items() for at, x in enumerate(row)),
    )


def leaves(block):
    for name, one in block.items():
        if isinstance(one, dict) and "value" in one:
            yield name, one
        elif isinstance(one, dict):
            yield from leaves(one)


@pytest.mark.parametrize("fold", [lambda data: data, nominal], ids=["ordinal", "nominal"])
def test_permuting_rows_changes_no_bit(fold):
    data = fold(random_study(7, questions=30, models=4, probability=[0.3, 0.7, 1.0]))
    expected = json.dumps(study(data, seed=3, resamples=1200))
    for seed in range(3):
        shuffled = [list(part) for part in (data.responses, data.ratings, data.verdicts)]
        for part in shuffled:
            random.Random(seed).shuffle(part)
        again = study(StudyData(data.rubric, *map(tuple, shuffled)), seed=3, resamples=1200)
        assert json.dumps(again) == expected


def test_seed_moves_the_intervals_and_not_the_values():
    data = random_study(8)
    first, second = (study(data, seed=seed, resamples=300) for seed in (0, 1))
    one, other = first["judge_human"]["pearson"], second["judge_human"]["pearson"]
    assert one["value"] == other["value"]
    assert (one["low"], one["high"]) != (other["low"], other["high"])


@pytest.mark.parametrize(
    "data",
    [
        random_study(9, questions=4, gap=0.6),
        nominal(random_study(9, questions=4, gap=0.6)),
        made({}, {}),
        made({"q1": "5"}, {"q1": "5"}),
        made(dict.fromkeys("abcdef", "555"), dict.fromkeys("abcdef", "55")),
    ],
    ids=["sparse", "nominal", "empty", "one", "all fives"],
)
def test_every_leaf_is_finite_or_says_why(data):
    found = study(data, resamples=200)
    text = json.dumps(found, allow_nan=False)
    assert "NaN" not in text
    for name, leaf in leaves(found):
        if leaf["value"] is None:
            assert leaf["note"].endswith("."), name
            assert leaf["low"] is None
            assert leaf["high"] is None
        else:
            assert math.isfinite(leaf["value"])
            assert (leaf["low"] is None) == (leaf["high"] is None)
            assert leaf["low"] is not None or leaf["note"], name
            if leaf["low"] is not None:
                assert leaf["low"] <= leaf["high"]


def test_all_fives_correlate_with_nothing_and_agree_in_all():
    found = study(made(dict.fromkeys("abcdef", "555"), dict.fromkeys("abcdef", "55")), resamples=200)
    block = found["judge_human"]
    why = "Not estimable: the judge gives every response the same mean score and the humans give every response the same mean score."
    assert block["pearson"]["note"].startswith(why)
    assert block["quadratic_weighted_kappa"]["value"] is None
    # Agreement of 6 questions of 6: Wilson, 1 / (1 + z^2/6) = .6097
    assert block["exact"]["value"] == 1.0
    assert block["exact"]["low"] == pytest.approx(0.6097, abs=1e-4)
    assert (
        found["human_human"]["krippendorff_alpha_ordinal"]["note"]
        == "Not estimable: all ratings are the same."
    )
    assert found["human_human"]["icc_1"]["value"] is None
    assert found["judge_judge"]["flip_rate"]["value"] == 0.0
    assert found["violation"]["judge"]["value"] == 0.0
    assert found["violation"]["judge"]["high"] == pytest.approx(0.3903, abs=1e-4)


def test_constant_judge_is_named():
    found = study(
        made({"a": "12", "b": "33", "c": "45", "d": "5"}, dict.fromkeys("abcd", "5")), resamples=200
    )
    assert found["judge_human"]["spearman"]["note"].startswith(
        "Not estimable: the judge gives every response the same mean score."
    )
    assert found["judge_human"]["quadratic_weighted_kappa"]["value"] == 0.0


def test_two_questions_are_too_few():
    found = study(made({"a": "12", "b": "33"}, {"a": "1", "b": "4"}), resamples=200)
    assert found["judge_human"]["pearson"]["value"] is None
    assert found["judge_human"]["pearson"]["note"].startswith("Only 2 questions: at least 3 are needed")


@pytest.mark.parametrize(
    ("marks", "verdicts", "why"),
    [
        ({"a": "12", "b": "3", "c": "4"}, {}, "No verdicts: the judge has scored none of these responses."),
        ({}, {"a": "1", "b": "3", "c": "4"}, "No ratings: nobody has rated any of these responses."),
        (
            {"a": "12", "b": "3"},
            {"c": "1", "d": "4"},
            "No overlap: no response has both a rating and a verdict.",
        ),
    ],
)
def test_missing_halves_are_named(marks, verdicts, why):
    found = study(made(marks, verdicts), resamples=200)
    for leaf in found["judge_human"].values():
        assert leaf["value"] is None
        assert leaf["note"].startswith(why)


def test_verdicts_without_ratings_still_give_the_judges_rate():
    found = study(made({"a": "11"}, {"a": "1", "b": "2", "c": "5", "d": "5"}), resamples=200)
    # 2 of 4 judged responses lie at or below 2, rated or not.
    assert found["violation"]["judge"]["value"] == 0.5
    assert found["violation"]["judge"]["n"] == 4
    # Stratum 1 holds a, seen; b (stratum 2) takes the prior .5, c and d (stratum 5) .04 each: (1 + .58)/4
    assert found["violation"]["combined"]["value"] == pytest.approx(1.58 / 4)
    assert "Target: the 4 judged responses themselves, 1 of them" in found["violation"]["combined"]["note"]
    general = study(
        made({"a": "11"}, {"a": "1", "b": "2", "c": "5", "d": "5"}), resamples=200, target="population"
    )
    # Dirichlet N_s + .2 = 1.2 1.2 .2 .2 2.2 (5 in all); stratum 1 holds (1 + .8)/2 = .9
    expected = (1.2 * 0.9 + 1.2 * 0.5 + 0.2 * 0.2 + 0.2 * 0.07 + 2.2 * 0.04) / 5
    assert general["violation"]["combined"]["value"] == pytest.approx(expected)
    assert "Target: the population" in general["violation"]["combined"]["note"]


def test_raters_without_overlap_have_no_pairs():
    found = study(made(dict.fromkeys("abcd", "4"), dict.fromkeys("abcd", "45")), resamples=200)["human_human"]
    assert found["krippendorff_alpha_ordinal"]["note"] == "No response has two ratings."
    assert found["pearson_pairs"]["note"] == "No two raters share at least 10 responses."
    assert found["icc_1"]["note"] == "No response has two ratings."


def test_majority_k_of_n():
    marks = {"a": "112", "b": "11", "c": "1", "d": "455", "e": "1555"}
    data = made(marks, dict.fromkeys("abcde", "1"))
    # Two must agree: a, b violate, d and e do not (e 3 of 4); c has one rating only.
    assert study(data, resamples=50)["violation"]["human_majority"]["value"] == 2 / 4
    # Two of at least three raters: b falls out too.
    assert study(data, resamples=50, majority=(2, 3))["violation"]["human_majority"]["value"] == 1 / 3
    # Three must agree: a (3), d (3), e (3).
    found = study(data, resamples=50, majority=(3, None))
    assert found["violation"]["human_majority"]["value"] == 1 / 3
    # a and d lack nothing on either cut; b and c do: 3 ratings.
    assert found["excluded"]["no_majority"] == {"calls": 3, "responses": 2}


def test_unmatched_and_odd_scores_are_counted_and_left_out():
    data = small_study()
    extra = StudyData(
        data.rubric,
        data.responses,
        (*data.ratings, StudyRating("nowhere", "r1", 3), StudyRating("q5B", "r9", 7)),
        (
            *data.verdicts,
            StudyVerdict("nowhere", 1, 3),
            StudyVerdict("q1A", 4, 9),
            StudyVerdict("q1A", 5, None),
            StudyVerdict("q1B", 4, None, "moonlight"),
        ),
    )
    found, plain = study(extra, resamples=50), study(data, resamples=50)
    assert found["excluded"]["unmatched"] == {"calls": 2, "responses": 1}
    assert found["excluded"]["out_of_range"] == {"calls": 2, "responses": 2}
    assert found["excluded"]["off_format"] == {"calls": 1, "responses": 1}
    assert found["excluded"]["moonlight"] == {"calls": 1, "responses": 1}
    assert found["judge_human"] == plain["judge_human"]
    assert found["counts"]["raters"] == 4


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: (d.responses * 2, d.ratings, d.verdicts), "Two responses have the same id."),
        (lambda d: (d.responses, d.ratings * 2, d.verdicts), "two ratings of response"),
        (lambda d: (d.responses, d.ratings, d.verdicts * 2), "two verdicts for repeat"),
        (
            lambda d: ((StudyResponse("x", "x", "m", (), 0.0), *d.responses), d.ratings, d.verdicts),
            "an inclusion probability",
        ),
    ],
)
def test_contradicting_rows_are_refused(change, sentence):
    data = small_study()
    with pytest.raises(ValueError, match=sentence):
        study(StudyData(data.rubric, *change(data)), resamples=50)


@pytest.mark.parametrize("scale", [(1,), (1, 1, 2), (2, 1)])
def test_unusable_scale_is_refused(scale):
    with pytest.raises(ValueError, match="scale"):
        study(StudyData(StudyRubric("ordinal", scale), (), (), ()), resamples=50)


def test_estimate_never_lets_nan_out():
    leaf = Estimate(float("nan"), 0.1, 0.2, 3, 2).as_dict()
    assert leaf["value"] is None
    assert leaf["low"] is None
    assert leaf["note"] == "Not estimable: the statistic is undefined on these responses."
    assert "note" not in Estimate(0.5, 0.4, 0.6, 3, 2).as_dict()


def test_partly_drawn_responses_are_noted():
    data = random_study(11, probability=[0.5, None])
    note = study(data, resamples=50)["judge_human"]["pearson"]["note"]
    assert "have no inclusion probability and count with weight 1." in note
    data = random_study(11, probability=[0.5, 1.0])
    assert "note" not in study(data, resamples=50)["judge_human"]["pearson"]


def test_alt_test_fails_a_judge_that_is_plainly_worse():
    # Four raters agree within a point on 60 questions; the judge answers the opposite end of the scale.
    names = [f"q{at:02}" for at in range(60)]
    marks = {name: "1112" if at % 2 else "5554" for at, name in enumerate(names)}
    verdicts = {name: "5" if at % 2 else "1" for at, name in enumerate(names)}
    block = study(made(marks, verdicts), resamples=50)["alt_test"]
    assert block["winning_rate"]["value"] == 0.0
    assert block["verdict"] == "fail"
    copied = {name: row[0] for name, row in marks.items()}
    assert study(made(marks, copied), resamples=50)["alt_test"]["verdict"] == "pass"
