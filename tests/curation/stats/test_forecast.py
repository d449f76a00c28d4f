"""When a target is reached: by hand, against simulation, and where nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest

from curation.stats.forecast import Forecast, days_to, dispersion


def test_middle_and_interval_of_a_steady_pace_by_hand() -> None:
    # One a day for 28 days: dispersion 1. One more event: T = 28 X / (1 - X), X ~ Beta(1, 28.5), whose distribution is
    # 1 - (1 - x)^28.5, so the quantile at p is x = 1 - (1 - p)^(1 / 28.5).
    def by_hand(p: float) -> float:
        x = 1 - (1 - p) ** (1 / 28.5)
        return 28 * x / (1 - x)

    found = days_to(1, [1] * 28)
    assert (found.missing, found.n, found.days, found.why) == (1, 28, 28, "")
    assert found.middle == pytest.approx(by_hand(0.5))
    assert (found.low, found.high) == (pytest.approx(by_hand(0.025)), pytest.approx(by_hand(0.975)))


@pytest.mark.parametrize(
    ("missing", "per_day", "why"),
    [
        (0, [0] * 28, "reached"),
        (-3, [5] * 28, "reached"),
        (10, [2] * 6, "short"),
        (10, [4] + [0] * 27, "few"),  # fewer than five
        (10, [9, 9] + [0] * 26, "few"),  # on two days alone
        (10_000, [2, 2, 1] + [0] * 25, "far"),  # 10,000 / (5 / 28) is 153 years
    ],
)
def test_nothing_is_said_where_nothing_can_be(missing: int, per_day: list[int], why: str) -> None:
    found = days_to(missing, per_day)
    assert found == Forecast(missing=max(missing, 0), n=sum(per_day), days=len(per_day), why=why)


def test_an_end_beyond_ten_years_is_left_open() -> None:
    found = days_to(300, [1] * 5 + [0] * 23)
    assert found.high is None
    assert found.middle is not None
    assert found.low is not None
    assert found.low < found.middle < 3650


def test_dispersion_is_variance_over_mean_and_at_least_one() -> None:
    assert dispersion([7, 0, 0, 0, 0, 0, 0]) == pytest.approx(7)  # mean 1, squares 36 + 6 = 42, / 6 = 7
    assert (dispersion([3] * 20), dispersion([0] * 20), dispersion([4])) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("bursts", [1, 4])
def test_intervals_hold_what_comes_about_as_often_as_they_say(bursts: int) -> None:
    """Batches of `bursts` on Poisson days: 95 % promised, 400 futures each; what is missing ends within a batch."""
    rng = np.random.default_rng(7)
    held, missing = 0, 60
    for _ in range(400):
        past = bursts * rng.poisson(3 / bursts, 28)
        found = days_to(missing, past.tolist())
        future = np.cumsum(bursts * rng.poisson(3 / bursts, 400))
        end = int(np.searchsorted(future, missing)) + 0.5
        assert found.low is not None
        assert found.high is not None
        held += found.low - 0.5 <= end <= found.high + 0.5
    assert held / 400 > 0.92
