"""The engine against scipy, scikit-learn and krippendorff on random data with ties and gaps."""

from itertools import combinations

import krippendorff
import numpy as np
import pytest
import scipy.stats
from sklearn import metrics

from curation.stats import StudyData, StudyResponse, StudyVerdict
from curation.stats.alt_test import by_rejections
from curation.stats.intervals import wilson
from tests.curation.stats.compared import SEEDS, near, point, values
from tests.curation.stats.synthetic import nominal, random_study, rows


@pytest.mark.parametrize("seed", SEEDS)
def test_correlations_equal_scipy(seed):
    data = random_study(seed)
    both = rows(data)
    h = [np.mean(ratings) for ratings, _ in both.values()]
    j = [np.mean(verdicts) for _, verdicts in both.values()]
    found = values(point(data)["judge_human"])
    assert found["pearson"] == near(scipy.stats.pearsonr(j, h).statistic)
    assert found["spearman"] == near(scipy.stats.spearmanr(np.round(j, 10), np.round(h, 10)).statistic)
    assert found["kendall_tau_b"] == near(scipy.stats.kendalltau(np.round(j, 10), np.round(h, 10)).statistic)
    assert found["bias"] == near(np.mean(np.subtract(j, h)))
    assert found["mae"] == near(np.mean(np.abs(np.subtract(j, h))))


@pytest.mark.parametrize("seed", SEEDS)
def test_pair_agreement_equals_scikit_learn_with_weights(seed):
    data = random_study(seed)
    judge, human, weight = [], [], []
    for ratings, verdicts in rows(data).values():
        for verdict in verdicts:
            for rating in ratings:
                judge.append(verdict)
                human.append(rating)
                weight.append(1 / len(ratings) / len(verdicts))
    found = values(point(data)["judge_human"])
    kappa = metrics.cohen_kappa_score(
        judge, human, labels=[1, 2, 3, 4, 5], weights="quadratic", sample_weight=weight
    )
    assert found["quadratic_weighted_kappa"] == near(kappa)
    assert found["exact"] == near(metrics.accuracy_score(human, judge, sample_weight=weight))
    off = np.abs(np.subtract(judge, human))
    assert found["within_one"] == near(np.average(off <= 1, weights=weight))
    # Gwet (2014): p_e = T / (K (K - 1)) sum pi (1 - pi)
    observed = 1 - np.average(off**2, weights=weight) / 16
    pi = [
        (np.average(np.equal(judge, k), weights=weight) + np.average(np.equal(human, k), weights=weight)) / 2
        for k in range(1, 6)
    ]
    scale = sum(1 - (a - b) ** 2 / 16 for a in range(5) for b in range(5))
    chance = scale / 20 * sum(p * (1 - p) for p in pi)
    assert found["gwet_ac2"] == near((observed - chance) / (1 - chance))


@pytest.mark.parametrize("seed", SEEDS)
def test_alpha_equals_krippendorff(seed):
    data = random_study(seed)
    found = point(data)
    for block, source, who in (
        ("human_human", data.ratings, "rater"),
        ("judge_judge", data.verdicts, "repeat"),
    ):
        units = {r.id: at for at, r in enumerate(data.responses)}
        people = {name: at for at, name in enumerate(sorted({getattr(row, who) for row in source}))}
        grid = np.full((len(people), len(units)), np.nan)
        for row in source:
            if row.score is not None:
                grid[people[getattr(row, who)], units[row.response]] = row.score
        expected = krippendorff.alpha(grid, level_of_measurement="ordinal", value_domain=[1, 2, 3, 4, 5])
        assert found[block]["krippendorff_alpha_ordinal"]["value"] == near(expected)
    words = {"unsafe": 0, "safe": 1, "unclear": 2}
    folded = nominal(data)
    grid = np.full((4, len(data.responses)), np.nan)
    for row in folded.ratings:
        grid[int(row.rater[1:]), units[row.response]] = words[row.score]
    expected = krippendorff.alpha(grid, level_of_measurement="nominal")
    assert point(folded)["human_human"]["krippendorff_alpha_nominal"]["value"] == near(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_nominal_agreement_equals_scikit_learn(seed):
    data = nominal(random_study(seed))
    truth, verdict = [], []
    for ratings, verdicts in rows(data).values():
        labels = [_majority(ratings), _majority(verdicts)]
        if None not in labels:
            truth.append(labels[0])
            verdict.append(labels[1])
    found = values(point(data)["judge_human"])
    assert found["cohen_kappa"] == near(metrics.cohen_kappa_score(verdict, truth))
    assert found["accuracy"] == near(metrics.accuracy_score(truth, verdict))
    assert found["macro_f1"] == near(metrics.f1_score(truth, verdict, average="macro"))


def _majority(labels):
    best = max(sorted(set(labels)), key=labels.count)
    return best if 2 * labels.count(best) > len(labels) else None


@pytest.mark.parametrize("seed", SEEDS)
def test_rater_pairs_equal_scipy(seed):
    data = random_study(seed)
    scores = {name: {} for name in ("r0", "r1", "r2", "r3")}
    for rating in data.ratings:
        scores[rating.rater][rating.response] = rating.score
    pearson, spearman = [], []
    for a, b in combinations(scores.values(), 2):
        shared = sorted(a.keys() & b.keys())
        if len(shared) >= 10:
            x, y = [a[name] for name in shared], [b[name] for name in shared]
            pearson.append(np.arctanh(scipy.stats.pearsonr(x, y).statistic))
            spearman.append(np.arctanh(scipy.stats.spearmanr(x, y).statistic))
    found = values(point(data)["human_human"])
    assert found["pearson_pairs"] == near(np.tanh(np.mean(pearson)))
    assert found["spearman_pairs"] == near(np.tanh(np.mean(spearman)))


def test_system_level_equals_scipy():
    data = random_study(4, models=7)
    means = {}
    models = {r.id: r.model for r in data.responses}
    for name, (ratings, verdicts) in rows(data).items():
        means.setdefault(models[name], []).append((np.mean(verdicts), np.mean(ratings)))
    j, h = zip(*(np.mean(pairs, axis=0) for pairs in means.values()), strict=True)
    found = values(point(data)["system_level"])
    assert found["pearson"] == near(scipy.stats.pearsonr(j, h).statistic)
    assert found["spearman"] == near(scipy.stats.spearmanr(j, h).statistic)
    assert found["kendall_tau_b"] == near(scipy.stats.kendalltau(j, h).statistic)


def test_wilson_equals_scipy():
    for hits, trials in ((0, 12), (4, 12), (12, 12), (100, 336)):
        expected = scipy.stats.binomtest(hits, trials).proportion_ci(method="wilson")
        assert wilson(hits, trials) == (near(expected.low), near(expected.high))


def test_benjamini_yekutieli_equals_scipy():
    p = np.random.default_rng(0).beta(0.3, 3, size=(8, 200))
    adjusted = scipy.stats.false_discovery_control(p, axis=0, method="by")
    assert by_rejections(p).tolist() == (adjusted <= 0.05).sum(axis=0).tolist()


def test_inclusion_weight_two_equals_the_response_twice():
    data = random_study(6, gap=0.2, probability=[1.0, 0.5])
    twice = [(r, f"{r.id}#") for r in data.responses if r.inclusion_probability == 0.5]
    copies = {r.id: copy for r, copy in twice}
    doubled = StudyData(
        data.rubric,
        tuple(StudyResponse(r.id, r.question, r.model, r.category) for r in data.responses)
        + tuple(StudyResponse(copy, r.question, r.model, r.category) for r, copy in twice),
        data.ratings + tuple(_moved(r, copies[r.response]) for r in data.ratings if r.response in copies),
        data.verdicts + tuple(_moved(v, copies[v.response]) for v in data.verdicts if v.response in copies),
    )
    weighted, expected = point(data), point(doubled)
    for name, one in weighted["judge_human"].items():
        assert one["value"] == near(expected["judge_human"][name]["value"]), name
    for rate in ("violation", "acceptable"):
        for name in ("human_majority", "judge"):
            assert weighted[rate][name]["value"] == near(expected[rate][name]["value"])
    for name in ("exact", "pearson_pairs", "spearman_pairs"):
        assert weighted["human_human"][name]["value"] == near(expected["human_human"][name]["value"])
    assert weighted["judge_judge"]["flip_rate"]["value"] == near(
        expected["judge_judge"]["flip_rate"]["value"]
    )


def _moved(row, response):
    if isinstance(row, StudyVerdict):
        return StudyVerdict(response, row.repeat, row.score, row.status)
    return type(row)(response, row.rater, row.score)
