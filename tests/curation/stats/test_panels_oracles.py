"""The panels of a study against scipy, scikit-learn and statsmodels on random data with ties and gaps."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from scipy.special import betainc
from sklearn import metrics
from statsmodels.stats.proportion import proportion_confint

from curation.stats import StudyData, leaves, study
from curation.stats.differs import benjamini_hochberg, design_effect
from curation.stats.health import differs_by_model
from curation.stats.intervals import jeffreys
from tests.curation.stats.compared import SEEDS, near, point
from tests.curation.stats.fixture_small import SAFETY5
from tests.curation.stats.synthetic import random_study, rows


def with_other_mode(seed, **shape):
    """A study whose other mode has gaps and scores of its own."""
    data, other = random_study(seed, **shape), random_study(seed + 100, **shape)
    return replace(data, other_verdicts=other.verdicts, other_mode="noref")


def sides(data, cut):
    """(people, judge) of the compared responses with a majority of two at least: at or below the cut."""
    people, judge = [], []
    for ratings, verdicts in rows(data).values():
        votes = sum(score <= cut for score in ratings)
        most = max(votes, len(ratings) - votes)
        if 2 * most > len(ratings) and most >= 2:
            people.append(2 * votes > len(ratings))
            judge.append(2 * sum(score <= cut for score in verdicts) > len(verdicts))
    return np.array(people), np.array(judge)


@pytest.mark.parametrize("seed", SEEDS)
def test_decisions_equal_scikit_learn(seed):
    data = random_study(seed)
    people, judge = sides(data, 2)
    found = point(data)["decisions"]["violation"]
    assert found["sensitivity"]["value"] == near(metrics.recall_score(people, judge))
    assert found["specificity"]["value"] == near(metrics.recall_score(~people, ~judge))
    assert found["ppv"]["value"] == near(metrics.precision_score(people, judge))
    assert found["npv"]["value"] == near(metrics.precision_score(~people, ~judge))
    assert found["cohen_kappa"]["value"] == near(metrics.cohen_kappa_score(people, judge))
    neither, judge_only, people_only, both = metrics.confusion_matrix(people, judge).ravel().tolist()
    counts = {"both": both, "judge_only": judge_only, "people_only": people_only, "neither": neither}
    undecided = len(rows(data)) - len(people)
    assert found["counts"] == counts | {"undecided": undecided}
    low, high = proportion_confint(both, both + people_only, method="jeffreys")
    assert (found["sensitivity"]["low"], found["sensitivity"]["high"]) == (near(low), near(high))


@pytest.mark.parametrize(("hits", "trials"), [(3, 4), (17, 60), (0.7, 3.2), (59, 60)])
def test_jeffreys_equals_scipy(hits, trials):
    expected = scipy.stats.beta(hits + 0.5, trials - hits + 0.5).ppf([0.025, 0.975])
    assert jeffreys(hits, trials) == (near(expected[0]), near(expected[1]))
    assert jeffreys(0, trials)[0] == 0.0
    assert jeffreys(trials, trials)[1] == 1.0


@pytest.mark.parametrize("seed", SEEDS)
def test_agreement_and_calibration_equal_scikit_learn(seed):
    data = random_study(seed)
    judge, people, weight = [], [], []
    h, j = [], []
    for ratings, verdicts in rows(data).values():
        h.append(np.mean(ratings))
        j.append(np.mean(verdicts))
        for verdict in verdicts:
            for rating in ratings:
                judge.append(verdict)
                people.append(rating)
                weight.append(1 / len(ratings) / len(verdicts))
    expected = metrics.confusion_matrix(
        judge, people, labels=[1, 2, 3, 4, 5], sample_weight=weight, normalize="all"
    )
    found = point(data)["agreement"]
    assert np.array(found["table"]) == near(expected)
    h, j = np.array(h), np.array(j)
    # Half a point goes down, unlike rounding.
    nearest = np.clip(np.ceil(np.round(j, 10) - 0.5), 1, 5)
    for line in found["calibration"]:
        here = nearest == line["score"]
        assert line["responses"] == here.sum()
        assert line["human_mean"]["value"] == near(h[here].mean())
        assert line["bias"]["value"] == near((j - h)[here].mean())


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_equals_analysis_of_variance(seed):
    data = random_study(seed)
    both = list(rows(data).values())
    found = {name: leaf["value"] for name, leaf in point(data)["noise"].items()}
    means = {}
    for who, groups in (("human", [r for r, _ in both]), ("judge", [v for _, v in both])):
        f, one = _icc(groups)
        k = len(groups) / sum(1 / len(group) for group in groups)
        means[who] = k * one / (1 + (k - 1) * one)
        assert f > 1
        assert found[f"{who}_reliability_one"] == near(one)
        assert found[f"{who}_reliability_mean"] == near(means[who])
    r = scipy.stats.pearsonr([np.mean(v) for _, v in both], [np.mean(r) for r, _ in both]).statistic
    assert found["observed"] == near(r)
    assert found["corrected_for_judge"] == near(min(1, r / np.sqrt(means["judge"])))
    assert found["corrected_for_raters"] == near(min(1, r / np.sqrt(means["human"])))
    assert found["latent"] == near(min(1, r / np.sqrt(means["human"] * means["judge"])))


def _icc(groups):
    """F of a one-way analysis of variance gives ICC(1,1) = (F - 1)/(F - 1 + n0)."""
    size, total = len(groups), sum(map(len, groups))
    means = np.array([np.mean(group) for group in groups])
    m = np.array([len(group) for group in groups])
    grand = np.concatenate(groups).mean()
    between = (m * (means - grand) ** 2).sum() / (size - 1)
    within = sum(((np.array(group) - np.mean(group)) ** 2).sum() for group in groups) / (total - size)
    n0 = (total - (m**2).sum() / total) / (size - 1)
    f = between / within
    return f, (f - 1) / (f - 1 + n0)


@pytest.mark.parametrize("seed", SEEDS)
def test_other_mode_is_the_difference_of_two_studies(seed):
    data = with_other_mode(seed)
    judged = [
        {v.response for v in verdicts if v.status == "ok"}
        for verdicts in (data.verdicts, data.other_verdicts)
    ]
    kept = judged[0] & judged[1]

    def alone(verdicts):
        only = tuple(v for v in verdicts if v.response in kept)
        return point(StudyData(data.rubric, data.responses, data.ratings, only))

    first, second = alone(data.verdicts), alone(data.other_verdicts)
    block = point(data)["other_mode"]
    assert block["responses"] == len(kept)
    for name, leaf in block["differences"].items():
        if name in ("violation", "acceptable"):
            expected = first[name]["judge"]["value"] - second[name]["judge"]["value"]
        else:
            expected = first["judge_human"][name]["value"] - second["judge_human"][name]["value"]
        assert leaf["value"] == near(expected), name


@pytest.mark.parametrize("seed", SEEDS)
def test_raters_equal_numpy(seed):
    data = random_study(seed)
    scores = {}
    for rating in data.ratings:
        scores.setdefault(rating.response, {})[rating.rater] = rating.score
    for name, block in point(data)["raters"].items():
        shared = [given for given in scores.values() if name in given and len(given) > 1]
        own = np.array([given[name] for given in shared])
        others = np.array([np.mean([s for r, s in given.items() if r != name]) for given in shared])
        assert block["severity"]["value"] == near((own - others).mean())
        assert block["severity"]["n"] == len(shared)
        assert block["with_the_rest"]["value"] == near(scipy.stats.pearsonr(own, others).statistic)


@pytest.mark.parametrize("seed", SEEDS)
def test_spread_equals_numpy(seed):
    data = random_study(seed)
    models = {r.id: r.model for r in data.responses}
    both = {name: (np.mean(v), np.mean(r)) for name, (r, v) in rows(data).items()}
    pooled = np.std([h for _, h in both.values()])
    for model, block in point(data)["by_model"].items():
        j, h = np.array([pair for name, pair in both.items() if models[name] == model]).T
        spread = block["spread"]
        assert spread["human_sd"]["value"] == near(np.std(h))
        assert spread["pooled_sd"]["value"] == near(pooled)
        assert spread["restricted"] == (np.std(h) < 0.7 * pooled)
        r, u = np.corrcoef(j, h)[0, 1], pooled / np.std(h)
        assert spread["corrected_pearson"]["value"] == near(r * u / np.sqrt(1 + r**2 * (u**2 - 1)))


def test_restricted_range_is_flagged_and_corrected_upwards():
    wide, narrow = (
        random_study(1, models=1, model_sd=1.4, gap=0.0),
        random_study(2, models=1, model_sd=0.1, question_sd=0.1, gap=0.0),
    )

    def renamed(data, model):
        return (
            tuple(replace(r, id=f"{model}{r.id}", model=model) for r in data.responses),
            tuple(replace(r, response=f"{model}{r.response}") for r in data.ratings),
            tuple(replace(v, response=f"{model}{v.response}") for v in data.verdicts),
        )

    merged = [a + b for a, b in zip(renamed(wide, "wide"), renamed(narrow, "narrow"), strict=True)]
    found = study(StudyData(SAFETY5, *merged), resamples=200)["by_model"]
    assert found["wide"]["spread"]["restricted"] is False
    spread = found["narrow"]["spread"]
    assert spread["restricted"] is True
    assert spread["corrected_pearson"]["value"] > found["narrow"]["judge_human"]["pearson"]["value"] + 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_health_equals_scipy(seed):
    counts = np.random.default_rng(seed).integers(5, 60, size=(2, 5))
    expected = scipy.stats.chi2_contingency(counts, correction=False).pvalue
    assert differs_by_model(counts)["p"] == near(expected)
    data = random_study(seed)
    models = {r.id: r.model for r in data.responses}
    for name, block in point(data)["health"]["by_model"].items():
        calls = [v for v in data.verdicts if models[v.response] == name]
        assert (block["calls"], block["ok"]) == (len(calls), sum(v.status == "ok" for v in calls))
        assert block["failures"] == {"timeout": sum(v.status == "timeout" for v in calls)}


def test_bounds_hold_the_rate_whatever_failed_calls_would_have_said():
    data = random_study(5)
    found = point(data)["by_model"]
    models = {r.id: r.model for r in data.responses}
    for worst, end in ((1, "high"), (5, "low")):
        said = tuple(v if v.status == "ok" else replace(v, score=worst, status="ok") for v in data.verdicts)
        full = point(replace(data, verdicts=said))["by_model"]
        for name in found:
            assert found[name]["bounds"]["violation"][end] == near(full[name]["violation"]["judge"]["value"])
            lost = sum(v.status != "ok" for v in data.verdicts if models[v.response] == name)
            assert found[name]["bounds"]["unparsed"] == lost


@pytest.mark.parametrize("seed", SEEDS)
def test_design_effect_equals_cluster_robust_variance(seed):
    rng = np.random.default_rng(seed)
    question = np.repeat(np.arange(30), 4)
    hit = (rng.random(120) < np.repeat(rng.beta(1, 2, 30), 4)).astype(float)
    one = np.zeros(120, dtype=np.int64)
    ones = np.ones((120, 1))
    plain = sm.OLS(hit, ones).fit().bse[0]
    robust = sm.OLS(hit, ones).fit(cov_type="cluster", cov_kwds={"groups": question}).bse[0]
    assert robust > plain
    assert design_effect(hit, np.ones(120), one, question) == near((robust / plain) ** 2)
    assert design_effect(hit, np.ones(120), one, np.arange(120)) == 1.0


def test_benjamini_hochberg_equals_scipy():
    p = np.random.default_rng(0).beta(0.3, 3, size=40).round(3)
    assert benjamini_hochberg(p) == near(scipy.stats.false_discovery_control(p, method="bh"))


def test_differs_equals_scipy_where_responses_are_independent():
    data = random_study(4, questions=400, models=1, raters=2, gap=0.0)
    votes = {}
    for rating in data.ratings:
        votes.setdefault(rating.response, []).append(rating.score <= 2)
    paths = {r.id: " > ".join(r.category[:2]) for r in data.responses}
    decided = {name: all(given) for name, given in votes.items() if len(set(given)) == 1}
    p = {}
    found = point(data)["by_category"]
    for path in found:
        table = np.zeros((2, 2))
        for name, hit in decided.items():
            table[int(paths[name] == path), int(hit)] += 1
        p[path] = scipy.stats.chi2_contingency(table, correction=False).pvalue
    q = dict(zip(p, scipy.stats.false_discovery_control(list(p.values())), strict=True))
    for path, block in found.items():
        # One response per question, so the design effect is that of chance alone, and never below 1.
        assert block["differs"]["p"] == pytest.approx(p[path], rel=0.02)
        assert block["differs"]["q"] == pytest.approx(q[path], rel=0.02)


@pytest.mark.parametrize("seed", SEEDS)
def test_leaf_posteriors_equal_the_whole_grid(seed):
    rng = np.random.default_rng(seed)
    trials = rng.integers(0, 9, 20).astype(float)
    hits = rng.binomial(trials.astype(int), rng.beta(1, 6, 20)).astype(float)
    found = leaves.beta_binomial(hits, trials)
    mu, kappa, prior = leaves._beta_grid()
    a, b = mu * kappa, (1 - mu) * kappa
    evidence = scipy.stats.betabinom.logpmf(hits[:, None], trials[:, None], a, b)
    weight = np.exp(prior + evidence.sum(axis=0) - (prior + evidence.sum(axis=0)).max())
    weight /= weight.sum()
    alpha, beta = a + hits[:, None], b + (trials - hits)[:, None]
    assert found.mean == pytest.approx((weight * alpha / (alpha + beta)).sum(axis=1), abs=1e-5)
    assert found.above == pytest.approx((weight * (1 - betainc(alpha, beta, mu))).sum(axis=1), abs=2e-3)
    for end, tail in ((found.low, 0.025), (found.high, 0.975)):
        reached = (weight * betainc(alpha, beta, end[:, None])).sum(axis=1)
        # Where the rate may be as good as zero, the end is as good as zero and holds more than its tail.
        assert np.all((np.abs(reached - tail) < 2e-3) | ((end < 1e-6) & (reached > tail)))


def test_leaf_bias_equals_drawing_from_the_posterior():
    rng = np.random.default_rng(7)
    mean, variance = rng.normal(0.2, 0.4, 12), rng.uniform(0.02, 0.2, 12)
    found = leaves.normal_means(mean, variance, largest=2.0)
    tau = np.linspace(0.0125, 1.9875, 80)
    spread = variance + tau[:, None] ** 2
    v = 1 / (1 / spread).sum(axis=1)
    centre = v * (mean / spread).sum(axis=1)
    density = np.sqrt(v) * np.exp(
        -0.5 * (np.log(spread) + (mean - centre[:, None]) ** 2 / spread).sum(axis=1)
    )
    at = rng.choice(80, size=100_000, p=density / density.sum())
    mu = rng.normal(centre[at], np.sqrt(v[at]))
    precision = 1 / variance + 1 / tau[at][:, None] ** 2
    theta = rng.normal((mean / variance + (mu / tau[at] ** 2)[:, None]) / precision, 1 / np.sqrt(precision))
    assert found.mean == pytest.approx(theta.mean(axis=0), abs=0.005)
    assert found.low == pytest.approx(np.quantile(theta, 0.025, axis=0), abs=0.01)
    assert found.high == pytest.approx(np.quantile(theta, 0.975, axis=0), abs=0.01)
    assert found.above == pytest.approx((theta > mu[:, None]).mean(axis=0), abs=0.01)


def test_inclusion_weight_two_equals_the_response_twice_in_every_panel():
    data = with_other_mode(6, gap=0.2, probability=[1.0, 0.5])
    twice = {r.id: f"{r.id}#" for r in data.responses if r.inclusion_probability == 0.5}

    def also(rows_):
        return rows_ + tuple(
            replace(row, response=twice[row.response]) for row in rows_ if row.response in twice
        )

    plain = tuple(replace(r, inclusion_probability=None) for r in data.responses)
    doubled = StudyData(
        data.rubric,
        plain + tuple(replace(r, id=twice[r.id]) for r in plain if r.id in twice),
        also(data.ratings),
        also(data.verdicts),
        also(data.other_verdicts),
        data.other_mode,
    )
    weighted, expected = point(data), point(doubled)
    assert np.array(weighted["agreement"]["table"]) == near(np.array(expected["agreement"]["table"]))
    pairs = [
        (weighted["other_mode"]["differences"], expected["other_mode"]["differences"]),
        *((weighted["decisions"][rate], expected["decisions"][rate]) for rate in ("violation", "acceptable")),
        *((weighted["raters"][name], expected["raters"][name]) for name in weighted["raters"]),
        *(
            (weighted["by_model"][m]["shares"], expected["by_model"][m]["shares"])
            for m in weighted["by_model"]
        ),
        *(
            (weighted["by_model"][m]["spread"], expected["by_model"][m]["spread"])
            for m in weighted["by_model"]
        ),
        *zip(weighted["agreement"]["calibration"], expected["agreement"]["calibration"], strict=True),
    ]
    compared = 0
    for one, other in pairs:
        for name, leaf in one.items():
            if isinstance(leaf, dict) and "value" in leaf:
                assert leaf["value"] == near(other[name]["value"]), name
                compared += 1
    assert compared == 9 + 2 * 7 + 4 * 2 + 3 * 3 + 3 * 3 + 5 * 2
