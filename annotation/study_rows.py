"""The rows of a task as the statistics engine takes them: its population, and what raters gave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from annotation.models import Assignment, GoldCase, Rating, RatingTask, TaskResponse
from annotation.quality import Given
from annotation.queries import current
from curation.models import ReleaseItem
from curation.stats import StudyResponse
from curation.stats.pace import reading_floor

TOLD_EVERY = 20  # turns


def study_responses(task: RatingTask) -> Iterator[StudyResponse]:
    """The population. The questions are the clusters: siblings of one question count as one."""
    rows = TaskResponse.objects.filter(task=task).order_by("response")
    columns = ("item__question", "item_key", "model", "labels")
    found = rows.values_list(
        "response_id", *(f"response__{name}" for name in columns), "inclusion_probability"
    )
    for pk, question, key, model, labels, chance in found:
        yield StudyResponse(
            id=pk,
            question=f"question:{question}" if question else f"item:{key}",
            model=model,
            category=tuple(labels),
            inclusion_probability=chance,
        )


def ratings_given(task: RatingTask) -> tuple[Given, ...]:
    """All standing ratings of raters, on all axes, in the order in which they were given."""
    rows = current(Rating.objects.filter(task=task, role=Rating.Role.RATER)).order_by("created_at", "pk")
    columns = ("response_id", "rater__pseudonym", "axis", "score", "with_reference", "seconds", "created_at")
    return tuple(Given(*row) for row in rows.values_list(*columns))


def finals_of(task: RatingTask) -> dict[str, dict[int, str]]:
    """The standing final values that are points, by axis and response."""
    rows = current(Rating.objects.filter(task=task, role=Rating.Role.FINAL, cannot_decide=False))
    found: dict[str, dict[int, str]] = {}
    for axis, response, score in rows.values_list("axis", "response", "score"):
        found.setdefault(axis, {})[response] = score
    return found


def held_back(task: RatingTask) -> frozenset[tuple[str, int]]:
    """(rater, response) of what no number about a single rater tells yet: in an open task their turns since the last
    full stretch of TOLD_EVERY.

    A rater sees their own numbers as soon as anybody does. Told after each answer, these would say which of them was a
    check; told for twenty turns at once, they say how many there were.
    """
    if task.external or task.state != RatingTask.State.OPEN:
        return frozenset()
    decided = Assignment.objects.filter(
        task=task, state__in=[Assignment.State.RATED, Assignment.State.SKIPPED]
    )
    rows = list(decided.values_list("rater__pseudonym", "response", "turn"))
    last: dict[str, int] = {}
    for rater, _response, turn in rows:
        last[rater] = max(turn, last.get(rater, 0))
    return frozenset(
        (rater, response) for rater, response, turn in rows if turn > last[rater] // TOLD_EVERY * TOLD_EVERY
    )


def checks_of(task: RatingTask) -> tuple[tuple[str, int, bool], ...]:
    """(rater, response, whether right) of every answered silent check: right is an accepted point on every decided axis.

    While people work only full stretches count, and the answer that was given first: a correction that moved the number
    would tell that the response is a check.
    """
    cases = GoldCase.objects.filter(rubric=task.rubric_id).values_list("response", "accepted")
    accepted = {
        response: {axis: [str(point) for point in points] for axis, points in given.items()}
        for response, given in cases
    }
    rows = Rating.objects.filter(task=task, role=Rating.Role.GOLD)
    working, back = task.state == RatingTask.State.OPEN and not task.external, held_back(task)
    if not working:
        rows = current(rows)
    answers: dict[tuple[str, int], dict[str, str]] = {}
    for rater, response, axis, score in rows.order_by("pk").values_list(
        "rater__pseudonym", "response", "axis", "score"
    ):
        given = answers.setdefault((rater, response), {})
        given[axis] = given.get(axis, score) if working else score
    return tuple(
        (rater, response, all(given.get(axis) in points for axis, points in accepted[response].items()))
        for (rater, response), given in answers.items()
        if response in accepted and (rater, response) not in back
    )


def skips_of(task: RatingTask) -> tuple[tuple[str, int, str], ...]:
    """(rater, response, code) of what raters skipped; silent checks are left out."""
    rows = Assignment.objects.filter(task=task, state=Assignment.State.SKIPPED, gold=None).order_by("pk")
    return tuple(rows.values_list("rater__pseudonym", "response", "reason_code"))


def floors_of(task: RatingTask, responses: Iterable[int]) -> dict[tuple[int, bool], float]:
    """The least seconds that reading takes: of question and response, and with the reference answer where it was shown."""
    wanted = set(responses)
    references = dict[str, Any]()
    if task.release_id is not None and task.arms != RatingTask.Arms.WITHOUT:
        frozen = ReleaseItem.objects.filter(release=task.release_id, answer_text__isnull=False)
        references = dict(frozen.values_list("external_id", "answer_text__body"))
    rows = TaskResponse.objects.filter(task=task, response__text_known=True).values_list(
        "response", "response__item_key", "response__question_text__body", "response__text__body"
    )
    found: dict[tuple[int, bool], float] = {}
    for response, key, question, body in rows:
        if response in wanted:
            without = reading_floor(f"{question or ''}{body or ''}")
            found[response, False] = without
            found[response, True] = without + reading_floor(references.get(key) or "")
    return found
