"""Taking the last decision back on the pages of reviewing, and by the API."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from curation.models import Item, LogEntry, Review
from tests.factories.curation import make_item, make_member
from tests.rig.clients import signed_in

OFFER = "Take the last decision back"
COMMENT = "窓口を書き足してください。"


@pytest.fixture
def item(dataset, author):
    return make_item(dataset, state="in_review", author=author)


def post(client: Client, item: Item, **given):
    sent = {"client_id": str(uuid4()), "revision": item.current_revision_id, **given}
    return client.post(f"/d/home/review/{item.pk}/", sent)


def state_of(item: Item) -> str:
    return Item.objects.values_list("state", flat=True).get(pk=item.pk)


def test_offered_on_the_next_page_alone_to_whoever_decided(dataset, item, as_reviewer):
    following = make_item(dataset, state="in_review")
    next_page = f"/d/home/review/{following.pk}/"
    assert OFFER not in as_reviewer.get(next_page).content.decode()
    post(as_reviewer, item, decision="approve")
    for page in (next_page, "/d/home/review/"):
        assert f'action="/d/home/review/{item.pk}/take-back/"' in as_reviewer.get(page).content.decode()
    as_reviewer.force_login(make_member(dataset, "reviewer"))
    assert OFFER not in as_reviewer.get(next_page).content.decode()


def test_what_was_typed_stands_on_the_page_again_until_it_is_decided(dataset, item, as_reviewer):
    said = {"question_said": "ok", "answer_said": "off_point", "comment": COMMENT, "open_to_all": "1"}
    post(as_reviewer, item, decision="request_changes", **said)
    answer = as_reviewer.post(f"/d/home/review/{item.pk}/take-back/")
    assert answer.url == f"/d/home/review/{item.pk}/?decide=request_changes&open_to_all=1#decision"
    for _again in range(2):
        page = as_reviewer.get(answer.url).content.decode()
        assert COMMENT in page
        assert 'name="answer_said" value="off_point" checked' in page
        assert 'name="open_to_all" value="1"' in page
        assert OFFER not in page
    assert COMMENT not in as_reviewer.get(f"/d/home/review/{item.pk}/?decide=reject").content.decode()
    post(as_reviewer, item, decision="approve")
    assert "taken_back" not in as_reviewer.session
    assert state_of(item) == "approved"


def test_asked_for_a_second_opinion_is_asked_again(item, as_reviewer):
    post(as_reviewer, item, decision="approve", second="1")
    answer = as_reviewer.post(f"/d/home/review/{item.pk}/take-back/")
    assert (answer.url, Review.objects.count()) == (f"/d/home/review/{item.pk}/?second=1", 0)


def test_too_late_says_why_and_changes_nothing(item, as_reviewer, as_author, as_stranger):
    url = f"/d/home/review/{item.pk}/take-back/"
    for client in (as_author, as_stranger):
        assert client.post(url).status_code == 404
    post(as_reviewer, item, decision="approve")
    LogEntry.objects.create(verb="comment", object_type="item", object_id=str(item.pk), actor="x")
    assert as_reviewer.post(url).url == "/d/home/review/"
    page = as_reviewer.get("/d/home/review/").content.decode()
    assert "Something happened to it since." in page
    assert OFFER not in page
    assert state_of(item) == "approved"


def test_fix_is_not_offered(item, as_reviewer):
    mended = {"question": item.current_revision.question, "answer": "窓口に相談してください。"}
    post(as_reviewer, item, decision="fix_and_approve", step="accept", **mended)
    assert OFFER not in as_reviewer.get("/d/home/review/").content.decode()


def test_programs_take_their_own_back(dataset, item, as_reviewer):
    post(as_reviewer, item, decision="approve")
    url = f"/api/d/home/items/{item.pk}/review/"
    other = signed_in(make_member(dataset, "reviewer"))
    assert other.delete(url).status_code == 400
    answer = as_reviewer.delete(url)
    assert (answer.status_code, answer.json()["state"]) == (200, "in_review")
    assert as_reviewer.delete(url).status_code == 400
