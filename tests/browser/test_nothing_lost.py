"""What is typed is not lost: answers that never came, two windows of one browser, forms that have no draft."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from curation.models import Comment, Draft, Item, Review
from tests.factories.curation import ANSWER, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

KEPT = "prefix => Object.keys(localStorage).filter((key) => key.split('.')[2] === prefix).length"
SAVED = ".actions [data-saved]"
# The guards taken away: a device on which nothing can be kept, and windows that share one copy.
ONE_PLACE = "Object.defineProperty(window, 'indexedDB', { value: undefined });"
UNKEPT = (
    "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };" + ONE_PLACE
)
SHARED = ONE_PLACE + (
    "for (const name of ['setItem', 'getItem', 'removeItem']) {"
    " const real = Storage.prototype[name];"
    " Storage.prototype[name] = function (key, ...rest) { return real.call(this, key.split('#')[0], ...rest); };"
    "}"
)


@pytest.fixture
def written(page: Page, sign_in: Any) -> Item:
    """A draft open in the browser."""
    dataset = make_dataset("home")
    author = make_member(dataset, "author")
    item = make_item(dataset, author=author)
    sign_in(page, author)
    page.goto(f"/d/home/write/{item.pk}/")
    return item


def cut(page: Page) -> None:
    """From now on nothing of this window reaches the server, nor what it sends while it closes."""
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('cut')); }")


def saved(page: Page) -> None:
    expect(page.locator(SAVED)).to_have_attribute("data-state", "saved")


@pytest.mark.parametrize("kept", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_what_was_typed_during_a_cut_arrives_after_it(page: Page, written: Item, kept: bool) -> None:
    if not kept:
        page.add_init_script(UNKEPT)
        page.reload()
    cut(page)
    page.locator("#answer").fill(ANSWER + "切れている間に足した。")
    expect(page.locator("#offline-banner")).to_be_visible()
    page.reload()
    if not kept:
        expect(page.locator("#answer")).to_have_value(ANSWER)
        return
    expect(page.locator("#answer")).to_have_value(ANSWER + "切れている間に足した。")
    saved(page)
    assert Draft.objects.get().answer == ANSWER + "切れている間に足した。"
    page.wait_for_function(f"({KEPT})('draft') === 0")


def test_a_save_whose_answer_was_lost_is_no_dispute(page: Page, written: Item) -> None:
    def arrives_unanswered(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/draft/", arrives_unanswered, times=1)
    page.locator("#answer").fill(ANSWER + "一。")
    expect(page.locator(SAVED)).to_have_attribute("data-state", "unsaved")
    page.locator("#answer").fill(ANSWER + "一。二。")
    saved(page)
    assert page.locator("[data-conflict-panel]").count() == 0
    assert Draft.objects.get().answer == ANSWER + "一。二。"


@pytest.mark.parametrize("apart", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_another_window_of_the_browser_drops_no_copy_of_this_one(
    page: Page, written: Item, apart: bool
) -> None:
    if not apart:
        page.context.add_init_script(SHARED)
        page.reload()
    other = page.context.new_page()
    other.goto(f"/d/home/write/{written.pk}/")
    cut(page)
    cut(other)
    page.locator("#answer").fill(ANSWER + "この窓で足した。")
    other.locator("#question").fill("別の窓で書き直した質問です。")
    expect(other.locator(SAVED)).to_have_attribute("data-state", "unsaved")
    page.close()
    other.close()
    third = page.context.new_page()
    third.goto(f"/d/home/write/{written.pk}/")
    expect(third.locator("#question")).to_have_value("別の窓で書き直した質問です。")
    expect(third.locator("#answer")).to_have_value(ANSWER + "この窓で足した。" * apart)
    saved(third)
    draft = Draft.objects.get()
    assert (draft.question, draft.answer) == (
        "別の窓で書き直した質問です。",
        ANSWER + "この窓で足した。" * apart,
    )


def test_changes_of_two_windows_are_merged_by_passage(
    page: Page, new_page: Any, sign_in: Any, written: Item
) -> None:
    other = new_page()
    sign_in(other, written.author)
    other.goto(f"/d/home/write/{written.pk}/")
    other.locator("#answer").fill(ANSWER.replace("管理の担当者", "警察"))
    saved(other)
    page.locator("#answer").fill("まず、" + ANSWER)
    expect(page.locator("[data-merged-panel]")).to_contain_text("警察")
    saved(page)
    assert Draft.objects.get().answer == "まず、" + ANSWER.replace("管理の担当者", "警察")


@pytest.mark.parametrize(
    ("choice", "ending"),
    [
        pytest.param("mine", "こちら。", marks=pytest.mark.slow),
        pytest.param("theirs", "あちら。", marks=pytest.mark.slow),
        ("both", "あちら。こちら。"),
    ],
)
def test_where_both_changed_the_same_words_the_person_chooses(
    page: Page, new_page: Any, sign_in: Any, written: Item, choice: str, ending: str
) -> None:
    other = new_page()
    sign_in(other, written.author)
    other.goto(f"/d/home/write/{written.pk}/")
    other.locator("#answer").fill("先に、" + ANSWER + "あちら。")
    saved(other)
    page.locator("#answer").fill(ANSWER + "こちら。")
    panel = page.locator("[data-conflict-panel]")
    panel.locator(f"input[value={choice}]").check()
    panel.locator("[data-merge-use]").click()
    expect(page.locator("#answer")).to_have_value("先に、" + ANSWER + ending)
    saved(page)
    assert Draft.objects.get().answer == "先に、" + ANSWER + ending


def test_a_reviewers_words_stay_on_the_device_until_they_are_taken(page: Page, sign_in: Any) -> None:
    dataset = make_dataset("home")
    item = make_item(dataset, state="in_review")
    sign_in(page, make_member(dataset, "reviewer"))
    address = f"/d/home/review/{item.pk}/?decide=request_changes"
    page.goto(address)
    page.locator("#comment").fill("二文目を直してください。")
    page.locator("label:has([name=question_said][value=ok])").click()
    page.locator("label:has([name=answer_said]:not([value=ok]))").first.click()
    page.goto("/d/home/review/")
    page.goto(address)
    expect(page.locator("#comment")).to_have_value("二文目を直してください。")
    expect(page.locator("[name=question_said][value=ok]")).to_be_checked()
    expect(page.locator("[name=answer_said]:checked:not([value=ok])")).to_have_count(1)
    page.route("**/review/*/**", lambda route: route.fulfill(status=503, body=""))
    page.keyboard.press("Control+Enter")
    expect(page.locator("#comment")).to_have_count(0)
    page.unroute("**/review/*/**")
    page.goto(address)
    expect(page.locator("#comment")).to_have_value("二文目を直してください。")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/d/home/review/")
    assert Review.objects.get().comment == "二文目を直してください。"
    page.wait_for_function(f"({KEPT})('copy') === 0")


def test_a_comment_is_kept_until_it_stands_in_the_thread(page: Page, sign_in: Any) -> None:
    dataset = make_dataset("home")
    item = make_item(dataset, state="in_review")
    sign_in(page, make_member(dataset, "lead"))
    page.goto(f"/d/home/items/{item.pk}/")
    page.locator("#thread-text").fill("半分書いたコメント")
    page.locator("details:has(#reason) > summary").click()
    page.locator("#reason").fill("重複のため")
    page.reload()
    expect(page.locator("#thread-text")).to_have_value("半分書いたコメント")
    expect(page.locator("#reason")).to_have_value("重複のため")
    page.locator(".thread-form button").click()
    expect(page.locator(".comment__body")).to_have_text("半分書いたコメント")
    expect(page.locator("#thread-text")).to_have_value("")
    assert (Comment.objects.get().body, page.evaluate(KEPT, "copy")) == ("半分書いたコメント", 1)
