"""The planner's widths against what happens when such campaigns are simulated."""

import numpy as np
import pytest

from annotation.planner import (
    Assumed,
    Row,
    agreement_width,
    effective_size,
    forecast,
    mean_cluster,
    one_way_icc,
)

Z = 1.959964


def rows(questions: int, models: int, probability: float = 1.0) -> list[Row]:
    return [
        Row(question=q, model=f"m{m}", probability=probability)
        for q in range(questions)
        for m in range(models)
    ]


def test_forecast_counts_by_hand() -> None:
    found = forecast(
        rows(10, 2),
        overlap=3,
        arms=2,
        raters=4,
        gold_share=0.1,
        gold_cases=3,
        practice_cases=5,
        assumed=Assumed(seconds=60),
    )
    # 20 responses x 3 x 2 arms = 120; a tenth of all turns: 120 x .1 / .9 = 13.3, but 4 raters x 3 cases = 12
    assert (found.responses, found.questions, found.ratings) == (20, 10, 120)
    assert (found.checks, found.practice, found.raters_needed) == (12, 20, 6)
    # (120 + 12 + 20) minutes
    assert found.hours == pytest.approx(152 / 60)
    assert found.hours_per_rater == pytest.approx(152 / 240)
    assert [(line.model, line.responses, line.ratings) for line in found.models] == [
        ("m0", 10, 60),
        ("m1", 10, 60),
    ]
    # Per model each question has one response: nothing is shared
    assert [line.effective for line in found.models] == [10.0, 10.0]
    # In all two responses a question: 20 / (1 + 1 x .3)
    assert found.overall.effective == pytest.approx(20 / 1.3)


def test_no_width_without_cut_or_second_rating() -> None:
    found = forecast(rows(10, 1), overlap=1, has_cut=False)
    assert (found.overall.width, found.agreement_width, found.hours_per_rater) == (None, None, None)
    assert forecast([], overlap=3).overall.width is None


def test_clusters_of_unequal_size() -> None:
    # Questions of 1 and 3 responses: (1 + 9) / 4
    assert mean_cluster(["a", "b", "b", "b"]) == 2.5


def test_unequal_weights_cost_their_spread() -> None:
    mixed = [Row(question=n, model="m", probability=1.0 if n % 2 else 0.5) for n in range(100)]
    # weights 1 and 2: n sum w^2 / (sum w)^2 = 100 x (50 + 200) / 150^2 = 1.111
    assert effective_size(mixed, 0.0) == pytest.approx(90)


@pytest.mark.parametrize(("questions", "models", "rate", "rho"), [(200, 4, 0.2, 0.3), (150, 3, 0.4, 0.6)])
def test_width_of_a_rate_against_simulation(questions: int, models: int, rate: float, rho: float) -> None:
    rng = np.random.default_rng(5)
    # Beta-binomial: the correlation within a question is 1 / (a + b + 1)
    size = 1 / rho - 1
    chance = rng.beta(rate * size, (1 - rate) * size, (4000, questions))
    share = (rng.random((4000, questions, models)) < chance[..., None]).mean(axis=(1, 2))
    low, high = np.quantile(share, [0.025, 0.975])
    found = forecast(rows(questions, models), overlap=2, assumed=Assumed(rate=rate, question_correlation=rho))
    assert found.overall.width == pytest.approx(high - low, rel=0.06)


def test_width_of_a_weighted_rate_against_simulation() -> None:
    rng = np.random.default_rng(6)
    probability = np.where(np.arange(300) < 200, 1.0, 0.25)
    hits = rng.random((4000, 300)) < 0.3
    share = (hits / probability).sum(axis=1) / (1 / probability).sum()
    low, high = np.quantile(share, [0.025, 0.975])
    planned = [Row(question=n, model="m", probability=float(p)) for n, p in enumerate(probability)]
    found = forecast(planned, overlap=2, assumed=Assumed(rate=0.3))
    assert found.overall.width == pytest.approx(high - low, rel=0.06)


def alphas(rng: np.random.Generator, questions: int, models: int, raters: int, r: float) -> np.ndarray:
    """Krippendorff's alpha (interval metric) of simulated ratings whose intraclass correlation is r.

    A fifth of the quality of a response is its question's.
    """
    draws, n = 1500, questions * models
    shared = np.repeat(rng.standard_normal((draws, questions)), models, axis=1)
    quality = np.sqrt(0.2) * shared + np.sqrt(0.8) * rng.standard_normal((draws, n))
    noise = rng.standard_normal((draws, n, raters))
    scores = np.sqrt(r) * quality[..., None] + np.sqrt(1 - r) * noise
    within = scores.var(axis=2, ddof=1).mean(axis=1)
    total = scores.reshape(draws, -1).var(axis=1, ddof=1)
    return 1 - within / total


@pytest.mark.parametrize(
    ("questions", "models", "raters", "r"), [(300, 1, 3, 0.6), (150, 2, 3, 0.5), (400, 1, 2, 0.7)]
)
def test_width_of_the_agreement_against_simulation(
    questions: int, models: int, raters: int, r: float
) -> None:
    found = alphas(np.random.default_rng(7), questions, models, raters, r)
    low, high = np.quantile(found, [0.025, 0.975])
    width = agreement_width(questions * models, raters, r)
    assert width == pytest.approx(high - low, rel=0.09)
    # What questions share is allowed for at worst: never narrower than what happens
    assert agreement_width(questions * models, raters, r, cluster=models) >= (high - low) * 0.93


def test_agreement_width_by_hand() -> None:
    # n 101, k 2, r .5: variance 2 x .25 x 2.25 / (2 x 1 x 100) = .005625, root .075
    assert agreement_width(101, 2, 0.5) == pytest.approx(2 * Z * 0.075, rel=1e-6)
    with pytest.raises(ValueError, match="two ratings"):
        agreement_width(10, 1, 0.5)


def test_icc_by_hand() -> None:
    # Groups (1, 3) and (5, 7): means 2, 6, grand 4; MSB = 2(4) + 2(4) = 16, MSW = (2 + 2) / 2 = 2, m0 = 2
    assert one_way_icc([(1, 3), (5, 7)]) == pytest.approx((16 - 2) / (16 + 2))
    assert one_way_icc([(1,), (2,)]) is None
