"""Raters among themselves and repeats among themselves: alpha, pairwise correlations, ICC, ceiling, exact, flips."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.sparse import csr_array

from curation.stats import agreement, correlation
from curation.stats.bootstrap import Group
from curation.stats.features import Units
from curation.stats.table import Array, Ints, StudyTable

PAIRS = ("pearson_pairs", "spearman_pairs")
MIN_SHARED = 10


def alpha_name(table: StudyTable) -> str:
    """The key of Krippendorff's alpha for the rubric's kind."""
    return f"krippendorff_alpha_{table.rubric.kind}"


def coincidences(counts: Ints) -> Array:
    """Each unit's coincidence matrix, (n, K * K): o_ck = n_c (n_k - [c = k]) / (m - 1) for rows of m >= 2 scores."""
    c = counts.astype(np.float64)
    products = c[:, :, None] * c[:, None, :]
    at = np.arange(c.shape[1])
    products[:, at, at] -= c
    m = c.sum(axis=1)
    found: Array = (products / (m - 1)[:, None, None]).reshape(len(c), -1)
    return found


def agreeing_pairs(counts: Ints) -> Array:
    """The share of a unit's pairs of scores that agree, (n,), for rows of at least two scores."""
    m = counts.sum(axis=1)
    found: Array = (counts * (counts - 1)).sum(axis=1) / (m * (m - 1))
    return found


def raters_group(table: StudyTable) -> Group:
    """alpha, exact and Fleiss' kappa of the responses with at least two ratings."""
    names = (alpha_name(table), "exact", "fleiss_kappa")
    raters = table.ratings.sum(axis=1)
    units = Units(table, raters >= 2)
    if units.n == 0:
        why = "No response has two ratings." if table.rated.any() else "No ratings."
        return Group(names, 0, 0, why_not=why)
    counts = table.ratings[units.rows]
    rated = raters[table.rated]
    constant = rated.min() == rated.max()
    size, ordinal = len(table.values), table.rubric.kind == "ordinal"

    def evaluate(tables: Array, sums: Array) -> Array:
        w, agree, margin, matrix = sums[0], sums[1], sums[2 : 2 + size], sums[2 + size :]
        alpha = agreement.krippendorff_alpha(matrix.reshape(size, size, -1), ordinal=ordinal)
        kappa = agreement.fleiss_kappa(agree, w, margin) if constant else np.full_like(w, np.nan)
        return np.stack([alpha, agree / w, kappa])

    same = "Not estimable: all ratings are the same."
    varies = f"Not defined: the number of raters per response varies from {rated.min()} to {rated.max()}."
    return Group(
        names,
        units.n,
        units.n_clusters,
        sums=units.sums(
            [np.ones(units.n), agreeing_pairs(counts), counts.astype(np.float64), coincidences(counts)]
        ),
        evaluate=evaluate,
        reasons={names[0]: same, "fleiss_kappa": same if constant else varies},
        shares=frozenset({"exact"}),
    )


def repeats_group(table: StudyTable) -> Group:
    """alpha and flip_rate of the responses with at least two scored repeats."""
    names = (alpha_name(table), "flip_rate")
    units = Units(table, table.verdicts.sum(axis=1) >= 2, weight=table.judge_weight)
    if units.n == 0:
        why = "No response has two repeats with a score." if table.judged.any() else "No verdicts."
        return Group(names, 0, 0, why_not=why)
    counts = table.verdicts[units.rows]
    flips = ((counts > 0).sum(axis=1) > 1).astype(np.float64)
    size, ordinal = len(table.values), table.rubric.kind == "ordinal"

    def evaluate(tables: Array, sums: Array) -> Array:
        alpha = agreement.krippendorff_alpha(sums[2:].reshape(size, size, -1), ordinal=ordinal)
        return np.stack([alpha, sums[1] / sums[0]])

    return Group(
        names,
        units.n,
        units.n_clusters,
        sums=units.sums([np.ones(units.n), flips, coincidences(counts)]),
        evaluate=evaluate,
        reasons={names[0]: "Not estimable: all verdicts are the same."},
        shares=frozenset({"flip_rate"}),
    )


def icc_group(table: StudyTable) -> Group:
    """ICC(1,1), one-way and unbalanced, and the ceiling it sets, over all rated responses.

    ICC = (MSB - MSW) / (MSB + (n0 - 1) MSW) with n0 = (N - sum m_i^2 / N) / (units - 1); ceiling = sqrt(rho_k),
    rho_k = k ICC / (1 + (k - 1) ICC), k the harmonic mean of the raters per response.
    Sources: Shrout & Fleiss (1979); Donner (1986) for unequal m_i; Spearman-Brown.
    """
    names = ("icc_1", "ceiling")
    units = Units(table, table.rated)
    m = table.ratings[units.rows].sum(axis=1).astype(np.float64)
    if units.n == 0 or m.max() < 2:
        why = "No response has two ratings." if units.n else "No ratings."
        return Group(names, units.n, units.n_clusters, why_not=why)
    centred = table.values - table.values.mean()
    total = table.ratings[units.rows] @ centred
    squares = table.ratings[units.rows] @ centred**2

    def evaluate(tables: Array, sums: Array) -> Array:
        icc = icc_1(sums)
        k = sums[0] / sums[1]
        # A negative ICC estimates a reliability of zero, and so a ceiling of zero.
        known = np.maximum(icc, 0.0)
        return np.stack([icc, np.sqrt(k * known / (1 + (k - 1) * known))])

    flat = "Not estimable: all ratings are the same, so there is no variance to divide."
    return Group(
        names,
        units.n,
        units.n_clusters,
        sums=units.sums([np.ones(units.n), 1 / m, m, m**2, total, squares, total**2 / m]),
        evaluate=evaluate,
        reasons={"icc_1": flat, "ceiling": flat},
    )


def icc_1(sums: Array) -> Array:
    """ICC(1,1) from the weighted sums of 1, 1/m, m, m^2, t, squares and t^2/m, (7, C), with t the total of m scores."""
    units, _, n, n_squared, total, squares, between = sums
    ms_between = (between - total**2 / n) / (units - 1)
    ms_within = (squares - between) / (n - units)
    n0 = (n - n_squared / n) / (units - 1)
    denominator = ms_between + (n0 - 1) * ms_within
    usable = (n - units > 1e-9) & (denominator > 1e-12)
    found: Array = np.where(usable, (ms_between - ms_within) / np.where(usable, denominator, 1.0), np.nan)
    return found


def pairs_group(table: StudyTable) -> Group:
    """Fisher-z means of Pearson's and Spearman's r over the rater pairs that share at least MIN_SHARED responses.

    A pair in which one rater never varies has no r and is left out of the mean.
    """
    by_rater = table.scores_by_rater
    present = by_rater >= 0
    pairs = [
        (a, b)
        for a, b in combinations(range(by_rater.shape[1]), 2)
        if np.count_nonzero(present[:, a] & present[:, b]) >= MIN_SHARED
    ]
    if not pairs:
        why = f"No two raters share at least {MIN_SHARED} responses."
        return Group(PAIRS, 0, 0, why_not=why)
    shared = np.zeros(len(by_rater), dtype=np.bool_)
    for a, b in pairs:
        shared |= present[:, a] & present[:, b]
    units = Units(table, shared)
    size = len(table.values)
    scores = by_rater[units.rows]

    def evaluate(tables: Array, sums: Array) -> Array:
        by_pair = tables.reshape(len(pairs), size, size, -1)
        return np.stack(
            [
                _fisher_mean([_table_pearson(t, table.values) for t in by_pair]),
                _fisher_mean([correlation.spearman_from_table(t) for t in by_pair]),
            ]
        )

    flat = "Not estimable: in every pair of raters one gives a single score throughout."
    return Group(
        PAIRS,
        units.n,
        units.n_clusters,
        sums=np.zeros((0, units.n_clusters)),
        tables=_pair_tables(units, scores, pairs, size),
        evaluate=evaluate,
        reasons=dict.fromkeys(PAIRS, flat),
    )


def _pair_tables(units: Units, scores: Ints, pairs: list[tuple[int, int]], size: int) -> csr_array:
    cells, clusters, weights = [], [], []
    for at, (a, b) in enumerate(pairs):
        both = np.flatnonzero((scores[:, a] >= 0) & (scores[:, b] >= 0))
        cells.append(at * size * size + scores[both, a] * size + scores[both, b])
        clusters.append(units.cluster[both])
        weights.append(units.weight[both])
    where = (np.concatenate(cells), np.concatenate(clusters))
    return csr_array((np.concatenate(weights), where), shape=(len(pairs) * size * size, units.n_clusters))


def _table_pearson(table: Array, values: Array) -> Array:
    centred = (values - values.mean())[:, None]
    a, b = table.sum(axis=1), table.sum(axis=0)
    return correlation.pearson_from_moments(
        a.sum(axis=0),
        (a * centred).sum(axis=0),
        (b * centred).sum(axis=0),
        (a * centred**2).sum(axis=0),
        (b * centred**2).sum(axis=0),
        (np.einsum("ijc,jc->ic", table, np.broadcast_to(centred, b.shape)) * centred).sum(axis=0),
    )


def _fisher_mean(rows: list[Array]) -> Array:
    """tanh of the mean of atanh(r) over the defined rows, (C,); NaN where none is defined."""
    r = np.stack(rows)
    known = np.isfinite(r)
    z = np.arctanh(np.where(known, r, 0.0))
    count = known.sum(axis=0)
    found: Array = np.where(count > 0, np.tanh(z.sum(axis=0) / np.maximum(count, 1)), np.nan)
    return found
