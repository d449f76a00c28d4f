"""The width of agreement on labels: by hand, by counting every case, and against simulated campaigns."""

import itertools
import math

import numpy as np
import pytest

from annotation.nominal_width import nominal_alpha, nominal_width, spread_of
from annotation.planner import Assumed, Row, forecast
from curation.stats import human
from curation.stats.bootstrap import estimates
from curation.stats.data import StudyData, StudyRating, StudyResponse, StudyRubric
from curation.stats.table import study_table

Z = 1.959963984540054
NAME = "krippendorff_alpha_nominal"


def every_case(k: int, r: float, margin: tuple[float, ...]) -> float:
    """The variance of a response's influence over all counts that its k raters can give."""
    weight = [share * (1 - r) / r for share in margin]
    whole = sum(weight)
    first = second = 0.0
    for counts in itertools.product(range(k + 1), repeat=len(margin)):
        if sum(counts) != k:
            continue
        chance = math.lgamma(k + 1) + math.lgamma(whole) - math.lgamma(k + whole)
        for n, a in zip(counts, weight, strict=True):
            chance += math.lgamma(n + a) - math.lgamma(a) - math.lgamma(n + 1)
        pairs = sum(n * (n - 1) for n in counts) / (k * (k - 1))
        told = pairs - 2 * (1 - r) * sum(p * n for p, n in zip(margin, counts, strict=True)) / k
        first, second = first + math.exp(chance) * told, second + math.exp(chance) * told**2
    return (second - first**2) / (1 - sum(share**2 for share in margin)) ** 2


@pytest.mark.parametrize("p", [0.5, 0.3, 0.1])
@pytest.mark.parametrize("r", [0.0, 0.2, 0.6, 0.9])
def test_two_raters_and_two_labels_have_the_variance_of_bloch_and_kraemer(p: float, r: float) -> None:
    expected = (1 - r) * ((1 - r) * (1 - 2 * r) + r * (2 - r) / (2 * p * (1 - p)))
    assert spread_of(2, r, (p, 1 - p)).variance == pytest.approx(expected)


def test_width_by_hand() -> None:
    # k 2, labels equally often, r .5: .5 (.5 x 0 + .5 x 1.5 / .5) = .75; n 300: root of .0025 = .05
    assert nominal_width(300, 2, 0.5, (0.5, 0.5)) == pytest.approx(2 * Z * 0.05)
    # By chance alone (r 0) of two labels: 2 / (k (k - 1)) = 1/3 for three raters, and nothing is shared
    assert spread_of(3, 0.0, (0.5, 0.5)).variance == pytest.approx(1 / 3)
    assert spread_of(3, 0.0, (0.5, 0.5)).shared == pytest.approx(0.0)
    # Raters who are always of one mind, as is nobody else: no width
    assert nominal_width(300, 3, 1.0, (0.5, 0.5)) == 0.0
    # A label that nobody gives changes nothing, nor do counts in place of shares
    assert nominal_width(300, 2, 0.5, (30, 0, 30)) == nominal_width(300, 2, 0.5, (0.5, 0.5))


@pytest.mark.parametrize(
    ("k", "r", "margin"), [(2, 0.6, (0.3, 0.7)), (3, 0.5, (0.2, 0.3, 0.5)), (5, 0.2, (0.25,) * 4)]
)
def test_variance_is_that_over_every_case(k: int, r: float, margin: tuple[float, ...]) -> None:
    assert spread_of(k, r, margin).variance == pytest.approx(every_case(k, r, margin))


def test_what_raters_share_is_all_of_it_with_very_many_raters() -> None:
    few, many = (spread_of(k, 0.5, (0.2, 0.8)).shared for k in (2, 2000))
    assert (0 < few < 0.6, many > 0.99) == (True, True)
    # Two responses to a question say as much as 2 / (1 + c) of two questions
    spread = spread_of(2, 0.6, (0.3, 0.7))
    alone = nominal_width(400, 2, 0.6, (0.3, 0.7))
    both = nominal_width(400, 2, 0.6, (0.3, 0.7), cluster=2)
    assert (both / alone) ** 2 == pytest.approx(1 + spread.shared)


@pytest.mark.parametrize("given", [(10, 1, (0.5, 0.5)), (1, 2, (0.5, 0.5)), (10, 2, (1.0,)), (10, 2, (1, 0))])
def test_width_needs_something_to_agree_on(given: tuple[int, int, tuple[float, ...]]) -> None:
    with pytest.raises(ValueError, match="Agreement needs two"):
        nominal_width(given[0], given[1], 0.5, given[2])


def test_alpha_by_hand() -> None:
    # (a, a), (a, b), (b, b, b) and one alone, which says nothing: n 7, a 3, b 4; differing: (4 - 2) / 1 = 2
    found = nominal_alpha([["a", "a"], ["a", "b"], ["b", "b", "b"], ["c"]])
    assert found is not None
    assert found[0] == pytest.approx(1 - 6 * 2 / (49 - 25))
    assert found[1] == {"a": 3 / 7, "b": 4 / 7}
    assert nominal_alpha([["a", "a"], ["b"]]) is None


def test_forecast_of_labels_takes_their_number_or_how_often_they_are_given() -> None:
    rows = [Row(question=n, model="m") for n in range(100)]
    even = forecast(rows, overlap=3, has_cut=False, labels=4)
    seen = forecast(rows, overlap=3, labels=2, assumed=Assumed(agreement=0.4, margin=(0.9, 0.1)))
    assert even.agreement_width == nominal_width(100, 3, 0.6, (0.25,) * 4)
    assert seen.agreement_width == nominal_width(100, 3, 0.4, (0.9, 0.1))
    assert seen.as_json()["assumed"]["margin"] == [0.9, 0.1]
    assert forecast(rows, overlap=1, labels=4).agreement_width is None


def drawn(
    rng: np.random.Generator, campaigns: int, n: int, k: int, r: float, margin: tuple[float, ...]
) -> np.ndarray:
    """Counts of labels, (campaigns, n, labels)."""
    chances = rng.dirichlet(np.array(margin) * (1 - r) / r, (campaigns, n))
    return rng.multinomial(k, chances)


@pytest.mark.parametrize(
    ("n", "k", "r", "margin"),
    [(200, 3, 0.5, (0.2, 0.3, 0.5)), (150, 2, 0.7, (0.8, 0.2)), (300, 5, 0.3, (0.1,) * 2 + (0.2,) * 4)],
)
def test_width_against_the_spread_of_simulated_campaigns(
    n: int, k: int, r: float, margin: tuple[float, ...]
) -> None:
    counts = drawn(np.random.default_rng(3), 3000, n, k, r, margin)
    agreed = (counts * (counts - 1)).sum(axis=2).mean(axis=1) / (k * (k - 1))
    chance = (counts.sum(axis=1) ** 2).sum(axis=1) / (n * k) ** 2
    low, high = np.quantile((agreed - chance) / (1 - chance), [0.025, 0.975])
    assert nominal_width(n, k, r, margin) == pytest.approx(high - low, rel=0.06)


def study_of(counts: np.ndarray) -> StudyData:
    """A campaign's counts (responses, labels) as ratings, each response to a question of its own."""
    labels = tuple("abcdef"[: counts.shape[1]])
    given = [[label for label, n in zip(labels, row, strict=True) for _n in range(n)] for row in counts]
    return StudyData(
        StudyRubric("nominal", labels),
        tuple(StudyResponse(n, n, "m") for n in range(len(given))),
        tuple(StudyRating(n, f"r{at}", label) for n, row in enumerate(given) for at, label in enumerate(row)),
        (),
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "k", "r", "margin"), [(200, 3, 0.5, (0.2, 0.3, 0.5)), (250, 2, 0.6, (0.3, 0.7))]
)
def test_width_against_the_intervals_that_studies_will_show(
    n: int, k: int, r: float, margin: tuple[float, ...]
) -> None:
    widths, held = [], 0
    for counts in drawn(np.random.default_rng(4), 60, n, k, r, margin):
        groups = human.groups(study_table(study_of(counts)))
        found = estimates(groups, seed=1, resamples=1000, threads=1)["raters"][NAME]
        assert found.low is not None
        assert found.high is not None
        widths.append(found.high - found.low)
        held += found.low <= r <= found.high
    assert nominal_width(n, k, r, margin) == pytest.approx(np.mean(widths), rel=0.06)
    assert held >= 51  # of 60 at 95 %: 50 or fewer with a chance of 1 in 1,300
