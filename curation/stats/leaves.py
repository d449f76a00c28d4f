"""Posteriors for the leaves of the taxonomy: too small for estimates of their own, they borrow from each other.

Violations: k of n per leaf ~ Binomial(theta), theta ~ Beta with mean mu and concentration kappa, uniform in mu and in
kappa^(-1/2) up to 1. Bias: a leaf's mean of j - h ~ Normal around delta, delta ~ Normal(mu, tau^2), uniform in mu and in
tau up to half the scale. Both are summed over a grid, so nothing is drawn at random. Source: Gelman et al. (2013),
Bayesian data analysis, 5.3 and 5.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import betaincc, betaln, expit, log_expit, ndtr

from curation.stats.differs import design_effect
from curation.stats.estimate import Estimate, not_estimable
from curation.stats.features import means
from curation.stats.rates import MajorityRule, inside, majority, no_cut
from curation.stats.table import Array, Bools, Ints, StudyTable

TAIL = 0.025
_LOGITS = np.linspace(-16.0, 16.0, 321)
# Grid points this far (in log probability) below the best are left out: e^-14 is a millionth.
_NEGLIGIBLE = 14.0
_NEGLIGIBLE_SHARE = 1e-3


@dataclass(frozen=True)
class Posterior:
    """Per leaf: (L,) mean, ends of the central 95 %, and the probability of lying above the overall mean."""

    mean: Array
    low: Array
    high: Array
    above: Array


def _beta_grid() -> tuple[Array, Array, Array]:
    """(mu, kappa, log prior mass), each (G,); mu is denser towards 0 and 1, where rates of violations live."""
    at = (np.arange(80) + 0.5) / 80
    mu, step = np.sin(np.pi * at / 2) ** 2, np.sin(np.pi * at)
    kappa = 1 / ((np.arange(20) + 0.5) / 20) ** 2
    grid_mu, grid_kappa = (grid.ravel() for grid in np.meshgrid(mu, kappa, indexing="ij"))
    return grid_mu, grid_kappa, np.repeat(np.log(step), len(kappa))


def beta_binomial(hits: Array, trials: Array) -> Posterior:
    """Posterior of each leaf's rate from (fractional) counts, (L,) each; a leaf without trials is a new one."""
    mu, kappa, prior = _beta_grid()
    a, b = mu * kappa, (1 - mu) * kappa
    log_b = betaln(a, b)
    misses = trials - hits
    evidence = betaln(a + hits[:, None], b + misses[:, None]) - log_b
    total = prior + evidence.sum(axis=0)
    kept = total > total.max() - _NEGLIGIBLE
    a, b, log_b, mu, evidence = a[kept], b[kept], log_b[kept], mu[kept], evidence[:, kept]
    weight = np.exp(total[kept] - total.max())
    weight /= weight.sum()
    alpha, beta = a + hits[:, None], b + misses[:, None]
    # Density over logit(theta): likelihood(theta) * sum_g weight_g / evidence_g * prior_g(theta), scaled per leaf.
    best = evidence.max(axis=1, keepdims=True)
    log_theta, log_rest = log_expit(_LOGITS), log_expit(-_LOGITS)
    prior_density = np.exp(np.outer(a, log_theta) + np.outer(b, log_rest) - log_b[:, None])
    likelihood = np.exp(np.outer(hits, log_theta) + np.outer(misses, log_rest) - best)
    share = weight * np.exp(best - evidence)
    # Not by BLAS, whose last bits depend on its threads.
    density = likelihood * np.einsum("lg,gx->lx", share, prior_density)
    # What lies beyond the grid's ends: there the density falls like e^(alpha x), and like e^(-beta x).
    below = likelihood[:, 0] * (share * prior_density[:, 0] / alpha).sum(axis=1)
    beyond = likelihood[:, -1] * (share * prior_density[:, -1] / beta).sum(axis=1)
    low, high = _grid_quantiles(density, below, beyond)
    return Posterior(
        mean=(weight * alpha / (alpha + beta)).sum(axis=1),
        low=low,
        high=high,
        above=_above(hits, trials, a, b, mu, weight),
    )


def _above(hits: Array, trials: Array, a: Array, b: Array, mu: Array, weight: Array) -> Array:
    """P(theta > mu) per leaf, over the grid points that matter and once for leaves with the same counts."""
    heavy = weight > _NEGLIGIBLE_SHARE * weight.max()
    a, b, mu, weight = a[heavy], b[heavy], mu[heavy], weight[heavy] / weight[heavy].sum()
    counts, at = np.unique(np.stack([hits, trials], axis=1), axis=0, return_inverse=True)
    k, misses = counts[:, :1], counts[:, 1:] - counts[:, :1]
    found: Array = (weight * betaincc(a + k, b + misses, mu)).sum(axis=1)[at]
    return found


def _grid_quantiles(density: Array, below: Array, beyond: Array) -> tuple[Array, Array]:
    """The rates at both TAILs of densities over the grid of logits, (L, X) -> two (L,)."""
    step = _LOGITS[1] - _LOGITS[0]
    inner = np.cumsum((density[:, 1:] + density[:, :-1]) / 2 * step, axis=1)
    share = np.concatenate([below[:, None], below[:, None] + inner], axis=1)
    share /= share[:, -1:] + beyond[:, None]
    ends = []
    for at in (TAIL, 1 - TAIL):
        logit = np.array([np.interp(at, row, _LOGITS, left=-np.inf, right=np.inf) for row in share])
        ends.append(expit(logit))
    return ends[0], ends[1]


def normal_means(mean: Array, variance: Array, *, largest: float) -> Posterior:
    """Posterior of each leaf's mean from its estimate and that estimate's variance (inf: no data), (L,) each."""
    tau2 = ((np.arange(80) + 0.5) / 80 * largest)[:, None] ** 2
    precision = 1 / (variance + tau2)
    spread = 1 / precision.sum(axis=1)
    known = np.where(np.isfinite(variance), mean, 0.0)
    centre = spread * (precision * known).sum(axis=1)
    seen = np.isfinite(variance)
    total = 0.5 * (np.log(spread) + np.log(precision[:, seen]).sum(axis=1))
    total -= 0.5 * (precision * (known - centre[:, None]) ** 2 * seen).sum(axis=1)
    weight = np.exp(total - total.max())
    weight = (weight / weight.sum())[:, None]
    pull = np.where(seen, 1 - tau2 * precision, 1.0)  # towards the overall mean
    middle = (1 - pull) * known + pull * centre[:, None]
    sd = np.sqrt(tau2 * pull + pull**2 * spread[:, None])

    def quantile(at: float) -> Array:
        low, high = (middle - 8 * sd).min(axis=0), (middle + 8 * sd).max(axis=0)
        for _ in range(45):
            half = (low + high) / 2
            under = (weight * ndtr((half - middle) / sd)).sum(axis=0) < at
            low, high = np.where(under, half, low), np.where(under, high, half)
        found: Array = (low + high) / 2
        return found

    # A leaf less the overall mean, which is itself uncertain.
    above = ndtr((middle - centre[:, None]) / np.sqrt(tau2 * pull + (1 - pull) ** 2 * spread[:, None]))
    return Posterior(
        mean=(weight * middle).sum(axis=0),
        low=quantile(TAIL),
        high=quantile(1 - TAIL),
        above=(weight * above).sum(axis=0),
    )


def block(table: StudyTable, rule: MajorityRule) -> dict[str, Any]:
    """The `leaves` block: violations by the people's majority, bias of the judge, per path of three labels."""
    if table.rubric.kind == "nominal":
        return {}
    violation, above = _violations(table, rule)
    bias = _biases(table)
    return {
        path: {
            "violation": violation[at].as_dict(),
            "bias": bias[at].as_dict(),
            "above_overall": above[at],
            "responses": int(np.count_nonzero(table.leaf == at)),
        }
        for at, path in enumerate(table.leaves)
    }


def _violations(table: StudyTable, rule: MajorityRule) -> tuple[list[Estimate], list[float | None]]:
    if inside(table, "violation") is None:
        return _none(table, no_cut("violation"))
    decided, beyond = majority(table, "violation", rule)
    chosen = decided & (table.leaf >= 0)
    if not chosen.any():
        return _none(
            table, "No response has a majority among its raters." if table.rated.any() else "No ratings."
        )
    n, share, _, deff = _by_leaf(table, chosen, beyond[chosen].astype(np.float64))
    trials = n / deff
    found = beta_binomial(share * trials, trials)
    return _estimates(table, chosen, n, found), [float(p) for p in found.above]


def _biases(table: StudyTable) -> list[Estimate]:
    chosen = table.compared & (table.leaf >= 0)
    if not chosen.any():
        return _none(table, "No response here has both a rating and a verdict.")[0]
    gap = means(table.verdicts[chosen], table.values) - means(table.ratings[chosen], table.values)
    n, mean, within, deff = _by_leaf(table, chosen, gap)
    if within <= 0:
        return _none(table, "Not estimable: differences of judge and people do not vary within any leaf.")[0]
    with np.errstate(divide="ignore"):
        variance = within * deff / n
    largest = float(table.values[-1] - table.values[0]) / 2
    return _estimates(table, chosen, n, normal_means(mean, variance, largest=largest))


def _by_leaf(table: StudyTable, chosen: Bools, values: Array) -> tuple[Ints, Array, float, float]:
    """(responses (L,), weighted means (L,), variance within leaves, design effect) of some responses."""
    rows = np.flatnonzero(chosen)
    leaf, w, size = table.leaf[rows], table.weight[rows], len(table.leaves)
    n = np.bincount(leaf, minlength=size)
    weight = np.bincount(leaf, weights=w, minlength=size)
    mean = np.bincount(leaf, weights=w * values, minlength=size) / np.where(weight > 0, weight, 1.0)
    off = (values - mean[leaf]) ** 2
    # Each leaf's weighted variance, with its n - 1 degrees of freedom.
    squares = np.bincount(leaf, weights=w * off, minlength=size) / np.where(weight > 0, weight, 1.0) * n
    free = int((n - 1).clip(0).sum())
    within = float(squares.sum()) / free if free else 0.0
    return n, mean, within, design_effect(values, w, leaf, table.question[rows])


def _estimates(table: StudyTable, chosen: Bools, n: Ints, found: Posterior) -> list[Estimate]:
    leaves = len(table.leaves)
    note = f"Posterior under a hierarchical model of {leaves} {'leaf' if leaves == 1 else 'leaves'}; no test."
    done = []
    for at in range(leaves):
        questions = len(np.unique(table.question[chosen & (table.leaf == at)]))
        ends = (float(found.mean[at]), float(found.low[at]), float(found.high[at]))
        done.append(Estimate(*ends, n=int(n[at]), n_clusters=questions, note=note))
    return done


def _none(table: StudyTable, why: str) -> tuple[list[Estimate], list[float | None]]:
    return [not_estimable(why)] * len(table.leaves), [None] * len(table.leaves)
