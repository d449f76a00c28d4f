"""How far two reviewers who read the same text without each other say the same of it. Pure: no Django, no models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curation.stats.estimate import Estimate, not_estimable
from curation.stats.intervals import wilson

DRAWS = 2000
SEED = 0
NONE = "No text has been read by two people yet."


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Of pairs of yes or no: the share that agree (Wilson), and Gwet's AC1 (percentile bootstrap over the pairs)."""

    exact: Estimate
    ac1: Estimate


def agreement(pairs: Sequence[tuple[bool, bool]]) -> Agreement:
    """`pairs`: what the two said, one pair for each text; who of the two came first does not matter.

    AC1 = (p - e) / (1 - e) with p the share of pairs that agree, e = 2 q (1 - q), q the share of yes among all that
    was said. Source: Gwet (2008), Computing inter-rater reliability and its variance in the presence of high agreement.
    """
    n = len(pairs)
    if not n:
        return Agreement(exact=not_estimable(NONE), ac1=not_estimable(NONE))
    both = sum(1 for a, b in pairs if a and b)
    neither = sum(1 for a, b in pairs if not a and not b)
    counts = np.array([both, n - both - neither, neither], dtype=float)
    low, high = wilson(both + neither, n)
    exact = Estimate((both + neither) / n, low, high, n=n, n_clusters=n)
    draws = np.random.default_rng(SEED).multinomial(n, counts / n, size=DRAWS).astype(float)
    ends = np.percentile(_ac1(draws), [2.5, 97.5])
    ac1 = Estimate(float(_ac1(counts[None])[0]), float(ends[0]), float(ends[1]), n=n, n_clusters=n)
    return Agreement(exact=exact, ac1=ac1)


def _ac1(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of rows (both yes, apart, both no). The denominator is at least one half."""
    n = counts.sum(axis=1)
    p = (counts[:, 0] + counts[:, 2]) / n
    q = (counts[:, 0] + counts[:, 1] / 2) / n
    e = 2 * q * (1 - q)
    found: npt.NDArray[np.float64] = (p - e) / (1 - e)
    return found
