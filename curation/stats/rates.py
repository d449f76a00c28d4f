"""Violation and acceptable rates: the judge's alone, the human majority's alone, and both combined."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from curation.stats.bootstrap import Group
from curation.stats.data import Target
from curation.stats.estimate import Estimate, not_estimable
from curation.stats.features import Units, means
from curation.stats.intervals import wilson
from curation.stats.table import Array, Bools, Ints, StudyTable

RATES = ("violation", "acceptable")
POSTERIOR_DRAWS = 4000
# Prior share of violations per judge score from worst to best, worth one response per score
# (worked at 5-40 % true rates and 30-120 labels; a flat prior under-covers rare events).
PRIOR_STRENGTH = 1.0
_PRIOR_MEANS = (0.8, 0.5, 0.2, 0.07, 0.04)
_DIRICHLET = 0.2


@dataclass(frozen=True)
class MajorityRule:
    """When raters have a majority: more than half agree, at least `at_least` of them, among at least `of` raters."""

    at_least: int = 2
    of: int | None = None


def inside(table: StudyTable, rate: str) -> Bools | None:
    """Which scale positions lie at or beyond the rubric's cut, (K,); None where the rubric has no such cut."""
    cut = table.rubric.violation_at_most if rate == "violation" else table.rubric.acceptable_at_least
    if cut is None or table.rubric.kind == "nominal":
        return None
    found: Bools = table.values <= cut if rate == "violation" else table.values >= cut
    return found


def no_cut(rate: str) -> str:
    """Why a rate cannot be given for a rubric without the cut."""
    return (
        f"The rubric has no cut point for {'a violation' if rate == 'violation' else 'an acceptable answer'}."
    )


def judge_group(table: StudyTable, chosen: Bools) -> Group:
    """Both rates by the judge: the mean over judged responses of the share of repeats beyond the cut."""
    units = Units(table, chosen & table.judged, weight=table.judge_weight)
    names = tuple(rate for rate in RATES if inside(table, rate) is not None)
    if units.n == 0:
        return Group(names, 0, 0, why_not="No verdicts: the judge has scored none of these responses.")
    counts = table.verdicts[units.rows]
    beyond = [counts[:, inside(table, name)].sum(axis=1) / counts.sum(axis=1) for name in names]

    def evaluate(tables: Array, sums: Array) -> Array:
        found: Array = sums[1:] / sums[0]
        return found

    sums = units.sums([np.ones(units.n), *beyond])
    return Group(names, units.n, units.n_clusters, sums=sums, evaluate=evaluate, shares=frozenset(names))


def majority(table: StudyTable, rate: str, rule: MajorityRule) -> tuple[Bools, Bools]:
    """(decided, beyond) per response, (R,): whether the raters have a majority, and whether it is beyond the cut."""
    if (rate, rule) not in table.kept:
        positions = inside(table, rate)
        assert positions is not None
        total = table.ratings.sum(axis=1)
        votes = table.ratings @ positions
        larger = np.maximum(votes, total - votes)
        decided = (2 * larger > total) & (larger >= rule.at_least) & (total >= (rule.of or 0))
        table.kept[rate, rule] = decided, decided & (2 * votes > total)
    found: tuple[Bools, Bools] = table.kept[rate, rule]
    return found


def human_majority(table: StudyTable, chosen: Bools, rate: str, rule: MajorityRule) -> Estimate:
    """The share of responses whose raters agree that it is beyond the cut, among those with a majority.

    Wilson interval; with inclusion weights on the effective size (sum w)^2 / sum w^2.
    """
    if inside(table, rate) is None:
        return not_estimable(no_cut(rate))
    decided, beyond = majority(table, rate, rule)
    undecided = int(np.count_nonzero(chosen & table.rated & ~decided))
    note = f"Left out for want of a majority: {undecided} of the rated responses." if undecided else None
    rows = np.flatnonzero(chosen & decided)
    if len(rows) == 0:
        any_rated = bool(np.any(chosen & table.rated))
        return not_estimable("No response has a majority among its raters." if any_rated else "No ratings.")
    w = table.weight[rows]
    share = float((w * beyond[rows]).sum() / w.sum())
    effective = float(w.sum() ** 2 / (w**2).sum())
    low, high = wilson(share * effective, effective)
    questions = len(np.unique(table.question[rows]))
    return Estimate(share, low, high, n=len(rows), n_clusters=questions, note=note)


@dataclass(frozen=True)
class Strata:
    """Judge-score strata of some responses: (K,) sizes of the target, labelled responses, and their effective counts."""

    size: Array
    labelled: Array
    positive: Array
    effective: Array
    effective_positive: Array


def strata(table: StudyTable, chosen: Bools, rate: str, rule: MajorityRule) -> Strata:
    """Counts per judge score; the stratum is the scale point nearest to the mean verdict, the lower one at a tie.

    Under inclusion weights a stratum's labels count as their effective size with the weighted share, and its own size
    is the sum of the judge weights.
    """
    decided, beyond = majority(table, rate, rule)
    stratum, points = judge_stratum(table), len(table.values)
    rows = np.flatnonzero(chosen & table.judged)
    known = rows[decided[rows]]
    w = table.weight[known]

    def totals(of: Array) -> Array:
        return np.bincount(stratum[known], of, points).astype(np.float64)

    labelled, weight = totals(np.ones(len(known))), totals(w)
    some = np.where(labelled > 0, weight, 1.0)
    share, effective = totals(w * beyond[known]) / some, weight**2 / np.where(labelled > 0, totals(w**2), 1.0)
    size = np.bincount(stratum[rows], table.judge_weight[rows], points).astype(np.float64)
    return Strata(size, labelled, share * labelled, effective, share * effective)


def judge_stratum(table: StudyTable) -> Ints:
    """The scale position nearest to each response's mean verdict, (R,); -1 where there is none."""
    if "judge_stratum" not in table.kept:
        found = np.full(len(table.question), -1, dtype=np.int64)
        found[table.judged] = table.nearest(means(table.verdicts[table.judged], table.values))
        table.kept["judge_stratum"] = found
    kept: Ints = table.kept["judge_stratum"]
    return kept


def base_prior(size: int, rate: str) -> Array:
    """Prior means per scale position, (size,), stretched from five points to the scale's number of points."""
    at = np.linspace(0, len(_PRIOR_MEANS) - 1, size)
    found = np.interp(at, np.arange(len(_PRIOR_MEANS)), _PRIOR_MEANS)
    return found if rate == "violation" else found[::-1].copy()


def learnt_prior(others: Strata, base: Array) -> Array:
    """Prior means from other responses of the study (other models, other categories), steadied by the base prior."""
    found: Array = (others.effective_positive + PRIOR_STRENGTH * base) / (others.effective + PRIOR_STRENGTH)
    return found


def combined(
    table: StudyTable,
    chosen: Bools,
    rate: str,
    rule: MajorityRule,
    *,
    seed: int,
    label: str,
    target: Target = "test_set",
) -> Estimate:
    """The rate from all verdicts and the human majorities, post-stratified by judge score.

    theta = sum_s pi_s p_s with p_s ~ Beta(k_s + a_s, n_s - k_s + b_s). For the target "test_set", pi_s = N_s / N is
    known, the labelled part of a stratum is counted and the rest drawn from its binomial; for "population", pi ~
    Dirichlet(N_s + 0.2). `label` separates the random streams of the blocks of one study.
    """
    if inside(table, rate) is None:
        return not_estimable(no_cut(rate))
    found = strata(table, chosen, rate, rule)
    rows = np.flatnonzero(chosen & table.judged & majority(table, rate, rule)[0])
    if found.size.sum() == 0:
        return not_estimable("No verdicts: the judge has scored none of these responses.")
    if len(rows) == 0:
        return not_estimable("No judged response has a majority among its raters.")
    base = base_prior(len(table.values), rate)
    rest = ~chosen
    prior = base if not rest.any() else learnt_prior(strata(table, rest, rate, rule), base)
    rng = np.random.default_rng([seed, zlib.crc32(f"{rate}/{label}".encode())])
    draws, value = _posterior(found, prior, target, rng)
    low, high = np.quantile(draws, [0.025, 0.975])
    questions = len(np.unique(table.question[rows]))
    note = _combined_note(found, prior, target, seed)
    # Quantiles of a constant may miss it by one rounding.
    return Estimate(value, min(float(low), value), max(float(high), value), len(rows), questions, note)


def _posterior(found: Strata, prior: Array, target: Target, rng: np.random.Generator) -> tuple[Array, float]:
    """(POSTERIOR_DRAWS,) draws of the rate, and its posterior mean in closed form."""
    alpha = found.effective_positive + PRIOR_STRENGTH * prior
    beta = found.effective - found.effective_positive + PRIOR_STRENGTH * (1 - prior)
    unseen = np.maximum(found.size - found.labelled, 0.0)
    if target == "test_set" and not unseen.any():
        value = float(found.positive.sum() / found.labelled.sum())
        return np.full(1, value), value
    p = rng.beta(alpha, beta, size=(POSTERIOR_DRAWS, len(prior)))
    mean = alpha / (alpha + beta)
    if target == "population":
        shares = rng.dirichlet(found.size + _DIRICHLET, size=POSTERIOR_DRAWS)
        strength = found.size + _DIRICHLET
        return (shares * p).sum(axis=1), float((strength * mean).sum() / strength.sum())
    whole = np.round(unseen).astype(np.int64)
    # The drawn share of the unseen part is scaled back where weights make that part fractional.
    drawn = np.where(whole > 0, rng.binomial(whole, p) * (unseen / np.maximum(whole, 1)), unseen * p)
    total = (found.labelled + unseen).sum()
    return (found.positive + drawn).sum(axis=1) / total, float((found.positive + unseen * mean).sum() / total)


def _combined_note(found: Strata, prior: Array, target: Target, seed: int) -> str:
    labelled, size = int(found.labelled.sum()), found.size.sum()
    if target == "test_set":
        aim = f"Target: the {size:g} judged responses themselves, {labelled} of them with a human majority."
        if np.all(found.size - found.labelled < 0.5):
            aim += " All are labelled, so nothing is left to estimate and the interval has no width."
    else:
        aim = (
            f"Target: the population behind the {size:g} judged responses, {labelled} with a human majority."
        )
    shown = ", ".join(f"{mean:.2f}" for mean in prior)
    return (
        f"{aim} Prior: Beta of strength {PRIOR_STRENGTH:g} with means {shown} from the lowest judge score to the "
        f"highest; {POSTERIOR_DRAWS} draws, seed {seed}."
    )
