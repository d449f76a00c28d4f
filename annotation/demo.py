"""The demo's rating task: three raters, a first round of four fifths, and some of its work still to be done."""

from __future__ import annotations

from django.utils import timezone

from annotation.actions.gold import case_row, import_cases
from annotation.actions.leases import lease
from annotation.actions.ratings import asks_reason, rate
from annotation.actions.responses import import_responses
from annotation.actions.rounds import offer
from annotation.actions.rubrics import load_rubric
from annotation.actions.tasks import create_task
from annotation.models import GoldCase, RatingTask
from curation.actions.demo import external_id, read
from curation.formats import ResponseRow
from curation.formats.records import Record
from curation.log import OPERATOR
from curation.models import Dataset, Person, Release

TASK = "demo-safety"
LEFT_OVER = 6  # responses that each rater finds waiting
OUTSIDE = 5  # every fifth response is left for a second round
REASON = "気になる点があります。"
CHECKS = 0.1  # of what a rater gets


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
    cases = [
        case_row(Record(n, n, dict(row)), rubric, GoldCase.Use.GOLD)
        for n, row in enumerate(read("cases"), start=1)
    ]
    import_cases(OPERATOR, rubric, cases)
    # No practice before work: whoever tries the demo rates at once.
    task = create_task(
        OPERATOR, dataset, name=TASK, release=release, rubric=rubric, seed=1, gold_share=CHECKS
    )
    task.raters.filter(warned_at=None).update(warned_at=timezone.now())
    offered, made = first_round(task), 0
    for key in ("rater1", "rater2", "rater3"):
        made += _rate_all_but(task, cast[key], key, scores, offered - LEFT_OVER)
    return f"{len(rows)} responses; task {task.name} with {made} ratings."


def _rate_all_but(
    task: RatingTask,
    person: Person,
    key: str,
    scores: dict[tuple[str, str], dict[str, int | None]],
    wanted: int,
) -> int:
    """Give `wanted` ratings of the demo, and the right answer to every silent check on the way; how many were given."""
    made = 0
    while made < wanted:
        held = lease(person, task)
        if held is None:
            break
        if held.gold is not None:
            given: int | None = int(held.gold.accepted[task.rubric.axis][0])
        else:
            given, made = scores[(held.response.item_key, held.response.model)][key], made + 1
        asked = given is not None and asks_reason(task.rubric, str(given))
        rate(
            person,
            task,
            token=held.token,
            score=given,
            cannot_decide=given is None,
            comment=REASON if asked else "",
            and_next=False,
        )
    return made


def first_round(task: RatingTask) -> int:
    """Offer raters all but every fifth response, as a uniform first round would; how many those are."""
    keys = ("response__item_key", "response__model")
    inside = list(task.population.order_by(*keys).values_list("response", flat=True))
    drawn = [(pk, "", 1 - 1 / OUTSIDE) for at, pk in enumerate(inside) if at % OUTSIDE != OUTSIDE // 2]
    return offer(OPERATOR, task, drawn, chances=dict.fromkeys(inside, 1 - 1 / OUTSIDE))
