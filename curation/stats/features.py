"""Per-response pieces summed over questions: the additive features that the bootstrap resamples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from curation.stats.table import Array, Bools, Ints, StudyTable


class Units:
    """The responses that enter one group of statistics, with their questions renumbered 0..Q-1 and their weights.

    Weights are scaled to mean 1, so that formulas with "number of units" (the N - 1 of alpha, degrees of freedom)
    keep their meaning under inclusion weights.
    """

    def __init__(self, table: StudyTable, chosen: Bools, *, weight: Array | None = None) -> None:
        self.rows: Ints = np.flatnonzero(chosen)
        kept, self.cluster = np.unique(table.question[self.rows], return_inverse=True)
        self.n, self.n_clusters = len(self.rows), len(kept)
        raw = (table.weight if weight is None else weight)[self.rows]
        self.weight: Array = raw * (self.n / raw.sum()) if self.n else raw

    def sums(self, columns: Sequence[Array]) -> Array:
        """Weighted sums over questions, (P, Q); each column is (n,) or (n, p), laid out in order."""
        pieces = [column.T if column.ndim == 2 else column[None, :] for column in columns]
        wide = np.concatenate(pieces, axis=0) * self.weight
        return np.stack([np.bincount(self.cluster, row, self.n_clusters) for row in wide])

    def table(self, cell: NDArray[np.int64], cells: int) -> csr_array:
        """Weighted counts of one cell per unit, sparse (cells, Q)."""
        return csr_array((self.weight, (cell, self.cluster)), shape=(cells, self.n_clusters))


def shares(counts: Ints) -> Array:
    """Rows of counts as shares of their total, (n, K)."""
    found: Array = counts / counts.sum(axis=1, keepdims=True)
    return found


def means(counts: Ints, values: Array) -> Array:
    """Mean score per row of counts, (n,)."""
    found: Array = (counts @ values) / counts.sum(axis=1)
    return found


def levels(scores: Array) -> tuple[Array, NDArray[np.int64]]:
    """(the rising levels that scores take, the level of each); means equal but for rounding are one level."""
    found, at = np.unique(np.round(scores, 10), return_inverse=True)
    return found, at
