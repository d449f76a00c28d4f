"""What ratings so far say of what a plan rests on, each with the interval that the planner's own formulas give it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from annotation.nominal_width import nominal_alpha, nominal_width
from annotation.planner import (
    QUESTION_CORRELATION,
    Row,
    agreement_width,
    effective_size,
    mean_cluster,
    one_way_icc,
)
from curation.stats.estimate import Estimate

LEAST_SEEN = 30  # fewer responses or questions say nothing yet
MOST_AGREEMENT = 0.99

Read = Sequence[tuple[int, str, str]]  # (response, its question or "", score)


def of_scores(rows: Read, cut: float | None) -> dict[str, Any]:
    """`agreement`, `rate` and `question_correlation` of a scale with an order, as far as there is enough to read, and
    `measured`: the same as estimates."""
    of_response: dict[int, list[float]] = defaultdict(list)
    for response, _asked, score in rows:
        of_response[response].append(float(score))
    question = _questions(rows)
    several = {pk: scores for pk, scores in of_response.items() if len(scores) > 1}
    measured: dict[str, Estimate] = {}
    agreement = one_way_icc(several.values()) if len(several) >= LEAST_SEEN else None
    if agreement is not None:
        value = min(max(agreement, 0.0), MOST_AGREEMENT)
        asked = [question[pk] for pk in several]
        width = agreement_width(len(several), _each(several.values()), value, cluster=mean_cluster(asked))
        measured["agreement"] = _within(value, width, asked)
    if cut is not None and len(of_response) >= LEAST_SEEN:
        share = {
            pk: sum(score <= cut for score in scores) / len(scores) for pk, scores in of_response.items()
        }
        measured |= _violations(share, question)
    return _told(measured)


def of_labels(rows: Read, points: Sequence[str]) -> dict[str, Any]:
    """`agreement`, `margin` (the share of each label) and `measured`, where the ratings are on this scale and name two
    labels or more."""
    of_response: dict[int, list[str]] = defaultdict(list)
    for response, _asked, label in rows:
        of_response[response].append(label)
    several = {pk: labels for pk, labels in of_response.items() if len(labels) > 1}
    found = nominal_alpha(list(several.values())) if len(several) >= LEAST_SEEN else None
    if found is None or not set(found[1]) <= set(points):
        return {}
    value, margin = min(max(found[0], 0.0), MOST_AGREEMENT), tuple(found[1].get(one, 0.0) for one in points)
    question = _questions(rows)
    asked = [question[pk] for pk in several]
    each = _each(several.values())
    width = nominal_width(len(several), each, value, margin, cluster=mean_cluster(asked))
    return {**_told({"agreement": _within(value, width, asked)}), "margin": margin}


def _questions(rows: Read) -> dict[int, str]:
    return {response: asked or str(response) for response, asked, _score in rows}


def _violations(share: dict[int, float], question: dict[int, str]) -> dict[str, Estimate]:
    """The rate over responses, and how far those to one question resemble each other in being violations."""
    from curation.stats.intervals import wilson  # scipy: only who plans waits for it

    clusters: dict[str, list[float]] = defaultdict(list)
    for pk, value in share.items():
        clusters[question[pk]].append(float(value > 0.5))
    found: dict[str, Estimate] = {}
    several = {asked: values for asked, values in clusters.items() if len(values) > 1}
    within = one_way_icc(clusters.values()) if len(several) >= LEAST_SEEN else None
    correlation = QUESTION_CORRELATION
    if within is not None:
        correlation = min(max(within, 0.0), 1.0)
        width = agreement_width(len(several), _each(several.values()), correlation)
        found["question_correlation"] = _within(
            correlation, width, [asked for asked, values in several.items() for _value in values]
        )
    size = effective_size([Row(question=question[pk], model="") for pk in share], correlation)
    rate = sum(share.values()) / len(share)
    low, high = wilson(rate * size, size)
    found["rate"] = Estimate(rate, low, high, n=len(share), n_clusters=len(clusters))
    return found


def _each(groups: Iterable[Sequence[Any]]) -> int:
    """How many values a group has, about."""
    sizes = [len(group) for group in groups]
    return max(2, round(sum(sizes) / len(sizes)))


def _within(value: float, width: float, asked: Sequence[Hashable]) -> Estimate:
    ends = max(-1.0, value - width / 2), min(1.0, value + width / 2)
    return Estimate(value, *ends, n=len(asked), n_clusters=len(set(asked)))


def _told(measured: dict[str, Estimate]) -> dict[str, Any]:
    if not measured:
        return {}
    values = {name: one.value for name, one in measured.items()}
    return {**values, "measured": {name: one.as_dict() for name, one in measured.items()}}
