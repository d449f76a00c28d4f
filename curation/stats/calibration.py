"""Which verdict meets which rating, and what people say where the judge gives a certain score."""

from __future__ import annotations

from typing import Any

import numpy as np

from curation.stats.bootstrap import Group
from curation.stats.estimate import Estimate, about_part
from curation.stats.features import Units, means, shares
from curation.stats.judge_human import why_no_units
from curation.stats.rates import judge_stratum
from curation.stats.table import Array, Bools, StudyTable

NOBODY = "No compared response has a mean verdict at this point."


def agreement_table(table: StudyTable) -> Array:
    """Shares of single (verdict, rating) pairs, (K, K) judge by people; a response's pairs weigh 1 in all. Sums to 1."""
    units = Units(table, table.compared)
    judge, people = shares(table.verdicts[units.rows]), shares(table.ratings[units.rows])
    found: Array = (judge * units.weight[:, None]).T @ people / max(units.weight.sum(), 1.0)
    return found


def _strata(table: StudyTable, units: Units) -> Bools:
    """Which scale point each unit's mean verdict is nearest to, (n, K)."""
    found: Bools = judge_stratum(table)[units.rows, None] == np.arange(len(table.values))
    return found


def calibration_group(table: StudyTable) -> Group:
    """Per scale point of the judge: the mean rating (first K names) and the bias (last K) of the responses there."""
    size = len(table.values)
    names = tuple(f"{what}/{at}" for what in ("human_mean", "bias") for at in range(size))
    units = Units(table, table.compared)
    if why := why_no_units(table, table.compared, units):
        return Group(names, 0, 0, why_not=why)
    member = _strata(table, units).astype(np.float64)
    centre = float(table.values.mean())
    h = means(table.ratings[units.rows], table.values) - centre
    gap = means(table.verdicts[units.rows], table.values) - centre - h

    def evaluate(tables: Array, sums: Array) -> Array:
        w, human, bias = sums[:size], sums[size : 2 * size], sums[2 * size :]
        return np.concatenate([human / w + centre, bias / w])

    sums = units.sums([member, member * h[:, None], member * gap[:, None]])
    return Group(names, units.n, units.n_clusters, sums=sums, evaluate=evaluate)


def block(table: StudyTable, found: dict[str, Estimate] | None) -> dict[str, Any]:
    """The `agreement` block; a nominal rubric has no mean verdicts, and so no calibration."""
    calibration = [] if found is None else _calibration(table, found)
    return {
        "scale": list(table.rubric.scale),
        "table": agreement_table(table).tolist(),
        "calibration": calibration,
    }


def _calibration(table: StudyTable, found: dict[str, Estimate]) -> list[dict[str, Any]]:
    units = Units(table, table.compared)
    member = _strata(table, units)
    lines = []
    for at, score in enumerate(table.rubric.scale):
        here = member[:, at]
        n, clusters = int(here.sum()), len(np.unique(units.cluster[here]))
        line: dict[str, Any] = {"score": score, "responses": n}
        for what in ("human_mean", "bias"):
            one = about_part(found[f"{what}/{at}"], n=n, n_clusters=clusters, empty=NOBODY)
            line[what] = one.as_dict()
        lines.append(line)
    return lines
