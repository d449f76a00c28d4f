"""When a target is reached, from how many events each of the last days had. Pure: no Django, no models.

Events come like a Poisson process whose rate is known from n events in S days: rate ~ Gamma(n + 1/2, S) (Jeffreys). The
m-th event from now then comes after S * B days, B ~ beta prime (m, n + 1/2). Work comes in bursts and rests at
weekends, so both shapes are divided by the dispersion (variance over mean of the daily counts, at least 1), which
leaves the middle and widens the interval. Source: Gelman et al. (2013), Bayesian data analysis, 2.6; McCullagh & Nelder
(1989), Generalized linear models, 6.2.3 (overdispersion).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FEWEST_EVENTS, FEWEST_DAYS, SHORTEST = 5, 3, 7
HORIZON = 3650  # days; what lies beyond has no date
TAILS = (0.5, 0.025, 0.975)

REACHED, FEW, SHORT, FAR = "reached", "few", "short", "far"


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Days from now until the target is reached: the middle and the 95 % interval.

    `n` events in `days` days are what it rests on. `high` is None where it lies beyond ten years. Without a `middle`,
    `why` says why: reached, few (events, or days with one), short (time watched) or far (beyond ten years).
    """

    missing: int
    n: int
    days: int
    middle: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""


def days_to(missing: int, per_day: Sequence[int]) -> Forecast:
    """How long `missing` more events take. `per_day`: counts of whole days, one for each day watched, the empty ones too."""
    n, days = sum(per_day), len(per_day)

    def without(why: str) -> Forecast:
        return Forecast(missing=max(missing, 0), n=n, days=days, why=why)

    if missing <= 0:
        return without(REACHED)
    if days < SHORTEST:
        return without(SHORT)
    if n < FEWEST_EVENTS or sum(1 for count in per_day if count) < FEWEST_DAYS:
        return without(FEW)
    spread = dispersion(per_day)
    middle, low, high = (_quantile(at, missing / spread, (n + 0.5) / spread, days) for at in TAILS)
    if middle > HORIZON:
        return without(FAR)
    return Forecast(
        missing=missing, n=n, days=days, middle=middle, low=low, high=high if high <= HORIZON else None
    )


def dispersion(per_day: Sequence[int]) -> float:
    """Variance over mean of the counts, at least 1: what a Poisson process has."""
    days = len(per_day)
    mean = sum(per_day) / days
    if not mean or days < 2:
        return 1.0
    return max(1.0, sum((count - mean) ** 2 for count in per_day) / (days - 1) / mean)


def _quantile(at: float, more: float, seen: float, days: int) -> float:
    from scipy.special import betaincinv  # numpy, which no plain command needs

    share = float(betaincinv(more, seen, at))
    return days * share / (1 - share) if share < 1 else float("inf")
