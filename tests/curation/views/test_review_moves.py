"""Moving an item by key on its review, and by the API."""

from __future__ import annotations

import pytest

from curation.models import Item
from tests.factories.curation import leaf, make_item


@pytest.fixture
def item(dataset, author):
    return make_item(dataset, state="in_review", author=author)


def test_move_goes_on_with_the_next(dataset, author, item, as_reviewer):
    following = make_item(dataset, state="in_review", author=author)
    page = as_reviewer.get(f"/d/home/review/{item.pk}/?decide=move").content.decode()
    assert f'<option value="{leaf(dataset, 2).pk}">' in page
    sent = {"category": leaf(dataset, 2).pk, "revision": item.current_revision_id, "comment": "犯罪の相談。"}
    answer = as_reviewer.post(f"/d/home/review/{item.pk}/move/", sent)
    assert answer.url == f"/d/home/review/{following.pk}/"
    assert Item.objects.get(pk=item.pk).category == leaf(dataset, 2)


def test_unusable_move_says_so_and_moves_nothing(dataset, item, as_reviewer, as_author, as_stranger):
    url, read = f"/d/home/review/{item.pk}/move/", item.current_revision_id
    assert (
        as_reviewer.post(url, {"category": leaf(dataset).pk, "revision": read}).url
        == f"/d/home/review/{item.pk}/"
    )
    assert "It is in this category already." in as_reviewer.get(f"/d/home/review/{item.pk}/").content.decode()
    for client in (as_author, as_stranger):
        assert client.post(url, {"category": leaf(dataset, 1).pk, "revision": read}).status_code == 404
    assert item.revisions.count() == 1


def test_programs_move_by_labels(dataset, item, as_reviewer):
    there = leaf(dataset, 1)
    body = {"category": there.labels, "revision": item.current_revision_id, "client_id": "one"}
    url = f"/api/d/home/items/{item.pk}/move/"
    answer = as_reviewer.post(url, body, content_type="application/json")
    assert (answer.status_code, answer.json()["category"], answer.json()["warning"]) == (
        201,
        there.labels,
        "",
    )
    nowhere = body | {"category": ["どこにも", "ない", "分類"]}
    assert as_reviewer.post(url, nowhere, content_type="application/json").status_code in (400, 422)
