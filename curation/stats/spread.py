"""Range restriction: a part whose scores are all alike shows a lower r for the same judge.

Source: Thorndike (1949), Personnel selection, case 2: r u / sqrt(1 + r^2 (u^2 - 1)) with u = sd of all / sd of the part.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from curation.stats import correlation
from curation.stats.bootstrap import Group
from curation.stats.estimate import Estimate, about_part
from curation.stats.features import Units, means
from curation.stats.judge_human import why_no_units
from curation.stats.table import Array, Bools, StudyTable

RESTRICTED_BELOW = 0.7
Part = tuple[str, str]
NOTHING = "No response here has both a rating and a verdict."
FLAT = "Not estimable: the judge or the humans give every response here the same mean score."


def spread_group(table: StudyTable, parts: dict[Part, Bools]) -> Group:
    """The sd of h (dividing by the weight) of all responses and of each part, and each part's r corrected by them."""
    names = ("pooled_sd", *(f"{what}/{at}" for what in ("human_sd", "corrected") for at in range(len(parts))))
    units = Units(table, table.compared)
    if why := why_no_units(table, table.compared, units):
        return Group(names, 0, 0, why_not=why)
    centre = float(table.values.mean())
    j = means(table.verdicts[units.rows], table.values) - centre
    h = means(table.ratings[units.rows], table.values) - centre
    masks = [np.ones(units.n), *(mask[units.rows].astype(np.float64) for mask in parts.values())]
    member = np.stack(masks, axis=1)
    count = len(masks)

    def evaluate(tables: Array, sums: Array) -> Array:
        w, x, y, xx, yy, xy = sums.reshape(6, count, -1)
        sd = np.sqrt(np.maximum(yy / w - (y / w) ** 2, 0.0))
        r = correlation.pearson_from_moments(w, x, y, xx, yy, xy)[1:]
        u = sd[0] / np.where(sd[1:] > 0, sd[1:], np.nan)
        return np.concatenate([sd, r * u / np.sqrt(1 + r**2 * (u**2 - 1))])

    columns = [member * column[:, None] for column in (np.ones(units.n), j, h, j * j, h * h, j * h)]
    return Group(
        names,
        units.n,
        units.n_clusters,
        sums=units.sums(columns),
        evaluate=evaluate,
        reasons=dict.fromkeys(names[count:], FLAT),
    )


def blocks(
    table: StudyTable, parts: dict[Part, Bools], found: dict[str, Estimate]
) -> dict[Part, dict[str, Any]]:
    """The `spread` of each part."""
    pooled = found["pooled_sd"]
    done = {}
    for at, (key, mask) in enumerate(parts.items()):
        here = mask & table.compared
        n, clusters = int(here.sum()), len(np.unique(table.question[here]))
        sd, corrected = (
            about_part(found[f"{what}/{at}"], n=n, n_clusters=clusters, empty=NOTHING)
            for what in ("human_sd", "corrected")
        )
        done[key] = {
            "human_sd": sd.as_dict(),
            "pooled_sd": pooled.as_dict(),
            "restricted": (
                sd.value is not None
                and pooled.value is not None
                and sd.value < RESTRICTED_BELOW * pooled.value
            ),
            "corrected_pearson": corrected.as_dict(),
        }
    return done
