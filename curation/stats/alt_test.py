"""The alternative annotator test: could the judge stand in for one of the raters?

Source: Calderon, Reichart & Dror (2025), The alternative annotator test for LLM-as-a-judge (arXiv 2501.10970).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import stdtr

from curation.stats.bootstrap import Group
from curation.stats.estimate import Estimate
from curation.stats.features import Units, means
from curation.stats.judge_human import majority_position
from curation.stats.table import Array, Bools, Ints, StudyTable

NAMES = ("winning_rate", "advantage_probability")
MIN_RESPONSES = 30
MIN_RATERS = 3
# Below this a judge as good as a person fails the test too often for a failure to say anything.
POWERED_RESPONSES = 200
FALSE_DISCOVERY_RATE = 0.05


def alignment(table: StudyTable, rater: int, rows: Ints) -> tuple[Array, Array]:
    """How well (judge, rater) agree with the other raters on each response, two (n,); higher is better.

    Nominal: the share of the others who gave the same label. Ordinal: minus the root mean squared difference.
    """
    scores = table.scores_by_rater[rows]
    others = scores >= 0
    others[:, rater] = False
    count = others.sum(axis=1)
    own = scores[:, rater]
    if table.rubric.kind == "nominal":
        judge = majority_position(table.verdicts[rows])
        same = [(scores == label[:, None]) & others for label in (judge, own)]
        return same[0].sum(axis=1) / count, same[1].sum(axis=1) / count
    numbers = table.values[np.maximum(scores, 0)]
    judge_score = means(table.verdicts[rows], table.values)
    errors = []
    for label in (judge_score, table.values[own]):
        squared = ((label[:, None] - numbers) ** 2 * others).sum(axis=1) / count
        errors.append(-np.round(np.sqrt(squared), 12))
    return errors[0], errors[1]


def by_rejections(p_values: Array, rate: float = FALSE_DISCOVERY_RATE) -> Array:
    """How many of R hypotheses fall at each column of (R, C) p-values. -> (C,). Source: Benjamini & Yekutieli (2001)."""
    count = len(p_values)
    rank = np.arange(1, count + 1)[:, None]
    harmonic = (1 / np.arange(1, count + 1)).sum()
    passed = np.sort(p_values, axis=0) <= rank * rate / (count * harmonic)
    found: Array = np.where(passed, rank, 0).max(axis=0).astype(np.float64)
    return found


def _p_below(w: Array, ww: Array, d: Array, dd: Array, bound: float) -> Array:
    """One-sided p of "the mean difference is not below `bound`", t-test on weighted sums; any shape."""
    size = w**2 / ww
    mean = d / w
    variance = np.maximum(dd / w - mean**2, 0.0) * size / (size - 1)
    error = np.sqrt(variance / size)
    t = (mean - bound) / np.where(error > 1e-12, error, 1.0)
    certain = np.where(mean < bound, 0.0, 1.0)
    p = np.where(error > 1e-12, stdtr(np.maximum(size - 1, 1e-9), t), certain)
    found: Array = np.where(size > 1, p, 1.0)
    return found


def entered(table: StudyTable) -> Bools:
    """Responses that enter: a verdict (a majority label if nominal) and ratings of at least two people."""
    judged = majority_position(table.verdicts) >= 0 if table.rubric.kind == "nominal" else table.judged
    found: Bools = table.judged & judged & (table.ratings.sum(axis=1) >= 2)
    return found


def eligible_raters(table: StudyTable) -> Ints:
    """The raters with at least MIN_RESPONSES responses that enter."""
    counts = (table.scores_by_rater[entered(table)] >= 0).sum(axis=0)
    found: Ints = np.flatnonzero(counts >= MIN_RESPONSES)
    return found


def alt_test_group(table: StudyTable, epsilon: float) -> Group:
    """Winning rate and mean advantage probability, leaving out one rater at a time."""
    raters = eligible_raters(table)
    if not len(raters):
        why = (
            f"No rater has {MIN_RESPONSES} responses that also have a verdict and another rating; "
            "the test needs that many."
        )
        return Group(NAMES, 0, 0, why_not=why)
    units = Units(table, entered(table) & (table.scores_by_rater[:, raters] >= 0).any(axis=1))
    columns: list[list[Array]] = [[], [], [], [], []]
    for rater in raters:
        here = np.flatnonzero(table.scores_by_rater[units.rows, rater] >= 0)
        judge, person = alignment(table, int(rater), units.rows[here])
        present, wins, lead = (np.zeros(units.n) for _ in range(3))
        present[here] = 1.0
        wins[here] = judge >= person
        lead[here] = (person >= judge).astype(np.float64) - wins[here]
        # Sums of w^2 (the second column) give the effective size of a weighted sample.
        for column, piece in zip(
            columns, (present, present * units.weight, wins, lead, lead**2), strict=True
        ):
            column.append(piece)
    count = len(raters)

    def evaluate(tables: Array, sums: Array) -> Array:
        w, ww, wins, lead, lead2 = sums.reshape(5, count, -1)
        rejected = by_rejections(_p_below(w, ww, lead, lead2, epsilon))
        return np.stack([rejected / count, (wins / w).mean(axis=0)])

    return Group(
        NAMES,
        units.n,
        units.n_clusters,
        sums=units.sums([np.stack(column, axis=1) for column in columns]),
        evaluate=evaluate,
        shares=frozenset(NAMES),
    )


def outcome(group: Group, table: StudyTable, epsilon: float) -> str:
    """pass: at least half of the raters are beaten; fail: not so, on a sample that could have shown it; else
    under_powered.

    A sample could have shown it with at least MIN_RATERS raters of POWERED_RESPONSES responses each (median); a
    smaller one still fails a judge that is worse than epsilon by a test in the other direction for half the raters.
    """
    if group.why_not is not None or not len(group.sums):
        return "under_powered"
    raters = eligible_raters(table)
    if len(raters) < MIN_RATERS:
        return "under_powered"
    w, ww, _, lead, lead2 = group.sums.sum(axis=1).reshape(5, len(raters), 1)
    if by_rejections(_p_below(w, ww, lead, lead2, epsilon))[0] / len(raters) >= 0.5:
        return "pass"
    responses = np.median((table.scores_by_rater[entered(table)][:, raters] >= 0).sum(axis=0))
    worse = by_rejections(_p_below(w, ww, -lead, lead2, -epsilon))[0] / len(raters)
    return "fail" if responses >= POWERED_RESPONSES or worse >= 0.5 else "under_powered"


def block(found: dict[str, Estimate], group: Group, table: StudyTable, epsilon: float) -> dict[str, Any]:
    """The `alt_test` block of a study."""
    return {
        "winning_rate": found["winning_rate"].as_dict(),
        "advantage_probability": found["advantage_probability"].as_dict(),
        "epsilon": float(epsilon),
        "verdict": outcome(group, table, epsilon),
    }
