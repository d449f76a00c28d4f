"""Talk beside an item in the browser: names by keyboard and by an input method, nothing sent by accident, nothing lost."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from curation.models import Comment, Item, Notice
from tests.factories.curation import make_dataset, make_item, make_member
from tests.rig.misfires import UNGUARDED, type_everything, watched

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FIELD = "#thread-text"


@pytest.fixture
def item(page: Page, sign_in: Any) -> Item:
    """In review, before a reviewer; two more people may be named."""
    dataset = make_dataset("home")
    make_member(dataset, "author", name="sato")
    make_member(dataset, "author", name="saeki")
    made = make_item(dataset, state="in_review")
    sign_in(page, make_member(dataset, "reviewer", name="ren"))
    return made


def test_name_is_chosen_by_keyboard_and_a_composition_never_chooses_one(
    page: Page, ime: Any, item: Item
) -> None:
    page.goto(f"/d/home/review/{item.pk}/")
    field, names = page.locator(FIELD), page.locator(f"{FIELD} + .names [role=option]")
    field.focus()
    ime.compose("＠")
    expect(names).to_have_count(0)
    ime.commit("＠")
    expect(names).to_have_count(4)  # the item's author, ren, saeki, sato
    page.keyboard.type("sa")
    expect(names).to_have_count(2)
    ime.compose("と")
    expect(names).to_have_count(0)
    ime.cancel()
    expect(names).to_have_count(2)
    page.keyboard.press("ArrowDown")
    ime.key("Enter", "Enter")  # an input method's own
    assert field.input_value() == "＠sa"
    page.keyboard.press("Enter")
    assert field.input_value() == "＠sato "
    page.keyboard.type("@sa")
    expect(names).to_have_count(2)
    page.keyboard.press("Escape")
    expect(names).to_have_count(0)
    expect(field).to_be_focused()


def test_control_enter_sends_the_comment_and_decides_nothing(page: Page, item: Item) -> None:
    page.goto(f"/d/home/review/{item.pk}/?decide=reject")
    page.locator(FIELD).fill("@sato 見てください。")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    assert page.url.endswith(f"/d/home/review/{item.pk}/?decide=reject#discussion")
    expect(page.locator(".comment .mention")).to_have_text("@sato")
    assert Item.objects.get(pk=item.pk).state == "in_review"
    assert [notice.kind for notice in Notice.objects.order_by("pk")] == ["mentioned", "commented"]


def test_comment_stays_on_the_device_until_it_is_taken_and_is_taken_once(page: Page, item: Item) -> None:
    """The answer to the first submit is lost on the way; the second goes out under the same name."""
    here = f"/d/home/items/{item.pk}/"
    page.goto(here)
    page.locator(FIELD).fill("消えないでほしい一言。")
    page.goto("/d/home/")
    page.goto(here)
    expect(page.locator(FIELD)).to_have_value("消えないでほしい一言。")

    def lose(route: Any) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    page.route("**/comment/", lose)
    page.locator(FIELD).press("Control+Enter")
    page.wait_for_function("() => document.location.href.startsWith('chrome-error')")
    assert Comment.objects.count() == 1
    page.unroute("**/comment/")
    page.context.clear_cookies(name="kept")  # came with the answer that was lost
    page.goto(here)
    expect(page.locator(FIELD)).to_have_value("消えないでほしい一言。")
    with page.expect_navigation():
        page.locator(FIELD).press("Control+Enter")
    expect(page.locator(FIELD)).to_have_value("")
    assert Comment.objects.count() == 1


@pytest.mark.parametrize(("scripts", "expected"), [((), set()), ((UNGUARDED,), {"Ctrl+Enter: submit"})])
def test_an_input_method_misfires_only_where_its_guard_is_taken_away(
    page: Page, item: Item, scripts: tuple[str, ...], expected: set[str]
) -> None:
    watched(page, f"/d/home/review/{item.pk}/", *scripts)
    wrong = set(type_everything(page, page.locator(FIELD)))
    assert expected <= wrong
    assert bool(wrong) == bool(expected)


def test_bell_counts_what_is_new_and_a_notice_that_is_opened_is_seen(
    page: Page, sign_in: Any, item: Item
) -> None:
    ren = item.dataset.memberships.get(person__username="ren").person
    Notice.objects.create(person=ren, dataset=item.dataset, kind="mentioned", item=item, actor=item.author)
    page.goto("/d/home/")
    expect(page.locator("[data-bell-count]")).to_contain_text("1")
    page.keyboard.press("g")
    with page.expect_navigation():
        page.keyboard.press("n")
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert f"/d/home/review/{item.pk}/" in page.url
    for _try in range(100):  # it is sent as the page is left: nobody is told of the answer
        if Notice.objects.get().seen_at is not None:
            break
        page.wait_for_timeout(100)
    assert Notice.objects.get().seen_at is not None
