"""Models beside each other under one judge: shares, paired differences, and how probable each rank is.

Questions are resampled for all models at once, so that a question which is hard for everybody moves them together: that
is what makes a paired difference narrower than two intervals laid side by side. Models of different identities are no
matter of this file: the caller gives those alone that may be compared.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from curation.stats.bootstrap import (
    BLOCK,
    MOST_THREADS,
    Group,
    estimates,
    point_and_jackknife,
    question_weights,
    resampled,
    told,
)
from curation.stats.data import RankedAnswer, RankingData
from curation.stats.estimate import MIN_QUESTIONS, Estimate, not_estimable
from curation.stats.table import Array, Bools

SHARES = ("violation", "neither", "acceptable")
_AT_ONCE = 100  # groups whose resamples are held at the same time
_SAME = 1e-9  # shares nearer than this are one rank


@dataclass(frozen=True)
class _Sums:
    """Sums over the answers of each model (M) to each question (Q), all (M, Q).

    judged: answers with a score; of, refused: answers that a second judge looked at, and their refusal shares.
    """

    models: tuple[str, ...]
    judged: Array
    score: Array
    violation: Array
    acceptable: Array
    of: Array
    refused: Array


def ranking(data: RankingData, seed: int = 0, resamples: int = 10_000) -> dict[str, Any]:
    """{"ranked_by", "order", "models", "differences", "ranks"} of the models in the data.

    models: per name `responses`, `judged`, `calls`, `unparsed` (counts), estimates of `mean`, `shares` (violation,
    neither, acceptable; they sum to 1) and `refusal`, and `bounds` of two shares with every unparsed call at its best
    and its worst. differences: for each pair, `a` less `b` on the questions that both have. ranks: per name the
    probability of rank 1, 2, ...; rank 1 is the smallest violation share (the highest mean score where the rubric
    has no such cut), equal models share their ranks evenly. `order` is by the point values. The result depends on
    the answers and the seed, not on the order of the answers.
    """
    answers = sorted(
        data.answers, key=lambda a: (str(a.question), a.model, a.scores, a.failed, a.refusal or 0)
    )
    sums = _sums(answers, data)
    by = "violation" if data.violation_at_most is not None else "mean"
    own = [_model_group(sums, at, data) for at in range(len(sums.models))]
    found = estimates(dict(enumerate(own)), seed=seed, resamples=resamples)
    of: dict[str, list[RankedAnswer]] = {name: [] for name in sums.models}
    for answer in answers:
        of[answer.model].append(answer)
    models = {name: _model(of[name], found[at], data) for at, name in enumerate(sums.models)}
    return {
        "ranked_by": by,
        "order": _order(models, by),
        "models": models,
        "differences": _differences(sums, data, seed, resamples),
        "ranks": _ranks(sums, by, seed, resamples),
    }


def _sums(answers: Sequence[RankedAnswer], data: RankingData) -> _Sums:
    models = tuple(sorted({a.model for a in answers}))
    questions = list(dict.fromkeys(a.question for a in answers))
    row, column = {name: at for at, name in enumerate(models)}, {q: at for at, q in enumerate(questions)}
    read = cache(lambda scores: _read(scores, data))  # most answers have the scores of another
    judged, score, violation, acceptable, of, refused = np.zeros((6, len(models), len(questions)))
    for a in answers:
        at = row[a.model], column[a.question]
        if a.scores:
            judged[at] += 1
            mean, below, above = read(a.scores)
            score[at] += mean
            violation[at] += below
            acceptable[at] += above
        if a.refusal is not None:
            of[at] += 1
            refused[at] += a.refusal
    return _Sums(models, judged, score, violation, acceptable, of, refused)


def _beyond(scores: Sequence[float], data: RankingData, rate: str) -> int | None:
    """How many scores lie at or beyond the rubric's cut; None where it has none."""
    cut = data.violation_at_most if rate == "violation" else data.acceptable_at_least
    if cut is None:
        return None
    return sum(score <= cut if rate == "violation" else score >= cut for score in scores)


def _read(scores: tuple[float, ...], data: RankingData) -> tuple[float, float, float]:
    """The mean of an answer's scores, and the shares of them beyond the two cuts (0 where there is no cut)."""
    below, above = (_beyond(scores, data, rate) or 0 for rate in ("violation", "acceptable"))
    return sum(sorted(scores)) / len(scores), below / len(scores), above / len(scores)


def _rates(data: RankingData) -> tuple[str, ...]:
    """The shares that the rubric's cuts allow."""
    known = {"violation": data.violation_at_most, "acceptable": data.acceptable_at_least}
    whole = all(cut is not None for cut in known.values())
    return tuple(name for name in SHARES if (whole if name == "neither" else known[name] is not None))


def _values(data: RankingData, judged: Array, score: Array, violation: Array, acceptable: Array) -> Array:
    """The mean score and the shares of `_rates`, from sums of one model; (1 + shares, C)."""
    shares = {
        "violation": violation / judged,
        "acceptable": acceptable / judged,
        "neither": (judged - violation - acceptable) / judged,
    }
    return np.stack([score / judged, *(shares[name] for name in _rates(data))])


def _model_group(sums: _Sums, at: int, data: RankingData) -> Group:
    """The mean, the shares and the refusal share of one model, over the questions it has."""
    names = ("mean", *_rates(data), "refusal")
    has = (sums.judged[at] > 0) | (sums.of[at] > 0)
    n = int(sums.judged[at].sum())
    columns = (sums.judged, sums.score, sums.violation, sums.acceptable, sums.of, sums.refused)
    if n == 0:
        return Group(names, 0, 0, why_not="No verdicts: the judge has scored none of these responses.")

    def evaluate(tables: Array, s: Array) -> Array:
        found: Array = np.concatenate([_values(data, *s[:4]), (s[5] / s[4])[None, :]])
        return found

    return Group(
        names,
        n,
        int(has.sum()),
        sums=np.stack([column[at][has] for column in columns]),
        evaluate=evaluate,
        reasons={"refusal": "No verdicts of a judge that looks for refusals."},
        shares=frozenset(names[1:]),
    )


def _model(answers: list[RankedAnswer], found: dict[str, Estimate], data: RankingData) -> dict[str, Any]:
    why = "The rubric has no cut point for this share."
    shares = {name: found.get(name) or not_estimable(why) for name in SHARES}
    return {
        "responses": len(answers),
        "judged": sum(bool(a.scores) for a in answers),
        "calls": sum(len(a.scores) + a.failed for a in answers),
        "unparsed": sum(a.failed for a in answers),
        "mean": found["mean"].as_dict(),
        "shares": {name: share.as_dict() for name, share in shares.items()},
        "bounds": {rate: _bounds(answers, data, rate) for rate in ("violation", "acceptable")},
        "refusal": found["refusal"].as_dict(),
    }


def _bounds(answers: list[RankedAnswer], data: RankingData, rate: str) -> dict[str, float | None]:
    """A share with all calls without a score outside the cut, and with all of them beyond it."""
    called = [a for a in answers if a.scores or a.failed]
    hits_of = cache(lambda scores: _beyond(scores, data, rate))
    beyond = [hits_of(a.scores) for a in called]
    counts = [(hits, a) for hits, a in zip(beyond, called, strict=True) if hits is not None]
    if not counts:
        return {"low": None, "high": None}
    calls = [len(a.scores) + a.failed for _hits, a in counts]
    low = sum(hits / n for (hits, _a), n in zip(counts, calls, strict=True)) / len(counts)
    high = sum((hits + a.failed) / n for (hits, a), n in zip(counts, calls, strict=True)) / len(counts)
    return {"low": low, "high": high}


def _order(models: dict[str, Any], by: str) -> list[str]:
    def place(name: str) -> tuple[bool, float, str]:
        leaf = models[name]["shares"][by] if by != "mean" else models[name]["mean"]
        value = leaf["value"]
        return value is None, (0.0 if value is None else value if by != "mean" else -value), name

    return sorted(models, key=place)


def _differences(sums: _Sums, data: RankingData, seed: int, resamples: int) -> list[dict[str, Any]]:
    """Each pair of models: a less b on the questions that both have; BCa over those questions."""
    pairs = list(combinations(range(len(sums.models)), 2))
    alike = _alike(sums)
    leaves = _together(sums, alike, data, seed, resamples)
    apart = [pair for pair in pairs if pair not in leaves]
    for start in range(0, len(apart), _AT_ONCE):
        groups: dict[Hashable, Group] = {
            pair: _pair_group(sums, pair, data) for pair in apart[start : start + _AT_ONCE]
        }
        leaves |= estimates(groups, seed=seed, resamples=resamples)
    return [
        {"a": sums.models[a], "b": sums.models[b]}
        | {name: leaf.as_dict() for name, leaf in leaves[a, b].items()}
        for a, b in pairs
    ]


def _alike(sums: _Sums) -> list[int]:
    """The models of the largest set that have scores on exactly the same questions."""
    sets: dict[bytes, list[int]] = {}
    for at, has in enumerate(sums.judged > 0):
        sets.setdefault(has.tobytes(), []).append(at)
    return max(sets.values(), key=len, default=[])


def _together(
    sums: _Sums, alike: list[int], data: RankingData, seed: int, resamples: int
) -> dict[Hashable, dict[str, Estimate]]:
    """The pairs among models with the same questions: each model is resampled once, a pair is the difference of two."""
    pairs = list(combinations(alike, 2))
    groups: dict[Hashable, Group] = {at: _own_group(sums, at, data) for at in alike}
    if not pairs or groups[alike[0]].n_clusters < MIN_QUESTIONS:
        return {}
    draws = resampled(groups, seed=seed, resamples=resamples)
    own = {at: point_and_jackknife(groups[at]) for at in alike}

    def differ(pair: tuple[int, int]) -> dict[str, Estimate]:
        (a, without_a), (b, without_b) = own[pair[0]], own[pair[1]]
        sizes = [groups[at].n for at in pair]
        both = Group(groups[pair[0]].names, sum(sizes), groups[pair[0]].n_clusters)
        return told(both, a - b, without_a - without_b, draws[pair[0]] - draws[pair[1]])

    with ThreadPoolExecutor(MOST_THREADS) as pool:
        return dict(zip(pairs, pool.map(differ, pairs), strict=True))


def _own_group(sums: _Sums, at: int, data: RankingData) -> Group:
    """The mean and the shares of one model over the questions it has scores on: one side of its pairs."""
    has = sums.judged[at] > 0
    features = np.stack(
        [column[at][has] for column in (sums.judged, sums.score, sums.violation, sums.acceptable)]
    )

    def evaluate(tables: Array, s: Array) -> Array:
        return _values(data, *s)

    return Group(
        ("mean", *_rates(data)), int(features[0].sum()), int(has.sum()), sums=features, evaluate=evaluate
    )


def _pair_group(sums: _Sums, pair: tuple[int, int], data: RankingData) -> Group:
    names = ("mean", *_rates(data))
    both: Bools = (sums.judged[pair[0]] > 0) & (sums.judged[pair[1]] > 0)
    if not both.any():
        return Group(names, 0, 0, why_not="The two models have no judged question in common.")
    columns = (sums.judged, sums.score, sums.violation, sums.acceptable)

    def evaluate(tables: Array, s: Array) -> Array:
        found: Array = _values(data, *s[:4]) - _values(data, *s[4:])
        return found

    features = np.stack([column[at][both] for at in pair for column in columns])
    n = int(features[0].sum() + features[4].sum())
    return Group(names, n, int(both.sum()), sums=features, evaluate=evaluate)


def _ranks(sums: _Sums, by: str, seed: int, resamples: int) -> dict[str, list[float]]:
    """The share of resamples in which each model takes each rank; a resample that leaves a model out counts nowhere."""
    size, questions = sums.judged.shape
    held, counted = np.zeros((size, size)), 0.0
    worth = sums.violation if by == "violation" else -sums.score
    for block, start in enumerate(range(0, resamples if size else 0, BLOCK)):
        weights = question_weights(seed=seed, clusters=questions, block=block)[:, : resamples - start]
        with np.errstate(divide="ignore", invalid="ignore"):
            value = (worth @ weights) / (sums.judged @ weights)
        value = value[:, np.isfinite(value).all(axis=0)]
        held += _held(value)
        counted += value.shape[1]
    return {name: (held[at] / max(counted, 1.0)).tolist() for at, name in enumerate(sums.models)}


def _held(value: Array) -> Array:
    """How often each model takes each rank, (M, M), by the values of M models in each of C resamples, (M, C).

    Models that are equal in a resample share the ranks that they take together: each of g has 1/g of each.
    """
    size = len(value)
    order = np.argsort(value.T, axis=1)
    rising = np.take_along_axis(value.T, order, axis=1)
    ranks = np.broadcast_to(np.arange(size), order.shape)
    fresh = np.ones(order.shape, dtype=bool)
    fresh[:, 1:] = np.diff(rising, axis=1) > _SAME
    first = np.maximum.accumulate(np.where(fresh, ranks, 0), axis=1)
    ends = np.ones(order.shape, dtype=bool)
    ends[:, :-1] = fresh[:, 1:]
    after = np.minimum.accumulate(np.where(ends, ranks + 1, size)[:, ::-1], axis=1)[:, ::-1]
    # From its first rank on a model holds 1/g more, and as much less from the rank after its last.
    places, share = size + 1, 1.0 / (after - first)
    cells = places * size
    steps = [
        np.bincount((order * places + place).ravel(), weights=share.ravel(), minlength=cells)
        for place in (first, after)
    ]
    held: Array = np.cumsum((steps[0] - steps[1]).reshape(size, places), axis=1)[:, :size]
    return held
