"""An author loses what they had open for writing: the page says so, nothing typed is lost, the text can be taken along."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from curation.actions import leases
from curation.actions.items import Wording, submit
from curation.models import Dataset, Draft, Item, Lease, Person
from tests.factories.curation import ANSWER, make_dataset, make_item, make_member
from tests.rig.browser import InputMethod

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WRITE = Lease.Part.WRITE
TYPED, MORE = "薬剤師に電話で相談してください。", "夜中は救急の窓口があります。"


@pytest.fixture
def home() -> Dataset:
    return make_dataset("home")


@pytest.fixture
def hanako(home: Dataset) -> Person:
    return make_member(home, "author", name="hanako")


@pytest.fixture
def jiro(home: Dataset) -> Person:
    return make_member(home, "author", name="jiro")


@pytest.fixture
def item(home: Dataset) -> Item:
    """A question that waits for its answer."""
    return make_item(home, state="awaiting_answer", author=make_member(home, "author"))


def runs_out(item: Item, to: Person) -> None:
    """Nobody was at the page for a quarter of an hour: the next one takes it."""
    Lease.objects.filter(item=item).update(expires_at=timezone.now() - timedelta(seconds=1))
    leases.lease_item(to, item, WRITE)


def hands_in(person: Person, item: Item) -> None:
    assert item.current_revision
    submit(person, item, Wording(question=item.current_revision.question, answer=ANSWER))


def types(page: Page, text: str) -> None:
    """By an input method, and the server has it."""
    page.locator("#answer").press("Control+End")
    InputMethod(page).type(text, reading=text[:4])
    saved = page.locator(".actions [data-saved]")
    expect(saved).to_have_attribute("data-state", "saved")


def test_whoever_took_it_is_named_at_the_next_keystroke_and_the_draft_goes_on(
    page: Page, sign_in: Any, home: Dataset, hanako: Person, jiro: Person, item: Item
) -> None:
    sign_in(page, hanako)
    page.goto(f"/d/home/write/{item.pk}/")
    types(page, TYPED)
    leases.hand_over(make_member(home, "lead"), item, to=jiro, part=WRITE)
    types(page, MORE)
    lost = page.locator("[data-lease-lost]")
    expect(lost).to_contain_text("It was handed to jiro")
    expect(lost).to_contain_text("What you type is kept as your own draft")
    assert Draft.objects.get(person=hanako).answer == TYPED + MORE
    page.reload()
    expect(page.locator("#answer")).to_have_value(TYPED + MORE)
    expect(page.get_by_role("button", name="Submit for review")).to_have_count(0)
    leases.let_go(jiro, item, WRITE)
    page.reload()
    page.get_by_role("button", name="Submit for review").click()
    page.wait_for_url(lambda url: f"/write/{item.pk}/" not in url)
    item.refresh_from_db()
    assert item.current_revision
    assert (item.state, item.current_revision.answer) == ("in_review", TYPED + MORE)


def test_first_words_after_another_handed_in_are_kept_and_can_be_taken_along(
    page: Page, sign_in: Any, hanako: Person, jiro: Person, item: Item
) -> None:
    sign_in(page, hanako)
    page.goto(f"/d/home/write/{item.pk}/")
    runs_out(item, jiro)
    hands_in(jiro, item)
    types(page, TYPED)
    expect(page.locator("[data-lease-lost]")).to_contain_text("handed in or closed meanwhile")
    expect(page.locator("#answer")).to_have_value(TYPED)
    page.reload()
    expect(page.get_by_text("It moves on without you")).to_be_visible()
    expect(page.get_by_text(TYPED)).to_be_visible()
    item.refresh_from_db()
    assert item.current_revision
    assert item.current_revision.answer == ANSWER
