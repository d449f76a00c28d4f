"""What a campaign buys before it is made: ratings, hours, and how wide its intervals will be.

Pure arithmetic on counts. Rates: Wilson's interval at the effective number of responses, n / (deff_c deff_w) with
deff_c = 1 + (m - 1) rho for responses that share questions (m the size-weighted mean number of responses per question,
rho the correlation within a question) and deff_w = n sum w^2 / (sum w)^2 for unequal weights. Sources: Kish (1965),
Survey sampling, 5.4 and 11.7; Kerry & Bland (2001) for clusters of unequal size; Wilson (1927).
Agreement: the width that Bonett (2002) plans an intraclass correlation by, see `agreement_width`; of labels without an
order see `nominal_width`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from annotation.nominal_width import Z, nominal_width

SECONDS, RATE, QUESTION_CORRELATION, AGREEMENT = 45.0, 0.2, 0.3, 0.6


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """What the forecast rests on; `seen` names what was measured in the dataset, the others are assumptions.

    seconds: active time of a rating. rate: share of violations. question_correlation: of violations between responses
    to one question. agreement: Krippendorff's alpha between single ratings. margin: how often each label of a nominal
    rubric is given, in the order of its scale; empty: all as often. measured: what was seen of the rates and of
    agreement as leaves of estimates, by name.
    """

    seconds: float = SECONDS
    rate: float = RATE
    question_correlation: float = QUESTION_CORRELATION
    agreement: float = AGREEMENT
    margin: tuple[float, ...] = ()
    seen: tuple[str, ...] = ()
    measured: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A response of the plan: its question, model, and inclusion probability (1 for all)."""

    question: Hashable
    model: str
    probability: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """One model, or all of them (`model` empty): what it gets, and the interval of its violation rate.

    low, high, width: None where the rubric has no cut.
    """

    model: str
    responses: int
    questions: int
    ratings: int
    effective: float
    low: float | None
    high: float | None
    width: float | None

    @property
    def points(self) -> float | None:
        """Half the width, in percentage points."""
        return None if self.width is None else 50 * self.width


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What the plan buys. `agreement_width` None with one rating per response."""

    responses: int
    questions: int
    ratings: int
    checks: int
    practice: int
    hours: float
    hours_per_rater: float | None
    raters: int
    raters_needed: int
    overall: Line
    models: list[Line]
    agreement_width: float | None
    assumed: Assumed

    @property
    def half_agreement(self) -> float | None:
        return None if self.agreement_width is None else self.agreement_width / 2

    @property
    def rate_percent(self) -> float:
        return 100 * self.assumed.rate

    def as_json(self) -> dict[str, Any]:
        found = asdict(self)
        found["assumed"] |= {"seen": list(self.assumed.seen), "margin": list(self.assumed.margin)}
        return found


def forecast(
    rows: Sequence[Row],
    *,
    overlap: int,
    arms: int = 1,
    raters: int = 0,
    gold_share: float = 0.0,
    gold_cases: int = 0,
    practice_cases: int = 0,
    has_cut: bool = True,
    labels: int = 0,
    assumed: Assumed = Assumed(),
) -> Forecast:
    """The forecast of a plan. arms: 2 where each response is rated `overlap` times in each arm. labels: how many points
    the scale of a nominal rubric has; 0 for an ordinal one.
    """
    ratings = len(rows) * overlap * arms
    checks = min(round(ratings * gold_share / (1 - gold_share)), raters * gold_cases) if gold_share else 0
    practice = raters * practice_cases
    hours = (ratings + checks + practice) * assumed.seconds / 3600
    by_model: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_model[row.model].append(row)

    def line(model: str, found: Sequence[Row]) -> Line:
        return _line(model, found, each=overlap * arms, has_cut=has_cut, assumed=assumed)

    return Forecast(
        responses=len(rows),
        questions=len({row.question for row in rows}),
        ratings=ratings,
        checks=checks,
        practice=practice,
        hours=hours,
        hours_per_rater=hours / raters if raters else None,
        raters=raters,
        raters_needed=overlap * arms,
        overall=line("", rows),
        models=[line(model, found) for model, found in sorted(by_model.items())],
        agreement_width=_agreement(rows, overlap, labels, assumed),
        assumed=assumed,
    )


def _agreement(rows: Sequence[Row], overlap: int, labels: int, assumed: Assumed) -> float | None:
    """The width of the agreement's interval; None where there is nothing to agree on."""
    if overlap < 2 or len(rows) < 2:
        return None
    cluster = mean_cluster(row.question for row in rows)
    if not labels:
        return agreement_width(len(rows), overlap, assumed.agreement, cluster=cluster)
    margin = assumed.margin or (1 / labels,) * labels
    return nominal_width(len(rows), overlap, assumed.agreement, margin, cluster=cluster)


def _line(model: str, rows: Sequence[Row], *, each: int, has_cut: bool, assumed: Assumed) -> Line:
    effective = effective_size(rows, assumed.question_correlation)
    low = high = None
    if has_cut and rows:
        from curation.stats.intervals import wilson  # scipy: only who plans waits for it

        low, high = wilson(assumed.rate * effective, effective)
    return Line(
        model=model,
        responses=len(rows),
        questions=len({row.question for row in rows}),
        ratings=len(rows) * each,
        effective=effective,
        low=low,
        high=high,
        width=None if low is None or high is None else high - low,
    )


def effective_size(rows: Sequence[Row], correlation: float) -> float:
    """How many independent responses of equal weight would say as much; 0 for none."""
    if not rows:
        return 0.0
    weights = [1 / row.probability for row in rows]
    unequal = len(rows) * sum(weight**2 for weight in weights) / sum(weights) ** 2
    clustered = 1 + (mean_cluster(row.question for row in rows) - 1) * correlation
    return len(rows) / (unequal * clustered)


def mean_cluster(questions: Iterable[Hashable]) -> float:
    """Mean number of responses per question as a response sees it: sum m^2 / sum m."""
    sizes: dict[Hashable, int] = defaultdict(int)
    for question in questions:
        sizes[question] += 1
    return sum(size**2 for size in sizes.values()) / sum(sizes.values())


def agreement_width(responses: int, overlap: int, agreement: float, *, cluster: float = 1.0) -> float:
    """Expected width of the 95 % interval of agreement between single ratings, an intraclass correlation.

    w = 2 z sqrt(2 (1 - r)^2 (1 + (k - 1) r)^2 / (k (k - 1) (n - 1))), Bonett (2002), Sample size requirements for
    estimating intraclass correlations with desired precision. With numbers as scores Krippendorff's alpha is ICC(1)
    but for a small-sample term, so its width is taken for alpha's. Responses to one question share part of their
    quality; squares of normal values correlate by the square of that, so at worst n is n / (1 + (m - 1) r^2).
    Raises ValueError for fewer than two ratings or responses.
    """
    if overlap < 2 or responses < 2:
        raise ValueError("Agreement needs two ratings of two responses.")
    k = overlap
    n = max(2.0, responses / (1 + (cluster - 1) * agreement**2))
    variance = 2 * (1 - agreement) ** 2 * (1 + (k - 1) * agreement) ** 2 / (k * (k - 1) * (n - 1))
    return min(2.0, 2 * Z * math.sqrt(variance))


def one_way_icc(groups: Iterable[Sequence[float]]) -> float | None:
    """ICC(1,1) of values within groups, for groups of unequal size; None where it is not defined.

    (MSB - MSW) / (MSB + (m0 - 1) MSW). Source: Donner (1986), A review of inference procedures for the intraclass
    correlation coefficient.
    """
    kept = [group for group in groups if group]
    n, k = sum(len(group) for group in kept), len(kept)
    if k < 2 or n <= k:
        return None
    mean = sum(sum(group) for group in kept) / n
    means = [sum(group) / len(group) for group in kept]
    between = sum(len(g) * (m - mean) ** 2 for g, m in zip(kept, means, strict=True)) / (k - 1)
    within = sum((x - m) ** 2 for g, m in zip(kept, means, strict=True) for x in g) / (n - k)
    size = (n - sum(len(group) ** 2 for group in kept) / n) / (k - 1)
    below = between + (size - 1) * within
    return (between - within) / below if below > 0 else None
