"""The study page in Chromium: figures drawn under the strict policy, in both themes, by keyboard, and without a script."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from curation.models import Membership
from tests.factories.annotation import make_member, make_world_dataset
from tests.judging.test_study_figures import made_task

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
COLOUR = "() => getComputedStyle(document.querySelector('#figure-verdict .plot__drawing path[fill^=\"var(--ai\"]')).fill"


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> tuple[str, Any]:
    cache.clear()
    monkeypatch.setattr("judging.actions.studies.RESAMPLES", 100)
    task = made_task(make_world_dataset())
    person = make_member(task.dataset, Membership.Role.RESEARCHER)
    return reverse("judging:study", kwargs={"dataset": task.dataset.slug, "pk": task.pk}), person


def sign_in(page: Page, person: Any, url: str) -> None:
    client = Client()
    client.force_login(person)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])


def scroll_through(page: Page) -> None:
    for place in page.locator("[data-figure]").all():
        place.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-figure]')].every((e) => ['yes', 'no'].includes(e.dataset.drawn))"
    )


def test_every_figure_is_drawn_and_follows_the_theme(
    study: tuple[str, Any], new_page: Callable[..., Page], live_server: Any
) -> None:
    url, person = study
    page = new_page(color_scheme="light")
    page.context.set_default_timeout(30_000)
    sign_in(page, person, live_server.url)
    page.goto(url)
    scroll_through(page)
    states = page.locator("[data-figure]").evaluate_all("all => all.map((e) => e.dataset.drawn)")
    assert states == ["yes"] * len(states)
    assert len(states) >= 11
    light = page.evaluate(COLOUR)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(COLOUR) != light
    # A point says its number, and leads to the rows behind it.
    point = page.locator("#figure-violation .plot__drawing path[fill^='var(--ai']").first
    point.scroll_into_view_if_needed()
    point.hover()
    assert "n=" in page.locator(".tip").inner_text()
    point.click()
    page.wait_for_url("**/responses/**")


def test_the_tables_and_rows_are_reached_by_keyboard(
    study: tuple[str, Any], new_page: Callable[..., Page], live_server: Any
) -> None:
    url, person = study
    page = new_page()
    page.context.set_default_timeout(30_000)
    sign_in(page, person, live_server.url)
    page.goto(url)
    summary = page.locator("#figure-violation .as-table > summary")
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("#figure-violation .as-table").evaluate("e => e.open")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('#figure-violation table') !== null")
    page.keyboard.press("Enter")
    page.wait_for_url("**/responses/**")


def test_without_a_script_the_server_s_pictures_stand(
    study: tuple[str, Any], new_page: Callable[..., Page], live_server: Any
) -> None:
    url, person = study
    page = new_page(java_script_enabled=False)
    sign_in(page, person, live_server.url)
    page.goto(url)
    assert page.locator(".plot > svg.chart").count() >= 11
    assert page.locator(".plot__drawing").count() == 0
