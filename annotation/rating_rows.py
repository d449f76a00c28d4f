"""The ratings of a task as `import_ratings` reads them: pseudonyms, scores as the rubric has them, nothing of checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from annotation.models import Rating, RatingTask, Rubric
from annotation.queries import current

COLUMNS = (
    "response__item_key",
    "response__model",
    "rater__pseudonym",
    "score",
    "cannot_decide",
    "axis",
    "role",
    "comment",
    "seconds",
    "response__text_id",
    "response__stated_hash",
    "response__labels",
    "with_reference",
    "response_id",
)


def rating_rows(task: RatingTask) -> Iterator[dict[str, Any]]:
    """Standing ratings and final values, response by response; keys that say nothing are left out.

    `with_reference` stands only where the task has both arms.
    """
    points = points_of(task.rubric)
    chances = dict(task.population.values_list("response", "inclusion_probability"))
    both = task.arms == RatingTask.Arms.BOTH
    rows = current(Rating.objects.filter(task=task)).exclude(role=Rating.Role.GOLD)
    for values in rows.order_by("response", "rater", "pk").values_list(*COLUMNS).iterator(chunk_size=2000):
        item, model, rater, score, undecided, axis, role, comment, seconds, text, stated, labels, arm, key = (
            values
        )
        row: dict[str, Any] = {"item": item, "model": model, "rater": rater, "axis": axis, "role": role}
        if undecided:
            row["cannot_decide"] = True
        else:
            row["score"] = points.get(axis, {}).get(score, score)
        further = {
            "comment": comment or None,
            "seconds": seconds,
            "response_sha256": text or stated or None,
            "category": "\t".join(labels) or None,
            "inclusion_probability": chances.get(key),
            "with_reference": arm if both else None,
        }
        yield row | {name: value for name, value in further.items() if value is not None}


def points_of(rubric: Rubric) -> dict[str, dict[str, Any]]:
    """{axis: {point as ratings store it: point as the rubric has it}}: a number stays a number."""
    found = {rubric.axis: {str(point): point for point in rubric.scale}}
    for given in rubric.texts.get("axes") or []:
        if isinstance(given, dict):
            found[given["name"]] = {str(point): point for point in given["scale"]}
    return found
