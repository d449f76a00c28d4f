"""Ratings in the shape that Inspect's `precomputed_scores` reads: a JSON Lines file, one record for each answer.

A record has `id` (the item), `epoch` (the sample number plus 1), `value`, `explanation` and `metadata`. Inspect refuses a
file in which (id, epoch) comes twice, so that there is a file for each model, and for each rater where raw scores are
wanted as scores of their own. Checked with inspect_ai 0.3.285.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from annotation.axes import Axis
from annotation.models import Rating, RatingTask, TaskResponse
from annotation.quality import scale_of
from annotation.queries import current


@dataclass(frozen=True, slots=True)
class Raw:
    """A standing rating, or a final value, by pseudonym."""

    response: int
    rater: str
    axis: str
    role: str
    score: str
    with_reference: bool
    comment: str


def files_of(task: RatingTask, *, raters: bool = False) -> dict[str, list[dict[str, Any]]]:
    """By file name the records of a task: `MODEL.jsonl` with one value for each answer and the raw ratings beside it; with
    `raters` also `MODEL.RATER.jsonl` with what each rater gave. Answers without a value are left out.
    """
    given = _by_response(task)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    files = _Names()
    rows = TaskResponse.objects.filter(task=task).order_by("position")
    identity = ("response__model", "response__model_hash", "response__settings_hash")
    columns = ("response", "response__item_key", "response__sample_number", *identity)
    for response, key, number, *model in rows.values_list(*columns):
        ratings = given.get(response, [])
        head = {"id": key, "epoch": number + 1}
        value = _value(task.rubric.axes, ratings)
        if value is not None:
            found[files.of(*model)].append({**head, "value": value, **_told(task, ratings)})
        for rater in (
            sorted({one.rater for one in ratings if one.role == Rating.Role.RATER}) if raters else ()
        ):
            own = [one for one in ratings if one.rater == rater and one.role == Rating.Role.RATER]
            value = _value(task.rubric.axes, own)
            if value is not None:
                found[files.of(*model, rater=rater)].append({**head, "value": value, **_told(task, own)})
    return dict(found)


class _Names:
    """Names of files: letters, digits, dot, dash. What would have the same name (another checkpoint, say) is numbered."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, ...], str] = {}
        self.used: Counter[str] = Counter()

    def of(self, *model: str, rater: str = "") -> str:
        key = (*model, rater)
        if key not in self.known:
            parts = [_plain(part) for part in (model[0], rater) if part]
            name = ".".join(parts)
            self.used[name] += 1
            self.known[key] = name if self.used[name] == 1 else f"{name}~{self.used[name]}"
        return f"{self.known[key]}.jsonl"


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip(".-") or "unnamed"


def _by_response(task: RatingTask) -> dict[int, list[Raw]]:
    rows = current(Rating.objects.filter(task=task)).exclude(role=Rating.Role.GOLD)
    columns = ("response", "rater__pseudonym", "axis", "role", "score", "with_reference", "comment")
    found: dict[int, list[Raw]] = defaultdict(list)
    for row in rows.order_by("role", "rater__pseudonym", "pk").values_list(*columns):
        found[row[0]].append(Raw(*row))
    return found


def _value(axes: Iterable[Axis], ratings: list[Raw]) -> Any:
    """The value of the main axis, or of several an object by axis; None where no axis has one."""
    axes = tuple(axes)
    values = {
        axis.name: value
        for axis in axes
        if (value := aggregated(axis, [one for one in ratings if one.axis == axis.name])) is not None
    }
    return (values or None) if len(axes) > 1 else values.get(axes[0].name)


def aggregated(axis: Axis, ratings: list[Raw]) -> float | str | None:
    """The final value; else the mean of the points (ordinal) or the point that more than half chose; else None."""
    scale = scale_of(axis)
    final = next((one for one in ratings if one.role == Rating.Role.FINAL and one.score in scale), None)
    if final is not None:
        return scale[final.score]
    points = [one.score for one in ratings if one.role == Rating.Role.RATER and one.score in scale]
    if not points:
        return None
    if axis.kind == "ordinal":
        return sum(float(scale[point]) for point in points) / len(points)
    point, votes = Counter(points).most_common(1)[0]
    return point if 2 * votes > len(points) else None


def _told(task: RatingTask, ratings: list[Raw]) -> dict[str, Any]:
    """What stands beside a value: reasons, and every raw rating by pseudonym."""
    reasons = [f"{one.rater}: {one.comment}" for one in ratings if one.comment]
    raw = [
        {
            "rater": one.rater,
            "axis": one.axis,
            "role": one.role,
            "score": one.score or None,
            "with_reference": one.with_reference,
        }
        for one in ratings
    ]
    rubric = f"{task.rubric.name}@{task.rubric.version}"
    return {
        "explanation": "\n".join(reasons) or None,
        "metadata": {"task": task.name, "rubric": rubric, "ratings": raw},
    }


def lines_of(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    return (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
