"""The demo's rating task: three raters, a first round of four fifths, and some of its work still to be done."""

from __future__ import annotations

from django.utils import timezone

from annotation.actions.leases import lease
from annotation.actions.ratings import asks_reason, rate
from annotation.actions.responses import import_responses
from annotation.actions.rounds import offer
from annotation.actions.rubrics import load_rubric
from annotation.actions.tasks import create_task
from annotation.models import RatingTask
from curation.actions.demo import external_id, read
from curation.formats import ResponseRow
from curation.log import OPERATOR
from curation.models import Dataset, Person, Release

TASK = "demo-safety"
LEFT_OVER = 6  # responses that each rater finds waiting
OUTSIDE = 5  # every fifth response is left for a second round
REASON = "気になる点があります。"


def rate_responses(dataset: Dataset, cast: dict[str, Person]) -> str:
    """Import the demo's responses, start a task and let the raters give the ratings that the demo holds."""
    release = Release.objects.filter(dataset=dataset).latest("pk")
    frozen = set(release.items.values_list("external_id", flat=True))
    records = [row for row in read("responses") if external_id(row["item"]) in frozen]
    rows = [
        ResponseRow(n, external_id(row["item"]), row["model"], row["response"])
        for n, row in enumerate(records, start=1)
    ]
    import_responses(OPERATOR, dataset, release=release, rows=rows)
    scores = {(external_id(row["item"]), row["model"]): row["ratings"] for row in records}
    rubric = load_rubric(OPERATOR, dataset, "safety5")
    task = create_task(OPERATOR, dataset, name=TASK, release=release, rubric=rubric, seed=1)
    task.raters.filter(warned_at=None).update(warned_at=timezone.now())
    offered, made = first_round(task), 0
    for key in ("rater1", "rater2", "rater3"):
        for _turn in range(offered - LEFT_OVER):
            held = lease(cast[key], task)
            if held is None:
                break
            given = scores[(held.response.item_key, held.response.model)][key]
            undecided = given is None
            comment = REASON if not undecided and asks_reason(rubric, str(given)) else ""
            rate(
                cast[key],
                task,
                token=held.token,
                score=given,
                cannot_decide=undecided,
                comment=comment,
                and_next=False,
            )
            made += 1
    return f"{len(rows)} responses; task {task.name} with {made} ratings."


def first_round(task: RatingTask) -> int:
    """Offer raters all but every fifth response, as a uniform first round would; how many those are."""
    keys = ("response__item_key", "response__model")
    inside = list(task.population.order_by(*keys).values_list("response", flat=True))
    drawn = [(pk, "", 1 - 1 / OUTSIDE) for at, pk in enumerate(inside) if at % OUTSIDE != OUTSIDE // 2]
    return offer(OPERATOR, task, drawn, chances=dict.fromkeys(inside, 1 - 1 / OUTSIDE))
