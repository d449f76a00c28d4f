"""Who disagrees with whom: any two raters of a study over the responses that both have scored."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import combinations, islice
from typing import Any

import numpy as np

from curation.stats.bootstrap import Group, estimates
from curation.stats.data import StudyData
from curation.stats.features import Units
from curation.stats.table import Array, StudyTable, study_table

DIFFER, DIFFERENCE = "differ_share", "mean_difference"
_AT_ONCE = 100  # pairs; each holds its resamples until its interval is made


def pairs(data: StudyData, *, seed: int = 0, resamples: int = 10_000) -> list[dict[str, Any]]:
    """Every two raters who share responses, by name.

    `a`, `b`, `shared` and `differ`: how many both scored, and how many of them differently; the estimates `differ_share`,
    their share, and `mean_difference`, a's score less b's in points (None on a nominal scale). Intervals over questions.
    """
    table = study_table(data)
    places = sorted(range(len(table.raters)), key=table.raters.__getitem__)
    found = (_pair(table, a, b) for a, b in combinations(places, 2))
    wanted = ((counts, group) for counts, group in found if group.n)
    done = []
    while some := list(islice(wanted, _AT_ONCE)):
        groups: dict[Hashable, Group] = {at: group for at, (_counts, group) in enumerate(some)}
        told = estimates(groups, seed=seed, resamples=resamples)
        for at, (counts, _group) in enumerate(some):
            leaves = {name: one.as_dict() for name, one in told[at].items()}
            done.append({**counts, DIFFERENCE: None, **leaves})
    return done


def _pair(table: StudyTable, a: int, b: int) -> tuple[dict[str, Any], Group]:
    mine, theirs = table.scores_by_rater[:, a], table.scores_by_rater[:, b]
    units = Units(table, (mine >= 0) & (theirs >= 0))
    first, second = mine[units.rows], theirs[units.rows]
    different = first != second
    columns = [np.ones(units.n), different.astype(np.float64)]
    names: tuple[str, ...] = (DIFFER,)
    if table.rubric.kind == "ordinal":
        names = (DIFFER, DIFFERENCE)
        columns.append(table.values[first] - table.values[second])

    def evaluate(tables: Array, sums: Array) -> Array:
        found: Array = sums[1:] / sums[0]
        return found

    group = Group(
        names,
        units.n,
        units.n_clusters,
        sums=units.sums(columns) if units.n else np.zeros((len(columns), 0)),
        evaluate=evaluate,
        shares=frozenset({DIFFER}),
    )
    counts = {"a": table.raters[a], "b": table.raters[b], "shared": units.n, "differ": int(different.sum())}
    return counts, group
