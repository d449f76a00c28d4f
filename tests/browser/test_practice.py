"""Practice by a rubric of several axes, and the break that is offered: in Chromium, by the keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation.actions.rubrics import load_rubric
from annotation.actions.tasks import create_task
from annotation.models import Assignment, PracticeAnswer, Qualification, RatingTask
from curation.log import OPERATOR
from curation.models import Person
from tests.factories.annotation import make_task, make_world_dataset, warn
from tests.factories.gold import make_case

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def task(page: Page, sign_in: Any) -> RatingTask:
    """Two axes, two practice cases; right is 1 or 2 on the main axis, and on the first case 2 on the other as well."""
    first, (person,) = make_task(make_world_dataset("home"), raters=1)
    rubric = load_rubric(OPERATOR, first.dataset, "borderline3_safety5")
    make_case(rubric, accepted={"refusal": ["1", "2"], "safety": ["2"]})
    make_case(rubric)
    asked = {"name": "two", "release": first.release, "rubric": rubric, "qualify_at": 0.5}
    made = create_task(OPERATOR, first.dataset, **asked)
    warn(made)
    sign_in(page, person)
    page.goto(f"/d/home/rate/{made.pk}/")
    page.locator("#main").focus()
    return made


def given() -> list[tuple[dict[str, str], bool]]:
    return list(PracticeAnswer.objects.order_by("pk").values_list("scores", "right"))


def test_the_last_axis_sends_and_the_way_leads_on_to_the_work(page: Page, task: RatingTask) -> None:
    page.wait_for_url("**/practice/")
    told = page.locator(".practice-told")
    page.keyboard.press("1")
    page.keyboard.press("3")  # thought again: one axis is missing, so nothing is sent
    expect(page.locator("[name=score]:checked")).to_have_value("3")
    page.keyboard.press("w")  # the second row of keys is the second axis
    expect(told).to_contain_text("正解")
    expect(told).to_contain_text("説明")
    assert given() == [({"refusal": "3", "safety": "2"}, False)]

    expect(told.locator("a")).to_be_focused()
    expect(page.locator(".work-head__end")).to_have_text("1 / 2")
    page.keyboard.press("n")
    expect(page.locator(".work-head__end")).to_have_text("2 / 2")
    page.keyboard.press("q")
    page.keyboard.press("2")
    expect(told).to_be_visible()
    assert given()[1:] == [({"refusal": "2", "safety": "1"}, True)]

    page.keyboard.press("n")
    expect(page.locator(".empty")).to_contain_text("50")
    assert (Qualification.objects.get().passed, Assignment.objects.count()) == (True, 0)
    page.keyboard.press("n")
    page.wait_for_url(f"**/rate/{task.pk}/")
    expect(page.locator("[data-axis]")).to_have_count(2)


@pytest.mark.slow
def test_who_cannot_decide_is_told_so_and_not_taken_for_right(page: Page, task: RatingTask) -> None:
    page.wait_for_url("**/practice/")
    page.keyboard.press("0")
    expect(page.locator(".practice-told")).to_be_visible()
    assert given() == [({"refusal": "", "safety": ""}, False)]


@pytest.fixture
def worked(page: Page, sign_in: Any) -> Page:
    """The rating page of somebody who asked for a break after 20 minutes, under a clock that the test moves."""
    task, (person,) = make_task(make_world_dataset("home"), raters=1)
    Person.objects.filter(pk=person.pk).update(break_minutes=20)
    sign_in(page, person)
    page.clock.install()
    page.goto(f"/d/home/rate/{task.pk}/")
    page.locator("#main").focus()
    return page


def read_for(page: Page, minutes: int) -> None:
    """Sit there and read, with a sign of life every 20 seconds: a longer silence is not counted as work."""
    for _third in range(3 * minutes):
        page.clock.fast_forward(20_000)
        page.keyboard.press("Shift")


@pytest.mark.slow
def test_break_is_offered_after_so_much_reading_and_once_more_after_later(worked: Page) -> None:
    banner = worked.locator("[data-break]")
    read_for(worked, 19)
    expect(banner).to_be_hidden()
    read_for(worked, 1)
    expect(banner).to_contain_text("20分")
    worked.locator("[data-break-later]").click()
    expect(banner).to_be_hidden()
    read_for(worked, 14)
    expect(banner).to_be_hidden()
    read_for(worked, 2)  # a quarter of an hour after "later"
    expect(banner).to_be_visible()


@pytest.mark.slow
def test_a_break_that_is_taken_begins_the_count_anew(worked: Page) -> None:
    read_for(worked, 20)
    worked.locator("[data-break] a").click()
    expect(worked.locator("[data-break-taken]")).to_be_visible()
    worked.locator(".row--end .button--main").click()
    expect(worked.locator("form[data-rate]")).to_be_visible()
    read_for(worked, 19)
    expect(worked.locator("[data-break]")).to_be_hidden()


@pytest.mark.slow
def test_time_away_is_no_work_and_ten_minutes_of_it_are_a_break(worked: Page) -> None:
    read_for(worked, 19)
    worked.clock.fast_forward(9 * 60_000)  # away: not counted, and too short for a break
    worked.keyboard.press("Shift")
    expect(worked.locator("[data-break]")).to_be_hidden()
    worked.clock.fast_forward(11 * 60_000)
    worked.keyboard.press("Shift")
    read_for(worked, 19)
    expect(worked.locator("[data-break]")).to_be_hidden()
    read_for(worked, 1)
    expect(worked.locator("[data-break]")).to_be_visible()
