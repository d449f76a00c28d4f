"""Simulations: do the intervals hold what they promise?"""

import numpy as np
import pytest
from scipy.stats import norm

from curation.stats import StudyData, StudyRating, StudyResponse, study
from curation.stats.bootstrap import estimates
from curation.stats.intervals import wilson
from curation.stats.judge_human import ordinal_group
from curation.stats.rates import MajorityRule, combined
from curation.stats.table import study_table
from tests.curation.stats.synthetic import random_study

NAMES = ("pearson", "spearman", "kendall_tau_b", "quadratic_weighted_kappa", "exact", "bias")


def overall(data, *, seed=0, resamples=2):
    table = study_table(data)
    group = ordinal_group(table, np.ones(len(table.question), dtype=bool))
    return estimates({"all": group}, seed=seed, resamples=resamples)["all"]


@pytest.mark.slow
@pytest.mark.parametrize(("questions", "models"), [(200, 3), (60, 6), (30, 3)])
def test_bca_by_question_covers_95_percent(questions, models):
    shape = {"models": models, "raters": 3, "repeats": 2, "gap": 0.0, "question_sd": 0.8, "model_sd": 0.6}
    # A single large study is still off by a fifth of the standard error here: eight are not.
    large = [overall(random_study(10_000 + at, questions=24_000 // models, **shape)) for at in range(8)]
    truth = {name: np.mean([found[name].value for found in large]) for name in NAMES}
    hits = dict.fromkeys(NAMES, 0)
    runs = 1000
    for run in range(runs):
        found = overall(random_study(run, questions=questions, **shape), seed=run, resamples=1000)
        for name in NAMES:
            hits[name] += found[name].low <= truth[name] <= found[name].high
    # The standard error of a coverage of .95 over 1,000 runs is .007.
    for name, count in hits.items():
        assert 0.93 <= count / runs <= 0.97, (name, count / runs)


@pytest.mark.slow
def test_inclusion_weights_recover_the_full_sample():
    full = random_study(1, questions=300, models=6, gap=0.0, raters=2, repeats=1)
    scores = {v.response: v.score for v in full.verdicts}
    # Middle scores are drawn more often, as a Neyman allocation would.
    chance = {name: 0.9 if score in {2, 3} else 0.25 for name, score in scores.items()}
    target = overall(full)["pearson"].value
    rng = np.random.default_rng(2)
    weighted, plain = [], []
    for _ in range(60):
        drawn = {name for name, p in chance.items() if rng.random() < p}
        for kept, probability in ((weighted, True), (plain, False)):
            responses = tuple(
                StudyResponse(r.id, r.question, r.model, r.category, chance[r.id] if probability else None)
                for r in full.responses
                if r.id in drawn
            )
            ratings = tuple(r for r in full.ratings if r.response in drawn)
            verdicts = tuple(v for v in full.verdicts if v.response in drawn)
            kept.append(overall(StudyData(full.rubric, responses, ratings, verdicts))["pearson"].value)
    error = np.std(weighted) / np.sqrt(len(weighted))
    assert abs(np.mean(weighted) - target) < 4 * error + 0.002
    assert abs(np.mean(plain) - target) > 0.03


@pytest.mark.slow
@pytest.mark.parametrize("target", ["test_set", "population"])
def test_combined_covers_its_target(target):
    rng = np.random.default_rng(3)
    size, labelled, runs, hits, widths = 336, 120, 400, 0, []
    for run in range(runs):
        data = random_study(
            run, questions=size, models=1, raters=2, repeats=1, gap=0.0, question_sd=0.0, model_sd=1.1
        )
        rate = {r.response: [] for r in data.ratings}
        for rating in data.ratings:
            rate[rating.response].append(rating.score <= 2)
        # Two raters who agree decide; the others are set to the first, so that every response has a truth.
        truth = {name: votes[0] for name, votes in rate.items()}
        chosen = set(rng.choice(sorted(truth), labelled, replace=False))
        ratings = tuple(
            StudyRating(name, rater, 1 if truth[name] else 5)
            for name in sorted(chosen)
            for rater in ("r0", "r1")
        )
        table = study_table(StudyData(data.rubric, data.responses, ratings, data.verdicts))
        everything = np.ones(size, dtype=bool)
        found = combined(table, everything, "violation", MajorityRule(), seed=run, label="all", target=target)
        goal = np.mean(list(truth.values())) if target == "test_set" else _population_rate()
        hits += found.low <= goal <= found.high
        widths.append(found.high - found.low)
    assert 0.915 <= hits / runs <= 0.985
    # Human labels alone, of this number and rate, give a Wilson interval .156 wide; the verdicts must earn their keep.
    low, high = wilson(_population_rate() * labelled, labelled)
    assert np.mean(widths) < (high - low) * (0.75 if target == "test_set" else 0.92)


def _population_rate():
    """P(rating <= 2): a rating is 3.3 + N(0, 1.1) + N(0, .7), rounded, so below 2.5."""
    return norm.cdf((2.5 - 3.3) / np.hypot(1.1, 0.7))


def test_a_whole_study_of_simulated_ratings_runs():
    found = study(random_study(5, questions=30), resamples=100)
    assert found["counts"]["responses"] == 90
