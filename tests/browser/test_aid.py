"""The drafting aid as a writer uses it: added behind what stands, counted as a machine's, taken out again."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from curation.actions import aid, items
from curation.actions.endpoints import create_endpoint
from curation.log import OPERATOR
from curation.models import Draft
from tests.factories.curation import leaf, make_dataset, make_member
from tests.rig.endpoint import Endpoint, says

pytest_plugins = ["tests.rig.endpoint"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.slow]
TEXT = "薬剤師に相談してください。"


def test_a_suggestion_is_added_by_a_press_and_taken_out_again(
    page: Page, sign_in: Any, settings: Any, endpoint: Endpoint
) -> None:
    settings.TEINEI_FIELD_KEY = "x" * 50
    endpoint.usual = says(TEXT)
    dataset = make_dataset("home")
    author, lead = make_member(dataset, "author"), make_member(dataset, "lead")
    aid.set_aid(
        lead, dataset, create_endpoint(OPERATOR, dataset, {"name": "m", "url": endpoint.url, "model": "m"})
    )
    item = items.start_item(author, dataset, category=leaf(dataset))
    items.save_draft(author, item, version=0, client_id="", question="薬を二倍飲んでもよいですか。")
    sign_in(page, author)
    page.goto(f"/d/home/write/{item.pk}/")
    answer = page.locator("#answer")
    answer.press_sequentially("abc")
    page.get_by_role("button", name="Suggest an answer").click()
    expect(page.locator("[data-aid-row]", has_text=TEXT)).to_be_visible()
    expect(answer).to_have_value("abc")
    page.get_by_role("button", name="Add to the answer").click()
    expect(answer).to_have_value(f"abc\n\n{TEXT}")
    expect(page.locator(".actions [data-saved]")).to_have_attribute("data-state", "saved")
    assert Draft.objects.get().origins["answer"] == [["typed", 3], ["machine", 2 + len(TEXT)]]
    page.get_by_role("button", name="Take it out again").click()
    expect(answer).to_have_value("abc")
    page.get_by_role("button", name="Add to the answer").click()
    answer.press_sequentially("d")
    expect(page.get_by_role("button", name="Take it out again")).to_be_hidden()
    expect(answer).to_have_value(f"abc\n\n{TEXT}d")
