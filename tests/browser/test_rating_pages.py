"""The pages of rating that stand behind others: on the rater's way into the work, and at the desk of those who lead it.

All are looked at in both languages and both themes, wide and narrow, with axe-core.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser

from annotation.actions.leases import lease
from annotation.actions.practice import next_case, practise
from annotation.actions.ratings import rate
from annotation.actions.rubrics import load_rubric
from annotation.actions.tasks import close, create_task
from annotation.models import Rater, RatingTask, TaskRater
from curation.log import OPERATOR
from curation.models import Membership, Person
from tests.factories.addresses import address_of, every_name
from tests.factories.annotation import make_member, make_task, make_world_dataset
from tests.factories.gold import make_case
from tests.factories.whole import make_whole
from tests.rig.visit import Visit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def visit(chromium: Browser, live_server: Any) -> Iterator[Visit]:
    visit = Visit(chromium, live_server.url)
    yield visit
    visit.context.close()


def enter(visit: Visit, person: Person) -> None:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    name = settings.SESSION_COOKIE_NAME
    visit.context.clear_cookies()
    visit.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": visit.url}])


def is_page(visit: Visit, url: str) -> bool:
    """Whether an address answers with a page of its own, rather than a part of one, a file, or a way elsewhere."""
    answer = visit.context.request.get(url, max_redirects=0)
    return answer.status == 200 and "<!DOCTYPE html>" in answer.text()


def test_every_page_at_the_desk_of_a_campaign(visit: Visit) -> None:
    """Quality, adjudication, blinding report, exchange with Label Studio, planner, rubrics: whatever has an address."""
    whole = make_whole("home")
    enter(visit, whole.person)
    names = [name for name in every_name() if name.startswith("annotation:")]
    urls = dict.fromkeys(address_of(name, whole.keys(name)) for name in names)
    pages = [url for url in urls if is_page(visit, url)]
    assert len(pages) >= 14, pages
    for url in pages:
        visit.look(url)
    visit.report()


def qualifying(*, raters: int) -> tuple[RatingTask, list[Person]]:
    """A task of two axes, with two practice cases of which one has to be right."""
    first, people = make_task(make_world_dataset("home"), raters=raters)
    rubric = load_rubric(OPERATOR, first.dataset, "borderline3_safety5")
    right = {"refusal": ["1"], "safety": ["1"]}
    for _case in range(2):
        make_case(rubric, accepted=right)
    asked = {"name": "two axes", "release": first.release, "rubric": rubric, "qualify_at": 0.5}
    return create_task(OPERATOR, first.dataset, arms="both", **asked), people


def practised(person: Person, task: RatingTask, *points: str) -> None:
    rater = task.raters.get(person=person)
    for point in points:
        case = next_case(task, rater)
        assert case is not None
        practise(person, task, case=case.pk, scores={"refusal": point, "safety": point})


def test_the_way_of_a_rater_from_the_warning_to_the_work(visit: Visit) -> None:
    task, (new, failed, passed) = qualifying(raters=3)
    base = f"/d/home/rate/{task.pk}/"
    practised(failed, task, "2", "2")
    practised(passed, task, "1", "1")
    enter(visit, new)
    Rater.objects.filter(person=new).update(warned_at=None)
    for part in ("warning/", "guide/"):
        visit.look(base + part)
    Rater.objects.filter(person=new).update(warned_at=timezone.now())
    visit.look(base + "practice/")
    practised(new, task, "2")
    answered = task.raters.get(person=new).qualifications.get().answers.get()
    visit.look(f"{base}practice/?answered={answered.case_id}")
    for person in (failed, passed):  # what came of it
        enter(visit, person)
        visit.look(base + "practice/")
    visit.look(base)
    visit.report()


def worked(task: RatingTask, person: Person, *, ratings: int) -> None:
    for _n in range(ratings):
        held = lease(person, task)
        assert held is not None
        rate(person, task, token=held.token, score=4, and_next=False)


def test_what_a_rater_finds_beside_the_work_and_after_it(visit: Visit) -> None:
    task, (person, paused) = make_task(make_world_dataset("home"), raters=2, questions=3)
    worked(task, person, ratings=4)
    enter(visit, person)
    base = f"/d/home/rate/{task.pk}/"
    for url in ("/d/home/rate/", "/d/home/me/", base + "rest/", base + "mine/"):
        visit.look(url)
    worked(task, person, ratings=2)
    visit.look(base)  # nothing is left
    close(OPERATOR, task)
    visit.look(base + "mine/")
    enter(visit, paused)
    TaskRater.objects.filter(task=task, rater__person=paused).update(paused=True)
    visit.look(base + "rest/")
    visit.report()


def test_empty_desk_says_what_to_do(visit: Visit) -> None:
    """The same pages before anybody has rated."""
    task, _people = make_task(make_world_dataset("home"), raters=2)
    lead = make_member(task.dataset, Membership.Role.LEAD, Membership.Role.RESEARCHER)
    enter(visit, lead)
    base = f"/d/home/tasks/{task.pk}/"
    for part in (
        "",
        "quality/",
        "quality/rows/",
        "adjudicate/",
        "adjudicate/?show=done",
        "blinding/",
        "label-studio/",
    ):
        visit.look(base + part)
    visit.report()
