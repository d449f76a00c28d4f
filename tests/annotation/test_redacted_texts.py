"""A redacted text is given to no rater and no judge from then on; what was rated stays counted."""

from __future__ import annotations

from typing import Any

import pytest

from annotation.actions.leases import lease
from annotation.actions.population import responses_to
from annotation.actions.ratings import rate
from annotation.models import Assignment, Rating, RatingTask, TaskResponse
from curation.actions import redactions
from curation.models import Text
from curation.similar import text_hash
from judging.models import JudgeRun
from judging.queries import population
from tests.factories.annotation import make_member, make_task, make_world_dataset

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def redact(task: RatingTask, body: str) -> None:
    """Asked for by a lead, confirmed by a release manager."""
    lead, manager = make_member(task.dataset, "lead"), make_member(task.dataset, "release_manager")
    (request,) = redactions.ask(lead, task.dataset, [text_hash(body)], reason="申し出")
    redactions.confirm(manager, request)


@pytest.fixture
def task() -> tuple[RatingTask, list[Any]]:
    return make_task(make_world_dataset(), raters=2, questions=2, models=("m",), overlap=2)


def test_held_lease_is_given_back_and_the_response_never_offered_again(task) -> None:
    task, people = task
    held = lease(people[0], task)
    assert held is not None
    question = held.response.question_text.body
    redact(task, question)
    held.refresh_from_db()
    assert held.state == Assignment.State.EXPIRED
    assert TaskResponse.objects.get(response=held.response).offered is False
    for person in people:
        given = lease(person, task)
        assert given is not None
        assert given.response_id != held.response_id
        done = rate(person, task, token=given.token, score=3)
        assert done.following is None
    assert Rating.objects.filter(response=held.response).count() == 0


def test_reference_answer_that_is_gone_is_not_shown_beside_a_lease() -> None:
    task, people = make_task(
        make_world_dataset(), raters=1, questions=1, models=("m",), overlap=1, arms="with"
    )
    held = lease(people[0], task)
    assert held is not None
    redact(task, "参考回答その0です。")
    held.refresh_from_db()
    assert held.state == Assignment.State.EXPIRED


def test_new_tasks_and_judges_get_what_is_left(task) -> None:
    task, _people = task
    run = JudgeRun(task=task)
    before = {response.pk for response in responses_to(task.release)}
    assert {response.pk for response in population(run)} == before
    answer = Text.objects.get(pk=task.population.order_by("pk")[0].response.text_id)
    redact(task, answer.body)
    (gone,) = before - {response.pk for response in responses_to(task.release)}
    assert {response.pk for response in population(run)} == before - {gone}
    assert task.population.count() == 2
