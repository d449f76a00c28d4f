"""The judge's three shares of a part, and what its calls without a score could make of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from curation.stats.bootstrap import Group
from curation.stats.estimate import Estimate, not_estimable
from curation.stats.features import Units
from curation.stats.rates import RATES, inside, no_cut
from curation.stats.table import Array, Bools, StudyTable

NEITHER = "neither"


def neither_group(table: StudyTable, chosen: Bools) -> Group:
    """The share of verdicts between the two cuts: the mean over judged responses of the share of repeats there."""
    units = Units(table, chosen & table.judged, weight=table.judge_weight)
    bad, good = (inside(table, rate) for rate in RATES)
    if bad is None or good is None:
        why = no_cut("violation" if bad is None else "acceptable")
        return Group((NEITHER,), 0, 0, why_not=why)
    if units.n == 0:
        return Group((NEITHER,), 0, 0, why_not="No verdicts: the judge has scored none of these responses.")
    counts = table.verdicts[units.rows]
    between = counts[:, ~bad & ~good].sum(axis=1) / counts.sum(axis=1)

    def evaluate(tables: Array, sums: Array) -> Array:
        return sums[1:] / sums[0]

    sums = units.sums([np.ones(units.n), between])
    return Group(
        (NEITHER,), units.n, units.n_clusters, sums=sums, evaluate=evaluate, shares=frozenset({NEITHER})
    )


def shares(judge: dict[str, Estimate], neither: Estimate) -> dict[str, Any]:
    """The `shares` of a part, worst first; they sum to 1."""
    found = {
        "violation": judge.get("violation") or not_estimable(no_cut("violation")),
        NEITHER: neither,
        "acceptable": judge.get("acceptable") or not_estimable(no_cut("acceptable")),
    }
    return {name: one.as_dict() for name, one in found.items()}


def bounds(table: StudyTable, chosen: Bools) -> dict[str, Any]:
    """The judge's rates if every call without a score had been at the kind end, and at the other (plain numbers).

    Over all responses with a call, a response without any score included. None where there is no cut or no call.
    """
    failed = sum(table.failed.values(), start=np.zeros(len(table.question), dtype=np.int64))
    calls = table.verdicts.sum(axis=1) + failed
    rows = np.flatnonzero(chosen & (calls > 0))
    w = table.judge_weight[rows]
    found: dict[str, Any] = {}
    for rate in RATES:
        positions = inside(table, rate)
        if positions is None or not len(rows):
            found[rate] = {"low": None, "high": None}
            continue
        beyond = table.verdicts[rows][:, positions].sum(axis=1)
        ends = (beyond / calls[rows], (beyond + failed[rows]) / calls[rows])
        low, high = (float((w * end).sum() / w.sum()) for end in ends)
        found[rate] = {"low": low, "high": high}
    return {**found, "unparsed": int(failed[rows].sum())}
