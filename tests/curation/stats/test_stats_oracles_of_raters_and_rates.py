"""Raters among themselves, rates, alt-test and the blocks by model and category, each against another's arithmetic."""

from collections import Counter, defaultdict
from itertools import combinations

import krippendorff
import numpy as np
import pytest
import scipy.stats
from sklearn import metrics

from curation.stats import StudyData
from tests.curation.stats.compared import SEEDS, near, point, values
from tests.curation.stats.synthetic import nominal, random_study


def by_response(data, rows_of, who):
    found = defaultdict(dict)
    for row in rows_of:
        if row.score is not None:
            found[row.response][getattr(row, who)] = row.score
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_icc_and_ceiling_follow_from_scipys_analysis_of_variance(seed):
    data = random_study(seed)
    groups = [list(scores.values()) for scores in by_response(data, data.ratings, "rater").values()]
    sizes = np.array([len(group) for group in groups])
    # F = MSB / MSW, so ICC(1,1) = (F - 1) / (F + n0 - 1); scipy refuses no group of one.
    ratio = scipy.stats.f_oneway(*groups).statistic
    n0 = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (len(sizes) - 1)
    icc = (ratio - 1) / (ratio + n0 - 1)
    k = scipy.stats.hmean(sizes)
    found = values(point(data)["human_human"])
    assert found["icc_1"] == near(icc)
    assert found["ceiling"] == near(np.sqrt(k * icc / (1 + (k - 1) * icc)))


@pytest.mark.parametrize("seed", SEEDS)
def test_agreement_of_raters_equals_scikit_learn_over_their_pairs(seed):
    data = random_study(seed)
    left, right, weight = [], [], []
    for scores in by_response(data, data.ratings, "rater").values():
        pairs = list(combinations(scores.values(), 2))
        for a, b in pairs:
            left.append(a)
            right.append(b)
            weight.append(1 / len(pairs))
    found = values(point(data)["human_human"])
    assert found["exact"] == near(metrics.accuracy_score(left, right, sample_weight=weight))
    # Kappa is not defined where the number of raters varies.
    assert found["fleiss_kappa"] is None


@pytest.mark.parametrize("seed", SEEDS)
def test_fleiss_kappa_follows_from_krippendorffs_alpha(seed):
    data = nominal(random_study(seed, raters=3, gap=0.0))
    numbers = {"unsafe": 0, "safe": 1, "unclear": 2}
    units = by_response(data, data.ratings, "rater")
    grid = np.array([[numbers[word] for word in scores.values()] for scores in units.values()], dtype=float).T
    alpha = krippendorff.alpha(grid, level_of_measurement="nominal")
    # Alpha's expected disagreement is that of kappa, times n / (n - 1) for n ratings in all.
    kappa = 1 - (1 - alpha) * grid.size / (grid.size - 1)
    assert point(data)["human_human"]["fleiss_kappa"]["value"] == near(kappa)


@pytest.mark.parametrize("seed", SEEDS)
def test_flip_rate_counts_responses_with_two_different_repeats(seed):
    data = random_study(seed)
    repeats = [s.values() for s in by_response(data, data.verdicts, "repeat").values() if len(s) > 1]
    found = point(data)["judge_judge"]["flip_rate"]
    assert found["value"] == near(np.mean([len(set(scores)) > 1 for scores in repeats]))
    assert found["n"] == len(repeats)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("rate", "beyond"), [("violation", lambda score: score <= 2), ("acceptable", lambda score: score >= 4)]
)
def test_rates_of_judge_and_majority(seed, rate, beyond):
    data = random_study(seed)
    found = point(data)[rate]
    shares = [
        np.mean([beyond(score) for score in repeats.values()])
        for repeats in by_response(data, data.verdicts, "repeat").values()
    ]
    assert found["judge"]["value"] == near(np.mean(shares))
    decided = []
    for scores in by_response(data, data.ratings, "rater").values():
        votes = Counter(beyond(score) for score in scores.values())
        answer, most = votes.most_common(1)[0]
        if most >= 2 and 2 * most > votes.total():
            decided.append(answer)
    interval = scipy.stats.binomtest(sum(decided), len(decided)).proportion_ci(method="wilson")
    assert found["human_majority"]["value"] == near(np.mean(decided))
    assert (found["human_majority"]["low"], found["human_majority"]["high"]) == (
        near(interval.low),
        near(interval.high),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_alt_test_equals_scipys_t_tests(seed):
    data = random_study(seed, questions=60)
    ratings = by_response(data, data.ratings, "rater")
    verdicts = {
        name: np.mean(list(v.values())) for name, v in by_response(data, data.verdicts, "repeat").items()
    }
    p_values, advantages = [], []
    for rater in ("r0", "r1", "r2", "r3"):
        wins, losses = [], []
        for name, scores in ratings.items():
            others = [score for who, score in scores.items() if who != rater]
            if rater not in scores or not others or name not in verdicts:
                continue
            judge, person = (
                -round(float(np.sqrt(np.mean(np.subtract(label, others) ** 2))), 12)
                for label in (verdicts[name], scores[rater])
            )
            wins.append(judge >= person)
            losses.append(person >= judge)
        lead = np.subtract(losses, wins, dtype=float)
        p_values.append(scipy.stats.ttest_1samp(lead, 0.2, alternative="less").pvalue)
        advantages.append(np.mean(wins))
    rejected = scipy.stats.false_discovery_control(p_values, method="by") <= 0.05
    found = point(data, alt_test_epsilon=0.2)["alt_test"]
    assert found["winning_rate"]["value"] == near(np.mean(rejected))
    assert found["advantage_probability"]["value"] == near(np.mean(advantages))


@pytest.mark.parametrize("seed", SEEDS)
def test_blocks_by_model_and_category_are_studies_of_their_responses(seed):
    data = random_study(seed, questions=24)
    whole = point(data)

    def of(belongs):
        responses = tuple(r for r in data.responses if belongs(r))
        names = {r.id for r in responses}
        return point(
            StudyData(
                data.rubric,
                responses,
                tuple(r for r in data.ratings if r.response in names),
                tuple(v for v in data.verdicts if v.response in names),
            )
        )

    parts = [("by_model", r.model, lambda o, r=r: o.model == r.model) for r in data.responses[:3]]
    parts += [
        ("by_category", key, lambda o, key=key: " > ".join(o.category[:2]) == key)
        for key in whole["by_category"]
    ]
    assert len(parts) == 3 + len({r.category[:2] for r in data.responses})
    for block, key, belongs in parts:
        alone = of(belongs)
        for name, leaf in whole[block][key]["judge_human"].items():
            assert leaf["value"] == near(alone["judge_human"][name]["value"]), (block, key, name)
        for rate in ("violation", "acceptable"):
            for name in ("human_majority", "judge"):
                assert whole[block][key][rate][name]["value"] == near(alone[rate][name]["value"])


@pytest.mark.parametrize("seed", SEEDS)
def test_combined_is_the_sum_over_judge_scores_of_known_and_expected_violations(seed):
    data = random_study(seed, models=1, repeats=1, gap=0.25)
    ratings = by_response(data, data.ratings, "rater")
    prior = dict(zip(range(1, 6), (0.8, 0.5, 0.2, 0.07, 0.04), strict=True))
    known, unseen = defaultdict(list), Counter()
    for verdict in data.verdicts:
        if verdict.score is None:
            continue
        votes = Counter(score <= 2 for score in ratings[verdict.response].values())
        answer, most = votes.most_common(1)[0] if votes else (None, 0)
        if most >= 2 and 2 * most > votes.total():
            known[verdict.score].append(answer)
        else:
            unseen[verdict.score] += 1
    # Each stratum: the posterior mean of a Beta with a prior worth one response, for those without a majority.
    expected = sum(
        sum(known[s]) + unseen[s] * (sum(known[s]) + prior[s]) / (len(known[s]) + 1) for s in prior
    )
    total = sum(len(known[s]) + unseen[s] for s in prior)
    assert point(data)["violation"]["combined"]["value"] == near(expected / total)
