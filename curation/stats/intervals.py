"""Intervals for a share that need no resampling."""

from __future__ import annotations

import math

from scipy.special import ndtri


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
