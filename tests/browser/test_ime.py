"""An input method never submits a text or fires a key: neither its Enter nor the keys it swallows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from curation.models import Draft, Item, Review
from tests.factories.curation import ANSWER, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
# What the guard looks at, taken away: a test of the guard has to fail without it.
UNGUARDED = (
    "Object.defineProperty(KeyboardEvent.prototype, 'isComposing', {get: () => false});"
    "Object.defineProperty(KeyboardEvent.prototype, 'keyCode', {get() { return 0; }});"
)


@pytest.fixture
def written(page: Page, sign_in: Any) -> Item:
    """A draft open in the browser, the focus in its answer."""
    dataset = make_dataset("home")
    author = make_member(dataset, "author")
    item = make_item(dataset, author=author)
    sign_in(page, author)
    page.goto(f"/d/home/write/{item.pk}/")
    page.locator("#answer").click()
    page.keyboard.press("Control+End")
    return item


@pytest.fixture
def reviewed(page: Page, sign_in: Any) -> Item:
    """An item in review open in the browser, with the panel for sending back."""
    dataset = make_dataset("home")
    item = make_item(dataset, state="in_review")
    sign_in(page, make_member(dataset, "reviewer"))
    page.goto(f"/d/home/review/{item.pk}/?decide=request_changes")
    return item


def state_of(item: Item) -> str:
    return Item.objects.get(pk=item.pk).state


def test_enter_that_commits_a_composition_submits_nothing(page: Page, ime: Any, written: Item) -> None:
    ime.type("確認", reading="かくにん")
    ime.compose("そうだん")
    ime.commit("相談", ctrl=True)
    expect(page.locator("#answer")).to_have_value(re.compile("確認相談$"))
    expect(page.locator(".actions [data-saved]")).to_have_attribute("data-state", "saved")
    assert (state_of(written), Draft.objects.get().answer.endswith("確認相談")) == ("draft", True)


def test_plain_enter_after_a_composition_makes_a_line_and_submits_nothing(
    page: Page, ime: Any, written: Item
) -> None:
    ime.type("一行目")
    page.keyboard.press("Enter")
    ime.type("二行目")
    expect(page.locator(".actions [data-saved]")).to_have_attribute("data-state", "saved")
    assert Draft.objects.get().answer.endswith("一行目\n二行目")
    assert state_of(written) == "draft"


def test_control_enter_submits_once_the_composition_is_over(page: Page, ime: Any, written: Item) -> None:
    ime.type("以上です。")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/write/?again=*")
    assert state_of(written) == "in_review"
    assert Item.objects.get().current_revision.answer.endswith("以上です。")


def test_digits_and_letters_of_a_composition_choose_nothing_in_a_review(
    page: Page, ime: Any, reviewed: Item
) -> None:
    page.locator("#main").focus()
    for key in "13abx":
        ime.key(key, f"Digit{key}" if key.isdigit() else f"Key{key.upper()}")
    page.locator("#comment").click()
    ime.type("三番目の文", reading="3ばんめ")
    ime.compose("なおす")
    ime.commit("直す", ctrl=True)
    expect(page.locator("#comment")).to_have_value("三番目の文直す")
    assert page.locator("[name=question_said]:checked").count() == 0
    assert (state_of(reviewed), Review.objects.count()) == ("in_review", 0)
    page.locator("#main").focus()
    page.keyboard.press("3")
    expect(page.locator("[name=question_said]:checked")).to_have_value("wrong_leaf")


def test_without_the_guard_the_same_keys_would_decide(page: Page, ime: Any, reviewed: Item) -> None:
    page.add_init_script(UNGUARDED)
    page.reload()
    page.locator("#main").focus()
    ime.key("3", "Digit3")
    expect(page.locator("[name=question_said]:checked")).to_have_value("wrong_leaf")


def test_accept_key_acts_only_outside_a_composition(page: Page, ime: Any, reviewed: Item) -> None:
    page.goto(f"/d/home/review/{reviewed.pk}/")
    page.locator("#main").focus()
    ime.key("a", "KeyA")
    page.wait_for_timeout(300)
    assert state_of(reviewed) == "in_review"
    page.keyboard.press("a")
    page.wait_for_url("**/review/")
    assert state_of(reviewed) == "approved"


def test_two_windows_keep_both_texts(page: Page, new_page: Any, sign_in: Any, written: Item) -> None:
    other = new_page()
    sign_in(other, written.author)
    other.goto(f"/d/home/write/{written.pk}/")
    other.locator("#answer").fill(ANSWER + "別の窓で足した。")
    expect(other.locator(".actions [data-saved]")).to_have_attribute("data-state", "saved")
    page.locator("#answer").fill(ANSWER + "この窓で足した。")
    panel = page.locator("[data-conflict-panel]")
    expect(panel).to_contain_text("別の窓で足した。")
    expect(panel).to_contain_text("この窓で足した。")
    assert Draft.objects.get().answer == ANSWER + "別の窓で足した。"
