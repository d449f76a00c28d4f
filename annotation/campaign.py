"""Campaigns as those who plan them see them: what one would buy, and where its raters stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Avg, Count
from django.utils.translation import gettext as _

from annotation.actions.population import Drawn
from annotation.actions.practice import spared
from annotation.models import GoldCase, Qualification, Rating, RatingTask, Rubric, TaskRater
from annotation.planner import Assumed, Forecast, Row, forecast
from annotation.qualifying import best_for, open_step
from annotation.queries import current, silent_checks
from annotation.seen import LEAST_SEEN, of_labels, of_scores
from curation.models import Dataset

MOST_READ = 50_000


def forecast_of(
    dataset: Dataset,
    rubric: Rubric,
    drawn: Drawn,
    *,
    overlap: int,
    arms: str,
    raters: int,
    gold_share: float = 0.0,
    qualify_at: float | None = None,
    blind: bool = False,
) -> Forecast:
    """What a campaign over these responses would buy. `blind`: rests on nothing that a rater must not know."""
    cases = dict(GoldCase.objects.filter(rubric=rubric).order_by().values_list("use").annotate(n=Count("pk")))
    return forecast(
        [
            Row(
                question=response.question_hash or response.item_key,
                model=response.model,
                probability=chance or 1.0,
            )
            for response, chance in drawn
        ],
        overlap=overlap,
        arms=2 if arms == RatingTask.Arms.BOTH else 1,
        raters=raters,
        gold_share=gold_share,
        gold_cases=silent_checks(rubric.pk, arms).count(),
        practice_cases=0 if qualify_at is None else cases.get(GoldCase.Use.PRACTICE, 0),
        has_cut=rubric.violation_at_most is not None,
        labels=len(rubric.points) if rubric.kind == Rubric.Kind.NOMINAL else 0,
        assumed=assumed_in(dataset, rubric, blind=blind),
    )


def assumed_in(dataset: Dataset, rubric: Rubric, *, blind: bool) -> Assumed:
    """What the dataset's ratings so far say about time, and of this rubric about rate, clustering and agreement."""
    standing = current(Rating.objects.filter(task__dataset=dataset, role=Rating.Role.RATER))
    timed = standing.filter(seconds__isnull=False).aggregate(n=Count("pk"), mean=Avg("seconds"))
    found: dict[str, Any] = {}
    if timed["n"] >= LEAST_SEEN and timed["mean"]:
        found["seconds"] = timed["mean"]
    if not blind:
        rows = standing.filter(
            task__rubric__name=rubric.name,
            task__rubric__kind=rubric.kind,
            axis=rubric.axis,
            cannot_decide=False,
        )
        read = rows.order_by("-pk").values_list("response_id", "response__question_hash", "score")
        rows_read = list(read[:MOST_READ])
        if rubric.kind == Rubric.Kind.NOMINAL:
            found |= of_labels(rows_read, rubric.points)
        else:
            found |= of_scores(rows_read, rubric.violation_at_most)
    return Assumed(**found, seen=tuple(sorted(found.keys() - {"measured"})))


def notes_on(found: Forecast, rubric: Rubric, arms: str) -> list[str]:
    """What whoever plans should know beside the numbers."""
    notes = []
    if found.raters < found.raters_needed:
        message = _("This needs at least %(needed)d raters; %(n)d would take part.")
        notes.append(message % {"needed": found.raters_needed, "n": found.raters})
    if arms == RatingTask.Arms.BOTH:
        notes.append(_("The intervals hold in each of the two arms."))
    if found.agreement_width is None:
        notes.append(_("Agreement needs at least two ratings of each response."))
    if rubric.violation_at_most is None:
        notes.append(_("This rubric has no cut for violations, so no rate is foretold."))
    return notes


def places_of(task: RatingTask) -> list[dict[str, Any]]:
    """The raters of a task in the order they joined: `place`, `rater`, `state` and the practice behind it.

    state: paused, warning (not read yet), practice (not done yet), spared (not done yet, and they opted out of every
    case), failed, or ready; `practice` is the attempt that was enough here, else the last.
    """
    places = TaskRater.objects.filter(task=task).select_related("rater").order_by("slot")
    attempts: dict[int, list[Qualification]] = defaultdict(list)
    if task.qualify_at is not None:
        rows = Qualification.objects.filter(rubric=task.rubric_id, rater__places__task=task)
        for row in rows.order_by("attempt"):
            attempts[row.rater_id].append(row)
    standings: list[dict[str, Any]] = [
        {"place": place, "rater": place.rater, **_standing(task, place, attempts[place.rater_id])}
        for place in places
    ]
    begin = [row for row in standings if row["state"] == "practice" and not _answers(row["practice"])]
    without = spared(task, [row["rater"] for row in begin]) if begin else set()
    for each in begin:
        if each["rater"].pk in without:
            each["state"] = "spared"
    return standings


def _answers(attempt: Qualification | None) -> bool:
    """Whether the attempt is open and has answers: it is ended with them, whatever was opted out of since."""
    return attempt is not None and attempt.passed is None and attempt.asked > 0


def _standing(task: RatingTask, place: TaskRater, attempts: list[Qualification]) -> dict[str, Any]:
    shown = attempts[-1] if attempts else None
    if place.paused:
        state = "paused"
    elif place.rater.warned_at is None:
        state = "warning"
    elif task.qualify_at is None:
        state = "ready"
    else:
        state = open_step(attempts, task.qualify_at) or "ready"
        shown = best_for(attempts, task.qualify_at) or shown
    return {"state": state, "practice": shown}


def with_progress(
    places: Sequence[dict[str, Any]], progress: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Places with `done`, the figures of `queries.progress_of`; those who rated without a place stand at the end."""
    by_name = {row["rater"]: row for row in progress}
    rows = [{**place, "name": place["rater"].pseudonym} for place in places]
    names = {row["name"] for row in rows}
    rows += [{"name": name, "state": ""} for name in by_name if name not in names]
    return [{**row, "done": by_name.get(row["name"], {})} for row in rows]


def facts_of(task: RatingTask) -> dict[str, Any]:
    """What the campaign is made of beside its columns: `plan` in words, `gold` (those that can be slipped in here)
    and `practice` cases of its rubric."""
    words = {
        "all": _("All responses"),
        "one_per_leaf": _("One question of each specific harm"),
        "stratified": _("A sample of each specific harm and model"),
        "drawn": _("Drawn by a study"),
    }
    cases = GoldCase.objects.filter(rubric=task.rubric_id).order_by().values_list("use")
    counts = dict(cases.annotate(n=Count("pk")))
    return {
        "plan": words.get(task.plan.get("name", "all"), ""),
        "gold": silent_checks(task.rubric_id, task.arms).count(),
        "practice": counts.get(GoldCase.Use.PRACTICE, 0),
        "gold_percent": round(100 * task.gold_share),
        "qualify_percent": None if task.qualify_at is None else round(100 * task.qualify_at),
    }
