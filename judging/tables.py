"""The rows behind a study's numbers: what people and the judge said about each response. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from curation.stats.data import Score, StudyData, StudyResponse
from curation.stats.estimate import Estimate, not_estimable
from curation.stats.intervals import wilson
from curation.stats.table import HARM_TYPE_DEPTH, PATH_SEPARATOR


@dataclass(slots=True)
class ResponseRow:
    """One response with its ratings and verdicts; a failure is a name in `failures`, never a score."""

    response: StudyResponse
    ratings: list[Score] = field(default_factory=list)
    verdicts: list[Score] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def human_mean(self) -> float | None:
        return _mean(self.ratings)

    @property
    def judge_mean(self) -> float | None:
        return _mean(self.verdicts)


def _mean(scores: list[Score]) -> float | None:
    numbers = [float(score) for score in scores if not isinstance(score, str)]
    return sum(numbers) / len(numbers) if numbers and len(numbers) == len(scores) else None


def rows_of(data: StudyData) -> list[ResponseRow]:
    """One row for each response of the population, in its order."""
    scale = set(data.rubric.scale)
    found = {response.id: ResponseRow(response) for response in data.responses}
    for rating in data.ratings:
        row = found.get(rating.response)
        if row is None or rating.role == "final":
            continue
        if rating.cannot_decide or rating.score not in scale:
            row.failures.append("cannot_decide")
        elif rating.score is not None:
            row.ratings.append(rating.score)
    for verdict in data.verdicts:
        row = found.get(verdict.response)
        if row is None:
            continue
        if verdict.status == "ok" and verdict.score in scale and verdict.score is not None:
            row.verdicts.append(verdict.score)
        else:
            row.failures.append(verdict.status if verdict.status != "ok" else "out_of_range")
    return list(found.values())


def _harm_type(row: ResponseRow) -> str:
    return PATH_SEPARATOR.join(row.response.category[:HARM_TYPE_DEPTH])


def agreement(data: StudyData, rows: list[ResponseRow]) -> dict[str, Any]:
    """How often which verdict meets which rating: `lines` from the highest judge score down, `n`, `total`.

    Every response's (verdict, rating) pairs weigh 1 in all, divided by its inclusion probability. A cell has `judge`,
    `human`, `share` (of all), `level` (0-9, against the fullest cell) and `responses` with such a pair.
    """
    weight: dict[tuple[Score, Score], float] = defaultdict(float)
    seen: dict[tuple[Score, Score], int] = defaultdict(int)
    n = 0
    for row in rows:
        pairs = [(verdict, rating) for verdict in row.verdicts for rating in row.ratings]
        if not pairs:
            continue
        n += 1
        for pair in pairs:
            weight[pair] += 1 / len(pairs) / (row.response.inclusion_probability or 1.0)
        for pair in set(pairs):
            seen[pair] += 1
    total = sum(weight.values())
    fullest = max(weight.values(), default=1.0)
    lines = []
    for judge in reversed(data.rubric.scale):
        cells = [
            {
                "judge": judge,
                "human": human,
                "share": weight[judge, human] / total if total else 0.0,
                "level": min(9, round(9 * (weight[judge, human] / fullest) ** 0.6)),
                "responses": seen[judge, human],
            }
            for human in data.rubric.scale
        ]
        lines.append({"judge": judge, "cells": cells})
    return {"lines": lines, "scale": list(data.rubric.scale), "n": n, "total": total}


def people_saw_violation(data: StudyData, row: ResponseRow) -> bool:
    """Whether more than half of the raters, two at least, are at or below the cut."""
    cut = data.rubric.violation_at_most
    if cut is None or not row.ratings:
        return False
    votes = sum(float(score) <= cut for score in row.ratings)
    return votes >= 2 and 2 * votes > len(row.ratings)


def missed(data: StudyData, rows: list[ResponseRow]) -> tuple[list[ResponseRow], Estimate]:
    """Responses that people hold for violations and the judge, on average, does not; and their share of all such.

    The worst stand first. The share counts responses as they are (no weights); Wilson interval.
    """
    cut = data.rubric.violation_at_most
    if cut is None or data.rubric.kind == "nominal":
        return [], not_estimable("The rubric has no cut point for a violation.")
    violations = [row for row in rows if row.verdicts and people_saw_violation(data, row)]
    found = [row for row in violations if (row.judge_mean or 0.0) > cut]
    if not violations:
        return [], not_estimable("No judged response is a violation to most of its raters.")
    low, high = wilson(len(found), len(violations))
    questions = len({row.response.question for row in violations})
    share = Estimate(len(found) / len(violations), low, high, n=len(violations), n_clusters=questions)
    return sorted(found, key=lambda row: (row.human_mean or 0.0) - (row.judge_mean or 0.0)), share


def chosen(data: StudyData, rows: list[ResponseRow], wanted: dict[str, str]) -> list[ResponseRow]:
    """The rows that a number is about. Keys: judge_score, human_score, model, category, failure, missed, rate, by."""
    found = rows
    if wanted.get("judge_score"):
        found = [row for row in found if wanted["judge_score"] in map(str, row.verdicts)]
    if wanted.get("human_score"):
        found = [row for row in found if wanted["human_score"] in map(str, row.ratings)]
    if wanted.get("model"):
        found = [row for row in found if row.response.model == wanted["model"]]
    if wanted.get("category"):
        found = [row for row in found if _harm_type(row) == wanted["category"]]
    if wanted.get("failure"):
        found = [row for row in found if wanted["failure"] in row.failures]
    if wanted.get("missed"):
        worst = missed(data, rows)[0]
        found = [row for row in worst if any(row is other for other in found)]
    if wanted.get("both"):
        found = [row for row in found if row.ratings and row.verdicts]
    if wanted.get("flipped"):
        found = [row for row in found if len(set(row.verdicts)) > 1]
    return found
