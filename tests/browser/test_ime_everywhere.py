"""An input method in every field of every page, and each guard once taken away: the same gestures then misfire."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page

from curation.models import Dataset, Person
from tests.factories.addresses import address_of, pages_with_fields
from tests.factories.curation import make_dataset, make_item, make_member
from tests.factories.whole import Whole, make_whole
from tests.rig.misfires import (
    UNGUARDED,
    UNHEARD,
    misfires,
    sweep,
    type_everything,
    watch_over,
    watched,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
ROLES = ("author", "reviewer", "translator", "bilingual_reviewer", "lead", "release_manager")


@pytest.fixture
def dataset() -> Dataset:
    return make_dataset("home")


@pytest.fixture
def everybody(dataset: Dataset) -> Person:
    """One person with every role, who has written nothing of the others' work."""
    return make_member(dataset, *ROLES, name="minna")


@pytest.fixture
def review(dataset: Dataset, everybody: Person) -> str:
    return f"/d/home/review/{make_item(dataset, state='in_review').pk}/?decide=request_changes"


@pytest.fixture
def whole() -> Whole:
    return make_whole()


def at_work(whole: Whole) -> dict[str, Person]:
    """A page of each kind of work, and who opens it."""

    def page(name: str, asked: str = "") -> str:
        return address_of(name, whole.keys(name)) + asked

    rate = address_of("annotation:rate", whole.keys("annotation:rate"))
    return {
        page("curation:write_item"): whole.person,
        page("curation:review_item", "?decide=request_changes"): whole.person,
        page("curation:translate_item"): whole.person,
        page("curation:items"): whole.person,
        page("curation:guideline_new"): whole.person,
        rate: whole.rater,
    }


def swept(page: Page, sign_in: Any, pages: dict[str, Person], *scripts: str) -> dict[str, list[str]]:
    """What went wrong in each kind of field of the pages."""
    watch_over(page, *scripts)
    seen: set[str] = set()
    found: dict[str, list[str]] = {}
    for address, person in pages.items():
        sign_in(page, person)
        page.goto(address)
        found |= sweep(page, seen)
    return found


def test_an_input_method_misfires_nowhere_at_work(page: Page, sign_in: Any, whole: Whole) -> None:
    found = swept(page, sign_in, at_work(whole))
    page.evaluate("document.getElementById('palette').showModal()")
    found["palette"] = type_everything(page, page.locator("#palette input"))
    assert {field: wrong for field, wrong in found.items() if wrong} == {}
    assert len(found) >= 14, sorted(found)


@pytest.mark.slow
def test_without_the_guard_every_field_at_work_misfires(page: Page, sign_in: Any, whole: Whole) -> None:
    found = swept(page, sign_in, at_work(whole), UNGUARDED)
    assert [field for field, wrong in found.items() if not wrong] == []


@pytest.mark.slow
def test_an_input_method_misfires_in_no_field_of_any_page(
    page: Page, sign_in: Any, client: Client, whole: Whole
) -> None:
    pages = {
        address: person
        for person in (whole.rater, whole.person)
        for address in pages_with_fields(client, person, whole)
    }
    found = swept(page, sign_in, pages)
    assert {field: wrong for field, wrong in found.items() if wrong} == {}
    assert len(found) >= 60, sorted(found)


# Each guard once without what it looks at: the same gestures must then be seen to misfire.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("field_name", "scripts", "expected"),
    [
        ("#comment", [UNGUARDED], {"Ctrl+Enter: click Control+Enter", "Escape: focus main"}),
        ("#palette input", [UNGUARDED], {"Enter: close", "Enter in Safari's order: close"}),
        ("#answer", [UNHEARD], {"Enter: keep draft"}),
        ("#fix-comment", [UNHEARD], {"Enter: keep copy"}),
        ("#answer", [UNGUARDED], {"Enter: count"}),
    ],
)
def test_without_a_guard_the_same_gestures_misfire(
    page: Page,
    sign_in: Any,
    review: str,
    everybody: Person,
    field_name: str,
    scripts: list[str],
    expected: set[str],
) -> None:
    sign_in(page, everybody)
    fixing = field_name in ("#answer", "#fix-comment")
    watched(page, review.replace("request_changes", "fix_and_approve") if fixing else review, *scripts)
    if "palette" in field_name:
        page.evaluate("document.getElementById('palette').showModal()")
    assert expected <= set(type_everything(page, page.locator(field_name)))


OUTSIDE = [
    ("review", "a", "KeyA", ["click a"]),
    ("items/", "j", "KeyJ", ["focus a"]),
    ("figures", "Escape", "Escape", ["tip"]),
    ("menu", "Escape", "Escape", ["focus summary"]),
]
TIP = "document.querySelector('.tip').hidden = false"
MENU = "document.querySelector('details[data-menu]').open = true"


@pytest.mark.slow
@pytest.mark.parametrize(("where", "key", "code", "expected"), OUTSIDE)
@pytest.mark.parametrize("guarded", [True, False])
def test_keys_outside_fields_are_guarded_too(
    page: Page,
    sign_in: Any,
    ime: Any,
    dataset: Dataset,
    everybody: Person,
    where: str,
    key: str,
    code: str,
    expected: list[str],
    guarded: bool,
) -> None:
    item = make_item(dataset, state="in_review")
    sign_in(page, everybody)
    address = "/d/home/items/" if where == "items/" else f"/d/home/review/{item.pk}/"
    watched(page, address, *([] if guarded else [UNGUARDED]))
    if where == "figures":
        page.add_script_tag(url="/static/js/figures.js")
        page.evaluate(TIP)
    if where == "menu":
        page.evaluate(MENU)
    page.evaluate("focusQuietly(document.getElementById('main'))")
    misfires(page)
    ime.key(key, code)
    found = misfires(page)
    if where == "figures":
        found = ["tip"] if page.evaluate("document.querySelector('.tip').hidden") else []
    assert found == ([] if guarded else expected)
