"""Earlier texts on the page of an item and in the API."""

from __future__ import annotations

from typing import Any

import pytest

from curation.models import Dataset, Draft, Item, KeptDraft, Person
from tests.factories.curation import ANSWER, make_dataset, make_item, make_member
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
OWN = "自分の書きかけの答え。"


@pytest.fixture
def dataset() -> Dataset:
    return make_dataset("pages")


@pytest.fixture
def author(dataset: Dataset) -> Person:
    return make_member(dataset, "author")


@pytest.fixture
def item(dataset: Dataset, author: Person) -> Item:
    made = make_item(dataset, state="needs_changes", author=author)
    Draft.objects.create(item=made, person=author, question="問い", answer=OWN, version=3)
    return made


def test_a_revision_goes_into_the_draft_and_back_from_the_page_of_the_item(
    item: Item, author: Person
) -> None:
    client, page = signed_in(author), f"/d/pages/items/{item.pk}/"
    assert client.get(page).content.decode().count(f'name="revision" value="{item.current_revision_id}"') == 1
    answer = client.post(f"{page}restore/", {"revision": item.current_revision_id})
    assert answer.headers["Location"] == f"/d/pages/write/{item.pk}/"
    draft = Draft.objects.get()
    assert (draft.answer, draft.version) == (ANSWER, 4)
    kept = KeptDraft.objects.get()
    body = client.get(page).content.decode()
    assert (body.count(OWN), body.count(f'name="kept" value="{kept.pk}"')) == (1, 1)
    client.post(f"{page}restore/", {"kept": kept.pk})
    assert (Draft.objects.get().answer, KeptDraft.objects.count()) == (OWN, 0)


def test_nobody_else_reads_a_kept_draft_or_finds_a_button(item: Item, dataset: Dataset) -> None:
    KeptDraft.objects.create(item=item, person=item.author, answer=OWN)
    body = signed_in(make_member(dataset, "lead")).get(f"/d/pages/items/{item.pk}/").content.decode()
    assert (body.count(OWN), body.count("restore/")) == (0, 0)


def test_a_reviewer_comes_to_the_fix(item: Item, dataset: Dataset) -> None:
    Item.objects.filter(pk=item.pk).update(state="in_review")
    reviewer = make_member(dataset, "reviewer")
    answer = signed_in(reviewer).post(
        f"/d/pages/items/{item.pk}/restore/", {"revision": item.current_revision_id}
    )
    assert answer.headers["Location"] == f"/d/pages/review/{item.pk}/?decide=fix_and_approve"
    assert Draft.objects.get(person=reviewer).answer == ANSWER


@pytest.mark.parametrize("given", [{}, {"revision": "x"}, {"kept": "9" * 30}])
def test_a_post_that_names_no_text_is_of_no_page(item: Item, author: Person, given: dict[str, str]) -> None:
    assert signed_in(author).post(f"/d/pages/items/{item.pk}/restore/", given).status_code == 404


def test_a_refusal_leads_back_with_its_reason(item: Item, dataset: Dataset) -> None:
    client = signed_in(make_member(dataset, "author"))
    answer = client.post(
        f"/d/pages/items/{item.pk}/restore/", {"revision": item.current_revision_id}, follow=True
    )
    assert "Another author is writing this item." in answer.content.decode()
    assert Draft.objects.get().answer == OWN


def test_programs_see_what_there_is_and_take_it(item: Item, author: Person, dataset: Dataset) -> None:
    client, path = signed_in(author), f"/api/d/pages/items/{item.pk}/restore/"

    def post(body: dict[str, Any]) -> tuple[int, Any]:
        answer = client.post(path, data=body, content_type="application/json")
        return answer.status_code, answer.json()

    assert client.get(path).json()["revisions"][0]["id"] == item.current_revision_id
    code, draft = post({"revision": item.current_revision_id})
    assert (code, draft["answer"], draft["version"]) == (200, ANSWER, 4)
    kept = client.get(path).json()["kept"]
    assert [each["answer"] for each in kept] == [OWN]
    code, draft = post({"kept": kept[0]["id"]})
    assert (code, draft["answer"], client.get(path).json()["kept"]) == (200, OWN, [])
    assert [post(body)[0] for body in ({}, {"revision": 1, "kept": 1}, {"kept": kept[0]["id"]})] == [400] * 3
    stranger = signed_in(make_member(make_dataset("other"), "author"))
    assert (stranger.get(path).status_code, stranger.post(path).status_code) == (404, 404)
    other = signed_in(make_member(dataset, "author"))
    assert other.get(path).status_code == 403
