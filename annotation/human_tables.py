"""Ratings of a release's closed tasks for its export: as they were given, and gathered by response."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from annotation.actions.quality import mark_of
from annotation.axes import axes_of
from annotation.models import Rating, RatingTask, TaskQuality
from annotation.queries import current
from curation.formats.writing import HumanTable
from curation.models import Release
from curation.people_tables import PERSON
from curation.registry import HumanSource

RATER = "rater:%s"
Row = tuple[Any, ...]
COLUMNS = (
    "response",
    "response__item_key",
    "response__model",
    "rater",
    "rater__person",
    "axis",
    "score",
    "cannot_decide",
    "with_reference",
    "seconds",
    "role",
    "response__text",
    "response__stated_hash",
)


def tasks_of(release: Release) -> list[RatingTask]:
    """Closed tasks: what people still work on is nobody's to read."""
    rows = RatingTask.objects.filter(release=release, state=RatingTask.State.CLOSED)
    return list(rows.select_related("rubric").order_by("pk"))


def _standing(task: RatingTask) -> list[Row]:
    """Ratings and final values that stand, without silent checks; practice answers are no ratings at all."""
    rows = current(Rating.objects.filter(task=task)).exclude(role=Rating.Role.GOLD)
    items = set(task.release.items.values_list("external_id", flat=True)) if task.release else set()
    found = rows.order_by("response__item_key", "response__model", "response", "axis", "pk")
    return [row for row in found.values_list(*COLUMNS) if row[1] in items]


def _hash(row: Row) -> str | None:
    """SHA-256 of the response, where it is known."""
    return row[11] or row[12] or None


def _who(row: Row) -> str:
    return PERSON % row[4] if row[4] else RATER % row[3]


def people(release: Release) -> set[str]:
    return {
        _who(row) for task in tasks_of(release) for row in _standing(task) if row[10] == Rating.Role.RATER
    }


def tables(release: Release, names: Mapping[str, str]) -> list[HumanTable]:
    """Two tables; tasks are numbered, since their names are people's own words."""
    raw: list[list[Any]] = []
    gathered: list[list[Any]] = []
    for number, task in enumerate(tasks_of(release), start=1):
        rubric = f"{task.rubric.name} v{task.rubric.version}"
        rows = _standing(task)
        given = [row for row in rows if row[10] == Rating.Role.RATER]
        order = {name: int(name[1:]) for name in names.values()}
        given.sort(key=lambda row: (row[1], row[2], row[0], row[5], order[names[_who(row)]]))
        chances = dict(task.population.values_list("response", "inclusion_probability"))
        for row in given:
            response, item, model, _rater, _person, *rest = row[:10]
            who = [_hash(row), names[_who(row)]]
            raw.append([f"T{number}", rubric, item, model, *who, *rest, chances.get(response)])
        gathered += [[f"T{number}", rubric, *row] for row in _gathered(task, rows)]
    return [_raw_table(raw), _gathered_table(gathered)]


def _gathered(task: RatingTask, rows: list[Row]) -> Iterator[list[Any]]:
    """By response and axis: how many, mean (of ordinal axes), strict majority, final value, counts by point."""
    ordinal = {axis.name for axis in axes_of(task.rubric) if axis.kind == "ordinal"}
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[1], row[2], row[0], row[5]].append(row)
    for (item, model, _response, axis), found in groups.items():
        given = [row for row in found if row[10] == Rating.Role.RATER]
        scores = [row[6] for row in given if not row[7]]
        counts = Counter(scores)
        most = max(counts, key=lambda point: counts[point]) if counts else None
        agreed = most if most is not None and len(scores) > 1 and counts[most] * 2 > len(scores) else None
        mean = sum(map(float, scores)) / len(scores) if scores and axis in ordinal else None
        final = next((row[6] for row in found if row[10] == Rating.Role.FINAL and not row[7]), None)
        points = json.dumps(dict(sorted(counts.items())), ensure_ascii=False)
        yield [
            item,
            model,
            _hash(found[0]),
            axis,
            len(scores),
            len(given) - len(scores),
            mean,
            agreed,
            final,
            points,
        ]


def _raw_table(rows: list[list[Any]]) -> HumanTable:
    return HumanTable(
        name="ratings_raw",
        columns={
            **dict.fromkeys(
                ("task", "rubric", "item", "model", "response_sha256", "rater", "axis", "score"), "text"
            ),
            "cannot_decide": "boolean",
            "with_reference": "boolean",
            "seconds": "number",
            "inclusion_probability": "number",
        },
        rows=rows,
        about="Each rating as it was given, of closed tasks; silent checks, practice and comments are left out.",
    )


def _gathered_table(rows: list[list[Any]]) -> HumanTable:
    return HumanTable(
        name="ratings_by_response",
        columns={
            **dict.fromkeys(("task", "rubric", "item", "model", "response_sha256", "axis"), "text"),
            "n": "integer",
            "cannot_decide": "integer",
            "mean": "number",
            "majority": "text",
            "final": "text",
            "counts": "text",
        },
        rows=rows,
        about="Ratings gathered by response: n scores, mean of ordinal axes, majority of more than half of at least two, "
        "final value of an adjudicator, counts by point as JSON.",
    )


def figures(release: Release) -> dict[str, Any]:
    """Ratings in each task, and agreement with n and interval where the task's quality was worked out."""
    found: dict[str, Any] = {}
    for number, task in enumerate(tasks_of(release), start=1):
        given = [row for row in _standing(task) if row[10] == Rating.Role.RATER]
        responses = {row[0] for row in given}
        found[f"T{number}"] = {
            "rubric": f"{task.rubric.name} v{task.rubric.version}",
            "responses": len(responses),
            "raters": len({row[3] for row in given}),
            "ratings": len(given),
            "agreement": _agreement(task),
        }
    return {"ratings": found} if found else {}


def _agreement(task: RatingTask) -> dict[str, Any]:
    """{axis: {coefficient: estimate}}; empty where nobody has looked at the task's quality since its last change."""
    kept = TaskQuality.objects.filter(task=task, mark=mark_of(task)).first()
    axes = kept.result.get("axes", {}) if kept else {}
    return {
        axis: {
            key: value for key, value in told.get("human_human", {}).items() if key.startswith("krippendorff")
        }
        for axis, told in axes.items()
    }


SOURCE = HumanSource(key="annotation", people=people, tables=tables, figures=figures)
