"""Agreement from sums: weighted kappa, AC2, Krippendorff's alpha, Fleiss' kappa, Cohen's kappa, F1.

K is the number of scale positions, C the number of resamples (last axis). NaN where a coefficient is undefined.
"""

from __future__ import annotations

import numpy as np

from curation.stats.table import Array

_NOTHING = 1e-12


def quadratic_weighted_kappa(squared: Array, a: Array, b: Array) -> Array:
    """1 - D_o / D_e with quadratic weights on scale positions. -> (C,).

    squared: (C,) sum of (i - j)^2 over pairs; a, b: (K, C) margins of the same pairs. D_e needs the margins only:
    E(i - j)^2 = E i^2 + E j^2 - 2 E i E j under independence. Source: Cohen (1968).
    """
    n, both = a.sum(axis=0), a + b
    position = np.arange(len(a), dtype=np.float64)
    mean_a, mean_both = _weighted(position, a) / n, _weighted(position, both) / n
    expected = _weighted(position**2, both) / n - 2 * mean_a * (mean_both - mean_a)
    return _one_minus(squared / n, expected)


def gwet_ac2(squared: Array, a: Array, b: Array) -> Array:
    """Gwet's AC2 with quadratic weights 1 - (i - j)^2 / (K - 1)^2. -> (C,).

    p_e = T / (K (K - 1)) * sum pi (1 - pi), T the sum of all weights, pi the mean of the two margins.
    Source: Gwet (2014), Handbook of inter-rater reliability, chapter 5.
    """
    size, n = len(a), a.sum(axis=0)
    position = np.arange(size)
    total = (1 - (position[:, None] - position) ** 2 / (size - 1) ** 2).sum()
    pi = (a + b) / (2 * n)
    chance = total / (size * (size - 1)) * (1 - np.einsum("kc,kc->c", pi, pi))
    observed = 1 - squared / n / (size - 1) ** 2
    return _one_minus(1 - observed, 1 - chance)


def krippendorff_alpha(coincidence: Array, *, ordinal: bool) -> Array:
    """alpha = 1 - D_o / D_e from coincidence totals (K, K, C). -> (C,).

    The ordinal metric is the squared distance of mid-ranks in the values' own margins, the nominal one is 0 or 1.
    Source: Krippendorff (2019), Content analysis, chapter 12.
    """
    count = coincidence.sum(axis=1)
    n = count.sum(axis=0)
    if ordinal:
        middle = (np.cumsum(count, axis=0) - count / 2) / n
        # sum_ck w_ck (m_c - m_k)^2 = 2 sum_c w_c. m_c^2 - 2 sum_ck w_ck m_c m_k, for symmetric w
        square = (count * middle**2).sum(axis=0)
        observed = 2 * square - 2 * (np.einsum("ikc,kc->ic", coincidence, middle) * middle).sum(axis=0)
        expected = 2 * n * square - 2 * (count * middle).sum(axis=0) ** 2
    else:
        size = len(count)
        observed = n - coincidence[np.arange(size), np.arange(size)].sum(axis=0)
        expected = n**2 - (count**2).sum(axis=0)
    return _one_minus(observed / n, expected / (n * (n - 1)))


def fleiss_kappa(agreement: Array, units: Array, margin: Array) -> Array:
    """(P - P_e) / (1 - P_e); agreement: (C,) sum over units of the share of agreeing pairs, margin: (K, C). -> (C,).

    Source: Fleiss (1971). The caller makes sure that each unit has the same number of ratings.
    """
    share = margin / margin.sum(axis=0)
    return _one_minus(1 - agreement / units, 1 - (share**2).sum(axis=0))


def cohen_kappa(table: Array) -> Array:
    """Cohen's kappa of a (K, K, C) table of verdict by truth. -> (C,). Source: Cohen (1960)."""
    n = table.sum(axis=(0, 1))
    expected = (table.sum(axis=1) * table.sum(axis=0)).sum(axis=0) / n**2
    return _one_minus(1 - _diagonal(table).sum(axis=0) / n, 1 - expected)


def accuracy(table: Array) -> Array:
    """The share on the diagonal of a (K, K, C) table. -> (C,)."""
    found: Array = _diagonal(table).sum(axis=0) / table.sum(axis=(0, 1))
    return found


def macro_f1(table: Array) -> Array:
    """Mean over the labels that occur, as verdict or as truth, of 2 TP / (2 TP + FP + FN). -> (C,)."""
    margins = table.sum(axis=1) + table.sum(axis=0)
    occurs = margins > _NOTHING
    f1 = np.where(occurs, 2 * _diagonal(table) / np.where(occurs, margins, 1.0), 0.0)
    found: Array = f1.sum(axis=0) / occurs.sum(axis=0)
    return found


def _weighted(weight: Array, margin: Array) -> Array:
    """Sums over the scale, (K,) and (K, C) -> (C,)."""
    found: Array = np.einsum("k,kc->c", weight, margin)
    return found


def _diagonal(table: Array) -> Array:
    at = np.arange(len(table))
    found: Array = table[at, at]
    return found


def _one_minus(observed: Array, expected: Array) -> Array:
    """1 - observed / expected disagreement; NaN where no disagreement could be expected."""
    possible = expected > _NOTHING
    found: Array = np.where(possible, 1 - observed / np.where(possible, expected, 1.0), np.nan)
    return found
