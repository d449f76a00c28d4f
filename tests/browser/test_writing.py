"""The writing page as a writer uses it: where characters came from, criteria without a mouse, findings and dismissals."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from curation.actions import items
from curation.models import Dismissal, Draft, Item
from tests.factories.curation import leaf, make_dataset, make_member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
QUESTION = "㈱丁寧から電話がありました。番号は090-3141-5926です。出てもよいでしょうか。"
PASTED = "外から写した文章"


@pytest.fixture
def written(page: Page, sign_in: Any) -> Item:
    """A question with two findings, its answer still empty, open in the browser."""
    dataset = make_dataset("home")
    author = make_member(dataset, "author")
    item = items.start_item(author, dataset, category=leaf(dataset))
    items.save_draft(author, item, version=0, client_id="", question=QUESTION)
    sign_in(page, author)
    page.goto(f"/d/home/write/{item.pk}/")
    return item


def saved(page: Page) -> None:
    expect(page.locator(".actions [data-saved]")).to_have_attribute("data-state", "saved")


def paste_from_elsewhere(page: Page) -> None:
    """Copies from a field whose words are nobody's answer and pastes into the answer."""
    page.locator("#sources").fill(PASTED)
    page.locator("#sources").press("Control+a")
    page.keyboard.press("Control+c")
    page.locator("#answer").focus()
    page.keyboard.press("Control+v")


def test_each_character_is_known_by_how_it_came_in(page: Page, ime: Any, written: Item) -> None:
    page.locator("#answer").click()
    ime.type("相談", reading="そうだん")  # 2 typed
    paste_from_elsewhere(page)  # 8 pasted
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")  # undone and done again: still pasted
    page.keyboard.type("ab")  # 2 typed
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Control+c")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+v")  # one's own character again: 1 typed
    expect(page.locator("#answer")).to_have_value(f"相談{PASTED}abb")
    saved(page)
    first = [["typed", 2], ["pasted", 8], ["typed", 3]]
    assert Draft.objects.get().origins == {"answer": first}  # of the question nothing is known
    page.reload()
    page.locator("#answer").press("Control+Home")
    page.keyboard.press("Delete")
    page.keyboard.press("Control+End")
    page.keyboard.type("c")
    saved(page)
    assert Draft.objects.get().origins == {"answer": [["typed", 1], ["pasted", 8], ["typed", 4]]}


def test_reviewer_reads_how_much_was_pasted(page: Page, sign_in: Any, written: Item) -> None:
    paste_from_elsewhere(page)
    page.keyboard.type("。")
    saved(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/write/**again**")
    sign_in(page, make_member(written.dataset, "reviewer"))
    page.goto(f"/d/home/review/{written.pk}/")
    expect(page.get_by_text("8 of 9 characters were pasted")).to_be_visible()


def test_criteria_are_lines_that_need_no_mouse(page: Page, ime: Any, written: Item) -> None:
    add = page.get_by_role("button", name="Add a line").first
    add.focus()
    page.keyboard.press("Enter")
    ime.type("相談先を挙げる", reading="そうだんさきをあげる")
    page.keyboard.press("Enter")
    page.keyboard.type("b")
    page.keyboard.press("Enter")
    page.keyboard.press("Backspace")  # the empty third line goes, the second has the focus
    page.keyboard.type("c")
    saved(page)
    assert Draft.objects.get().criteria == {"must": ["相談先を挙げる", "bc"], "must_not": []}
    page.reload()
    expect(page.locator(".lines input")).to_have_count(2)
    page.locator(".lines input").first.press("ArrowDown")
    page.keyboard.press("Control+a")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    saved(page)
    assert Draft.objects.get().criteria == {"must": ["相談先を挙げる"], "must_not": []}


def test_a_finding_shows_its_place_and_is_dismissed(page: Page, written: Item) -> None:
    page.locator(".finding summary", has_text="telephone number").click()
    page.locator(".place", has_text="090").click()
    selected = "(f => f.value.slice(f.selectionStart, f.selectionEnd))(document.querySelector('#question'))"
    assert page.evaluate(selected) == "090-3141-5926"
    reason = page.locator(".finding[open] input[name=reason]")
    reason.fill("架空の")
    reason.press("End")
    page.locator("#answer").evaluate(
        "f => { f.value = 'a'; f.dispatchEvent(new Event('input', {bubbles: true})) }"
    )
    saved(page)
    expect(reason).to_have_value("架空の")  # what is typed there outlives the list that comes anew
    reason.press("Enter")
    expect(page.get_by_text("1 dismissed")).to_be_visible()
    assert [row.reason for row in Dismissal.objects.all()] == ["架空の"]
