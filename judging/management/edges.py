"""What the commands of this floor share."""

from __future__ import annotations

from annotation.models import RatingTask
from curation.management.base import Unusable
from curation.models import Dataset
from judging.models import Judge
from judging.queries import judged_in


def judge_named(dataset: Dataset, name: str) -> Judge:
    known = Judge.objects.filter(dataset=dataset).select_related("dataset", "endpoint")
    found = known.filter(name=name).first()
    if found is None:
        names = ", ".join(known.order_by("name").values_list("name", flat=True)) or "none yet"
        raise Unusable(
            f"There is no judge named {name} in {dataset.slug}. There are: {names}.", field="judge"
        )
    return found


def only_judge(task: RatingTask, mode: str) -> Judge:
    """The one judge with verdicts on the task in that mode. Unusable, with a list, where there are several or none."""
    rows = judged_in(task)
    names = sorted({row["name"] for row in rows if row["mode"] == mode})
    if len(names) == 1:
        return judge_named(task.dataset, names[0])
    if names:
        raise Unusable(
            f"Several judges have verdicts on {task.name}: {', '.join(names)}. Name one with --judge."
        )
    others = ", ".join(f"{row['name']} ({row['mode']})" for row in rows)
    raise Unusable(
        f"No judge has verdicts of mode {mode} on {task.name}. There are: {others or 'none at all'}."
    )
