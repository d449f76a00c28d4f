"""Ratings go out as they come in: a file of one task, read into another, says the same."""

import json

import pytest
from django.core.management import call_command

from annotation.actions.leases import lease
from annotation.actions.ratings import rate
from annotation.models import Rating, RatingTask
from tests.factories.annotation import MODELS, make_task, make_world_dataset

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def said(task):
    """What stands in a task, whatever the rows' own numbers are."""
    rows = Rating.objects.filter(task=task, superseded=False).select_related("rater", "response")
    return sorted(
        (row.response.text_id, row.rater.pseudonym, row.axis, row.role, row.score, row.comment, row.seconds)
        for row in rows
    )


def test_export_ratings_comes_back_through_import_ratings(tmp_path, capsys) -> None:
    task, people = make_task(make_world_dataset(), raters=2, questions=2)
    for person in people:
        held = lease(person, task)
        for score in (1, 5, None):
            done = rate(
                person,
                task,
                token=held.token,
                score=score,
                cannot_decide=score is None,
                comment="理由です。" if score == 1 else "",
                seconds=3.5,
            )
            held = done.following
    rate(
        people[0], task, token=held_token(people[0]), score=2, comment="直した。"
    )  # a correction: one row stands
    file = tmp_path / "ratings.jsonl"
    call_command("export_ratings", task.name, out=str(file), dataset=task.dataset.slug)
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(rows) == 6
    assert {row["model"] for row in rows} <= set(MODELS)
    assert {type(row["score"]) for row in rows if "score" in row} == {int}
    assert all(person.username not in file.read_text() for person in people)
    call_command("import_ratings", str(file), task="copy", dataset=task.dataset.slug)
    assert said(RatingTask.objects.get(name="copy")) == said(task)


def held_token(person):
    """The token of what the person rated first."""
    first = Rating.objects.filter(rater__person=person).order_by("pk").first()
    return first.rater.assignments.get(response=first.response).token
