"""Undo outlives a reload, takes back nothing of another window, and is gone when the draft is handed in."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from curation.actions import items
from curation.models import Draft, Item
from tests.factories.curation import ANSWER, leaf, make_dataset, make_item, make_member
from tests.rig.broker import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
SAVED = ".actions [data-saved]"
UNDO, REDO = "[data-undo-step=undo]", "[data-undo-step=redo]"
# How many steps the device holds of all drafts.
HELD = """() => new Promise((yes) => {
  const asked = indexedDB.open("teinei-undo", 1);
  asked.onsuccess = () => {
    const all = asked.result.transaction("lines").objectStore("lines").getAll();
    all.onsuccess = () => yes(all.result.reduce((sum, line) => sum + line.done.length, 0));
  };
})"""


@pytest.fixture
def written(page: Page, sign_in: Any) -> Item:
    """A draft open in the browser."""
    dataset = make_dataset("home")
    author = make_member(dataset, "author")
    item = make_item(dataset, author=author)
    sign_in(page, author)
    page.goto(f"/d/home/write/{item.pk}/")
    return item


def saved(page: Page, *, answer: str) -> None:
    expect(page.locator("#answer")).to_have_value(answer)
    expect(page.locator(SAVED)).to_have_attribute("data-state", "saved")
    assert Draft.objects.get().answer == answer


def can(page: Page, *, undo: bool, redo: bool) -> None:
    for place, able in ((UNDO, undo), (REDO, redo)):
        expect(page.locator(place)).to_have_attribute("aria-disabled", "false" if able else "true")


def holds(page: Page, steps: int | None) -> None:
    """Waits until the device holds that many steps, or any."""
    wait_until(lambda: page.evaluate(HELD) == steps if steps is not None else page.evaluate(HELD) > 0)


def reload(page: Page, *, steps: int | None = None) -> None:
    """Once the device holds that many steps, or any."""
    holds(page, steps)
    page.reload()
    expect(page.locator(UNDO)).to_have_attribute("aria-disabled", "false")


def test_what_was_done_before_a_reload_is_taken_back_after_it(page: Page, ime: Any, written: Item) -> None:
    can(page, undo=False, redo=False)
    page.locator("#answer").press("Control+End")
    ime.type("相談先を足した。", reading="そうだん")
    ime.type("次の文。", reading="つぎ")
    page.locator("#sources").fill("消費者庁")
    page.locator(".attributes input").first.check()
    saved(page, answer=ANSWER + "相談先を足した。次の文。")
    reload(page, steps=4)
    page.locator("#answer").press("Control+z")
    expect(page.locator(".attributes input").first).not_to_be_checked()
    page.keyboard.press("Meta+z")
    expect(page.locator("#sources")).to_have_value("")
    page.locator("#answer").press("Control+z")
    saved(page, answer=ANSWER + "相談先を足した。")
    ime.compose("かく")
    ime.key("z", "KeyZ", ctrl=True)
    ime.cancel()
    saved(page, answer=ANSWER + "相談先を足した。")
    page.locator(UNDO).click()
    saved(page, answer=ANSWER)
    can(page, undo=False, redo=True)
    for key in ("Control+y", "Control+Shift+z", "Control+Shift+z", "Control+y"):
        page.keyboard.press(key)
    saved(page, answer=ANSWER + "相談先を足した。次の文。")
    draft = Draft.objects.get()
    assert (draft.sources, list(draft.attributes.values()).count(True)) == (["消費者庁"], 1)
    assert draft.origins["answer"][-1] == ["typed", 12]
    can(page, undo=True, redo=False)


@pytest.mark.slow
def test_on_one_page_the_browser_takes_back_what_was_typed(page: Page, written: Item) -> None:
    page.evaluate(
        "() => { window.own = []; document.addEventListener('input', (event) => own.push([event.inputType, event.isTrusted])); }"
    )
    page.locator("#answer").press("Control+End")
    page.keyboard.type("one two. three")
    for _letter in range(14):  # how much one step holds is the browser's own affair
        if page.locator("#answer").input_value() != ANSWER:
            page.keyboard.press("Control+z")
    can(page, undo=False, redo=True)
    while page.locator(REDO).get_attribute("aria-disabled") == "false":
        page.locator(REDO).click()
    saved(page, answer=ANSWER + "one two. three")
    own = page.evaluate("own.filter(([kind]) => kind.startsWith('history'))")
    assert dict(own) == {"historyUndo": True, "historyRedo": True}
    reload(page)
    page.locator("#question").press("Control+z")
    expect(page.locator("#answer")).to_be_focused()
    assert page.locator("#answer").input_value() in [ANSWER + "one two. three"[:end] for end in range(14)]
    page.keyboard.type("3")
    page.keyboard.press("Control+z")  # this again is the browser's
    page.keyboard.press("Control+z")
    while page.locator(UNDO).get_attribute("aria-disabled") == "false":
        page.keyboard.press("Control+z")
    saved(page, answer=ANSWER)


@pytest.mark.slow
def test_criteria_come_back_as_the_lines_that_they_were(page: Page, written: Item) -> None:
    page.get_by_role("button", name="Add a line").first.click()
    page.keyboard.type("一")
    page.keyboard.press("Enter")
    page.keyboard.type("二")
    expect(page.locator(SAVED)).to_have_attribute("data-state", "saved")
    reload(page, steps=2)
    page.locator(".lines input").first.press("Control+z")
    expect(page.locator(".lines input")).to_have_count(1)
    expect(page.locator(".lines input")).to_be_focused()
    expect(page.locator(SAVED)).to_have_attribute("data-state", "saved")
    assert Draft.objects.get().criteria == {"must": ["一"], "must_not": []}


def test_a_window_takes_back_nothing_that_another_one_typed(page: Page, written: Item) -> None:
    other = page.context.new_page()
    other.goto(f"/d/home/write/{written.pk}/")
    page.locator("#answer").fill("まず、" + ANSWER)
    saved(page, answer="まず、" + ANSWER)
    other.locator("#answer").fill(ANSWER + "別の窓で足した。")
    saved(other, answer="まず、" + ANSWER + "別の窓で足した。")
    other.locator("#answer").press("Control+z")
    saved(other, answer="まず、" + ANSWER)
    other.locator("#answer").press("Control+y")
    saved(other, answer="まず、" + ANSWER + "別の窓で足した。")
    reload(page)
    page.locator("#answer").press("Control+z")
    saved(page, answer=ANSWER + "別の窓で足した。")
    can(page, undo=False, redo=True)
    reload(other)
    other.locator("#answer").press("Control+z")
    saved(other, answer=ANSWER)
    page.keyboard.press("Control+Shift+z")
    saved(page, answer="まず、" + ANSWER)


@pytest.mark.slow
def test_a_reviewers_fix_and_its_comment_are_taken_back(page: Page, sign_in: Any) -> None:
    dataset = make_dataset("home")
    item = make_item(dataset, state="in_review")
    sign_in(page, make_member(dataset, "reviewer"))
    page.goto(f"/d/home/review/{item.pk}/?decide=fix_and_approve")
    page.locator("#answer").fill(ANSWER + "直した。")
    page.locator("#fix-comment").fill("窓口を足しました")
    expect(page.locator(SAVED)).to_have_attribute("data-state", "saved")
    reload(page, steps=2)
    page.locator(UNDO).click()
    expect(page.locator("#fix-comment")).to_have_value("")
    page.locator(UNDO).click()
    expect(page.locator("#answer")).to_have_value(ANSWER)
    page.locator(REDO).click()
    expect(page.locator("#answer")).to_have_value(ANSWER + "直した。")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[name=step][value=accept]")).to_be_visible()
    holds(page, 1)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/d/home/review/")
    holds(page, 0)


@pytest.mark.slow
def test_nothing_is_left_of_it_after_a_submit_or_a_sign_out(page: Page, written: Item) -> None:
    page.locator("#question").fill("書き直した質問です。どうすればよいでしょうか。")
    holds(page, 1)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/write/?again=*")
    holds(page, 0)
    another = items.start_item(written.author, written.dataset, category=leaf(written.dataset))
    page.goto(f"/d/home/write/{another.pk}/")
    page.locator("#question").fill("半分")
    holds(page, 1)
    page.locator(".top details[data-menu] summary").last.click()
    page.locator("[data-sign-out] button").click()
    page.wait_for_url("**/accounts/login/**")
    holds(page, 0)
