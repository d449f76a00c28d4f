"""The exchange's page in Chromium: the connection arrives by itself under the strict policy, and a conflict is decided."""

from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from annotation.models import PartnerConflict
from curation.models import Membership
from tests.browser.test_study import sign_in
from tests.factories.annotation import make_member, make_task, make_world_dataset
from tests.factories.partner import There
from tests.rig.replay import replayed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_connection_arrives_and_an_unknown_rater_is_named(
    page: Page, live_server: Any, settings: Any
) -> None:
    cache.clear()
    task, _people = make_task(make_world_dataset(), raters=1)
    lead = make_member(task.dataset, Membership.Role.LEAD)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    with replayed("exchange") as server:
        settings.LABEL_STUDIO_URL, settings.LABEL_STUDIO_API_KEY = server.url, "eyJ.recorded.token"
        there = There(task, url=server.url)
        there.has(1, 11, "4", who=99)
        there.read()
        sign_in(page, lead, live_server.url)
        page.goto(f"{live_server.url}/d/{task.dataset.slug}/tasks/{task.pk}/label-studio/")
        expect(page.get_by_text("admin@example.com")).to_be_visible()
        expect(page.get_by_text("1.23.2")).to_be_visible()
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.get_by_role("button", name="新しい評価者にする").click()
        expect(page.get_by_text("決定を待つものはありません。")).to_be_visible()
    assert PartnerConflict.objects.get().decision == "external"
    assert said == []
