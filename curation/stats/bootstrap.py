"""BCa intervals by resampling questions, for any statistic that is a function of sums over questions.

A `Group` holds additive features per question; a resample of the questions is a vector of multinomial weights, so
every statistic of a resample comes from one product features @ weights, made for many groups at once. Weights are
drawn in blocks of fixed size, which bounds memory. Dense features lie on a grid on which every total is exact, in
single precision where that suffices: the same bits come out however products are cut, stacked and shared among threads.

Sources: Efron (1987), Better bootstrap confidence intervals; Davison & Hinkley (1997), section 3.8 (clusters);
Hesterberg (2015), What teachers should know about the bootstrap, section 5.3 (few clusters).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import ndtr, ndtri, stdtrit

from curation.stats.estimate import MIN_QUESTIONS, Estimate, not_estimable, too_few_questions
from curation.stats.intervals import wilson

Array = NDArray[np.float64]
Evaluate = Callable[[Array, Array], Array]

BLOCK = 1000
LEVEL = 0.95
# Above this share of undefined resamples (constant scores, say) the rest is no fair picture of the sampling error.
MAX_UNDEFINED = 0.10
# Two values nearer than this are one: the totals of tables are in single precision.
_SAME = 2e-6
# Sums of squares up to here are rounding.
_NO_SPREAD = 1e-24
_CELLS_AT_ONCE = 1_500_000
# From this share of filled cells on, a dense product is faster than a sparse one.
_DENSE = 0.25
MOST_THREADS = 4
# All threads together hold at most about this many weights, where one of them needs no more.
_WEIGHTS_AT_ONCE = 6_000_000
# Means of up to 4 scores and their products are whole numbers of this part: totals of them are exact in single precision.
_PARTS = 144


@dataclass(frozen=True)
class Group:
    """Statistics that share features and questions.

    tables: sparse (P1, Q), sums: (P2, Q), one column per question; evaluate((P1, C), (P2, C)) -> (len(names), C) with
    NaN where a statistic is undefined. `reasons` says in a sentence why, per name; `shares` names the statistics
    that are proportions; `trials` how many questions one rests on where that is a part of them. `why_not`, when set, is
    why none of them can be estimated at all.
    """

    names: tuple[str, ...]
    n: int
    n_clusters: int
    sums: Array = field(default_factory=lambda: np.zeros((0, 0)))
    tables: csr_array | None = None
    evaluate: Evaluate | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    shares: frozenset[str] = frozenset()
    trials: Mapping[str, int] = field(default_factory=dict)
    why_not: str | None = None

    def features(self) -> int:
        """How many numbers one resample of this group needs."""
        return len(self.sums) + (0 if self.tables is None else self.tables.shape[0])

    def sparse_features(self) -> int:
        """How many of them come from tables so empty that a sparse product is faster."""
        if self.tables is None or self.tables.nnz >= _DENSE * math.prod(self.tables.shape):
            return 0
        return int(self.tables.shape[0])


def question_weights(*, seed: int, clusters: int, block: int, size: int = BLOCK) -> Array:
    """Multinomial weights, shape (clusters, size): how often each question is drawn in each resample of the block."""
    rng = np.random.default_rng([seed, clusters, block])
    drawn = rng.integers(0, clusters, size=(size, clusters), dtype=np.int64)
    drawn += np.arange(0, size * clusters, clusters)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=size * clusters).reshape(size, clusters)
    return np.ascontiguousarray(counts.T, dtype=np.float64)


def estimates(
    groups: Mapping[Hashable, Group], *, seed: int, resamples: int, threads: int | None = None
) -> dict[Hashable, dict[str, Estimate]]:
    """The estimate of every statistic of every group: {key: {name: Estimate}}.

    The number of threads (by default one per processor, few for many questions) changes no bit. Raises ValueError where
    fewer than 2 resamples are asked for.
    """
    if resamples < 2:
        raise ValueError("A study needs at least 2 resamples.")
    usable = {k: g for k, g in groups.items() if g.why_not is None and g.n_clusters >= MIN_QUESTIONS}
    draws = resampled(usable, seed=seed, resamples=resamples, threads=threads)
    with ThreadPoolExecutor(threads or MOST_THREADS) as pool:
        found = pool.map(lambda key: _group_estimates(groups[key], draws.pop(key, None)), groups)
        return dict(zip(groups, found, strict=True))


def resampled(
    groups: Mapping[Hashable, Group], *, seed: int, resamples: int, threads: int | None = None
) -> dict[Hashable, Array]:
    """The resampled statistics, {key: (S, B)}, of groups that can be estimated: those that `estimates` looks at."""
    draws: dict[Hashable, Array] = {k: np.empty((len(g.names), resamples)) for k, g in groups.items()}
    stacks = _stacks(groups)

    def fill(task: tuple[int, int]) -> None:
        clusters, block = task
        here = slice(block * BLOCK, min((block + 1) * BLOCK, resamples))
        weights = question_weights(seed=seed, clusters=clusters, block=block)[:, : here.stop - here.start]
        for stack in stacks[clusters]:
            stack.resample(weights, {key: draws[key][:, here] for key in stack.groups})

    with ThreadPoolExecutor(threads or _threads(max(stacks, default=1))) as pool:
        list(pool.map(fill, product(stacks, range(math.ceil(resamples / BLOCK)))))
    return draws


def _threads(clusters: int) -> int:
    """As many as there are processors, as long as the weights of that many questions leave room."""
    return max(1, min(MOST_THREADS, os.cpu_count() or 1, _WEIGHTS_AT_ONCE // (clusters * BLOCK)))


class _Stack:
    """Groups with as many questions; their dense features are one matrix, so that one product serves them all.

    Sparse tables stay apart, in single precision: half the memory traffic, ends of intervals within 1e-6 (counts are
    exact in it). Point values and the jackknife are in double precision.
    """

    def __init__(self) -> None:
        self.groups: dict[Hashable, Group] = {}
        self.sparse: dict[Hashable, csr_array] = {}
        self.rows: dict[Hashable, Array] = {}

    @cached_property
    def dense(self) -> Array:
        """All rows, (P, Q): the features, or in single precision whole numbers of their parts."""
        return np.concatenate(list(self.rows.values()))

    def takes(self, rows: Array) -> bool:
        """Whether these rows can join: they are of the same kind, and the product stays small."""
        size = sum(map(len, self.rows.values())) + len(rows)
        return size * BLOCK <= _CELLS_AT_ONCE and next(iter(self.rows.values())).dtype == rows.dtype

    def add(self, key: Hashable, group: Group, rows: Array) -> None:
        self.groups[key], self.rows[key] = group, rows
        if group.tables is not None and group.sparse_features():
            self.sparse[key] = group.tables.astype(np.float32)

    def resample(self, weights: Array, found: Mapping[Hashable, Array]) -> None:
        """Fill found, {key: (S, C)}, with the statistics at the weights, (Q, C), in pieces where features are many."""
        most = max(group.features() for group in self.groups.values())
        step = max(1, _CELLS_AT_ONCE // max(most, len(self.dense)))
        in_parts = self.dense.dtype == np.float32
        for start in range(0, weights.shape[1], step):
            part = np.ascontiguousarray(weights[:, start : start + step])
            single = part.astype(np.float32)
            totals, stop = self.dense @ (single if in_parts else part), 0
            for key, group in self.groups.items():
                at, stop = stop, stop + len(self.rows[key])
                rows = totals[at:stop].astype(np.float64) / _PARTS if in_parts else totals[at:stop]
                cells = len(rows) - len(group.sums)
                tables = self.sparse[key] @ single if key in self.sparse else rows[:cells]
                found[key][:, start : start + step] = _evaluate(group, tables, rows[cells:])


def _stacks(groups: Mapping[Hashable, Group]) -> dict[int, list[_Stack]]:
    """By number of questions."""
    found: dict[int, list[_Stack]] = {}
    for key, group in groups.items():
        rows = group.sums
        if group.tables is not None and not group.sparse_features():
            rows = np.concatenate([group.tables.toarray(), rows])
        rows = _exact(rows)
        alike = found.setdefault(group.n_clusters, [])
        stack = next((one for one in alike if one.takes(rows)), None)
        if stack is None:
            alike.append(stack := _Stack())
        stack.add(key, group, rows)
    return found


def _exact(features: Array) -> Array:
    """Features, (P, Q), rounded to a grid on which no total of Q draws needs rounding, whatever the order of adding.

    Without it, products of BLAS depend on how they are cut and on its threads. Where all are whole numbers of parts,
    and small enough, these numbers in single precision; else a grid as fine as double precision allows.
    """
    most = np.abs(features).max(axis=1, initial=0.0) * features.shape[1]
    whole = np.rint(features * _PARTS)
    if most.max(initial=0.0) * _PARTS < 2**24 and np.abs(whole - features * _PARTS).max(initial=0.0) < 1e-9:
        return whole.astype(np.float32)
    grid = np.ldexp(1.0, np.frexp(most)[1] - 52)[:, None]
    return np.rint(features / grid) * grid


def _evaluate(group: Group, tables: Array, sums: Array) -> Array:
    assert group.evaluate is not None
    with np.errstate(divide="ignore", invalid="ignore"):
        return group.evaluate(tables, sums)


def point_and_jackknife(group: Group) -> tuple[Array, Array]:
    """The statistics on all questions, (S,), and with each question left out in turn, (S, Q)."""
    nothing = np.zeros((0, group.n_clusters))
    tables = nothing if group.tables is None else group.tables
    all_tables = np.asarray(tables.sum(axis=1)).reshape(-1, 1)
    all_sums = group.sums.sum(axis=1, keepdims=True)
    point = _evaluate(group, all_tables, all_sums)[:, 0]
    step = max(1, _CELLS_AT_ONCE // max(1, group.features()))
    left_out = []
    for start in range(0, group.n_clusters, step):
        here = slice(start, min(start + step, group.n_clusters))
        part = nothing[:, here] if group.tables is None else group.tables[:, here].toarray()
        left_out.append(_evaluate(group, all_tables - part, all_sums - group.sums[:, here]))
    return point, np.concatenate(left_out, axis=1)


def _group_estimates(group: Group, draws: Array | None) -> dict[str, Estimate]:
    sizes = {"n": group.n, "n_clusters": group.n_clusters}
    if group.why_not is not None:
        return {name: not_estimable(group.why_not, **sizes) for name in group.names}
    if draws is None:
        few = too_few_questions(**sizes)
        return dict.fromkeys(group.names, few)
    return told(group, *point_and_jackknife(group), draws)


def told(group: Group, point: Array, left_out: Array, draws: Array) -> dict[str, Estimate]:
    """The group's estimates from its statistics at the point, (S,), without each question, (S, Q), and resampled, (S, B)."""
    shapes = _shapes(left_out) if np.isfinite(left_out).all() else [_shape(row) for row in left_out]
    return {
        name: _estimate(group, name, point[at], draws[at], shapes[at]) for at, name in enumerate(group.names)
    }


def _estimate(group: Group, name: str, point: float, draws: Array, shape: _Shape) -> Estimate:
    sizes = {"n": group.n, "n_clusters": group.n_clusters}
    if not np.isfinite(point):
        return Estimate(None, note=group.reasons.get(name), **sizes)
    rising = np.sort(draws)
    if not np.isfinite(rising[[0, -1]]).all():
        rising = rising[np.isfinite(rising)]
    undefined = 1 - len(rising) / len(draws)
    if undefined > MAX_UNDEFINED:
        why = f"No interval: the statistic is undefined in {undefined:.0%} of the resamples."
        return Estimate(point, note=why, **sizes)
    if rising[-1] - rising[0] <= _SAME:
        if name in group.shares:
            questions = group.trials.get(name, group.n_clusters)
            low, high = wilson(point * questions, questions)
            why = "Every question gives the same share: Wilson interval with the questions as trials."
            return Estimate(point, low, high, note=why, **sizes)
        return Estimate(point, note="No interval: every resample gives the same value.", **sizes)
    low, high = _bca(point, rising, shape)
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
    shape = _shape(left_out)
    return _bca(point, np.sort(draws), replace(shape, tail=-float(ndtri((1 - level) / 2))))


def wider_tail(left_out: Array, level: float = LEVEL) -> float:
    """The normal quantile that an interval's ends start from, moved outwards for resting on few clusters.

    left_out: (Q,) values with one cluster left out, of kurtosis k -> sqrt(Q / (Q - 1)) t. The root makes up for the
    bootstrap's spread, which divides by Q; t is Student's quantile for a spread that is itself estimated, with
    f = 2 Q / (k - (Q - 3) / (Q - 1)) degrees of freedom, at most Q - 1: few where some clusters pull the value far.
    Sources: Hesterberg (2015), 5.3, with f = Q - 1; Satterthwaite (1946) for f by the variance of the variance.
    """
    return _shape(left_out, level).tail


@dataclass(frozen=True)
class _Shape:
    """What the values without each cluster say of a statistic: wider_tail(), and the acceleration a of bca()."""

    tail: float
    a: float


def _shape(left_out: Array, level: float = LEVEL) -> _Shape:
    return _shapes(left_out[np.isfinite(left_out)][None, :], level)[0]


def _shapes(left_out: Array, level: float = LEVEL) -> list[_Shape]:
    """Of several statistics at once: (S, Q) finite values, all Q clusters left out in turn."""
    count, upper = left_out.shape[1], 0.5 + level / 2
    if count < 2:
        return [_Shape(float(ndtri(upper)), 0.0) for _row in left_out]
    d = left_out.mean(axis=1, keepdims=True) - left_out
    square = d * d
    spread = square.sum(axis=1)
    varies = spread > _NO_SPREAD
    safe = np.where(varies, spread, 1.0)
    kurtosis = count * (square * square).sum(axis=1) / safe**2
    room = np.where(varies, kurtosis - (count - 3) / (count - 1), 1.0)
    free = np.where(varies, np.minimum(count - 1, 2 * count / room), count - 1)
    tails = math.sqrt(count / (count - 1)) * stdtrit(free, upper)
    a = np.where(varies, (square * d).sum(axis=1) / (6 * safe**1.5), 0.0)
    return [_Shape(*pair) for pair in zip(tails.tolist(), a.tolist(), strict=True)]


def _bca(point: float, rising: Array, shape: _Shape) -> tuple[float, float]:
    """bca() of draws in rising order; -tail and tail of the shape are the normal quantiles of the two ends."""
    size = len(rising)
    # Draws that equal the point but for rounding must not fall on either side of it by chance.
    close = _SAME * max(1.0, abs(point))
    below = np.searchsorted(rising, point - close, side="left")
    up_to = np.searchsorted(rising, point + close, side="right")
    share = float(below + up_to) / (2 * size)
    z0 = ndtri(min(max(share, 0.5 / size), 1 - 0.5 / size))
    return _end(rising, z0, z0 - shape.tail, shape.a), _end(rising, z0, z0 + shape.tail, shape.a)


def _end(rising: Array, z0: float, shifted: float, a: float) -> float:
    """The draw that the adjusted quantile falls on, by linear interpolation."""
    room = 1 - a * shifted
    # Past this point the adjustment runs off the scale; the outermost draw is the honest end.
    share = float(ndtr(z0 + shifted / room)) if room > 0 else float(shifted > 0)
    place = share * (len(rising) - 1)
    under, over = math.floor(place), math.ceil(place)
    return float(rising[under] + (rising[over] - rising[under]) * (place - under))
