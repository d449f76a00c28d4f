"""Who has which item in hand, on the pages of reviewing and in the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from curation.actions import leases
from curation.models import Item, Lease
from tests.curation.views.conftest import signed_in
from tests.factories.curation import make_item, make_member

API = "/api/d/home/"


@pytest.fixture
def queue(dataset, author):
    return [make_item(dataset, state="in_review", author=author) for _ in range(3)]


@pytest.fixture
def tanaka(dataset):
    return make_member(dataset, "reviewer", name="tanaka")


def held_by(person) -> list[int]:
    return list(Lease.objects.filter(person=person).values_list("item", flat=True))


def test_next_is_leased_and_skip_goes_on_behind_it(queue, as_reviewer, reviewer):
    pages = [f"/d/home/review/{item.pk}/" for item in queue]
    assert as_reviewer.post("/d/home/review/next/").url == pages[0]
    assert as_reviewer.post("/d/home/review/next/").url == pages[0]
    assert as_reviewer.post(f"{pages[0]}let-go/").url == pages[1]
    assert held_by(reviewer) == [queue[1].pk]
    assert as_reviewer.post(f"{pages[1]}let-go/", {"stop": "1"}).url == "/d/home/review/"
    assert held_by(reviewer) == []


def test_opening_a_free_item_takes_it_but_not_while_another_is_held(queue, as_reviewer, reviewer):
    as_reviewer.get(f"/d/home/review/{queue[1].pk}/")
    assert held_by(reviewer) == [queue[1].pk]
    page = as_reviewer.get(f"/d/home/review/{queue[2].pk}/").content.decode()
    assert held_by(reviewer) == [queue[1].pk]
    assert f"You have {queue[1].external_id} in your hands." in page
    as_reviewer.post(f"/d/home/review/{queue[2].pk}/take/")
    assert held_by(reviewer) == [queue[2].pk]


def test_others_see_who_has_it_and_cannot_decide(queue, as_reviewer, tanaka):
    lease = leases.lease_item(tanaka, queue[0])
    since = timezone.localtime(lease.taken_at).strftime("%H:%M")
    said = f"tanaka is reviewing this since {since}."
    page = as_reviewer.get(f"/d/home/review/{queue[0].pk}/").content.decode()
    assert said in page
    assert 'data-key="a"' not in page
    assert f"tanaka, since {since}" in as_reviewer.get("/d/home/review/").content.decode()
    sent = {"decision": "approve", "revision": queue[0].current_revision_id}
    answer = as_reviewer.post(f"/d/home/review/{queue[0].pk}/", sent)
    assert (answer.status_code, said in answer.content.decode()) == (409, True)
    assert Item.objects.get(pk=queue[0].pk).state == "in_review"


def test_beat_keeps_it_and_says_who_took_it(queue, as_reviewer, reviewer, tanaka):
    lease = leases.lease_item(reviewer, queue[0])
    url = f"/d/home/review/{queue[0].pk}/beat/"
    Lease.objects.update(expires_at=timezone.now())
    assert as_reviewer.post(url, {"token": lease.token}).status_code == 200
    assert Lease.objects.get().expires_at > timezone.now() + timedelta(minutes=14)
    Lease.objects.update(expires_at=timezone.now())
    leases.lease_item(tanaka, queue[0])
    answer = as_reviewer.post(url, {"token": lease.token})
    assert (answer.status_code, answer.json()["error"][:27]) == (409, "tanaka is reviewing this si")


def test_hand_over_by_name_goes_on_with_the_next(queue, as_reviewer, reviewer, tanaka):
    leases.lease_item(reviewer, queue[0])
    url = f"/d/home/review/{queue[0].pk}/hand-over/"
    assert as_reviewer.post(url, {"to": queue[0].author_id}).url == f"/d/home/review/{queue[0].pk}/"
    assert held_by(reviewer) == [queue[0].pk]
    assert as_reviewer.post(url, {"to": tanaka.pk}).url == f"/d/home/review/{queue[1].pk}/"
    assert (held_by(tanaka), held_by(reviewer)) == ([queue[0].pk], [queue[1].pk])


def test_strangers_and_authors_find_none_of_it(queue, as_stranger, as_author):
    for tail in ("next/", f"{queue[0].pk}/take/", f"{queue[0].pk}/beat/", f"{queue[0].pk}/let-go/"):
        for client in (as_stranger, as_author):
            assert client.post(f"/d/home/review/{tail}").status_code == 404
    assert Lease.objects.count() == 0


def test_programs_take_renew_hand_over_and_give_back(queue, as_reviewer, reviewer, tanaka):
    answer = as_reviewer.post(f"{API}reviews/next/", {}, content_type="application/json")
    body = answer.json()
    assert (answer.status_code, body["id"], "approve" in body["verbs"]) == (200, queue[0].pk, True)
    one = f"{API}items/{queue[0].pk}/"
    token = {"token": body["lease"]["token"]}
    assert as_reviewer.put(f"{one}lease/", token, content_type="application/json").status_code == 200
    assert as_reviewer.post(f"{API}items/{queue[2].pk}/lease/").status_code == 201
    assert as_reviewer.put(f"{one}lease/", token, content_type="application/json").status_code == 409
    given = {"to": tanaka.username}
    third = f"{API}items/{queue[2].pk}/"
    assert as_reviewer.post(f"{third}hand-over/", given, content_type="application/json").status_code == 200
    assert (held_by(tanaka), held_by(reviewer)) == ([queue[2].pk], [])
    theirs = signed_in(tanaka)
    assert theirs.delete(f"{third}lease/").status_code == 204
    assert held_by(tanaka) == []


def test_programs_of_others_get_nothing(queue, as_stranger, as_author):
    asked = {"content_type": "application/json"}
    assert as_stranger.post(f"{API}reviews/next/", {}, **asked).status_code == 404
    assert as_author.post(f"{API}reviews/next/", {}, **asked).status_code == 403
    assert as_author.post(f"{API}items/{queue[0].pk}/lease/").status_code == 403


def test_programs_are_told_that_nothing_waits(dataset, as_reviewer):
    assert as_reviewer.post(f"{API}reviews/next/", {}, content_type="application/json").status_code == 204
