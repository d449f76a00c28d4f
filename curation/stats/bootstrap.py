"""BCa intervals by resampling questions, for any statistic that is a function of sums over questions.

A `Group` holds additive features per question; a resample of the questions is a vector of multinomial weights, so
every statistic of a resample comes from one product features @ weights. Weights are drawn in blocks of fixed size,
which bounds memory and makes the draws independent of how the work is cut.

Sources: Efron (1987), Better bootstrap confidence intervals; Davison & Hinkley (1997), section 3.8 (clusters).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import ndtr, ndtri

from curation.stats.estimate import Estimate, not_estimable
from curation.stats.intervals import wilson

Array = NDArray[np.float64]
Evaluate = Callable[[Array, Array], Array]

BLOCK = 1000
MIN_CLUSTERS = 3
LEVEL = 0.95
# Above this share of undefined resamples (constant scores, say) the rest is no fair picture of the sampling error.
MAX_UNDEFINED = 0.10
# Two values nearer than this are one: the totals of tables are in single precision.
_SAME = 2e-6
_CELLS_AT_ONCE = 1_500_000


@dataclass(frozen=True)
class Group:
    """Statistics that share features and questions.

    tables: sparse (P1, Q), sums: (P2, Q), one column per question; evaluate((P1, C), (P2, C)) -> (len(names), C) with
    NaN where a statistic is undefined. `reasons` says in a sentence why, per name; `shares` names the statistics
    that are proportions. `why_not`, when set, is why none of them can be estimated at all.
    """

    names: tuple[str, ...]
    n: int
    n_clusters: int
    sums: Array = field(default_factory=lambda: np.zeros((0, 0)))
    tables: csr_array | None = None
    evaluate: Evaluate | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    shares: frozenset[str] = frozenset()
    why_not: str | None = None

    def features(self) -> int:
        """How many numbers one resample of this group needs."""
        return len(self.sums) + (0 if self.tables is None else self.tables.shape[0])


def question_weights(*, seed: int, clusters: int, block: int, size: int = BLOCK) -> Array:
    """Multinomial weights, shape (clusters, size): how often each question is drawn in each resample of the block."""
    rng = np.random.default_rng([seed, clusters, block])
    drawn = rng.integers(0, clusters, size=(size, clusters), dtype=np.int64)
    flat = drawn * size + np.arange(size)[:, None]
    counts = np.bincount(flat.ravel(), minlength=clusters * size)
    return counts.reshape(clusters, size).astype(np.float64)


def estimates(
    groups: Mapping[Hashable, Group], *, seed: int, resamples: int
) -> dict[Hashable, dict[str, Estimate]]:
    """The estimate of every statistic of every group: {key: {name: Estimate}}.

    Raises ValueError where fewer than 2 resamples are asked for.
    """
    if resamples < 2:
        raise ValueError("A study needs at least 2 resamples.")
    by_clusters: dict[int, list[Hashable]] = {}
    for key, group in groups.items():
        if group.why_not is None and group.n_clusters >= MIN_CLUSTERS:
            by_clusters.setdefault(group.n_clusters, []).append(key)
    draws: dict[Hashable, Array] = {}
    for clusters, keys in by_clusters.items():
        draws.update(_draw(groups, keys, clusters=clusters, seed=seed, resamples=resamples))
    return {key: _group_estimates(group, draws.get(key)) for key, group in groups.items()}


def _draw(
    groups: Mapping[Hashable, Group], keys: Sequence[Hashable], *, clusters: int, seed: int, resamples: int
) -> dict[Hashable, Array]:
    """Every resampled statistic, {key: (S, resamples)}; groups with as many questions share the weights."""
    found: dict[Hashable, Array] = {key: np.empty((len(groups[key].names), resamples)) for key in keys}
    for block, start in enumerate(range(0, resamples, BLOCK)):
        weights = question_weights(seed=seed, clusters=clusters, block=block)
        weights = np.ascontiguousarray(weights[:, : min(BLOCK, resamples - start)])
        for key in keys:
            found[key][:, start : start + weights.shape[1]] = _resampled(groups[key], weights)
    return found


def _resampled(group: Group, weights: Array) -> Array:
    """evaluate() on features @ weights, (S, C), cut into pieces where the features are many."""
    step = max(1, min(weights.shape[1], _CELLS_AT_ONCE // max(1, group.features())))
    pieces = []
    for start in range(0, weights.shape[1], step):
        part = weights if step == weights.shape[1] else np.ascontiguousarray(weights[:, start : start + step])
        tables = np.zeros((0, part.shape[1])) if group.tables is None else _table_totals(group.tables, part)
        pieces.append(_evaluate(group, tables, group.sums @ part))
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)


def _table_totals(tables: csr_array, weights: Array) -> Array:
    """Cell totals of the resamples in single precision: half the memory traffic, ends of intervals within 1e-6.

    Point values and the jackknife stay in double precision.
    """
    totals: Array = tables.astype(np.float32) @ weights.astype(np.float32)
    return totals


def _evaluate(group: Group, tables: Array, sums: Array) -> Array:
    assert group.evaluate is not None
    with np.errstate(divide="ignore", invalid="ignore"):
        return group.evaluate(tables, sums)


def point_and_jackknife(group: Group) -> tuple[Array, Array]:
    """The statistics on all questions, (S,), and with each question left out in turn, (S, Q)."""
    sums = group.sums.sum(axis=1, keepdims=True)
    if group.tables is None:
        tables = np.zeros((0, 1))
    else:
        tables = np.asarray(group.tables.sum(axis=1)).reshape(-1, 1)
    point = _evaluate(group, tables, sums)[:, 0]
    step = max(1, _CELLS_AT_ONCE // max(1, group.features()))
    left_out = []
    for start in range(0, group.n_clusters, step):
        stop = min(start + step, group.n_clusters)
        part = np.zeros((0, stop - start)) if group.tables is None else group.tables[:, start:stop].toarray()
        left_out.append(_evaluate(group, tables - part, sums - group.sums[:, start:stop]))
    return point, np.concatenate(left_out, axis=1)


def _group_estimates(group: Group, draws: Array | None) -> dict[str, Estimate]:
    sizes = {"n": group.n, "n_clusters": group.n_clusters}
    if group.why_not is not None:
        return {name: not_estimable(group.why_not, **sizes) for name in group.names}
    if draws is None:
        questions = "question" if group.n_clusters == 1 else "questions"
        why = f"Only {group.n_clusters} {questions}: at least {MIN_CLUSTERS} are needed for an interval."
        return {name: not_estimable(why, **sizes) for name in group.names}
    point, left_out = point_and_jackknife(group)
    return {
        name: _estimate(group, name, point[at], draws[at], left_out[at])
        for at, name in enumerate(group.names)
    }


def _estimate(group: Group, name: str, point: float, draws: Array, left_out: Array) -> Estimate:
    sizes = {"n": group.n, "n_clusters": group.n_clusters}
    if not np.isfinite(point):
        return Estimate(None, note=group.reasons.get(name), **sizes)
    defined = draws[np.isfinite(draws)]
    undefined = 1 - len(defined) / len(draws)
    if undefined > MAX_UNDEFINED:
        why = f"No interval: the statistic is undefined in {undefined:.0%} of the resamples."
        return Estimate(point, note=why, **sizes)
    if defined.max() - defined.min() <= _SAME:
        if name in group.shares:
            low, high = wilson(point * group.n_clusters, group.n_clusters)
            why = "Every question gives the same share: Wilson interval with the questions as trials."
            return Estimate(point, low, high, note=why, **sizes)
        return Estimate(point, note="No interval: every resample gives the same value.", **sizes)
    low, high = bca(point, defined, left_out)
    note = None
    if undefined > 0:
        note = f"The statistic is undefined in {undefined:.1%} of the resamples, which are left out."
    return Estimate(point, low, high, note=note, **sizes)


def bca(point: float, draws: Array, left_out: Array, level: float = LEVEL) -> tuple[float, float]:
    """The bias-corrected and accelerated interval.

    draws: (B,) resampled values; left_out: (Q,) values with one cluster left out. z0 is the normal quantile of the
    share of draws below the point (ties count half), a = sum d^3 / (6 (sum d^2)^1.5) with d = mean - left_out.
    Source: Efron & Tibshirani (1993), An introduction to the bootstrap, 14.3.
    """
    size = len(draws)
    # Draws that equal the point but for rounding must not fall on either side of it by chance.
    close = _SAME * max(1.0, abs(point))
    below = np.count_nonzero(draws < point - close) + 0.5 * np.count_nonzero(np.abs(draws - point) <= close)
    z0 = ndtri(np.clip(below / size, 0.5 / size, 1 - 0.5 / size))
    known = left_out[np.isfinite(left_out)]
    d = known.mean() - known if len(known) else np.zeros(1)
    spread = float((d**2).sum())
    a = float((d**3).sum()) / (6 * spread**1.5) if spread > 1e-24 else 0.0
    tail = ndtri((1 - level) / 2)
    ends = []
    for z in (tail, -tail):
        shifted = z0 + z
        room = 1 - a * shifted
        # Past this point the adjustment runs off the scale; the outermost draw is the honest end.
        ends.append(float(ndtr(z0 + shifted / room)) if room > 0 else float(shifted > 0))
    low, high = _quantiles(draws, ends)
    return low, high


def _quantiles(draws: Array, shares: Sequence[float]) -> list[float]:
    """Quantiles with linear interpolation, by partition instead of a sort."""
    places = [share * (len(draws) - 1) for share in shares]
    needed = sorted({int(np.floor(p)) for p in places} | {int(np.ceil(p)) for p in places})
    parted = np.partition(draws, needed)
    values = []
    for place in places:
        under, over = int(np.floor(place)), int(np.ceil(place))
        values.append(float(parted[under] + (parted[over] - parted[under]) * (place - under)))
    return values
