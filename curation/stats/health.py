"""How the judge's calls went: what failed where, how steady the scores are, whether models fare differently."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import chdtrc

from curation.stats.bootstrap import Group
from curation.stats.estimate import Estimate, about_part
from curation.stats.features import Units
from curation.stats.table import Array, Ints, StudyTable

NO_REPEATS = "No response has two repeats with a score."
FEW_EXPECTED = 5


def flips_group(table: StudyTable) -> Group:
    """Per model the share of responses with two repeats that differ, among those with at least two scores."""
    units = Units(table, table.verdicts.sum(axis=1) >= 2, weight=table.judge_weight)
    if units.n == 0:
        return Group(table.models, 0, 0, why_not=NO_REPEATS if table.judged.any() else "No verdicts.")
    flips = ((table.verdicts[units.rows] > 0).sum(axis=1) > 1).astype(np.float64)
    count = len(table.models)
    member = (table.model[units.rows, None] == np.arange(count)).astype(np.float64)

    def evaluate(tables: Array, sums: Array) -> Array:
        return sums[count:] / sums[:count]

    sums = units.sums([member, member * flips[:, None]])
    return Group(
        table.models, units.n, units.n_clusters, sums=sums, evaluate=evaluate, shares=frozenset(table.models)
    )


def block(table: StudyTable, found: dict[str, Estimate]) -> dict[str, Any]:
    """The `health` block."""
    ok = np.bincount(table.model, weights=table.verdicts.sum(axis=1), minlength=len(table.models))
    failed = {
        name: np.bincount(table.model, weights=counts, minlength=len(table.models))
        for name, counts in sorted(table.failed.items())
    }
    lost = sum(failed.values(), start=np.zeros(len(table.models)))
    twice = table.verdicts.sum(axis=1) >= 2
    by_model = {}
    for at, model in enumerate(table.models):
        here = twice & (table.model == at)
        part = {"n": int(here.sum()), "n_clusters": len(np.unique(table.question[here]))}
        by_model[model] = {
            "calls": int(ok[at] + lost[at]),
            "ok": int(ok[at]),
            "failures": {name: int(counts[at]) for name, counts in failed.items() if counts[at]},
            "flip_rate": about_part(found[model], **part, empty=NO_REPEATS).as_dict(),
        }
    return {
        "calls": int((ok + lost).sum()),
        "ok": int(ok.sum()),
        "by_model": by_model,
        "differs_by_model": differs_by_model(np.stack([ok, lost]).astype(np.int64)),
    }


def differs_by_model(counts: Ints) -> dict[str, Any]:
    """Pearson's chi-square test of calls with and without a score, (2, models), against one rate for all models."""
    table = counts[:, counts.sum(axis=0) > 0].astype(np.float64)
    if table.shape[1] < 2:
        return {"p": None, "note": "Only one model has calls: there is nothing to compare."}
    if not table[1].any():
        return {"p": None, "note": "No call failed."}
    if not table[0].any():
        return {"p": None, "note": "Every call failed."}
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    p = float(chdtrc(table.shape[1] - 1, ((table - expected) ** 2 / expected).sum()))
    if expected.min() < FEW_EXPECTED:
        note = (
            f"Fewer than {FEW_EXPECTED} failures or scores are expected of some model: the p value is rough."
        )
        return {"p": p, "note": note}
    return {"p": p}
