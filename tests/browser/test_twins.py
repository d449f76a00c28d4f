"""Near twins are asked for while one types, never in the middle of a composition, and the newest answer is shown."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from curation.models import Item
from tests.factories.curation import make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
TEXT = "薬を二倍飲んでもよいですか"


@pytest.fixture
def written(page: Page, sign_in: Any) -> Item:
    """A draft open in the browser, its question marked: what is typed takes its place."""
    dataset = make_dataset("home")
    author = make_member(dataset, "author")
    make_item(dataset, state="in_review", question=TEXT)
    item = make_item(dataset, author=author, question="下書き")
    sign_in(page, author)
    page.goto(f"/d/home/write/{item.pk}/")
    page.locator("#question").press("Control+a")
    return item


def asked_of(page: Page) -> list[Request]:
    seen: list[Request] = []
    page.on("request", lambda request: seen.append(request) if request.url.endswith("/twins/") else None)
    return seen


def test_twin_stands_beside_the_text_without_a_save_and_not_before_the_composition_ends(
    page: Page, ime: Any, written: Item
) -> None:
    seen = asked_of(page)
    ime.compose("くすりをにばいのんでもよいですか")
    page.wait_for_timeout(600)
    assert seen == []
    ime.commit("薬を三倍飲んでもよいですか")
    expect(page.locator("#twins .twins")).to_contain_text(TEXT)
    expect(page.locator("#twins .twins")).to_contain_text("83 %")
    assert [TEXT[-5:] in request.url for request in seen] == [False]
    assert seen[0].method == "POST"


def test_answer_that_was_overtaken_is_not_shown(page: Page, written: Item) -> None:
    """The first request is held back until the second has been answered."""
    held = []

    def hold(route: Any) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/twins/", hold)
    page.keyboard.insert_text("薬を三倍飲んでもよいですか")
    page.wait_for_timeout(600)
    with page.expect_response("**/twins/"):
        page.keyboard.insert_text("。それとも明日の天気の話のほうがよいでしょうか、まよっています")
    assert [route.request.failure for route in held] == ["net::ERR_ABORTED"]
    expect(page.locator("#twins .twins")).not_to_contain_text(TEXT)
