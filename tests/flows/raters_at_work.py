"""Raters in the campaign's story, by keyboard: they qualify, rate, take back, lose the network, and correct."""

import json
import re
from typing import Any

from playwright.sync_api import Page

from tests.rig.broker import wait_until
from tests.rig.story import Story

MODELS = ("hypothetical-kumo-7b", "hypothetical-nami-13b")
CODE = re.compile(r"整理番号(\d+)")
# What each makes of the response of that number. They part over the first, and miho cannot decide on the second.
RESPONSES = 8
NAO = {1: 5, 2: 4, 3: 3, 4: 2, 5: 1, 6: 4, 7: 5, 8: 3}
MIHO = NAO | {1: 1, 2: 0}
# Numbers of cases with known scores, and what is right there.
PRACTICE = {21: 1, 22: 5, 23: 2, 24: 4}
CHECKS = {31: 5, 32: 1}
KNOWN = PRACTICE | CHECKS
REASON = "相談先を示していない。"
STANDING = (
    "select r.score, r.cannot_decide, r.role from annotation_rating r join annotation_rater p on p.id = r.rater_id "
    "join annotation_response s on s.id = r.response_id join curation_text t on t.hash = s.text_id "
    "where not r.superseded and p.pseudonym = ? and t.body like ?"
)


def number_on(page: Page) -> int:
    """The number in the response on the page; nothing there names a model."""
    text = page.content()
    assert not [model for model in MODELS if model in text]
    return int(CODE.findall(page.inner_text("[data-rate-part=text]"))[-1])


def qualify(story: Story, name: str, *, wrong: int) -> None:
    """Four cases by keyboard; after each the page says what is right and why. Three of four are enough."""
    page = story.rater_page(name)
    page.wait_for_url("**/practice/")
    for at in range(len(PRACTICE)):
        page.wait_for_selector("[name=case]", state="attached")
        number = number_on(page)
        right = PRACTICE[number]
        page.keyboard.press(str(right if at >= wrong else 6 - right))
        told = page.wait_for_selector(".practice-told")
        assert told is not None
        assert f"番号{number}の説明です。" in told.inner_text()
        page.keyboard.press("n")
        page.wait_for_function("() => !document.querySelector('.practice-told')")
    outcome = (
        "select q.asked, q.right, q.passed from annotation_qualification q join annotation_rater p on p.id = q.rater_id "
        "where p.pseudonym = ?"
    )
    assert story.house.rows(outcome, f"p-{name}") == [(4, 4 - wrong, 1)]


def to_work(story: Story, name: str) -> Page:
    page = story.page_of(name, "rate/")
    page.wait_for_selector("[name=token]", state="attached")
    return page


def standing(story: Story, name: str, number: int) -> list[tuple[Any, ...]]:
    return story.house.rows(STANDING, f"p-{name}", f"%整理番号{number}）%")


def press(page: Page, score: int) -> None:
    """One key; a low score asks for its reason first."""
    page.keyboard.press(str(score))
    if 0 < score <= 2:
        page.keyboard.insert_text(REASON)
        page.keyboard.press("Control+Enter")


def after(page: Page, token: str) -> None:
    gone = "old => document.querySelector('[name=token]')?.value !== old && !document.querySelector('[aria-busy=true]')"
    page.wait_for_function(gone, arg=token)


def give(page: Page, score: int) -> None:
    token = page.input_value("[name=token]")
    press(page, score)
    after(page, token)


def wanted(number: int, whose: dict[int, int]) -> int:
    return whose[number] if number in whose else KNOWN[number]


def rate_with_troubles(story: Story) -> None:
    """A wrong key taken back, a skip taken back, a reload, a cut of the network, an earlier rating corrected."""
    page = to_work(story, "nao")
    take_back_a_rating(story, page)
    take_back_a_skip(story, page)
    reload_in_between(story, page)
    lose_the_network(story, page)
    correct_the_previous(story, page)


def take_back_a_rating(story: Story, page: Page) -> None:
    number = number_on(page)
    give(page, 3 if wanted(number, NAO) != 3 else 4)
    [(score, _undecided, _role)] = standing(story, "nao", number)
    assert int(score) != wanted(number, NAO)
    page.keyboard.press("u")
    page.wait_for_function(
        "number => document.querySelector('[data-rate-part=text]').innerText.includes(number)",
        arg=f"整理番号{number}）",
    )
    assert standing(story, "nao", number) == []
    give(page, wanted(number, NAO))
    [(score, _undecided, _role)] = standing(story, "nao", number)
    assert int(score) == wanted(number, NAO)


def take_back_a_skip(story: Story, page: Page) -> None:
    number, token = number_on(page), page.input_value("[name=token]")
    page.keyboard.press("s")
    page.wait_for_selector("[data-axis][inert]", state="attached")
    page.keyboard.press("2")
    after(page, token)
    skipped = "select reason_code from annotation_assignment where state = 'skipped'"
    assert story.house.rows(skipped) == [("unclear",)]
    page.keyboard.press("u")
    page.wait_for_function(
        "number => document.querySelector('[data-rate-part=text]').innerText.includes(number)",
        arg=f"整理番号{number}）",
    )
    assert story.house.rows(skipped) == []
    give(page, wanted(number, NAO))


def reload_in_between(story: Story, page: Page) -> None:
    """The same response comes again, and what was typed stands there."""
    number = number_on(page)
    page.fill("[name=comment]", "途中まで書いた言葉")
    draft = "select draft from annotation_assignment where state = 'leased'"
    wait_until(
        lambda: "途中まで書いた言葉" in [json.loads(row[0]).get("comment") for row in story.house.rows(draft)]
    )
    page.reload()
    assert number_on(page) == number
    assert page.input_value("[name=comment]") == "途中まで書いた言葉"
    page.fill("[name=comment]", "")
    page.evaluate("document.activeElement.blur()")
    give(page, wanted(number, NAO))


def lose_the_network(story: Story, page: Page) -> None:
    """A rating without an answer is kept and goes by itself, once."""
    number, token = number_on(page), page.input_value("[name=token]")
    page.context.set_offline(True)
    press(page, wanted(number, NAO))
    page.wait_for_selector("[data-rate-said][data-state=unsaved]")
    assert standing(story, "nao", number) == []
    page.context.set_offline(False)
    after(page, token)
    [(score, _undecided, _role)] = standing(story, "nao", number)
    assert int(score) == wanted(number, NAO)


def correct_the_previous(story: Story, page: Page) -> None:
    """Back to the last one, another key, and the right one again: corrections supersede, one rating stands."""
    here = page.input_value("[name=token]")
    page.keyboard.press("p")
    after(page, here)
    number = number_on(page)
    other = 3 if wanted(number, NAO) != 3 else 4
    for score in (other, wanted(number, NAO)):
        press(page, score)
        wait_until(lambda score=score: standing(story, "nao", number)[0][0] == str(score))
        page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")
        if not page.locator("form[data-own]").count():
            page.keyboard.press("p")
            page.wait_for_selector("form[data-own]", state="attached")
    assert len(standing(story, "nao", number)) == 1
    page.keyboard.press("b")
    page.wait_for_function("old => document.querySelector('[name=token]')?.value === old", arg=here)


def rate_the_rest(story: Story, name: str, whose: dict[int, int]) -> None:
    page = to_work(story, name)
    while page.locator("[name=token]").count():
        give(page, wanted(number_on(page), whose))
    for number, score in whose.items():
        assert standing(story, name, number) == [(str(score or ""), int(not score), "rater")], number
    checks = story.house.value(
        "select count(*) from annotation_rating r join annotation_rater p on p.id = r.rater_id "
        "where r.role = 'gold' and p.pseudonym = ? and not superseded",
        f"p-{name}",
    )
    assert 1 <= checks <= len(CHECKS)
    shown = "select with_reference, count(*) from annotation_rating where role = 'rater' and not superseded group by 1"
    if name == "miho":
        assert story.house.rows(shown) == [(0, RESPONSES), (1, RESPONSES)]
