"""Ranking of models: a fixture worked out by hand, scipy as oracle, ranks counted out exactly, order of rows."""

import random

import numpy as np
import pytest
from scipy.stats import bootstrap

from curation.stats import ranking as whole
from curation.stats.bootstrap import estimates
from curation.stats.ranking import RankedAnswer, RankingData, ranking

CUTS = {"violation_at_most": 2, "acceptable_at_least": 4}
# Two repeats each on 1-5; a failed repeat counts in `failed` and is no score.
#        q1      q2      q3      q4
# A     5 5     4 3     3 3     1 -
# B     5 4     2 1     2 4     - -
ANSWERS = (
    RankedAnswer("q1", "A", (5, 5), refusal=0.0),
    RankedAnswer("q2", "A", (4, 3), refusal=0.5),
    RankedAnswer("q3", "A", (3, 3), refusal=1.0),
    RankedAnswer("q4", "A", (1,), failed=1, refusal=0.0),
    RankedAnswer("q1", "B", (5, 4)),
    RankedAnswer("q2", "B", (2, 1)),
    RankedAnswer("q3", "B", (2, 4)),
    RankedAnswer("q4", "B", (), failed=2),
)
HAND = RankingData(ANSWERS, **CUTS)


def values(leaves: dict) -> dict:
    return {name: leaf["value"] for name, leaf in leaves.items()}


def test_models_by_hand() -> None:
    models = ranking(HAND, 0, 200)["models"]
    a, b = models["A"], models["B"]
    # A: violation per answer 0 0 0 1 -> 1/4; acceptable 1 1/2 0 0 -> 3/8; neither 0 1/2 1 0 -> 3/8
    assert values(a["shares"]) == {"violation": 0.25, "neither": 0.375, "acceptable": 0.375}
    # A: means 5 3.5 3 1 -> 12.5 / 4; refusal (0 + .5 + 1 + 0) / 4
    assert (a["mean"]["value"], a["refusal"]["value"]) == (3.125, 0.375)
    assert [a[key] for key in ("responses", "judged", "calls", "unparsed")] == [4, 4, 8, 1]
    # A, violation over calls: 0 0 0 1/2 -> 1/8, with the unparsed call beyond 0 0 0 2/2 -> 1/4;
    # acceptable: 1 1/2 0 0 -> 3/8, with it 1 1/2 0 1/2 -> 1/2
    assert a["bounds"] == {
        "violation": {"low": 0.125, "high": 0.25},
        "acceptable": {"low": 0.375, "high": 0.5},
    }
    # B is judged on q1-q3: violation 0 1 1/2 -> 1/2, acceptable 1 0 1/2 -> 1/2, nothing between
    assert values(b["shares"]) == {"violation": 0.5, "neither": 0.0, "acceptable": 0.5}
    assert [b[key] for key in ("responses", "judged", "calls", "unparsed")] == [4, 3, 8, 2]
    # B's q4 is 0 or 1 in full: (0 + 1 + 1/2 + 0) / 4 and (0 + 1 + 1/2 + 1) / 4; acceptable has the same sums
    assert b["bounds"] == {
        "violation": {"low": 0.375, "high": 0.625},
        "acceptable": {"low": 0.375, "high": 0.625},
    }
    assert (b["shares"]["violation"]["n"], b["shares"]["violation"]["n_clusters"]) == (3, 3)
    assert b["refusal"]["value"] is None
    assert "refusals" in b["refusal"]["note"]


def test_differences_by_hand() -> None:
    (pair,) = ranking(HAND, 0, 200)["differences"]
    # On q1-q3, which both have: violation 0 - 1/2; neither 1/2 - 0; acceptable 1/2 - 1/2;
    # means (5 + 3.5 + 3) / 3 - (4.5 + 1.5 + 3) / 3 = 11.5/3 - 9/3
    told = {key: pair[key]["value"] for key in ("violation", "neither", "acceptable")}
    assert (pair["a"], pair["b"]) == ("A", "B")
    assert told == pytest.approx({"violation": -0.5, "neither": 0.5, "acceptable": 0.0})
    assert pair["mean"]["value"] == pytest.approx(2.5 / 3)
    assert (pair["violation"]["n"], pair["violation"]["n_clusters"]) == (6, 3)


def test_rank_probabilities_are_those_of_all_resamples() -> None:
    """A violates on q1 alone, B on q2 and q3. A resample draws q1 k times, k ~ binomial(3, 1/3): A is first for k of
    0 and 1, that is in 8/27 + 12/27 = 20/27 of the cases, and never equal to B."""
    scores = {"A": (1, 5, 5), "B": (5, 1, 1)}
    answers = [
        RankedAnswer(f"q{at}", name, (score,))
        for name, row in scores.items()
        for at, score in enumerate(row, 1)
    ]
    ranks = ranking(RankingData(tuple(answers), **CUTS), 3, 20_000)["ranks"]
    assert ranks["A"] == pytest.approx([20 / 27, 7 / 27], abs=0.01)
    assert ranks["A"] == ranks["B"][::-1]


def test_equal_models_share_their_ranks() -> None:
    answers = [
        RankedAnswer(f"q{at}", name, (5 if at else 1,))
        for name in ("A", "B", "C")
        for at in range(5)
        if name != "C"
    ]
    answers += [RankedAnswer(f"q{at}", "C", (1,)) for at in range(5)]
    found = ranking(RankingData(tuple(answers), **CUTS), 0, 2000)
    # C always violates, A and B on one question of five. Where only that one is drawn (5^-5) all three are equal.
    assert found["ranks"]["A"] == found["ranks"]["B"]
    assert found["ranks"]["A"] == pytest.approx([0.5, 0.5, 0.0], abs=0.002)
    assert found["order"] == ["A", "B", "C"]
    same = next(pair for pair in found["differences"] if (pair["a"], pair["b"]) == ("A", "B"))
    assert (same["violation"]["value"], same["violation"]["low"]) == (0.0, None)
    assert same["violation"]["note"] == "No interval: every resample gives the same value."


def random_answers(questions: int, models: int, seed: int) -> list[RankedAnswer]:
    rng = random.Random(seed)
    found = []
    for question in range(questions):
        hard = rng.gauss(0, 1)
        for model in range(models):
            scores = [min(5, max(1, round(3.3 - hard + rng.gauss(0.2 * model, 1)))) for _ in range(3)]
            kept = tuple(scores[: rng.choice([0, 2, 3, 3, 3])])
            found.append(
                RankedAnswer(f"q{question}", f"m{model}", kept, 3 - len(kept), rng.choice([None, 0, 1]))
            )
    return found


def test_order_of_the_answers_changes_no_bit() -> None:
    answers = random_answers(40, 4, seed=1)
    first = ranking(RankingData(tuple(answers), **CUTS), 5, 1500)
    random.Random(2).shuffle(answers)
    assert ranking(RankingData(tuple(answers), **CUTS), 5, 1500) == first


def test_paired_difference_equals_scipy() -> None:
    answers = [a for a in random_answers(80, 2, seed=4) if a.scores]
    by = {(a.question, a.model): a for a in answers}
    both = sorted({q for q, _m in by if (q, "m0") in by and (q, "m1") in by})
    low = np.array([[np.mean(np.array(by[q, m].scores) <= 2) for m in ("m0", "m1")] for q in both])
    difference = low[:, 0] - low[:, 1]
    oracle = bootstrap((difference,), np.mean, n_resamples=20_000, rng=np.random.default_rng(0))
    (pair,) = ranking(RankingData(tuple(answers), **CUTS), 0, 20_000)["differences"]
    found = pair["violation"]
    assert found["value"] == pytest.approx(difference.mean())
    assert (found["low"], found["high"]) == pytest.approx(tuple(oracle.confidence_interval), abs=0.006)


def test_three_shares_sum_to_one() -> None:
    for model in ranking(RankingData(tuple(random_answers(30, 3, 7)), **CUTS), 0, 200)["models"].values():
        assert sum(values(model["shares"]).values()) == pytest.approx(1)


def test_without_cuts_the_mean_ranks() -> None:
    answers = tuple(
        RankedAnswer(f"q{at}", name, (at % 2 + up,)) for name, up in (("A", 1), ("B", 5)) for at in range(6)
    )
    found = ranking(RankingData(answers), 0, 500)
    assert (found["ranked_by"], found["order"]) == ("mean", ["B", "A"])
    assert found["ranks"] == {"A": [0.0, 1.0], "B": [1.0, 0.0]}
    assert (
        found["models"]["A"]["shares"]["violation"]["note"] == "The rubric has no cut point for this share."
    )
    assert found["models"]["A"]["bounds"]["violation"] == {"low": None, "high": None}


def test_degenerate_data_say_why() -> None:
    assert ranking(RankingData((), **CUTS), 0, 100) == {
        "ranked_by": "violation",
        "order": [],
        "models": {},
        "differences": [],
        "ranks": {},
    }
    lost = ranking(RankingData((RankedAnswer("q", "A", (), failed=3),), **CUTS), 0, 100)
    assert lost["models"]["A"]["shares"]["violation"]["value"] is None
    assert lost["ranks"] == {"A": [0.0]}
    apart = (RankedAnswer("q1", "A", (5,)), RankedAnswer("q2", "B", (5,)))
    (pair,) = ranking(RankingData(apart, **CUTS), 0, 100)["differences"]
    assert pair["violation"]["note"] == "The two models have no judged question in common."


@pytest.mark.parametrize("repeats", [3, 5])
def test_pairs_at_once_are_those_one_by_one(repeats):
    """Five models on all questions, two that miss some: each pair as `estimates` has it from the pair alone."""
    rng = np.random.default_rng(4)
    answers = []
    for model in range(7):
        for question in range(20):
            scores = rng.integers(1, 6, size=repeats) if model < 5 or rng.random() < 0.8 else ()
            kept = tuple(float(score) for score in scores)
            answers.append(RankedAnswer(f"q{question}", f"m{model}", kept, repeats - len(kept)))
    answers.sort(key=lambda a: (a.question, a.model))  # as the ranking lines them up: weights go by place
    data = RankingData(tuple(answers), 2.0, 4.0)
    sums = whole._sums(answers, data)
    assert len(whole._alike(sums)) == 5
    assert len(whole._together(sums, whole._alike(sums), data, 1, 500)) == 10
    found = ranking(data, seed=1, resamples=500)["differences"]
    assert len(found) == 21
    for pair in found:
        at = (sums.models.index(pair["a"]), sums.models.index(pair["b"]))
        alone = estimates({0: whole._pair_group(sums, at, data)}, seed=1, resamples=500)[0]
        for name, leaf in alone.items():
            for key, value in leaf.as_dict().items():
                assert pair[name][key] == (
                    pytest.approx(value, abs=1e-12) if isinstance(value, float) else value
                )


@pytest.mark.parametrize("digits", [1, 2, 8], ids=["many ties", "few ties", "none"])
def test_ranks_counted_at_once_are_those_counted_one_by_one(digits):
    value = np.random.default_rng(3).normal(size=(7, 400)).round(digits)
    wanted = np.zeros((7, 7))
    for column in value.T:
        for model, own in enumerate(column):
            better, equal = (column < own).sum(), (column == own).sum()
            wanted[model, better : better + equal] += 1 / equal
    assert whole._held(value) == pytest.approx(wanted, abs=1e-12)
    assert whole._held(value).sum(axis=0) == pytest.approx(np.full(7, 400))
