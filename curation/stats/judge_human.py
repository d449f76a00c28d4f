"""The judge against the humans: the statistics of `judge_human` and `system_level`, as groups for the bootstrap."""

from __future__ import annotations

import numpy as np

from curation.stats import agreement, correlation
from curation.stats.bootstrap import Group
from curation.stats.features import Units, levels, means, shares
from curation.stats.table import Array, Bools, Ints, StudyTable

ORDINAL = (
    "pearson",
    "spearman",
    "kendall_tau_b",
    "quadratic_weighted_kappa",
    "exact",
    "within_one",
    "gwet_ac2",
    "bias",
    "mae",
)
NOMINAL = ("cohen_kappa", "accuracy", "macro_f1")
SYSTEM = ("pearson", "spearman", "kendall_tau_b")
MIN_MODELS = 3


def ordinal_group(table: StudyTable, chosen: Bools) -> Group:
    """The nine ordinal statistics over the chosen responses that have a rating and a verdict.

    Correlations, bias and mae compare the mean verdict j with the mean rating h of each response, through the grid of
    levels that j and h take; the rest compares single verdicts with single ratings, each response weighing 1 in all.
    """
    units = Units(table, chosen & table.rated & table.judged)
    if why := why_no_units(table, chosen, units):
        return Group(ORDINAL, units.n, units.n_clusters, why_not=why)
    a, b = shares(table.verdicts[units.rows]), shares(table.ratings[units.rows])
    j, h = means(table.verdicts[units.rows], table.values), means(table.ratings[units.rows], table.values)
    j_levels, j_at = levels(j)
    h_levels, h_at = levels(h)
    grid = (len(j_levels), len(h_levels))
    size = len(table.values)

    def evaluate(cells: Array, sums: Array) -> Array:
        (w, x, y, xx, yy, xy, gap, squared, exact, near), margins = sums[:10], sums[10:]
        spearman, tau_b = correlation.rank_correlations_from_table(cells.reshape(*grid, -1))
        return np.stack(
            [
                correlation.pearson_from_moments(w, x, y, xx, yy, xy),
                spearman,
                tau_b,
                agreement.quadratic_weighted_kappa(squared, margins[:size], margins[size:]),
                exact / w,
                near / w,
                agreement.gwet_ac2(squared, margins[:size], margins[size:]),
                (x - y) / w,
                gap / w,
            ]
        )

    return Group(
        ORDINAL,
        units.n,
        units.n_clusters,
        sums=units.sums(_columns(table.values, a, b, j, h)),
        tables=units.table(j_at * grid[1] + h_at, grid[0] * grid[1]),
        evaluate=evaluate,
        reasons=_ordinal_reasons(grid),
        shares=frozenset({"exact", "within_one"}),
    )


def _columns(values: Array, a: Array, b: Array, j: Array, h: Array) -> list[Array]:
    centre = float(values.mean())
    x, y = j - centre, h - centre
    position = np.arange(len(values))
    distance = np.abs(position[:, None] - position)

    def over_pairs(weight: Array) -> Array:
        found: Array = np.einsum("ni,ij,nj->n", a, weight, b)
        return found

    squared, exact, near = (
        over_pairs(m.astype(np.float64)) for m in (distance**2, distance == 0, distance <= 1)
    )
    return [np.ones(len(j)), x, y, x * x, y * y, x * y, np.abs(j - h), squared, exact, near, a, b]


def _ordinal_reasons(grid: tuple[int, int]) -> dict[str, str]:
    flat = []
    if grid[0] == 1:
        flat.append("the judge gives every response the same mean score")
    if grid[1] == 1:
        flat.append("the humans give every response the same mean score")
    constant = f"Not estimable: {' and '.join(flat)}." if flat else None
    both = "Not estimable: judge and humans give every response one and the same score."
    found = {"quadratic_weighted_kappa": both}
    if constant:
        found |= dict.fromkeys(("pearson", "spearman", "kendall_tau_b"), constant)
    return found


def why_no_units(table: StudyTable, chosen: Bools, units: Units) -> str | None:
    if units.n:
        return None
    if not np.any(chosen & table.judged):
        return "No verdicts: the judge has scored none of these responses."
    if not np.any(chosen & table.rated):
        return "No ratings: nobody has rated any of these responses."
    return "No overlap: no response has both a rating and a verdict."


def majority_position(counts: Ints) -> Ints:
    """The position that more than half of each row's scores share, else -1. (n, K) -> (n,)."""
    found: Ints = np.where(2 * counts.max(axis=1, initial=0) > counts.sum(axis=1), counts.argmax(axis=1), -1)
    return found


def nominal_truth(table: StudyTable) -> Ints:
    """The label taken as truth per response: the adjudicated one, else the strict majority of the raters, else -1."""
    found: Ints = np.where(table.final >= 0, table.final, majority_position(table.ratings))
    return found


def nominal_undecided(table: StudyTable) -> tuple[Bools, Bools]:
    """Responses left out of the nominal statistics: (raters without a majority label, repeats without one)."""
    truth, verdict = nominal_truth(table), majority_position(table.verdicts)
    return table.rated & (truth < 0), table.judged & (verdict < 0)


def nominal_group(table: StudyTable, chosen: Bools) -> Group:
    """Cohen's kappa, accuracy and macro F1 of the verdict's majority label against the humans' final label."""
    truth, verdict = nominal_truth(table), majority_position(table.verdicts)
    units = Units(table, chosen & (truth >= 0) & (verdict >= 0))
    if units.n == 0:
        decided = chosen & (table.rated | (table.final >= 0))
        both = bool(np.any(decided & table.judged))
        why = "No response has both a label by majority of the humans and one of the judge." if both else None
        return Group(NOMINAL, 0, 0, why_not=why or why_no_units(table, chosen, units))
    size = len(table.values)

    def evaluate(cells: Array, sums: Array) -> Array:
        labels = cells.reshape(size, size, -1)
        return np.stack(
            [agreement.cohen_kappa(labels), agreement.accuracy(labels), agreement.macro_f1(labels)]
        )

    return Group(
        NOMINAL,
        units.n,
        units.n_clusters,
        sums=np.zeros((0, units.n_clusters)),
        tables=units.table(verdict[units.rows] * size + truth[units.rows], size * size),
        evaluate=evaluate,
        reasons={
            "cohen_kappa": "Not estimable: judge and humans give every response one and the same label."
        },
        shares=frozenset({"accuracy", "macro_f1"}),
    )


def system_group(table: StudyTable) -> Group:
    """Correlations over models between the mean of j and the mean of h; n counts models."""
    if table.rubric.kind == "nominal":
        return Group(SYSTEM, 0, 0, why_not="A nominal rubric has no mean score per model.")
    units = Units(table, table.rated & table.judged)
    models, at = np.unique(table.model[units.rows], return_inverse=True)
    count = len(models)
    if count < MIN_MODELS:
        why = f"Only {count} model{'' if count == 1 else 's'}: at least {MIN_MODELS} are needed."
        return Group(SYSTEM, count, units.n_clusters, why_not=why)
    member = (at[:, None] == np.arange(count)).astype(np.float64)
    centre = float(table.values.mean())
    j = means(table.verdicts[units.rows], table.values) - centre
    h = means(table.ratings[units.rows], table.values) - centre

    def evaluate(tables: Array, sums: Array) -> Array:
        w, x, y = sums[:count], sums[count : 2 * count], sums[2 * count :]
        x, y = x / w, y / w
        spearman, tau = correlation.rank_correlations_of_rows(x, y)
        return np.stack([correlation.pearson_of_rows(x, y), spearman, tau])

    return Group(
        SYSTEM,
        count,
        units.n_clusters,
        sums=units.sums([member, member * j[:, None], member * h[:, None]]),
        evaluate=evaluate,
        reasons=dict.fromkeys(
            SYSTEM, "Not estimable: the judge or the humans give every model the same mean score."
        ),
    )
