"""Judge and people as deciders: who finds a violation (or an acceptable answer) where the other does."""

from __future__ import annotations

from typing import Any

import numpy as np

from curation.stats import agreement
from curation.stats.bootstrap import Group
from curation.stats.estimate import Estimate, about_part, not_estimable
from curation.stats.features import Units
from curation.stats.intervals import jeffreys
from curation.stats.rates import RATES, MajorityRule, inside, majority, no_cut
from curation.stats.table import Array, Bools, StudyTable

SHARES = ("sensitivity", "specificity", "ppv", "npv", "missed")
BEYOND_CHANCE = ("cohen_kappa", "gwet_ac1")
ONE_SIDE = "Not estimable: judge and people put every response on the same side of the cut."
UNDECIDED = "No judged response has a majority among its raters."


def sides(table: StudyTable, rate: str, rule: MajorityRule) -> tuple[Bools, Bools, Bools]:
    """(decided, people, judge), each (R,): compared responses whose raters have a majority; who is beyond the cut.

    The judge is beyond it with more than half of the scored repeats.
    """
    decided, people = majority(table, rate, rule)
    votes = table.verdicts[:, inside(table, rate)].sum(axis=1)
    return decided & table.compared, people, 2 * votes > table.verdicts.sum(axis=1)


def decisions_group(table: StudyTable, rule: MajorityRule) -> Group:
    """Cohen's kappa and Gwet's AC1 of the two-by-two tables; undecided responses count in no cell."""
    rates = [rate for rate in RATES if inside(table, rate) is not None]
    names = tuple(f"{rate}/{name}" for rate in rates for name in BEYOND_CHANCE)
    units = Units(table, table.compared)
    if not units.n or not rates:
        return Group(names, 0, 0, why_not=UNDECIDED)
    columns = []
    for rate in rates:
        decided, people, judge = (side[units.rows] for side in sides(table, rate, rule))
        cells = (judge & people, judge & ~people, ~judge & people, ~judge & ~people)
        columns += [(cell & decided).astype(np.float64) for cell in cells]

    def evaluate(tables: Array, sums: Array) -> Array:
        found = []
        for square in sums.reshape(len(rates), 2, 2, -1):
            off = square[0, 1] + square[1, 0]
            # With two categories AC2 is AC1.
            ac1 = agreement.gwet_ac2(off, square.sum(axis=1), square.sum(axis=0))
            found += [agreement.cohen_kappa(square), ac1]
        return np.stack(found)

    return Group(
        names,
        units.n,
        units.n_clusters,
        sums=units.sums(columns),
        evaluate=evaluate,
        reasons=dict.fromkeys(names, ONE_SIDE),
    )


def block(table: StudyTable, found: dict[str, Estimate], rule: MajorityRule) -> dict[str, Any]:
    """The `decisions` block, both rates."""
    return {rate: _decision(table, found, rate, rule) for rate in RATES}


def _decision(table: StudyTable, found: dict[str, Estimate], rate: str, rule: MajorityRule) -> dict[str, Any]:
    if inside(table, rate) is None:
        leaves = dict.fromkeys((*SHARES, *BEYOND_CHANCE), not_estimable(no_cut(rate)).as_dict())
        counts = dict.fromkeys(("both", "judge_only", "people_only", "neither", "undecided"), 0)
        return {**leaves, "counts": counts}
    decided, people, judge = sides(table, rate, rule)
    yes = "a violation" if rate == "violation" else "acceptable"
    sensitivity = _share(table, decided & people, judge, f"No decided response is {yes} to its raters.")
    shares = {
        "sensitivity": sensitivity,
        "specificity": _share(
            table, decided & ~people, ~judge, f"Every decided response is {yes} to its raters."
        ),
        "ppv": _share(table, decided & judge, people, f"No decided response is {yes} to the judge."),
        "npv": _share(table, decided & ~judge, ~people, f"Every decided response is {yes} to the judge."),
        "missed": _other_way(sensitivity),
    }
    n, clusters = int(decided.sum()), len(np.unique(table.question[decided]))
    chance = {
        name: about_part(found[f"{rate}/{name}"], n=n, n_clusters=clusters, empty=UNDECIDED)
        for name in BEYOND_CHANCE
    }
    cells = {
        "both": decided & judge & people,
        "judge_only": decided & judge & ~people,
        "people_only": decided & ~judge & people,
        "neither": decided & ~judge & ~people,
        "undecided": table.compared & ~decided,
    }
    return {
        **{name: one.as_dict() for name, one in (shares | chance).items()},
        "counts": {name: int(cell.sum()) for name, cell in cells.items()},
    }


def _share(table: StudyTable, among: Bools, hit: Bools, empty: str) -> Estimate:
    """The weighted share of hits among some responses; Jeffreys interval on the effective size (sum w)^2 / sum w^2."""
    rows = np.flatnonzero(among)
    if not len(rows):
        return not_estimable(empty)
    w = table.weight[rows]
    share = float((w * hit[rows]).sum() / w.sum())
    effective = float(w.sum() ** 2 / (w**2).sum())
    low, high = jeffreys(share * effective, effective)
    return Estimate(share, low, high, n=len(rows), n_clusters=len(np.unique(table.question[rows])))


def _other_way(found: Estimate) -> Estimate:
    """One minus a share."""
    if found.value is None or found.low is None or found.high is None:
        return found
    return Estimate(1 - found.value, 1 - found.high, 1 - found.low, found.n, found.n_clusters, found.note)
