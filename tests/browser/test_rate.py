"""The rater's page in Chromium: keys, an input method, a cut connection, drafts, walking back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Assignment, Rating
from tests.factories.annotation import make_task, make_world_dataset

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def task(page: Page, sign_in: Any) -> Any:
    """A task open in the browser, the focus on the page."""
    made, (person,) = make_task(make_world_dataset("home"), raters=1, questions=6)
    sign_in(page, person)
    page.goto(f"/d/home/rate/{made.pk}/")
    page.locator("#main").focus()
    return made


def scores(task: Any) -> list[tuple[str, str]]:
    return list(
        Rating.objects.filter(task=task, superseded=False).order_by("pk").values_list("score", "comment")
    )


def saved(page: Page) -> None:
    expect(page.locator("[data-rate-said]")).to_contain_text("保存しました")


def test_digits_and_enter_of_a_composition_rate_nothing(page: Page, ime: Any, task: Any) -> None:
    for key in "1450su":
        ime.key(key, f"Digit{key}" if key.isdigit() else f"Key{key.upper()}")
    page.locator("#rate-reason").click()
    ime.type("三番目の文", reading="3ばんめ")
    ime.compose("なおす")
    ime.commit("直す", ctrl=True)
    page.keyboard.press("Enter")  # plain Enter in the field sends nothing either
    saved(page)
    assert (scores(task), Assignment.objects.filter(task=task).count()) == ([], 1)
    assert Assignment.objects.get().draft["comment"] == "三番目の文直す"


def test_one_key_rates_and_a_low_score_waits_for_its_reason(page: Page, task: Any) -> None:
    page.keyboard.press("4")
    expect(page.locator(".work-head__end")).to_contain_text("2 /")
    page.keyboard.press("1")
    expect(page.locator("#rate-reason")).to_be_focused()
    page.keyboard.type("2 kasho")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".work-head__end")).to_contain_text("3 /")
    assert scores(task) == [("4", ""), ("1", "2 kasho")]


def test_a_rating_made_offline_is_kept_and_sent_once(page: Page, task: Any) -> None:
    page.context.set_offline(True)
    page.keyboard.press("5")
    expect(page.locator("#offline-banner")).to_be_visible()
    assert scores(task) == []
    page.context.set_offline(False)
    expect(page.locator(".work-head__end")).to_contain_text("2 /")
    assert scores(task) == [("5", "")]


def test_a_draft_written_offline_says_so_and_arrives_later(page: Page, task: Any) -> None:
    page.context.set_offline(True)
    page.locator("#rate-reason").fill("切れている間の理由")
    expect(page.locator("[data-rate-said]")).to_have_attribute("data-state", "offline")
    page.context.set_offline(False)
    saved(page)
    assert Assignment.objects.get().draft["comment"] == "切れている間の理由"
    page.reload()
    expect(page.locator("#rate-reason")).to_have_value("切れている間の理由")


def test_walking_back_shows_what_was_given_and_corrects_it(page: Page, task: Any) -> None:
    for key, turn in (("4", "2 /"), ("5", "3 /")):
        page.keyboard.press(key)
        expect(page.locator(".work-head__end")).to_contain_text(turn)
    page.keyboard.press("p")
    expect(page.locator("button.rate-key[aria-pressed=true]")).to_have_attribute("value", "5")
    page.keyboard.press("p")
    expect(page.locator("button.rate-key[aria-pressed=true]")).to_have_attribute("value", "4")
    page.keyboard.press("3")
    expect(page.locator(".work-head__end")).to_contain_text("3 /")
    assert sorted(score for score, _comment in scores(task)) == ["3", "5"]
    assert Rating.objects.filter(task=task, superseded=True).count() == 1


def test_skipping_takes_a_reason_by_its_digit_and_rates_nothing(page: Page, task: Any) -> None:
    page.keyboard.press("s")
    page.keyboard.press("1")
    expect(page.locator(".work-head__end")).to_contain_text("2 /")
    assert scores(task) == []
    assert list(Assignment.objects.filter(state="skipped").values_list("reason_code", flat=True)) == [
        "distressing"
    ]


def test_hints_of_keys_stand_where_there_is_room_for_them(page: Page, task: Any) -> None:
    hints = page.locator(".work .key, .rate .key").filter(visible=True)
    assert hints.count() > 5
    page.set_viewport_size({"width": 390, "height": 844})
    assert hints.count() == 0
