"""Each rater against the others who rated the same responses."""

from __future__ import annotations

from typing import Any

import numpy as np

from curation.stats import correlation
from curation.stats.bootstrap import Group
from curation.stats.estimate import Estimate, about_part, not_estimable
from curation.stats.features import Units
from curation.stats.reliability import MIN_SHARED
from curation.stats.table import Array, Bools, Ints, StudyTable

NAMES = ("severity", "with_the_rest")
TOO_FEW = f"Fewer than {MIN_SHARED} responses are shared with another rater."
FLAT = "Not estimable: the rater or the others give every shared response the same mean score."


def _shared(table: StudyTable) -> Bools:
    """Which responses each rater shares with somebody, (R, raters)."""
    found: Bools = (table.scores_by_rater >= 0) & (table.ratings.sum(axis=1) >= 2)[:, None]
    return found


def _eligible(table: StudyTable) -> Ints:
    found: Ints = np.flatnonzero(_shared(table).sum(axis=0) >= MIN_SHARED)
    return found


def raters_group(table: StudyTable) -> Group:
    """Per rater with enough shared responses: own score less the mean of the others', and Pearson's r of the two.

    A positive severity is a kind rater: their scores are higher than the others' on the same responses.
    """
    chosen = _eligible(table)
    names = tuple(f"{name}/{table.raters[at]}" for name in NAMES for at in chosen)
    if not len(chosen):
        return Group(names, 0, 0, why_not=TOO_FEW)
    shared = _shared(table)
    somebody: Bools = np.any(shared[:, chosen], axis=1)
    units = Units(table, somebody)
    present = shared[np.ix_(units.rows, chosen)].astype(np.float64)
    centred = table.values - table.values.mean()
    own = centred[np.maximum(table.scores_by_rater[np.ix_(units.rows, chosen)], 0)] * present
    counts = table.ratings[units.rows]
    others = ((counts @ centred)[:, None] - own) / (counts.sum(axis=1) - 1)[:, None] * present
    count = len(chosen)

    def evaluate(tables: Array, sums: Array) -> Array:
        w, x, y, xx, yy, xy = sums.reshape(6, count, -1)
        return np.concatenate([(x - y) / w, correlation.pearson_from_moments(w, x, y, xx, yy, xy)])

    return Group(
        names,
        units.n,
        units.n_clusters,
        sums=units.sums([present, own, others, own**2, others**2, own * others]),
        evaluate=evaluate,
        reasons=dict.fromkeys(names[count:], FLAT),
    )


def block(table: StudyTable, found: dict[str, Estimate]) -> dict[str, Any]:
    """The `raters` block, every rater of the study by name."""
    shared = _shared(table)
    done = {}
    for at, rater in enumerate(table.raters):
        here = shared[:, at]
        n, clusters = int(here.sum()), len(np.unique(table.question[here]))
        line: dict[str, Any] = {}
        for name in NAMES:
            if n < MIN_SHARED:
                one = not_estimable(TOO_FEW, n=n, n_clusters=clusters)
            else:
                one = about_part(found[f"{name}/{rater}"], n=n, n_clusters=clusters, empty=TOO_FEW)
            line[name] = one.as_dict()
        done[rater] = line | {"ratings": int((table.scores_by_rater[:, at] >= 0).sum())}
    return done
