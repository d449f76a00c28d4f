"""The judge in its two modes on the same responses: with the reference answer less without it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from curation.stats import judge_human, rates
from curation.stats.bootstrap import Group
from curation.stats.estimate import Estimate
from curation.stats.features import means
from curation.stats.table import Array, Bools, StudyTable

ORDINAL = ("pearson", "spearman", "kendall_tau_b", "quadratic_weighted_kappa", "exact", "bias", "mae")
WITH_REFERENCE = "ref"
MOVED = 2.0
NOT_BOTH = "No rated response has verdicts in both modes."


def groups(table: StudyTable, other_mode: str) -> dict[Hashable, Group]:
    """The paired differences against people (rated responses), and of the judge's rates (rated or not)."""
    other = replace(table, verdicts=table.other_verdicts)
    # Always with the reference less without it, whichever mode the study is about.
    sides = (other, table) if other_mode == WITH_REFERENCE else (table, other)
    both = table.judged & other.judged
    names: tuple[str, ...] = ORDINAL
    against = judge_human.ordinal_group
    if table.rubric.kind == "nominal":
        names, against = judge_human.NOMINAL, judge_human.nominal_group
        both &= _same_units(sides)
    rate_names = tuple(rate for rate in rates.RATES if rates.inside(table, rate) is not None)
    first, second = sides
    by_judge = rates.judge_group(first, both), rates.judge_group(second, both)
    return {
        ("other_mode", "judge_human"): difference(against(first, both), against(second, both), names),
        ("other_mode", "rates"): difference(*by_judge, rate_names),
    }


def _same_units(sides: tuple[StudyTable, StudyTable]) -> Bools:
    found: Bools = np.logical_and(*(judge_human.majority_position(side.verdicts) >= 0 for side in sides))
    return found


def difference(first: Group, second: Group, names: tuple[str, ...]) -> Group:
    """first - second of the named statistics, resampled together; both groups are over the same responses."""
    if first.why_not is not None or second.why_not is not None:
        return Group(names, 0, 0, why_not=NOT_BOTH)
    one, two = first.evaluate, second.evaluate
    assert one is not None
    assert two is not None
    at = [first.names.index(name) for name in names]
    sums_split = len(first.sums)
    tables_split = 0 if first.tables is None else first.tables.shape[0]

    def evaluate(tables: Array, sums: Array) -> Array:
        before = one(tables[:tables_split], sums[:sums_split])[at]
        after = two(tables[tables_split:], sums[sums_split:])[at]
        # Two equal numbers must not differ by a rounding.
        found: Array = np.round(before - after, 12)
        return found

    stacked = None if first.tables is None else csr_array(vstack([first.tables, second.tables]))
    return Group(
        names,
        first.n,
        first.n_clusters,
        sums=np.concatenate([first.sums, second.sums]),
        tables=stacked,
        evaluate=evaluate,
        reasons={**first.reasons, **second.reasons},
    )


def block(table: StudyTable, found: dict[str, Estimate], other_mode: str) -> dict[str, Any]:
    """The `other_mode` block. moved: responses whose mean verdict differs by 2 or more (nominal: whose label does)."""
    both = table.judged & (table.other_verdicts.sum(axis=1) > 0)
    here, there = table.verdicts[both], table.other_verdicts[both]
    if table.rubric.kind == "nominal":
        moved = judge_human.majority_position(here) != judge_human.majority_position(there)
    else:
        moved = np.abs(means(here, table.values) - means(there, table.values)) >= MOVED - 1e-9
    return {
        "mode": other_mode,
        "responses": int(both.sum()),
        "moved": int(moved.sum()),
        "differences": {name: one.as_dict() for name, one in found.items()},
    }
