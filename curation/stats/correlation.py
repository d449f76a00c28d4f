"""Correlations from weighted tables: Pearson, Spearman (mid-ranks), Kendall's tau-b, each over many resamples at once.

All functions take the resamples on the last axis (C) and give NaN where a margin is constant.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from curation.stats.table import Array

_FLAT = 1e-10


def pearson_from_moments(w: Array, x: Array, y: Array, xx: Array, yy: Array, xy: Array) -> Array:
    """r from the weighted sums of 1, x, y, x^2, y^2, xy; any common shape.

    x and y should be centred near their means before they are summed, against cancellation.
    """
    mx, my = x / w, y / w
    return _ratio(xy / w - mx * my, xx / w - mx * mx, yy / w - my * my, flat=_FLAT)


def independent_responses(low: float | None, high: float | None) -> int | None:
    """How many independent responses would give Pearson's 95 % interval its width, by Fisher's z: 3 + (2 z / width)^2.

    Clusters and weights make it differ from the number of responses. None without an interval inside (-1, 1).
    """
    if low is None or high is None or not -1 < low < high < 1:
        return None
    width = math.atanh(high) - math.atanh(low)
    return round(3 + (2 * float(ndtri(0.975)) / width) ** 2)


def spearman_from_table(table: Array) -> Array:
    """rho of a two-way table (J, H, C) whose rows and columns rise; ties get mid-ranks from the margins. -> (C,)."""
    return _spearman(table, table.sum(axis=1), table.sum(axis=0))


def tau_b_from_table(table: Array) -> Array:
    """tau-b of a two-way table (J, H, C): (C - D) / sqrt((pairs untied in j) (pairs untied in h)). -> (C,).

    With weights, a pair counts the product of its weights. Source: Kendall (1945), The treatment of ties.
    """
    return _tau_b(table, table.sum(axis=1), table.sum(axis=0))


def rank_correlations_from_table(table: Array) -> tuple[Array, Array]:
    """(Spearman, tau-b) of a two-way table (J, H, C), with its margins summed once. -> two (C,)."""
    a, b = table.sum(axis=1), table.sum(axis=0)
    return _spearman(table, a, b), _tau_b(table, a, b)


def running(rows: Array) -> Array:
    """Cumulative sums along the first axis, by whole rows: np.cumsum walks that axis number by number."""
    found = np.empty_like(rows)
    found[0] = rows[0]
    for at in range(1, len(rows)):
        np.add(found[at - 1], rows[at], out=found[at])
    return found


def _spearman(table: Array, a: Array, b: Array) -> Array:
    n = a.sum(axis=0)
    # Mid-ranks about their mean n/2, as shares of n, so that the thresholds do not depend on the sample size.
    ra = (running(a) - a / 2) / n - 0.5
    rb = (running(b) - b / 2) / n - 0.5
    cov = np.einsum("jc,jc->c", np.einsum("jhc,hc->jc", table, rb), ra) / n
    va, vb = np.einsum("jc,jc,jc->c", a, ra, ra) / n, np.einsum("hc,hc,hc->c", b, rb, rb) / n
    return _ratio(cov, va, vb, flat=_FLAT)


def _tau_b(table: Array, a: Array, b: Array) -> Array:
    n = a.sum(axis=0)
    # Each cell's totals of the rows below j and the columns up to h, summed in place. A cell (j, h) is concordant
    # with those left of h and discordant with those right of h: up to h - 1, plus up to h, less the whole row.
    below = np.empty_like(table)
    below[0] = 0
    for j in range(1, len(table)):
        np.add(below[j - 1], table[j - 1], out=below[j])
    for h in range(1, table.shape[1]):
        below[:, h] += below[:, h - 1]
    difference = np.einsum("jhc,jhc->c", table, below)
    difference += np.einsum("jhc,jhc->c", table[:, 1:], below[:, :-1])
    difference -= np.einsum("jc,jc->c", a, below[:, -1])
    pairs = n * n
    untied_a, untied_b = (pairs - np.einsum("kc,kc->c", margin, margin) for margin in (a, b))
    return _ratio(2 * difference / pairs, untied_a / pairs, untied_b / pairs, flat=2 * _FLAT)


def pearson_of_rows(x: Array, y: Array) -> Array:
    """r over the first axis of x and y, both (M, C). -> (C,)."""
    dx, dy = x - x.mean(axis=0), y - y.mean(axis=0)
    return _ratio((dx * dy).sum(axis=0), (dx**2).sum(axis=0), (dy**2).sum(axis=0), flat=1e-12)


def rank_correlations_of_rows(x: Array, y: Array) -> tuple[Array, Array]:
    """(Spearman, tau-b) over the first axis of x and y, both (M, C), by comparing every pair of rows."""
    # Means that are equal as fractions may differ in the last bits.
    x, y = np.round(x, 10), np.round(y, 10)
    rank_x, rank_y = np.zeros_like(x), np.zeros_like(y)
    concordance, untied_x, untied_y = (np.zeros(x.shape[1]) for _ in range(3))
    for at in range(len(x)):
        sx, sy = np.sign(x[at] - x), np.sign(y[at] - y)
        # Half the sum of signs is the mid-rank less the mean rank.
        rank_x[at], rank_y[at] = sx.sum(axis=0) / 2, sy.sum(axis=0) / 2
        concordance += (sx * sy).sum(axis=0)
        untied_x += np.abs(sx).sum(axis=0)
        untied_y += np.abs(sy).sum(axis=0)
    undefined = np.isnan(x).any(axis=0) | np.isnan(y).any(axis=0)
    spearman = _ratio(
        (rank_x * rank_y).sum(axis=0), (rank_x**2).sum(axis=0), (rank_y**2).sum(axis=0), flat=_FLAT
    )
    tau = _ratio(concordance, untied_x, untied_y, flat=_FLAT)
    return np.where(undefined, np.nan, spearman), np.where(undefined, np.nan, tau)


def _ratio(cov: Array, vx: Array, vy: Array, *, flat: float) -> Array:
    """cov / sqrt(vx vy), held to [-1, 1] against rounding; NaN where either side does not vary."""
    found: Array = cov / np.sqrt(np.where((vx > flat) & (vy > flat), vx * vy, np.nan))
    return np.clip(found, -1.0, 1.0, out=found)
