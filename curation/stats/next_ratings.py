"""Which responses to rate next: half a uniform core over model and category, half where people are hard to foretell.

One systematic sample with unequal chances: responses stand in line, cell by cell and shuffled within each, every one as
long as its chance, and a comb of unit pitch picks `count` of them. So each is drawn with exactly its chance, and a cell
whose chances sum to 1 or more cannot be missed. Source: Madow (1949), On the theory of systematic sampling, II.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from curation.stats.data import StudyData, StudyOptions
from curation.stats.judge_human import majority_position
from curation.stats.rate_next import UNIFORM, expected, outlook, rate_of_interest, within
from curation.stats.rates import MajorityRule, judge_stratum
from curation.stats.table import Array, Bools, Ints, StudyTable, study_table

# Why a response was drawn: for the core, because the judge's score leaves people open, because its repeats differ, or
# because the judge gave it no score.
CORE, SCORE, REPEATS, UNJUDGED = "core", "score", "repeats", "unjudged"
Drawn = tuple[Hashable, str, float, str]


@dataclass(frozen=True)
class Chances:
    """What a draw of so many does to each response of the study, (R,) each, in the table's order.

    core, total: the chance to be drawn for the core, and at all. For rated responses, which are never drawn, the
    chance that they would have had: it is what their weight must count once samples are put together.
    """

    table: StudyTable
    open: Bools
    core: Array
    total: Array


def chances(data: StudyData, *, count: int, options: StudyOptions | None = None) -> Chances:
    """The chance of every response when `count` of those nobody has rated are drawn. Raises ValueError for count < 1."""
    if count < 1:
        raise ValueError("At least one response must be drawn.")
    options = options or StudyOptions()
    table = study_table(data)
    touched = {rating.response for rating in data.ratings}
    unrated = np.array([name not in touched for name in table.ids], dtype=np.bool_)
    count = min(count, int(unrated.sum()))
    if not count:
        return Chances(table, unrated, np.zeros(len(unrated)), np.zeros(len(unrated)))
    cell = _cells(table)
    per_cell = _core_of_cells(np.bincount(cell[unrated], minlength=cell.max() + 1), UNIFORM * count)
    size = np.maximum(np.bincount(cell[unrated], minlength=cell.max() + 1), 1)
    core: Array = per_cell[cell] / size[cell]
    worth = _worth(table, MajorityRule(options.at_least, options.of))
    room = np.where(unrated, 1 - core, 0.0)
    extra = within(room, count - core[unrated].sum(), worth * unrated)
    rate = float((extra[unrated] / worth[unrated]).max(initial=0.0))
    total: Array = np.where(unrated, core + extra, np.minimum(core + rate * worth, 1.0))
    return Chances(table, unrated, core, total)


def draw(found: Chances, *, seed: int) -> list[Drawn]:
    """As many responses that nobody has rated as their chances sum to: (id, stratum, chance, reason).

    stratum: the scale point nearest to the judge's mean, empty where it gave none. The same rows and seed draw the
    same, whatever their order.
    """
    table, rng = found.table, np.random.default_rng(seed)
    line = np.flatnonzero(found.open)
    line = line[np.lexsort((rng.permutation(len(line)), _cells(table)[line]))]
    if not len(line):
        return []
    ends = np.cumsum(found.total[line])
    ticks = rng.random() + np.arange(round(ends[-1]))
    # The sum of the chances is a whole number but for rounding.
    at = np.searchsorted(ends * (round(ends[-1]) / ends[-1]), ticks, side="right")
    offset = ticks - np.concatenate([[0.0], ends])[at]
    drawn = sorted(zip(line[at].tolist(), (offset < found.core[line[at]]).tolist(), strict=True))
    stratum = _strata(table)
    return [
        (table.ids[row], stratum[row], float(found.total[row]), CORE if core else _reason(table, row))
        for row, core in drawn
    ]


def _cells(table: StudyTable) -> Ints:
    """Model x category of each response as one number, (R,)."""
    found: Ints = table.model * (len(table.categories) + 1) + table.category + 1
    return found


def _core_of_cells(size: Ints, budget: float) -> Array:
    """How much of the budget each cell gets: as its size, but one at least where the budget has one for each."""
    cells = np.count_nonzero(size)
    if budget < cells:
        found: Array = budget * size / size.sum()
        return found
    low, high = 0.0, 1.0
    for _ in range(60):
        half = (low + high) / 2
        low, high = (half, high) if _floored(size, half).sum() < budget else (low, half)
    found = _floored(size, high)
    return found


def _floored(size: Ints, rate: float) -> Array:
    found: Array = np.minimum(size, np.maximum(size * rate, 1.0))
    return found


def _worth(table: StudyTable, rule: MajorityRule) -> Array:
    """The sd of people's yes or no, as the judge's repeats foretell it, (R,); one for all where there is no cut."""
    rate = rate_of_interest(table)
    if rate is None:
        return np.ones(len(table.question))
    chance = expected(table, outlook(table, rate, rule).mean)
    found: Array = np.sqrt(chance * (1 - chance))
    return found


def _strata(table: StudyTable) -> list[str]:
    nominal = table.rubric.kind == "nominal"
    at = majority_position(table.verdicts) if nominal else judge_stratum(table)
    return ["" if position < 0 else str(table.rubric.scale[position]) for position in at]


def _reason(table: StudyTable, row: int) -> str:
    scores = np.count_nonzero(table.verdicts[row])
    return UNJUDGED if scores == 0 else REPEATS if scores > 1 else SCORE
