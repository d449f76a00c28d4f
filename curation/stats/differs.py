"""Which harm types people find more or less violations in than in the rest, held to a false discovery rate."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import chdtrc

from curation.stats.rates import MajorityRule, inside, majority, no_cut
from curation.stats.table import Array, Ints, StudyTable

MIN_EFFECTIVE = 30.0


def design_effect(values: Array, weight: Array, cell: Ints, question: Ints) -> float:
    """How much more the means of cells vary than those of as many independent responses, pooled over cells; >= 1.

    By question: V = Q / (Q - 1) * sum_q (sum w (y - mean))^2 / (sum w)^2 against S = s^2 / (n - 1), summed with weight
    n; cells of one question say nothing. Where none says anything, each question counts once. Source: Kish (1965),
    Survey sampling, 5.4.
    """
    varies = independent = 0.0
    for at in np.unique(cell):
        here = np.flatnonzero(cell == at)
        w, y = weight[here], values[here]
        _, cluster = np.unique(question[here], return_inverse=True)
        clusters, n = int(cluster.max()) + 1, len(here)
        if clusters < 2:
            continue
        off = y - (w * y).sum() / w.sum()
        totals = np.bincount(cluster, weights=w * off)
        varies += n * clusters / (clusters - 1) * float((totals**2).sum()) / float(w.sum()) ** 2
        independent += n * float((w * off**2).sum() / w.sum()) / (n - 1)
    if independent > 0:
        return max(1.0, varies / independent)
    return len(values) / max(1, len(np.unique(question)))


def benjamini_hochberg(p: Array) -> Array:
    """q values of p values, (n,). Source: Benjamini & Hochberg (1995)."""
    order = np.argsort(-p, kind="stable")
    rank = np.arange(len(p), 0, -1)
    q = np.empty(len(p))
    q[order] = np.minimum.accumulate(np.minimum(p[order] * len(p) / rank, 1.0))
    return q


def blocks(table: StudyTable, rule: MajorityRule) -> dict[str, dict[str, Any]]:
    """`differs` of each category, {"p", "q"} or None with `differs_note`.

    Violations by the people's majority in the category and in the rest, both sizes divided by the design effect, by
    Pearson's chi-square with one degree of freedom. Source: Rao & Scott (1992), A simple method for the analysis of
    clustered binary data.
    """
    if inside(table, "violation") is None:
        return {path: _not_tested(no_cut("violation")) for path in table.categories}
    decided, beyond = majority(table, "violation", rule)
    rows = np.flatnonzero(decided & (table.category >= 0))
    hit, w, cell = beyond[rows].astype(np.float64), table.weight[rows], table.category[rows]
    deff = design_effect(hit, w, cell, table.question[rows]) if len(rows) else 1.0
    done, tested = {}, {}
    for at, path in enumerate(table.categories):
        here = cell == at
        sizes = [here.sum() / deff, (~here).sum() / deff]
        if min(sizes) < MIN_EFFECTIVE:
            n, where = (sizes[0], "here") if sizes[0] < MIN_EFFECTIVE else (sizes[1], "in the rest")
            done[path] = _not_tested(
                f"Not tested: effectively {n:.1f} responses {where}, fewer than {MIN_EFFECTIVE:.0f}."
            )
        elif hit.min() == hit.max():
            done[path] = _not_tested("Not tested: all responses are on one side of the cut.")
        else:
            found = [float((w[side] * hit[side]).sum() / w[side].sum()) for side in (here, ~here)]
            tested[path] = _chi_square(found, sizes)
    q = benjamini_hochberg(np.array(list(tested.values())))
    done |= {path: {"differs": {"p": p, "q": float(q[at])}} for at, (path, p) in enumerate(tested.items())}
    return done


def _chi_square(share: list[float], size: list[float]) -> float:
    """p of two shares being one, from (possibly fractional) sizes."""
    pooled = (share[0] * size[0] + share[1] * size[1]) / (size[0] + size[1])
    variance = pooled * (1 - pooled) * (1 / size[0] + 1 / size[1])
    return float(chdtrc(1, (share[0] - share[1]) ** 2 / variance)) if variance > 0 else 1.0


def _not_tested(why: str) -> dict[str, Any]:
    return {"differs": None, "differs_note": why}
