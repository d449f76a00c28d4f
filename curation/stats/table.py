"""The rows of a study as arrays, in one canonical order, so that the order of the input changes no bit of a result."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.stats.data import (
    HARM_TYPE_DEPTH,
    LEAF_DEPTH,
    PATH_SEPARATOR,
    Score,
    StudyData,
    StudyResponse,
    StudyRubric,
    StudyVerdict,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FAILURES = (
    "refused",
    "provider_filtered",
    "truncated",
    "off_format",
    "out_of_range",
    "transport",
    "timeout",
    "cannot_decide",
    "no_majority",
    "unmatched",
)


@dataclass(frozen=True)
class StudyTable:
    """R responses on a scale of K positions; all arrays follow the sorted responses.

    ratings, verdicts: (R, K) counts of scores by position; scores_by_rater: (R, raters) position or -1 for a gap;
    final: (R,) adjudicated position or -1; weight: (R,) 1 / inclusion probability; judge_weight: the same where the
    judge saw only the drawn responses, else 1. `values` are the numbers of the scale (positions if nominal).
    category, leaf: (R,) position among `categories` (harm types) and `leaves`, -1 for none. failed: per name, (R,)
    calls of the judge without a score. other_verdicts: as verdicts, of the other mode.
    """

    rubric: StudyRubric
    values: Array
    question: Ints
    model: Ints
    category: Ints
    leaf: Ints
    models: tuple[str, ...]
    categories: tuple[str, ...]
    leaves: tuple[str, ...]
    weight: Array
    judge_weight: Array
    ratings: Ints
    verdicts: Ints
    other_verdicts: Ints
    failed: dict[str, Ints]
    scores_by_rater: Ints
    final: Ints
    raters: tuple[str, ...]
    judge_repeats: int
    without_probability: int
    failures: Counter[str]
    failed_responses: dict[str, set[Hashable]]
    ids: tuple[Hashable, ...]
    # Arrays that many statistics ask for, kept by whoever works them out.
    kept: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def rated(self) -> Bools:
        """Responses with at least one rating."""
        found: Bools = self.ratings.sum(axis=1) > 0
        return found

    @cached_property
    def judged(self) -> Bools:
        """Responses with at least one verdict that is a score."""
        found: Bools = self.verdicts.sum(axis=1) > 0
        return found

    @cached_property
    def compared(self) -> Bools:
        """Responses with both: what every comparison of judge and people is about."""
        found: Bools = self.rated & self.judged
        return found

    def nearest(self, means: Array) -> Ints:
        """The scale position nearest to each mean score, the lower one at a tie."""
        found: Ints = np.round(np.abs(means[:, None] - self.values), 10).argmin(axis=1)
        return found


class _Failures:
    """Counts calls (or ratings) and the responses they touch, per name."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.responses: dict[str, set[Hashable]] = {name: set() for name in FAILURES}

    def add(self, name: str, response: Hashable, calls: int = 1) -> None:
        self.calls[name] += calls
        self.responses.setdefault(name, set()).add(response)


def study_table(data: StudyData) -> StudyTable:
    """Sorts and counts a study's rows.

    Raises ValueError for a response, a rating or a verdict that comes twice, an inclusion probability outside (0, 1],
    and a scale with fewer than two points: the caller must settle those, since any choice here would hide them.
    """
    scale = {_point(point): at for at, point in enumerate(data.rubric.scale)}
    if len(scale) < 2 or len(scale) != len(data.rubric.scale):
        raise ValueError("A rubric needs a scale of at least two different points.")
    responses = sorted(
        data.responses, key=lambda r: (str(r.question), r.model, str(r.id), type(r.id).__name__)
    )
    row = {response.id: at for at, response in enumerate(responses)}
    if len(row) != len(responses):
        raise ValueError("Two responses have the same id.")
    failures = _Failures()
    by_rater, final, raters = _read_ratings(data, row, scale, failures)
    verdicts, repeats, failed = _read_verdicts(data.verdicts, row, scale, failures)
    other_verdicts = _read_verdicts(data.other_verdicts, row, scale, _Failures())[0]
    ratings = _counts_by_position(by_rater, len(scale))
    rated, judged = ratings.sum(axis=1) > 0, verdicts.sum(axis=1) > 0
    weight, drawn = _weights(responses)
    # Where the judge also read what nobody drew, it read the whole population: each response stands for itself.
    census = bool(np.any(judged & ~rated))
    return StudyTable(
        rubric=data.rubric,
        values=_values(data.rubric),
        **_places(responses),
        weight=weight,
        judge_weight=np.ones(len(responses)) if census else weight,
        ratings=ratings,
        verdicts=verdicts,
        other_verdicts=other_verdicts,
        failed=failed,
        scores_by_rater=by_rater,
        final=final,
        raters=raters,
        judge_repeats=repeats,
        without_probability=int(np.count_nonzero(rated & ~drawn)),
        failures=failures.calls,
        failed_responses=failures.responses,
        ids=tuple(r.id for r in responses),
    )


def _places(responses: list[StudyResponse]) -> dict[str, Any]:
    """Question, model, category and leaf of each response as positions, and the names of the last three."""
    questions = {question: at for at, question in enumerate(dict.fromkeys(r.question for r in responses))}
    models = tuple(sorted({r.model for r in responses}))
    category, categories = _paths([r.category[:HARM_TYPE_DEPTH] for r in responses])
    leaf, leaves = _paths([r.category if len(r.category) == LEAF_DEPTH else () for r in responses])
    return {
        "question": np.array([questions[r.question] for r in responses], dtype=np.int64),
        "model": np.array([models.index(r.model) for r in responses], dtype=np.int64),
        "category": category,
        "leaf": leaf,
        "models": models,
        "categories": categories,
        "leaves": leaves,
    }


def _paths(given: Iterable[tuple[str, ...]]) -> tuple[Ints, tuple[str, ...]]:
    """(position of each path among the sorted ones, -1 for none; the paths as text)."""
    texts = [PATH_SEPARATOR.join(path) for path in given]
    names = tuple(sorted({text for text in texts if text}))
    at = {name: position for position, name in enumerate(names)}
    return np.array([at.get(text, -1) for text in texts], dtype=np.int64), names


def _values(rubric: StudyRubric) -> Array:
    if rubric.kind == "nominal":
        return np.arange(len(rubric.scale), dtype=np.float64)
    values = np.array([float(point) for point in rubric.scale])
    if not np.all(np.diff(values) > 0):
        raise ValueError("The scale of an ordinal rubric must rise from point to point.")
    return values


def _point(score: Score | None) -> Score | None:
    """A score as it is looked up on the scale: 3 and 3.0 are one point, a word is itself."""
    if isinstance(score, str) or score is None:
        return score
    number = float(score)
    return number if math.isfinite(number) else None


def _weights(responses: Iterable[StudyResponse]) -> tuple[Array, Bools]:
    weights, drawn = [], []
    for response in responses:
        probability = response.inclusion_probability
        if probability is not None and not 0 < probability <= 1:
            raise ValueError(
                f"Response {response.id}: an inclusion probability lies above 0 and at most at 1."
            )
        weights.append(1.0 if probability is None else 1.0 / probability)
        drawn.append(probability is not None)
    return np.array(weights, dtype=np.float64), np.array(drawn, dtype=np.bool_)


def _read_ratings(
    data: StudyData, row: dict[Hashable, int], scale: dict[Score | None, int], failures: _Failures
) -> tuple[Ints, Ints, tuple[str, ...]]:
    raters = tuple(sorted({r.rater for r in data.ratings if r.role != "final"}))
    column = {rater: at for at, rater in enumerate(raters)}
    by_rater = np.full((len(row), len(raters)), -1, dtype=np.int64)
    finals: dict[int, Counter[int]] = {}
    _refuse_repeated(
        [(r.response, r.rater, r.role) for r in data.ratings],
        "Rater {1} has two ratings of response {0}.",
    )
    for rating in data.ratings:
        at, position = row.get(rating.response), scale.get(rating.score)
        if at is None:
            failures.add("unmatched", rating.response)
        elif rating.cannot_decide or position is None:
            undecided = rating.cannot_decide or _point(rating.score) is None
            failures.add("cannot_decide" if undecided else "out_of_range", rating.response)
        elif rating.role == "final":
            finals.setdefault(at, Counter())[position] += 1
        else:
            by_rater[at, column[rating.rater]] = position
    final = np.full(len(row), -1, dtype=np.int64)
    for at, counts in finals.items():
        position, votes = counts.most_common(1)[0]
        # Adjudicators who contradict each other have settled nothing.
        final[at] = position if 2 * votes > counts.total() else -1
    used = np.flatnonzero((by_rater >= 0).any(axis=0))
    return by_rater[:, used], final, tuple(raters[at] for at in used)


def _read_verdicts(
    verdicts: Sequence[StudyVerdict],
    row: dict[Hashable, int],
    scale: dict[Score | None, int],
    failures: _Failures,
) -> tuple[Ints, int, dict[str, Ints]]:
    """(counts of scores (R, K), how many repeats there are, calls without a score (R,) per failure name)."""
    _refuse_repeated(
        [(v.response, v.repeat) for v in verdicts], "Response {0} has two verdicts for repeat {1}."
    )
    cells: list[int] = []
    failed: dict[str, Ints] = {}
    for verdict in verdicts:
        at = row.get(verdict.response)
        position = scale.get(verdict.score) if verdict.status == "ok" else None
        if at is None:
            failures.add("unmatched", verdict.response)
        elif position is None:
            name = _failure(verdict)
            failures.add(name, verdict.response)
            failed.setdefault(name, np.zeros(len(row), dtype=np.int64))[at] += 1
        else:
            cells.append(at * len(scale) + position)
    counts = np.bincount(np.array(cells, dtype=np.int64), minlength=len(row) * len(scale))
    return counts.reshape(len(row), len(scale)), len({v.repeat for v in verdicts}), failed


def _refuse_repeated(keys: list[tuple[Hashable, ...]], sentence: str) -> None:
    if len(set(keys)) < len(keys):
        raise ValueError(sentence.format(*Counter(keys).most_common(1)[0][0]))


def _failure(verdict: StudyVerdict) -> str:
    """Why a call gave no score on the scale."""
    if verdict.status != "ok":
        return verdict.status
    return "off_format" if _point(verdict.score) is None else "out_of_range"


def _counts_by_position(by_rater: Ints, positions: int) -> Ints:
    counts = np.zeros((len(by_rater), positions), dtype=np.int64)
    for position in range(positions):
        counts[:, position] = (by_rater == position).sum(axis=1)
    return counts
