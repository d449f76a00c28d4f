"""Who is writing what stands open for several, on the pages of writing and in the API."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from curation.actions import leases
from curation.actions.items import save_draft
from curation.actions.leases import WRITE
from curation.models import Draft, Item, Lease
from tests.curation.views.conftest import signed_in
from tests.curation.views.test_write import post, save
from tests.factories.curation import ANSWER, make_item, make_member

API = "/api/d/home/"
ASKED = {"content_type": "application/json"}


@pytest.fixture
def waiting(dataset):
    asker = make_member(dataset, "author")
    return [make_item(dataset, state="awaiting_answer", author=asker) for _ in range(3)]


@pytest.fixture
def tanaka(dataset):
    return make_member(dataset, "author", name="tanaka")


def held_by(person) -> list[int]:
    return list(
        Lease.objects.filter(person=person, part="write").order_by("pk").values_list("item", flat=True)
    )


def lost(item, to) -> str:
    """The time of whoever had it ran out, and somebody else took it: what others read then."""
    Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    taken = timezone.localtime(leases.lease_item(to, item, WRITE).taken_at)
    return f"{to} is writing this since {taken:%H:%M}."


def test_opening_takes_it_in_however_many_windows_and_others_see_who(waiting, as_author, author, tanaka):
    url = f"/d/home/write/{waiting[0].pk}/"
    for _ in range(2):
        page = as_author.get(url).content.decode()
        assert f'data-lease-url="{url}beat/"' in page
    assert held_by(author) == [waiting[0].pk]
    other = signed_in(tanaka)
    page = other.get(url).content.decode()
    assert "akari is writing this since" in page
    assert 'id="work"' not in page
    assert 'data-key="Control+Enter"' not in page
    assert "akari, since" in other.get("/d/home/write/").content.decode()
    assert "in your hands" in as_author.get("/d/home/write/").content.decode()
    assert held_by(tanaka) == []


def test_own_drafts_are_nobody_elses_and_are_not_leased(dataset, author, as_author):
    item = make_item(dataset, author=author)
    assert "data-lease-url" not in as_author.get(f"/d/home/write/{item.pk}/").content.decode()
    assert Lease.objects.count() == 0


def test_whoever_lost_it_goes_on_typing_and_is_told_what_to_do(waiting, as_author, author, tanaka):
    item, url = waiting[0], f"/d/home/write/{waiting[0].pk}/"
    as_author.get(url)
    token = Lease.objects.get().token
    assert save(as_author, item, 0, answer="半分まで", question=ANSWER).status_code == 200
    assert as_author.post(f"{url}beat/", {"token": token}).status_code == 200
    said = lost(item, tanaka)
    answer = as_author.post(f"{url}beat/", {"token": token})
    kept = "What you type is kept as your own draft. To hand it in, open the page again once it is free."
    assert (answer.status_code, answer.json()["error"]) == (409, f"{said} {kept}")
    question = item.current_revision.question
    assert save(as_author, item, 1, "k2", answer="半分より先まで", question=question).status_code == 200
    refused = post(as_author, item, question=question, answer="最後まで書いた回答です。", version="2")
    page = refused.content.decode()
    assert (refused.status_code, said in page, "最後まで書いた回答です。" in page) == (409, True, True)
    assert "Your draft below is yours alone and is kept" in page
    assert "What stands now, and what you wrote" not in page
    assert Draft.objects.get(person=author).answer == "最後まで書いた回答です。"
    assert Item.objects.get(pk=item.pk).state == "awaiting_answer"


def test_what_was_typed_stays_readable_and_is_saved_after_another_handed_theirs_in(
    waiting, as_author, author, tanaka
):
    item = waiting[0]
    question = item.current_revision.question
    as_author.get(f"/d/home/write/{item.pk}/")
    save(as_author, item, 0, answer="半分まで", question=question)
    lost(item, tanaka)
    assert post(signed_in(tanaka), item, question=question).status_code == 302
    assert save(as_author, item, 1, "k2", answer="まだ知らずに続き", question=question).status_code == 200
    refused = post(as_author, item, question=question, answer="知らずに出した", version="2", client_id="k3")
    assert (refused.status_code, "知らずに出した" in refused.content.decode()) == (403, True)
    page = as_author.get(f"/d/home/write/{item.pk}/").content.decode()
    assert "It moves on without you" in page
    assert "知らずに出した" in page
    assert Item.objects.get(pk=item.pk).current_revision.answer == ANSWER


def test_after_a_submit_the_next_is_one_that_nobody_has(waiting, as_author, author, tanaka):
    leases.lease_item(tanaka, waiting[1], WRITE)
    as_author.get(f"/d/home/write/{waiting[0].pk}/")
    answer = post(as_author, waiting[0], question=waiting[0].current_revision.question)
    assert answer.url == f"/d/home/write/{waiting[2].pk}/"
    assert held_by(author) == [waiting[2].pk]
    assert as_author.post(f"/d/home/write/{waiting[2].pk}/leave/").url == "/d/home/write/"
    assert held_by(author) == []


def test_writer_and_lead_hand_it_over(dataset, waiting, as_author, author, tanaka):
    url = f"/d/home/write/{waiting[0].pk}/"
    as_author.get(url)
    assert as_author.post(f"{url}hand-over/", {"to": "x"}).url == url
    assert as_author.post(f"{url}hand-over/", {"to": tanaka.pk}).url == "/d/home/write/"
    assert (held_by(author), held_by(tanaka)) == ([], [waiting[0].pk])
    lead = signed_in(make_member(dataset, "lead"))
    page = f"/d/home/items/{waiting[0].pk}/"
    assert "It was handed to tanaka" in lead.get(page).content.decode()
    assert lead.post(f"{url}hand-over/", {"to": author.pk}).url == page
    assert held_by(author) == [waiting[0].pk]
    assert "hand-over" not in as_author.get(page).content.decode()
    as_author.get(url)
    assert Lease.objects.get().handed is False


def test_strangers_and_reviewers_find_none_of_it(waiting, as_stranger, as_reviewer):
    for tail in ("beat/", "leave/", "hand-over/"):
        for client in (as_stranger, as_reviewer):
            assert client.post(f"/d/home/write/{waiting[0].pk}/{tail}").status_code == 404
    assert as_stranger.post(f"{API}writing/next/", {}, **ASKED).status_code == 404
    assert as_reviewer.post(f"{API}writing/next/", {}, **ASKED).status_code == 403
    assert as_reviewer.post(f"{API}items/{waiting[0].pk}/lease/?part=write").status_code == 403
    assert Lease.objects.count() == 0


def test_programs_take_renew_hand_over_and_give_back(waiting, as_author, author, tanaka):
    given = as_author.post(f"{API}writing/next/", {}, **ASKED).json()
    assert (given["id"], held_by(author)) == (waiting[0].pk, [waiting[0].pk])
    one = f"{API}items/{waiting[0].pk}/"
    token = {"token": given["lease"]["token"]}
    assert as_author.put(f"{one}lease/", token, **ASKED).status_code == 200
    theirs = signed_in(tanaka)
    assert theirs.post(f"{one}lease/?part=write").status_code == 409
    to = json.dumps({"to": tanaka.username, "part": "write"})
    assert as_author.post(f"{one}hand-over/", to, **ASKED).status_code == 200
    assert as_author.put(f"{one}lease/", token, **ASKED).status_code == 409
    assert theirs.post(f"{one}lease/?part=write").status_code == 201
    assert theirs.delete(f"{one}lease/?part=write").status_code == 204
    assert held_by(tanaka) == []
    assert theirs.delete(f"{one}lease/?part=other").status_code == 400


@pytest.mark.parametrize("rows", [1, 3])
def test_list_names_the_writers_in_one_query(dataset, waiting, as_author, rows, django_assert_num_queries):
    for item in waiting[:rows]:
        leases.lease_item(make_member(dataset, "author"), item, WRITE)
    as_author.get("/d/home/write/")
    with django_assert_num_queries(19):
        as_author.get("/d/home/write/")


def test_a_leftover_draft_dismisses_no_finding(waiting, author, as_author, tanaka):
    item = waiting[0]
    save_draft(author, item, version=0, client_id="", answer="短い")
    assert post(signed_in(tanaka), item, question=item.current_revision.question).status_code == 302
    assert as_author.post(f"/d/home/items/{item.pk}/checks/", {}).status_code == 404


def test_typed_after_another_handed_in_is_kept_told_of_and_readable(waiting, author, as_author, tanaka):
    """Also where they had typed nothing before."""
    item = waiting[0]
    question = item.current_revision.question
    as_author.get(f"/d/home/write/{item.pk}/")
    said = lost(item, tanaka)
    answer = save(as_author, item, 0, answer="まだ知らずに", question=question)
    kept = "What you type is kept as your own draft. To hand it in, open the page again once it is free."
    assert (answer.status_code, answer.json()["lost"]) == (200, f"{said} {kept}")
    Draft.objects.all().delete()
    assert post(signed_in(tanaka), item, question=question).status_code == 302
    answer = save(as_author, item, 0, "k2", answer="まだ知らずに", question=question)
    assert (answer.status_code, "handed in or closed meanwhile" in answer.json()["lost"]) == (200, True)
    assert "まだ知らずに" in as_author.get(f"/d/home/write/{item.pk}/").content.decode()
    assert Item.objects.get(pk=item.pk).current_revision.answer == ANSWER


def test_nothing_is_said_of_a_loss_to_whoever_has_it(waiting, author, as_author):
    as_author.get(f"/d/home/write/{waiting[0].pk}/")
    assert "lost" not in save(as_author, waiting[0], 0, answer="書いています").json()
    assert "lost" not in save(as_author, make_item(waiting[0].dataset, author=author), 0, "k2").json()
