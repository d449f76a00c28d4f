"""The demo's judge: verdicts with and without the reference, as a judge that ran elsewhere would bring them."""

from __future__ import annotations

from typing import Any

from annotation.models import RatingTask
from curation.actions.demo import external_id, read
from curation.formats import VerdictRow
from curation.log import OPERATOR
from curation.models import Dataset, Person
from judging.actions.verdicts import import_verdicts

TASK = "demo-safety"
JUDGE = "demo-judge"


def judge_responses(dataset: Dataset, cast: dict[str, Person]) -> str:
    """Bring in the demo's verdicts on the responses of its rating task."""
    task = RatingTask.objects.select_related("rubric", "dataset").get(dataset=dataset, name=TASK)
    inside = set(task.population.values_list("response__item_key", "response__model"))
    rows: list[VerdictRow] = []
    for given in read("responses"):
        if (external_id(given["item"]), given["model"]) in inside:
            rows += _rows(given, len(rows))
    done = import_verdicts(OPERATOR, task, rows)
    return f"{done.new} verdicts of {JUDGE} on {task.name}."


def _rows(given: dict[str, Any], before: int) -> list[VerdictRow]:
    rows: list[VerdictRow] = []
    for mode, repeats in given["verdicts"].items():
        for repeat, value in enumerate(repeats, start=1):
            failed = isinstance(value, str)
            rows.append(
                VerdictRow(
                    row=before + len(rows) + 1,
                    item=external_id(given["item"]),
                    model=given["model"],
                    judge=JUDGE,
                    score=None if failed else value,
                    status=value if failed else "ok",
                    mode=mode,
                    repeat=repeat,
                    raw=None if failed else given.get("judge_reason"),
                )
            )
    return rows
