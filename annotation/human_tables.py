"""The ratings of a release as tables that go with its files: as they were given, and by response; new pseudonyms, no comments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from annotation.models import RatingTask
from annotation.rating_rows import rating_rows
from curation.formats.writing import HumanTable
from curation.log import Actor
from curation.models import Release
from curation.rules import require

RAW = {
    "task": "text",
    "item": "text",
    "model": "text",
    "response_sha256": "text",
    "rater": "text",
    "role": "text",
    "axis": "text",
    "score": "text",
    "number": "number",
    "cannot_decide": "boolean",
    "with_reference": "boolean",
    "seconds": "number",
    "inclusion_probability": "number",
}
BY_RESPONSE = {
    "task": "text",
    "item": "text",
    "model": "text",
    "response_sha256": "text",
    "axis": "text",
    "ratings": "integer",
    "cannot_decide": "integer",
    "mean": "number",
    "least": "number",
    "most": "number",
    "final": "text",
}


def tables_of(actor: Actor, release: Release) -> list[HumanTable]:
    """Every rating of the release's tasks, and what they come to by response. NotAllowed where a task's results are closed.

    Raters are A1, A2 ... in an order drawn from the root hash, and keep their number over the tasks: the pseudonyms that
    they have here do not leave the house, nor do comments.
    """
    rows: list[dict[str, Any]] = []
    for task in (
        RatingTask.objects.filter(release=release).select_related("rubric", "dataset").order_by("name")
    ):
        require(actor, "export_ratings", task)
        rows += ({**row, "task": task.name} for row in rating_rows(task))
    if not rows:
        return []
    names = _names({row["rater"] for row in rows}, release.root_hash)
    told = sorted((_told(row, names) for row in rows), key=_order)
    return [
        HumanTable(
            "ratings_raw",
            RAW,
            [tuple(row.get(column) for column in RAW) for row in told],
            "Every standing rating as it was given, final values included; raters under pseudonyms.",
        ),
        HumanTable(
            "ratings_by_response",
            BY_RESPONSE,
            [tuple(row[column] for column in BY_RESPONSE) for row in _by_response(told)],
            "Number, mean, least and most of the raters' scores of each response; final values beside them.",
        ),
    ]


def _names(pseudonyms: set[str], salt: str) -> dict[str, str]:
    drawn = sorted(pseudonyms, key=lambda name: hashlib.sha256(f"{salt}\t{name}".encode()).hexdigest())
    return {name: f"A{number}" for number, name in enumerate(drawn, 1)}


def _told(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    score = row.get("score")
    number = score if isinstance(score, int | float) and not isinstance(score, bool) else None
    return {
        **row,
        "rater": names[row["rater"]],
        "score": None if score is None else str(score),
        "number": number,
        "cannot_decide": bool(row.get("cannot_decide")),
    }


def _order(row: dict[str, Any]) -> tuple[str, ...]:
    keys = ("task", "item", "model", "response_sha256", "axis", "role", "rater", "with_reference")
    return tuple(str(row.get(key, "")) for key in keys)


@dataclass(slots=True)
class _Sums:
    scores: list[float] = field(default_factory=list)
    ratings: int = 0
    undecided: int = 0
    final: str | None = None


def _by_response(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    found: dict[tuple[Any, ...], _Sums] = {}
    for row in rows:
        key = tuple(row.get(name) for name in ("task", "item", "model", "response_sha256", "axis"))
        sums = found.setdefault(key, _Sums())
        if row["role"] == "final":
            sums.final = row["score"]
            continue
        sums.ratings += 1
        sums.undecided += row["cannot_decide"]
        if row["number"] is not None:
            sums.scores.append(row["number"])
    for (task, item, model, response, axis), sums in found.items():
        yield {
            "task": task,
            "item": item,
            "model": model,
            "response_sha256": response,
            "axis": axis,
            "ratings": sums.ratings,
            "cannot_decide": sums.undecided,
            "mean": sum(sums.scores) / len(sums.scores) if sums.scores else None,
            "least": min(sums.scores, default=None),
            "most": max(sums.scores, default=None),
            "final": sums.final,
        }
