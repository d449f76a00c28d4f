"""Intervals for a share that need no resampling."""

from __future__ import annotations

import math

from scipy.special import betaincinv, ndtri


def wilson(successes: float, trials: float, level: float = 0.95) -> tuple[float, float]:
    """The score interval of a proportion; counts may be fractional (effective sizes). Source: Wilson (1927).

    Raises ValueError for no trials.
    """
    if trials <= 0:
        raise ValueError("A share needs at least one trial.")
    z = float(ndtri(0.5 + level / 2))
    p = min(max(successes / trials, 0.0), 1.0)
    scale = 1 + z * z / trials
    centre = (p + z * z / (2 * trials)) / scale
    half = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials)) / scale
    # At 0 and 1 the end equals the share exactly; rounding must not push it past.
    return (0.0 if p == 0 else max(0.0, centre - half)), (1.0 if p == 1 else min(1.0, centre + half))


def jeffreys(successes: float, trials: float, level: float = 0.95) -> tuple[float, float]:
    """The equal-tailed interval of Beta(k + 1/2, n - k + 1/2), ending at 0 for no success and at 1 for no failure.

    Counts may be fractional (effective sizes). Source: Brown, Cai & DasGupta (2001), Interval estimation for a
    binomial proportion. Raises ValueError for no trials.
    """
    if trials <= 0:
        raise ValueError("A share needs at least one trial.")
    hits = min(max(successes, 0.0), trials)
    misses = trials - hits
    tail = (1 - level) / 2
    low, high = (float(betaincinv(hits + 0.5, misses + 0.5, at)) for at in (tail, 1 - tail))
    return (0.0 if hits == 0 else low), (1.0 if misses == 0 else high)
