"""How much of the distance between judge and people is noise: reliabilities, and Pearson's r corrected for them.

Sources: Spearman (1904), The proof and measurement of association between two things; Shrout & Fleiss (1979).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curation.stats import correlation
from curation.stats.bootstrap import Group
from curation.stats.estimate import Estimate, not_estimable
from curation.stats.features import Units, means
from curation.stats.judge_human import why_no_units
from curation.stats.reliability import icc_1
from curation.stats.table import Array, Ints, StudyTable

RELIABILITIES = tuple(f"{who}_reliability_{of}" for who in ("judge", "human") for of in ("one", "mean"))
# What each corrected correlation divides by.
CORRECTED = {
    "corrected_for_judge": ("judge",),
    "corrected_for_raters": ("human",),
    "latent": ("judge", "human"),
}
# Dividing by a reliability that may be this low says more about the divisor than about the judge.
LEAST_RELIABILITY = 0.3
_WHO = {"judge": "the judge's", "human": "the people's"}
REASONS = {
    "judge": "Not estimable: no response has two repeats with a score, or all verdicts are the same.",
    "human": "Not estimable: no response has two ratings, or all ratings are the same.",
}


def noise_group(table: StudyTable) -> Group:
    """Reliabilities of one and of the mean of k (harmonic mean), and corrected r, over the compared responses."""
    names = (*RELIABILITIES, *CORRECTED)
    units = Units(table, table.compared)
    if why := why_no_units(table, table.compared, units):
        return Group(names, 0, 0, why_not=why)
    centre = float(table.values.mean())
    verdicts, ratings = table.verdicts[units.rows], table.ratings[units.rows]
    x, y = means(verdicts, table.values) - centre, means(ratings, table.values) - centre
    columns = [np.ones(units.n), x, y, x * x, y * y, x * y]
    columns += _icc_columns(verdicts, table.values) + _icc_columns(ratings, table.values)

    def evaluate(tables: Array, sums: Array) -> Array:
        r = correlation.pearson_from_moments(*sums[:6])
        judge, judge_mean = _reliability(sums[6:13])
        human, human_mean = _reliability(sums[13:20])
        divisors = (judge_mean, human_mean, judge_mean * human_mean)
        corrected = [r / np.sqrt(np.where(by > 0, by, np.nan)) for by in divisors]
        return np.stack([judge, judge_mean, human, human_mean, *corrected])

    reasons = {f"{who}_reliability_{of}": REASONS[who] for who in REASONS for of in ("one", "mean")}
    return Group(
        names, units.n, units.n_clusters, sums=units.sums(columns), evaluate=evaluate, reasons=reasons
    )


def _icc_columns(counts: Ints, values: Array) -> list[Array]:
    """What reliability.icc_1 takes, per response."""
    centred = values - values.mean()
    m = counts.sum(axis=1).astype(np.float64)
    total = counts @ centred
    return [np.ones(len(m)), 1 / m, m, m**2, total, counts @ centred**2, total**2 / m]


def _reliability(sums: Array) -> tuple[Array, Array]:
    """ICC(1,1), and by Spearman-Brown the reliability of the mean of k scores; a negative ICC counts as none."""
    one = icc_1(sums)
    k = sums[0] / sums[1]
    known = np.maximum(one, 0.0)
    return one, k * known / (1 + (k - 1) * known)


def block(found: dict[str, Estimate], against_people: dict[str, Estimate]) -> dict[str, Estimate]:
    """The `noise` block: Pearson's r as observed, the reliabilities, and the corrections that these allow."""
    done = {"observed": against_people["pearson"]} | {name: found[name] for name in RELIABILITIES}
    for name, divided_by in CORRECTED.items():
        why = _too_unreliable(found, divided_by)
        one = found[name]
        done[name] = not_estimable(why, n=one.n, n_clusters=one.n_clusters) if why else _capped(one)
    return done


def _too_unreliable(found: dict[str, Estimate], divided_by: tuple[str, ...]) -> str | None:
    for who in divided_by:
        mean = found[f"{who}_reliability_mean"]
        if mean.value is None:
            return mean.note
        if mean.low is None or mean.low < LEAST_RELIABILITY:
            return f"Not estimable: {_WHO[who]} reliability may lie below {LEAST_RELIABILITY:.2f}."
    return None


def _capped(found: Estimate) -> Estimate:
    """Held to [-1, 1], said in the note; the resamples themselves are not held."""
    if found.value is None:
        return found
    ends = [None if end is None else min(1.0, max(-1.0, end)) for end in (found.low, found.high)]
    held = replace(found, value=min(1.0, max(-1.0, found.value)), low=ends[0], high=ends[1])
    if held.value != found.value:
        return held.with_note(f"Capped: the corrected value is {found.value:.3f}.")
    if (held.low, held.high) != (found.low, found.high):
        return held.with_note("The interval is capped at 1.")
    return held
