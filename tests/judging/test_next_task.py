"""What a study draws next, made a new task from the study's page: permitted, confirmed, once."""

from typing import Any

import pytest

from annotation.models import RatingTask, TaskRater
from curation.models import LogEntry, Membership
from tests.factories.annotation import make_member
from tests.judging.test_next_ratings import judged_task, rate_one
from tests.judging.test_study_figures import address

pytestmark = pytest.mark.django_db
Role = Membership.Role


def opened(client: Any, task: Any, *roles: str) -> str:
    """The address of the new task's form, for a member with these roles; "" where the page has none."""
    client.force_login(make_member(task.dataset, *roles))
    page = client.get(address("study", task))
    new_task = page.context["new_task"]
    if new_task is not None:
        assert new_task["url"] in page.content.decode()
    return new_task["url"] if new_task else ""


def test_the_draw_becomes_a_task_that_the_page_leads_to(client: Any) -> None:
    task, people = judged_task()
    rated = {rate_one(person, task) for person in people}
    url = opened(client, task, Role.RESEARCHER)
    sent = {"name": "second", "count": "4", "overlap": "1", "raters": people[0].username}
    refused = client.post(url, sent, follow=True)
    assert [str(one) for one in refused.context["messages"]] == [
        "新しいタスクを始めることを確認してください。"
    ]
    assert RatingTask.objects.count() == 1
    done = client.post(url, {**sent, "confirm": "1"})
    made = RatingTask.objects.get(name="second")
    assert done.headers["Location"] == f"/d/{task.dataset.slug}/tasks/{made.pk}/"
    assert client.get(done.headers["Location"]).status_code == 200
    assert (made.overlap, made.rubric, made.plan["name"]) == (1, task.rubric, "drawn")
    assert made.population.count() == 4
    assert not rated & set(made.population.values_list("response", flat=True))
    assert list(TaskRater.objects.filter(task=made).values_list("rater__person", flat=True)) == [people[0].pk]
    again = client.post(url, {**sent, "confirm": "1"}, follow=True)
    assert (len(list(again.context["messages"])), RatingTask.objects.count()) == (1, 2)
    assert LogEntry.objects.filter(verb="create_task", object_id=str(made.pk)).count() == 1


def test_who_may_not_plan_finds_no_form_and_makes_nothing(client: Any) -> None:
    task, people = judged_task()
    rate_one(people[0], task)
    url = opened(client, task, Role.RESEARCHER)
    assert opened(client, task, Role.RELEASE_MANAGER) == ""
    sent = {"name": "second", "count": "4", "overlap": "1", "confirm": "1"}
    client.post(url, sent)
    client.force_login(people[0])  # still rates here: the study does not exist for them
    assert client.post(url, sent).status_code == 404
    assert RatingTask.objects.count() == 1


def test_whoever_rates_in_the_new_task_is_blind_to_it(client: Any) -> None:
    task, people = judged_task()
    rate_one(people[0], task)
    url = opened(client, task, Role.RESEARCHER, Role.RATER)
    done = client.post(url, {"name": "second", "count": "4", "overlap": "1", "confirm": "1"})
    assert done.headers["Location"] == f"/d/{task.dataset.slug}/tasks/"
    for wrong in ({"count": "0"}, {"overlap": "x"}, {"name": "a/b"}):
        client.post(url, {"name": "third", "count": "4", "overlap": "1", "confirm": "1", **wrong})
    assert list(RatingTask.objects.order_by("pk").values_list("name", flat=True)) == [task.name, "second"]
