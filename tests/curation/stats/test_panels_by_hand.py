"""The panels of a study (noise, decisions, modes, raters ...) by hand; rows and h, j are in fixture_small.py."""

from dataclasses import replace
from math import atan, erfc, pi, sqrt

import numpy as np
import pytest

from curation.stats import StudyData, StudyRating, StudyResponse, StudyVerdict, study
from curation.stats.differs import design_effect
from curation.stats.leaves import beta_binomial, normal_means
from tests.curation.stats.compared import near, values
from tests.curation.stats.fixture_small import SAFETY5, VERDICTS, small_study

# Without the reference the judge said 3 3 4 of q1A (mean 10/3 instead of 4/3), and nothing at all of q5B.
NOREF = VERDICTS | {"q1A": "334", "q5B": "xxx"}


def both_modes():
    other = tuple(
        StudyVerdict(name, at, None, "timeout") if mark == "x" else StudyVerdict(name, at, int(mark))
        for name, marks in NOREF.items()
        for at, mark in enumerate(marks, 1)
    )
    return replace(small_study(), other_verdicts=other, other_mode="noref")


@pytest.fixture(scope="module")
def found():
    return study(both_modes(), seed=0, resamples=500)


def test_options_small(found):
    assert found["options"] == {
        "epsilon": 0.2,
        "majority": {"at_least": 2, "of": None},
        "target": "test_set",
    }
    given = study(small_study(), resamples=20, majority=(2, 3), alt_test_epsilon=0.1, target="population")
    assert given["options"] == {
        "epsilon": 0.1,
        "majority": {"at_least": 2, "of": 3},
        "target": "population",
    }


def test_agreement_table_small(found):
    # Each response's pairs weigh 1 in all; q1A (1 1 2 against 1 1 2): 11 4/9, 12 2/9, 21 2/9, 22 1/9, and so on:
    # 11: 4/9 + 1; 12: 2/9; 21: 2/9 + 1/3 (q2A); 22: 1/9 + 2/3 + 2/9 (q4A); 23: 1/3 (q3A) + 1/9 (q4A);
    # 32: 4/9 (q4A); 33: 2/3 + 2/9 + 1/3 (q5B); 34: 1/3 (q5B); 43: 1/6 (q5B);
    # 44: 2/9 (q2B) + 1/6 (q3B) + 2/3 (q4B) + 1/6 (q5B) + 2/3 (q6A) = 17/9; 45: 1/9 + 1/6 + 1/3 = 11/18;
    # 54: 4/9 + 1/3 + 1/3 = 10/9; 55: 1 + 2/9 + 1/3 + 1 = 23/9
    ninths = [
        [13, 2, 0, 0, 0],
        [5, 9, 4, 0, 0],
        [0, 4, 11, 3, 0],
        [0, 0, 1.5, 17, 5.5],
        [0, 0, 0, 10, 23],
    ]
    assert found["agreement"]["scale"] == [1, 2, 3, 4, 5]
    assert np.array(found["agreement"]["table"]) == near(np.array(ninths) / 9 / 12)


def test_calibration_small(found):
    lines = found["agreement"]["calibration"]
    # Nearest points of j: 1 q1A q5A; 2 q2A; 3 q3A q4A q5B; 4 q4B q6A (13/3); 5 q1B q2B q3B (14/3) q6B
    assert [(line["score"], line["responses"]) for line in lines] == [(1, 2), (2, 1), (3, 3), (4, 2), (5, 4)]
    # h at 3: 3 + 7/3 + 7/2 = 53/6; j - h: -1/3 + 1/3 - 1/6
    assert lines[2]["human_mean"]["value"] == near(53 / 18)
    assert lines[2]["bias"]["value"] == near(-1 / 18)
    # h at 5: 5 + 13/3 + 9/2 + 5 = 113/6; j - h: 1/3 + 1/6
    assert lines[4]["human_mean"]["value"] == near(113 / 24)
    assert lines[4]["bias"]["value"] == near(1 / 8)
    assert (lines[4]["bias"]["n"], lines[4]["bias"]["n_clusters"]) == (4, 4)
    assert (
        lines[1]["bias"]["note"] == "Only 1 question: at least 3 are needed for an interval."
    )  # as everywhere


def test_decisions_small(found):
    violation, acceptable = found["decisions"]["violation"], found["decisions"]["acceptable"]
    # People: q1A q2A q4A q5A. Judge (more than half of the repeats at or below 2): q1A q2A q5A; q4A 3 2 3 is missed.
    assert violation["counts"] == {
        "both": 3,
        "judge_only": 0,
        "people_only": 1,
        "neither": 8,
        "undecided": 0,
    }
    assert violation["sensitivity"]["value"] == 3 / 4
    assert violation["missed"]["value"] == 1 / 4
    assert violation["specificity"]["value"] == 1.0
    assert violation["ppv"]["value"] == 1.0
    assert violation["npv"]["value"] == near(8 / 9)
    assert [violation[name]["n"] for name in ("sensitivity", "specificity", "ppv", "npv", "missed")] == [
        4,
        8,
        3,
        9,
        4,
    ]
    # Jeffreys of 3 in 4: quantiles of Beta(3.5, 1.5)
    assert violation["sensitivity"]["low"] == pytest.approx(0.283752, abs=1e-6)
    assert violation["sensitivity"]["high"] == pytest.approx(0.971529, abs=1e-6)
    assert violation["missed"]["low"] == pytest.approx(1 - 0.971529, abs=1e-6)
    assert violation["ppv"]["high"] == 1.0
    # p_o = 11/12; p_e = (3*4 + 9*8)/144 = 7/12: (11 - 7)/(12 - 7)
    assert violation["cohen_kappa"]["value"] == near(4 / 5)
    # AC1: pi = (3 + 4)/24; p_e = 2*7/24*17/24 = 119/288; (264 - 119)/(288 - 119)
    assert violation["gwet_ac1"]["value"] == near(145 / 169)
    # q5B (3 and 4) has no majority on "at least 4"; the judge agrees on the eleven others.
    assert acceptable["counts"] == {
        "both": 6,
        "judge_only": 0,
        "people_only": 0,
        "neither": 5,
        "undecided": 1,
    }
    assert (acceptable["cohen_kappa"]["value"], acceptable["cohen_kappa"]["n"]) == (1.0, 11)


def test_shares_and_bounds_small(found):
    a = found["by_model"]["A"]
    # Verdicts 112 222 233 323 11x 445: violation 11/3 of 6, neither 2/3 + 2/3, acceptable 1
    assert values(a["shares"]) == {
        "violation": near(11 / 18),
        "neither": near(4 / 18),
        "acceptable": near(3 / 18),
    }
    assert a["shares"]["violation"] == a["violation"]["judge"]
    # The refused call of q5A at the kind end makes it 2/3 of a violation instead of 1, at the other end 1 of 1.
    assert a["bounds"] == {
        "violation": {"low": near((1 + 1 + 1 / 3 + 1 / 3 + 2 / 3) / 6), "high": near(11 / 18)},
        "acceptable": {"low": near(1 / 6), "high": near((1 + 1 / 3) / 6)},
        "unparsed": 1,
    }
    assert found["by_model"]["B"]["bounds"]["unparsed"] == 0


def test_health_small(found):
    health = found["health"]
    assert (health["calls"], health["ok"]) == (36, 35)
    a, b = health["by_model"]["A"], health["by_model"]["B"]
    assert (a["calls"], a["ok"], a["failures"]) == (18, 17, {"refused": 1})
    assert (b["calls"], b["ok"], b["failures"]) == (18, 18, {})
    # Differing repeats: q1A q3A q4A q6A, and q2B q3B q5B
    assert a["flip_rate"]["value"] == near(4 / 6)
    assert b["flip_rate"]["value"] == near(3 / 6)
    # Expected 1/2 failure and 35/2 scores each: 2 (1/4)/(1/2) + 2 (1/4)/(35/2) = 36/35, one degree of freedom
    assert health["differs_by_model"]["p"] == near(erfc(sqrt(36 / 35 / 2)))
    assert health["differs_by_model"]["note"].startswith("Fewer than 5 failures")


def test_noise_small(found):
    noise = found["noise"]
    r = found["judge_human"]["pearson"]["value"]
    assert noise["observed"] == found["judge_human"]["pearson"]
    # Every rated response has a verdict, so people's reliability is icc_1 and its mean of k = 144/53.
    human = 4157 / 4621
    human_mean = 144 / 53 * human / (1 + (144 / 53 - 1) * human)
    # The judge: 35 scores with sum 121 and squares 485; t^2/m: 1441/3; sum m^2 = 103.
    # MSB = (1441/3 - 121^2/35)/11 = 592/105; MSW = (485 - 1441/3)/23 = 14/69; n0 = (35 - 103/35)/11 = 102/35
    judge = (592 / 105 - 14 / 69) / (592 / 105 + (102 / 35 - 1) * 14 / 69)
    # 1/m: 11/3 + 1/2 = 25/6; k = 72/25
    judge_mean = 72 / 25 * judge / (1 + (72 / 25 - 1) * judge)
    expected = {
        "judge_reliability_one": judge,
        "judge_reliability_mean": judge_mean,
        "human_reliability_one": human,
        "human_reliability_mean": human_mean,
    }
    assert {name: noise[name]["value"] for name in expected} == near(expected)
    # r / sqrt(.9636) = 1.0033, r / sqrt(.9605) = 1.0049, r / sqrt of both 1.0237: held to 1, and said.
    assert r / sqrt(judge_mean) == pytest.approx(1.0033, abs=1e-4)
    assert noise["corrected_for_judge"]["value"] == noise["corrected_for_raters"]["value"] == 1.0
    assert noise["corrected_for_judge"]["note"] == "Capped: the corrected value is 1.003."
    assert (
        noise["latent"]["note"] == f"Capped: the corrected value is {r / sqrt(judge_mean * human_mean):.3f}."
    )


def test_other_mode_small(found):
    block = found["other_mode"]
    # q5B has no verdict without the reference; the mean of q1A moved from 4/3 to 10/3.
    assert (block["mode"], block["responses"], block["moved"]) == ("noref", 11, 1)
    differences = values(block["differences"])
    # Only q1A differs: j 4/3 - 10/3; abs(j - h) 0 - 2; equal pairs 5/9 - 0; at most 2: 1 - 0; at least 4: 0 - 1/3
    assert differences["bias"] == near(-2 / 11)
    assert differences["mae"] == near(-2 / 11)
    assert differences["exact"] == near(5 / 9 / 11)
    assert differences["violation"] == near(1 / 11)
    assert differences["acceptable"] == near(-1 / 33)
    # Sums over the eleven: h 73/2, h^2 5177/36; with j 112/3, j^2 1344/9, jh 1316/9; without 118/3, 1428/9, 1340/9
    hh = 5177 / 36 - 73 / 2 * 73 / 2 / 11

    def pearson(j, jj, jh):
        return (jh - j * 73 / 2 / 11) / sqrt((jj - j * j / 11) * hh)

    expected = pearson(112 / 3, 1344 / 9, 1316 / 9) - pearson(118 / 3, 1428 / 9, 1340 / 9)
    assert differences["pearson"] == near(expected)
    assert {(leaf["n"], leaf["n_clusters"]) for leaf in block["differences"].values()} == {(11, 6)}


def test_other_mode_is_with_less_without_from_either_side(found):
    data = both_modes()
    turned = replace(data, verdicts=data.other_verdicts, other_verdicts=data.verdicts, other_mode="ref")
    again = study(turned, seed=0, resamples=500)["other_mode"]
    assert again == found["other_mode"] | {"mode": "ref"}
    assert study(small_study(), resamples=50)["other_mode"] is None


def test_raters_small(found):
    raters = found["raters"]
    # r1 less the mean of the others, q5A undecided: -1/2 0 1/2 -1/2 0 2/3 -1/2 -1/2 0 0 = -5/6 of 10
    assert raters["r1"]["severity"]["value"] == near(-1 / 12)
    # r2: -1/2 0 -1 -1/2 0 -2/3 1 -1/2 0 -1 0 0 = -19/6 of 12
    assert raters["r2"]["severity"]["value"] == near(-19 / 72)
    # r1: 1 5 2 4 3 5 2 4 4 5 (sum 35, squares 141); the others 3/2 5 3/2 9/2 3 13/3 5/2 9/2 4 5: sum 215/6,
    # squares 5221/36, products 853/6
    expected = (853 / 6 - 35 * 215 / 60) / sqrt((141 - 35**2 / 10) * (5221 / 36 - (215 / 6) ** 2 / 10))
    assert raters["r1"]["with_the_rest"]["value"] == near(expected)
    assert (raters["r1"]["severity"]["n"], raters["r1"]["severity"]["n_clusters"]) == (10, 5)
    assert {name: one["ratings"] for name, one in raters.items()} == {"r1": 10, "r2": 12, "r3": 7, "r4": 5}
    assert raters["r4"]["severity"]["note"] == "Fewer than 10 responses are shared with another rater."


def test_spread_small(found):
    spread = found["by_model"]["A"]["spread"]
    # h of A: 4/3 5/3 3 7/3 1 4: sum 40/3, squares 36: 36/6 - (20/9)^2 = 86/81; of all: 2809/216 - (40/12)^2 = 409/216
    sd, pooled = sqrt(86 / 81), sqrt(409 / 216)
    assert spread["human_sd"]["value"] == near(sd)
    assert spread["pooled_sd"]["value"] == near(pooled)
    assert spread["restricted"] is False
    # j of A: 4/3 2 8/3 8/3 1 13/3: sum 14, squares 358/9, products with h 113/3
    r = (113 / 3 - 14 * 40 / 18) / sqrt((358 / 9 - 14**2 / 6) * (36 - (40 / 3) ** 2 / 6))
    u = pooled / sd
    assert found["by_model"]["A"]["judge_human"]["pearson"]["value"] == near(r)
    assert spread["corrected_pearson"]["value"] == near(r * u / sqrt(1 + r * r * (u * u - 1)))
    assert found["by_category"]["Risk 1 > Other"]["spread"]["human_sd"]["n"] == 6


def test_differs_by_hand():
    # Forty questions in each of two harm types, one response each: 20 violations here, 10 there.
    marks = {f"q{at:02}": "11" if at < 20 or 40 <= at < 50 else "55" for at in range(80)}
    data = StudyData(
        SAFETY5,
        tuple(StudyResponse(name, name, "m", ("A", "x" if name < "q40" else "y", "leaf")) for name in marks),
        tuple(StudyRating(name, f"r{r}", int(row[r])) for name, row in marks.items() for r in (0, 1)),
        (),
    )
    found = study(data, resamples=50)["by_category"]
    # Pooled 3/8: z^2 = (1/4)^2 / (3/8 * 5/8 * 2/40) = 16/3; the second of two equal p has q = p.
    p = erfc(sqrt(16 / 3 / 2))
    assert found["A > x"]["differs"] == {"p": near(p), "q": near(p)}
    assert found["A > y"]["differs"] == {"p": near(p), "q": near(p)}
    few = study(small_study(), resamples=50)["by_category"]["Risk 1 > Other"]
    assert few["differs"] is None
    assert few["differs_note"] == "Not tested: effectively 6.0 responses here, fewer than 30."


def test_design_effect_by_hand():
    # One cell, two questions of two answers each, 1 1 and 0 0: mean 1/2, totals 1 and -1. V = 2/1 * 2/16 = 1/4 and
    # S = (1/4)/3: three times the variance of independent answers.
    one, two = np.zeros(4, dtype=np.int64), np.array([0, 0, 1, 1])
    assert design_effect(np.array([1.0, 1, 0, 0]), np.ones(4), one, two) == near(3)
    # Answers 1 0 and 0 1 vary less than independent ones would; that is taken for chance.
    assert design_effect(np.array([1.0, 0, 0, 1]), np.ones(4), one, two) == 1.0
    # Nothing varies, or no cell has two questions: four answers count as two.
    assert design_effect(np.ones(4), np.ones(4), one, two) == 2.0
    assert design_effect(np.array([1.0, 0, 0, 1]), np.ones(4), two, two) == 2.0


def test_rate_next_by_hand():
    # One response rated (judge 1), three not (judge 2 5 5). Posterior means (k + prior)/(n + 1): .9 .5 .2 .07 .04
    data = StudyData(
        SAFETY5,
        tuple(StudyResponse(name, name, "m") for name in "abcd"),
        (StudyRating("a", "r1", 1), StudyRating("a", "r2", 1)),
        tuple(StudyVerdict(name, 1, score) for name, score in zip("abcd", (1, 2, 5, 5), strict=True)),
    )
    found = study(data, resamples=50)["rate_next"]
    # Neyman: 1 * sqrt(.5 * .5) and 2 * sqrt(.04 * .96)
    worth = 0.5 + 2 * sqrt(0.04 * 0.96)
    assert found["strata"] == [
        {"score": 1, "responses": 1, "rated": 1, "share": 0.0},
        {"score": 2, "responses": 1, "rated": 0, "share": near(0.5 / worth)},
        {"score": 3, "responses": 0, "rated": 0, "share": 0.0},
        {"score": 4, "responses": 0, "rated": 0, "share": 0.0},
        {"score": 5, "responses": 2, "rated": 0, "share": near(1 - 0.5 / worth)},
    ]
    # Strength 1: variance p(1 - p)/2; unseen U: U^2 p(1 - p)/2 + U p(1 - p)/2
    # .25/2 + .25/2 = .25 and 4 * .0384/2 + 2 * .0384/2 = .1152, over 4^2
    assert found["half_width"] == pytest.approx(1.959964 * sqrt(0.3652) / 4, abs=1e-6)
    assert found["plan"] == [{"more": 3, "half_width": near(0.0)}]
    done = study(small_study(), resamples=50)["rate_next"]
    assert (done["half_width"], done["plan"]) == (0.0, [])


def test_leaf_posterior_of_one_violation_in_one_by_hand():
    found = beta_binomial(np.array([1.0]), np.array([1.0]))
    # E theta = 1/2. E theta^2 = E mu^2 + E mu(1 - mu) E 1/(kappa + 1), kappa = 1/s^2 with s uniform: s^2/(1 + s^2)
    # has the mean 1 - atan(1): E theta^2 = 1/3 + (1 - pi/4)/6. Posterior mean: E theta^2 / E theta.
    assert atan(1) == pi / 4
    assert found.mean[0] == pytest.approx((1 / 3 + (1 - pi / 4) / 6) / 0.5, abs=2e-4)


def test_leaf_posterior_without_data_is_the_prior():
    found = beta_binomial(np.zeros(3), np.zeros(3))
    assert found.mean == pytest.approx([0.5] * 3, abs=1e-9)
    assert found.above == pytest.approx([0.5] * 3, abs=1e-6)
    assert found.low + found.high == pytest.approx([1.0] * 3, abs=1e-6)


def test_leaf_bias_of_a_single_leaf_borrows_from_nobody():
    # With one leaf the overall mean is free, so the leaf's own estimate and variance stand.
    found = normal_means(np.array([0.4]), np.array([0.09]), largest=2.0)
    assert found.mean[0] == near(0.4)
    assert (found.low[0], found.high[0]) == pytest.approx(
        (0.4 - 1.959964 * 0.3, 0.4 + 1.959964 * 0.3), abs=1e-6
    )


def test_leaves_small(found):
    leaves = found["leaves"]
    assert list(leaves) == [f"Risk {1 if at < 4 else 2} > Other > leaf {at}" for at in range(1, 7)]
    one = leaves["Risk 1 > Other > leaf 1"]
    assert list(one) == ["violation", "bias", "above_overall", "responses"]
    assert (one["responses"], one["violation"]["n"], one["violation"]["n_clusters"]) == (2, 2, 1)
    # Leaves 1 2 4 5 have one violation of two, leaves 3 and 6 none; they are drawn together.
    rates = [leaf["violation"]["value"] for leaf in leaves.values()]
    assert [rates[at] for at in (1, 3, 4)] == near([rates[0]] * 3)
    assert rates[5] == near(rates[2])
    assert 0 < rates[2] < rates[0] < 1 / 2
    # j - h per leaf: (0 + 0)/2, (1/3 + 1/3)/2, ...: leaf 2 is the kindest to the models, and the least drawn in.
    assert max(leaves, key=lambda name: leaves[name]["bias"]["value"]) == "Risk 1 > Other > leaf 2"
    assert 0 < leaves["Risk 1 > Other > leaf 2"]["bias"]["value"] < 1 / 3
    assert one["violation"]["note"] == "Posterior under a hierarchical model of 6 leaves; no test."
