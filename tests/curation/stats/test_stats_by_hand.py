"""Every key of a study against arithmetic done by hand; the rows are in fixture_small.py."""

from math import atanh, sqrt, tanh

import pytest

from curation.stats import StudyData, StudyRating, StudyResponse, StudyRubric, StudyVerdict, study
from tests.curation.stats.fixture_small import small_study


@pytest.fixture(scope="module")
def found():
    return study(small_study(), seed=0, resamples=500, alt_test_epsilon=0.2)


def value(leaf):
    assert set(leaf) - {"note"} == {"value", "low", "high", "n", "n_clusters"}
    return leaf["value"]


def near(number):
    return pytest.approx(number, rel=1e-12, abs=1e-12)


def test_study_small_has_the_shape_of_the_command(found):
    correlations = ["pearson", "spearman", "kendall_tau_b"]
    ordinal = [*correlations, "quadratic_weighted_kappa", "exact", "within_one", "gwet_ac2", "bias", "mae"]
    humans = ["krippendorff_alpha_ordinal", "pearson_pairs", "spearman_pairs", "icc_1", "ceiling"]
    rate = ["human_majority", "judge", "combined"]
    assert list(found) == [
        "options",
        "counts",
        "few_questions",
        "excluded",
        "judge_human",
        "human_human",
        "judge_judge",
        "system_level",
        "noise",
        "violation",
        "acceptable",
        "alt_test",
        "agreement",
        "decisions",
        "other_mode",
        "raters",
        "by_model",
        "by_category",
        "leaves",
        "health",
        "rate_next",
    ]
    assert list(found["judge_human"]) == ordinal
    assert list(found["human_human"]) == [*humans, "exact", "fleiss_kappa"]
    assert list(found["judge_judge"]) == ["krippendorff_alpha_ordinal", "flip_rate"]
    assert list(found["system_level"]) == correlations
    assert list(found["violation"]) == list(found["acceptable"]) == rate
    assert list(found["alt_test"]) == ["winning_rate", "advantage_probability", "epsilon", "verdict"]
    parts = ["judge_human", "violation", "acceptable"]
    for block in found["by_model"].values():
        assert list(block) == [*parts, "shares", "bounds", "spread"]
    for block in found["by_category"].values():
        assert list(block) == [*parts, "spread", "differs", "differs_note"]
    for block in (*found["by_model"].values(), *found["by_category"].values()):
        assert list(block["judge_human"]) == ordinal
        assert list(block["violation"]) == rate


def test_counts_small_leave_out_what_is_excluded(found):
    # Ratings: 35 marks, one of them "?". Verdicts: 36 calls, one of them refused.
    # Fisher's z of r has the variance 1 / (n - 3), so its 95 % interval has the width 2 * 1.96 / sqrt(n - 3).
    r = found["judge_human"]["pearson"]
    independent = 3 + (2 * 1.959964 / (atanh(r["high"]) - atanh(r["low"]))) ** 2
    assert found["counts"] == {
        "items": 6,
        "responses": 12,
        "ratings": 34,
        "raters": 4,
        "verdicts": 35,
        "judge_repeats": 3,
        "effective_responses": round(independent),
    }


def test_excluded_small_names_calls_and_responses(found):
    excluded = found["excluded"]
    assert excluded["refused"] == {"calls": 1, "responses": 1}
    assert excluded["cannot_decide"] == {"calls": 1, "responses": 1}
    # q5B: ratings 3 and 4 are split over "at least 4"; both are above 2, so only acceptable has no majority.
    assert excluded["no_majority"] == {"calls": 2, "responses": 1}
    empty = {
        "provider_filtered",
        "truncated",
        "off_format",
        "out_of_range",
        "transport",
        "timeout",
        "unmatched",
    }
    assert {name for name, counts in excluded.items() if counts == {"calls": 0, "responses": 0}} == empty


def test_judge_human_small_correlates_means_with_means(found):
    block = found["judge_human"]
    # sum j = 122/3, sum h = 40; sum j^2 = 1444/9, sum h^2 = 2809/18, sum jh = 1421/9.
    # S_jj = 1444/9 - (122/3)^2/12 = 611/27; S_hh = 2809/18 - 40^2/12 = 409/18; S_jh = 1421/9 - 122/3*40/12 = 67/3
    assert value(block["pearson"]) == near(67 / 3 / sqrt(611 / 27 * 409 / 18))
    # Ranks of j, in the order of the table: 2 11.5 3 9.5 4.5 9.5 4.5 7 1 6 8 11.5 (three ties of two)
    # Ranks of h:                            2 11.5 3 8.5 5 10 4 8.5 1 6 7 11.5      (two ties of two)
    # About 6.5: sums of squares 143 - 3*0.5 = 141.5 and 143 - 2*0.5 = 142; products: (141.5 + 142 - sum d^2) / 2
    # with sum d^2 = 1 + .25 + .25 + .25 + 2.25 + 1 = 5 (q2B q3A q3B q4A q4B q6A): 139.25
    assert value(block["spearman"]) == near(139.25 / sqrt(141.5 * 142))
    # 66 pairs: j ties q1B-q6B, q2B-q3B, q3A-q4A; h ties q1B-q6B, q2B-q4B. One pair is discordant: q4B has j 4 and
    # h 13/3, q6A has j 13/3 and h 4. Concordant: 66 - 4 tied in either - 1 = 61.
    assert value(block["kendall_tau_b"]) == near(60 / sqrt(63 * 64))
    # j - h summed: 1/3 + 1/3 - 1/3 + 1/6 + 1/3 - 1/3 - 1/6 + 1/3 = 2/3; absolute: 7/3
    assert value(block["bias"]) == near(2 / 3 / 12)
    assert value(block["mae"]) == near(7 / 3 / 12)
    assert {(leaf["n"], leaf["n_clusters"]) for leaf in block.values()} == {(12, 6)}


def test_judge_human_small_agrees_over_single_pairs(found):
    block = found["judge_human"]
    # Equal pairs per response: 5/9 (q1A: verdicts 1 1 2, ratings 1 1 2: 2*2 + 1*1 of 9), 1, 2/3, 4/9, 2/3, 1/2, 4/9,
    # 2/3, 1, 1/2, 2/3, 1: in all 73/9
    assert value(block["exact"]) == near(73 / 9 / 12)
    # No verdict is two points off any rating.
    assert value(block["within_one"]) == 1.0
    # So squared differences are the unequal shares: 12 - 73/9 = 35/9 in all, 35/108 on average.
    # Margins over the scale: judge 5/3 2 2 8/3 11/3, humans 2 5/3 11/6 10/3 19/6 (each sums to 12).
    # Expected squared difference: E i^2 + E j^2 - 2 E i E j
    #   E i^2 = (5/3 + 8 + 18 + 128/3 + 275/3)/12 = 162/12; E i = (5/3 + 4 + 6 + 32/3 + 55/3)/12 = (122/3)/12 = 61/18
    #   E j^2 = (2 + 20/3 + 33/2 + 160/3 + 475/6)/12 = (473/3)/12 = 473/36; E j = 40/12 = 10/3
    #   13.5 + 473/36 - 2*61/18*10/3 = 1458/108 + 1419/108 - 2440/108 = 437/108
    assert value(block["quadratic_weighted_kappa"]) == near(1 - 35 / 437)
    # AC2: p_a = 1 - 35/108/16 = 1693/1728. pi = mean of margins / 12 = 11/72 11/72 23/144 1/4 41/144; sum of weights
    # 25 - 100/16 = 75/4; sum pi(1 - pi) = 1 - (484 + 484 + 529 + 1296 + 1681)/20736 = 16262/20736
    # p_e = 75/4/20 * 16262/20736 = 40655/55296; (1693/1728 - p_e) / (1 - p_e) = 13521/14641
    assert value(block["gwet_ac2"]) == near(13521 / 14641)


def test_human_human_small(found):
    block = found["human_human"]
    # Coincidences o_ck (pairs within a response / (m - 1)):
    #   11: q1A 2/2 + q5A 2/1 = 3; 12: q1A 2/2 + q2A 2/2 = 2 (one way); 22: q2A 1 + q4A 1 = 2; 23: q4A 1;
    #   33: q3A 2; 34: q5B 1; 44: q2B 1 + q3B 2/3 + q4B 1 + q6A 3 = 17/3; 45: q2B 1 + q3B 4/3 + q4B 1 = 10/3;
    #   55: q1B 3 + q3B 2/3 + q6B 3 = 20/3
    # Margins 5 5 4 10 10 (34); mid-ranks 2.5 7.5 12 19 29.
    # D_o: 2*(2*5^2 + 1*4.5^2 + 1*7^2 + 10/3*10^2) = 5431/6; D_e: sum n_c n_k d^2 / 33 = 69870/11
    assert value(block["krippendorff_alpha_ordinal"]) == near(1 - (5431 / 6) / (69870 / 11))
    # Only r1 and r2 share ten responses: (1,1) (5,5) (2,1) (4,4) (3,3) (5,4) (2,3) (4,4) (4,4) (5,5).
    # Sums 35 and 34; squares 141 and 134; products 136: S = 18.5, 18.4, 17. A mean of one z is that z.
    assert value(block["pearson_pairs"]) == near(tanh(atanh(17 / sqrt(18.5 * 18.4))))
    # Ranks 1 9 2.5 6 4 9 2.5 6 6 9 and 1.5 9.5 1.5 6.5 3.5 6.5 3.5 6.5 6.5 9.5: S = 78, 76, 72.
    assert value(block["spearman_pairs"]) == near(72 / sqrt(78 * 76))
    assert block["pearson_pairs"]["n"] == 10
    assert block["pearson_pairs"]["n_clusters"] == 5
    # ICC: N = 34 ratings with sum 117 and squares 471; sum (sum per response)^2/m = 2797/6; sum m^2 = 100.
    # MSB = (2797/6 - 117^2/34)/11 = 3241/561; MSW = (471 - 2797/6)/22 = 29/132; n0 = (34 - 100/34)/11 = 48/17
    icc = (3241 / 561 - 29 / 132) / (3241 / 561 + (48 / 17 - 1) * 29 / 132)
    assert value(block["icc_1"]) == near(icc) == near(4157 / 4621)
    # m: 3 3 3 3 2 4 3 3 2 2 3 3; sum 1/m = 8/3 + 3/2 + 1/4 = 53/12; harmonic mean 144/53
    k = 144 / 53
    assert value(block["ceiling"]) == near(sqrt(k * icc / (1 + (k - 1) * icc)))
    # Equal pairs: 1/3 1 1/3 1/3 1 1/3 1/3 1/3 1 0 1 1: 5 + 6/3 = 7 of 12
    assert value(block["exact"]) == near(7 / 12)
    assert block["fleiss_kappa"]["value"] is None
    assert (
        block["fleiss_kappa"]["note"] == "Not defined: the number of raters per response varies from 2 to 4."
    )


def test_judge_judge_small(found):
    block = found["judge_judge"]
    # o: 11: 1 + 2 (q5A has two repeats) = 3; 12: 1; 22: 3; 23: q3A 1 + q4A 1 = 2; 33: 1 + 1 + 1 = 3; 34: 1;
    #    44: 3 + 1 = 4; 45: q2B 1 + q3B 1 + q6A 1 = 3; 55: 3 + 1 + 1 + 3 = 8. Margins 4 6 6 8 11 (35);
    # mid-ranks 2 7 13 20 29.5. D_o = 2*(25 + 2*36 + 49 + 3*90.25) = 1667/2; D_e = 118230/17
    assert value(block["krippendorff_alpha_ordinal"]) == near(1 - (1667 / 2) / (118230 / 17))
    # Differing repeats: q1A q2B q3A q3B q4A q5B q6A
    assert value(block["flip_rate"]) == near(7 / 12)


def test_system_level_small_needs_three_models(found):
    for leaf in found["system_level"].values():
        assert leaf == {
            "value": None,
            "low": None,
            "high": None,
            "n": 2,
            "n_clusters": 6,
            "note": "Only 2 models: at least 3 are needed.",
        }


def test_rates_small(found):
    violation, acceptable = found["violation"], found["acceptable"]
    # Majority at or below 2: q1A, q2A, q4A (2 of 3), q5A; Wilson for 4 of 12, z = 1.959964:
    # centre (1/3 + z^2/24)/(1 + z^2/12) = .373759, half-width .235620
    assert value(violation["human_majority"]) == near(4 / 12)
    assert violation["human_majority"]["low"] == pytest.approx(0.138120, abs=1e-6)
    assert violation["human_majority"]["high"] == pytest.approx(0.609378, abs=1e-6)
    # Share of repeats at or below 2: 1 + 1 + 1/3 (q3A) + 1/3 (q4A) + 1 (q5A, of two) = 11/3
    assert value(violation["judge"]) == near(11 / 36)
    # Every judged response has a majority, so the rate of this test set is known.
    assert value(violation["combined"]) == near(4 / 12)
    # At least 4: q1B q2B q3B q4B q6A q6B; q5B (3 and 4) has no majority: 6 of 11.
    assert value(acceptable["human_majority"]) == near(6 / 11)
    assert (acceptable["human_majority"]["n"], acceptable["human_majority"]["n_clusters"]) == (11, 6)
    assert (
        acceptable["human_majority"]["note"] == "Left out for want of a majority: 1 of the rated responses."
    )
    # Repeats at 4 or more: 1 + 1 + 1 + 1 + 1/3 (q5B) + 1 + 1 = 19/3
    assert value(acceptable["judge"]) == near(19 / 36)
    # q5B (mean verdict 10/3) lies in stratum 3 with q3A and q4A, neither acceptable. The prior mean there is .2 at
    # strength 1: (0 + .2)/(2 + 1) = 1/15 for q5B; (6 + 1/15)/12.
    assert value(acceptable["combined"]) == near((6 + 1 / 15) / 12)
    assert "4000 draws, seed 0" in acceptable["combined"]["note"]
    assert "means 0.04, 0.07, 0.20, 0.50, 0.80" in acceptable["combined"]["note"]


def test_alt_test_small_says_that_thirty_responses_are_needed(found):
    block = found["alt_test"]
    assert block["epsilon"] == 0.2
    assert block["verdict"] == "under_powered"
    assert block["winning_rate"]["value"] is None
    assert block["advantage_probability"]["value"] is None
    assert block["winning_rate"]["note"].startswith("No rater has 30 responses")


def test_by_model_small(found):
    a, b = found["by_model"]["A"], found["by_model"]["B"]
    # j - h: A 0 + 1/3 - 1/3 + 1/3 + 0 + 1/3 = 2/3; B 0 + 1/3 + 1/6 - 1/3 - 1/6 + 0 = 0
    assert value(a["judge_human"]["bias"]) == near(2 / 3 / 6)
    assert value(b["judge_human"]["bias"]) == near(0)
    # Equal pairs: A 5/9 + 2/3 + 2/3 + 4/9 + 1 + 2/3 = 4; B 73/9 - 4 = 37/9
    assert value(a["judge_human"]["exact"]) == near(4 / 6)
    assert value(b["judge_human"]["exact"]) == near(37 / 54)
    assert value(a["violation"]["judge"]) == near(11 / 18)
    assert value(b["violation"]["judge"]) == 0.0
    assert value(a["violation"]["human_majority"]) == near(4 / 6)
    assert value(b["acceptable"]["human_majority"]) == 1.0
    # The prior of B comes from A: stratum 3 has 0 of 2, so (0 + .2)/(2 + 1) = 1/15; q5B is alone in B's stratum 3.
    assert value(b["acceptable"]["combined"]) == near((5 + 1 / 15) / 6)


def test_by_category_small_takes_the_full_path_to_the_harm_type(found):
    assert list(found["by_category"]) == ["Risk 1 > Other", "Risk 2 > Other"]
    first, second = found["by_category"].values()
    # j - h: q1-q3 0 + 0 + 1/3 + 1/3 - 1/3 + 1/6 = 1/2; q4-q6 1/3 - 1/3 + 0 - 1/6 + 1/3 + 0 = 1/6
    assert value(first["judge_human"]["bias"]) == near(1 / 12)
    assert value(second["judge_human"]["bias"]) == near(1 / 36)
    assert value(first["violation"]["judge"]) == near((1 + 1 + 1 / 3) / 6)
    assert value(second["acceptable"]["human_majority"]) == near(3 / 5)
    assert first["judge_human"]["pearson"]["n"] == 6
    assert first["judge_human"]["pearson"]["n_clusters"] == 3


def test_fleiss_kappa_by_hand_where_the_number_of_raters_is_constant():
    # Three questions, two raters: (1,1) (1,2) (2,2): P = 2/3; shares 1/2 and 1/2: P_e = 1/2; kappa = 1/3
    marks = {"q1": (1, 1), "q2": (1, 2), "q3": (2, 2)}
    found = study(_answers(marks, StudyRubric("ordinal", (1, 2))), resamples=50)
    assert value(found["human_human"]["fleiss_kappa"]) == near(1 / 3)


def test_nominal_by_hand():
    # Truth: q1 a (2 of 2), q2 no majority, q3 b, q4 c by the final label against a tie, q5 a. Verdicts a a b a b.
    marks = {"q1": "aa", "q2": "ab", "q3": "bb", "q4": "ac", "q5": "aa"}
    given = _answers(marks, StudyRubric("nominal", ("a", "b", "c")), verdicts="aabab")
    final = (StudyRating("q4", "lead", "c", role="final"),)
    found = study(
        StudyData(given.rubric, given.responses, given.ratings + final, given.verdicts), resamples=50
    )
    assert list(found["judge_human"]) == ["cohen_kappa", "accuracy", "macro_f1"]
    # Over q1 q3 q4 q5, verdict/truth: aa bb ac ba. Accuracy 2/4.
    assert value(found["judge_human"]["accuracy"]) == near(0.5)
    # Margins: verdict a 2, b 2; truth a 2, b 1, c 1: expected (2*2 + 2*1)/16 = 3/8; (1/2 - 3/8)/(5/8) = 1/5
    assert value(found["judge_human"]["cohen_kappa"]) == near(0.2)
    # F1: a 2*1/(2 + 2) = 1/2; b 2*1/(2 + 1) = 2/3; c 0; mean 7/18
    assert value(found["judge_human"]["macro_f1"]) == near(7 / 18)
    assert list(found["human_human"]) == ["krippendorff_alpha_nominal", "exact", "fleiss_kappa"]
    # Pairs that agree: q1 q3 q5 of five. Margins a 6, b 3, c 1: D_e = (100 - 46)/(10*9) = 3/5; 1 - (4/10)/(3/5)
    assert value(found["human_human"]["krippendorff_alpha_nominal"]) == near(1 - 0.4 / 0.6)
    assert value(found["human_human"]["exact"]) == near(3 / 5)
    assert found["excluded"]["no_majority"] == {"calls": 2, "responses": 1}
    assert found["violation"]["judge"]["note"] == "The rubric has no cut point for a violation."
    assert found["system_level"]["pearson"]["note"] == "A nominal rubric has no mean score per model."


def _answers(marks, rubric, verdicts=None):
    """One response per question; `marks` gives each rater's score, `verdicts` one label per question."""
    return StudyData(
        rubric,
        tuple(StudyResponse(name, name, "m") for name in marks),
        tuple(
            StudyRating(name, f"r{at}", mark) for name, row in marks.items() for at, mark in enumerate(row)
        ),
        tuple(StudyVerdict(name, 1, label) for name, label in zip(marks, verdicts or (), strict=False)),
    )
