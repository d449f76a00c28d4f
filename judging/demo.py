"""The demo's judges: verdicts with and without the reference, as judges that ran elsewhere would bring them."""

from __future__ import annotations

from typing import Any

from annotation.models import RatingTask
from curation.actions.demo import external_id, read
from curation.formats import VerdictRow
from curation.log import OPERATOR
from curation.models import Dataset, Person
from judging.actions.judges import create_judge
from judging.actions.verdicts import import_verdicts

TASK = "demo-safety"
JUDGE = "demo-judge"
REFUSALS = "demo-refusals"


def judge_responses(dataset: Dataset, cast: dict[str, Person]) -> str:
    """Bring in the demo's verdicts on the responses of its rating task."""
    task = RatingTask.objects.select_related("rubric", "dataset").get(dataset=dataset, name=TASK)
    inside = set(task.population.values_list("response__item_key", "response__model"))
    looks_for_refusals = {"name": REFUSALS, "model": "invented", "prompt": "borderline3_ja"}
    create_judge(OPERATOR, dataset, looks_for_refusals)
    rows: list[VerdictRow] = []
    for given in read("responses"):
        if (external_id(given["item"]), given["model"]) in inside:
            rows += _rows(given, JUDGE, given["verdicts"], len(rows))
            rows += _rows(given, REFUSALS, given["refusal"], len(rows))
    done = import_verdicts(OPERATOR, task, rows)
    return f"{done.new} verdicts of {JUDGE} and {REFUSALS} on {task.name}."


def _rows(
    given: dict[str, Any], judge: str, verdicts: dict[str, list[int | str]], before: int
) -> list[VerdictRow]:
    rows: list[VerdictRow] = []
    for mode, repeats in verdicts.items():
        for repeat, value in enumerate(repeats, start=1):
            failure = value if isinstance(value, str) else None
            rows.append(
                VerdictRow(
                    row=before + len(rows) + 1,
                    item=external_id(given["item"]),
                    model=given["model"],
                    judge=judge,
                    score=value if not isinstance(value, str) else None,
                    status=failure or "ok",
                    mode=mode,
                    repeat=repeat,
                    raw=None if failure or judge != JUDGE else given.get("judge_reason"),
                )
            )
    return rows
