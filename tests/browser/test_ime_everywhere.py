"""An input method in fields with keys of their own, and each guard once taken away: the same gestures then misfire."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from curation.models import Dataset, Person
from tests.factories.curation import make_dataset, make_item, make_member
from tests.rig.misfires import UNGUARDED, UNHEARD, misfires, type_everything, watched

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


def test_the_palette_and_the_fields_of_a_fix_misfire_nowhere(
    page: Page, sign_in: Any, review: str, everybody: Person
) -> None:
    sign_in(page, everybody)
    watched(page, review.replace("request_changes", "fix_and_approve"))
    page.evaluate("document.getElementById('palette').showModal()")
    page.locator("#palette input").evaluate("field => (field.dataset.swept = 'palette')")
    assert type_everything(page, page.locator("[data-swept=palette]")) == []
    page.reload()
    assert type_everything(page, page.locator("#question")) == []


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
