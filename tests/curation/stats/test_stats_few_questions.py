"""How intervals grow where they rest on few questions, or on questions that pull unequally."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from curation.stats import study
from curation.stats.bootstrap import (
    Group,
    bca,
    estimates,
    point_and_jackknife,
    question_weights,
    wider_tail,
)
from curation.stats.correlation import pearson_from_moments
from tests.curation.stats.synthetic import random_study


def near(number):
    return pytest.approx(number, rel=1e-10)


def test_wider_tail_of_values_as_flat_as_the_normal_distribution_is_hesterbergs():
    # Kurtosis 6 (1 + 1) / (1 + 1)^2 = 3, so f = 12 / (3 - 3/5) = 5 = Q - 1.
    left_out = np.array([1.0, -1.0, 0.0, 0.0, 0.0, 0.0])
    assert wider_tail(left_out) == near(math.sqrt(6 / 5) * scipy.stats.t.ppf(0.975, 5))
    assert wider_tail(left_out, 0.8) == near(math.sqrt(6 / 5) * scipy.stats.t.ppf(0.9, 5))


def test_wider_tail_has_fewer_degrees_of_freedom_where_one_question_pulls():
    # d = -.9 and nine times .1: sums .9 of squares and .657 of fourth powers, kurtosis 10 (.657) / .81 = 73/9.
    # f = 20 / (73/9 - 7/9) = 30/11, where Q - 1 is 9.
    left_out = np.array([1.0] + [0.0] * 9)
    assert wider_tail(left_out) == near(math.sqrt(10 / 9) * scipy.stats.t.ppf(0.975, 30 / 11))
    with_gaps = np.array([math.nan, *left_out, math.nan])
    assert wider_tail(with_gaps) == wider_tail(left_out)


def test_wider_tail_has_at_most_as_many_degrees_of_freedom_as_questions_less_one():
    # Kurtosis 1, the smallest: f = 8 / (1 - 1/3) = 12, held to 3.
    assert wider_tail(np.array([1.0, 1.0, -1.0, -1.0])) == near(
        math.sqrt(4 / 3) * scipy.stats.t.ppf(0.975, 3)
    )
    assert wider_tail(np.full(4, 0.7)) == near(math.sqrt(4 / 3) * scipy.stats.t.ppf(0.975, 3))


def test_wider_tail_of_many_questions_is_that_of_the_normal_distribution():
    many = np.random.default_rng(0).normal(size=20_000)
    assert wider_tail(many) == pytest.approx(scipy.stats.norm.ppf(0.975), abs=3e-4)
    assert wider_tail(np.array([math.nan, 1.0])) == near(scipy.stats.norm.ppf(0.975))


def of_exponential_errors(size):
    """Pearson's r of one response per question, whose errors are skewed: (x, y, group)."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=size)
    y = 0.7 * x + 0.7 * rng.exponential(size=size)
    sums = np.stack([np.ones(size), x, y, x * x, y * y, x * y])
    return x, y, Group(("r",), size, size, sums=sums, evaluate=lambda _, s: pearson_from_moments(*s)[None, :])


def draws_of(group, blocks):
    weights = (question_weights(seed=0, clusters=group.n_clusters, block=at) for at in range(blocks))
    return np.concatenate([group.evaluate(None, group.sums @ one)[0] for one in weights])


def test_bca_before_it_is_widened_is_scipys():
    x, y, group = of_exponential_errors(60)
    expected = scipy.stats.bootstrap(
        (x, y),
        lambda a, b, axis: scipy.stats.pearsonr(a, b, axis=axis).statistic,
        paired=True,
        vectorized=True,
        n_resamples=8000,
        rng=np.random.default_rng(5),
    ).confidence_interval
    point, left_out = point_and_jackknife(group)
    found = bca(point[0], draws_of(group, 8), left_out[0])
    # Two bootstraps of 8,000 differ by their own noise, about .004 at the ends here.
    assert found == pytest.approx((expected.low, expected.high), abs=0.02)


def test_estimates_are_bca_at_the_level_that_the_wider_tail_stands_for():
    _, _, group = of_exponential_errors(60)
    point, left_out = point_and_jackknife(group)
    level = 2 * scipy.stats.norm.cdf(wider_tail(left_out[0])) - 1
    found = estimates({"g": group}, seed=0, resamples=8000)["g"]["r"]
    assert level > 0.96
    assert (found.low, found.high) == pytest.approx(bca(point[0], draws_of(group, 8), left_out[0], level))


@pytest.mark.parametrize(("questions", "few"), [(2, True), (59, True), (60, False)])
def test_study_says_whether_its_questions_are_few(questions, few):
    data = random_study(3, questions=questions, models=2, gap=0.0)
    assert study(data, resamples=20)["few_questions"] is few


def test_only_questions_that_are_compared_count():
    data = random_study(4, questions=70, models=1, raters=1, gap=0.0)
    unrated = replace(data, ratings=data.ratings[:59])
    assert study(unrated, resamples=20)["few_questions"] is True
    # Without any comparison there is no interval of one.
    assert study(replace(data, ratings=()), resamples=20)["few_questions"] is False
