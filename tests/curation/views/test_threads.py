"""Threads on the pages and for programs, the page of notices, and the number beside the bell."""

from __future__ import annotations

import re

import pytest

from curation.actions import comments
from curation.models import Comment, Mention, Notice, Person
from tests.factories.curation import decide, make_dataset, make_item, make_member
from tests.rig.clients import signed_in


@pytest.fixture
def item(dataset, author):
    return make_item(dataset, state="in_review", author=author)


def test_comment_comes_back_to_the_page_it_was_written_on(item, as_author, author):
    here = f"/d/home/items/{item.pk}/"
    sent = {"text": "お願いします。", "client_id": "a", "next": f"/d/home/review/{item.pk}/#discussion"}
    for _ in range(2):
        answer = as_author.post(f"{here}comment/", sent)
        assert answer.headers["Location"] == sent["next"]
    [made] = Comment.objects.all()
    away = as_author.post(
        f"{here}comment/", {"text": "はい。", "reply_to": made.pk, "next": "//example.org/"}
    )
    assert away.headers["Location"] == f"{here}#discussion"
    assert list(Comment.objects.filter(reply_to=made).values_list("body", flat=True)) == ["はい。"]


def test_each_form_has_a_client_id_of_its_own(item, author, as_author):
    comments.comment(author, item, body="一つ目。")
    page = as_author.get(f"/d/home/items/{item.pk}/").content.decode()
    found = re.findall(r'name="client_id" value="([0-9a-f-]{36})"', page)
    assert (len(found), len(set(found))) == (2, 2)


@pytest.mark.parametrize("count", [1, 3])
def test_threads_cost_the_same_for_any_length(
    dataset, item, author, reviewer, as_author, count, django_assert_num_queries
):
    for _ in range(count):
        opening = comments.comment(author, item, body="@ren 見てください。")
        comments.comment(reviewer, item, body="@akari はい。", reply_to=opening.pk)
    as_author.get(f"/d/home/items/{item.pk}/")
    with django_assert_num_queries(25):
        page = as_author.get(f"/d/home/items/{item.pk}/").content.decode()
    assert page.count('<b class="mention">@ren</b>') == count


def test_thread_is_settled_from_the_page_and_the_review_shows_pseudonyms(
    item, author, as_author, as_reviewer
):
    opening = comments.comment(author, item, body="出典はどこですか。")
    address = f"/d/home/items/{item.pk}/comment/{opening.pk}/"
    as_author.post(address, {"resolved": "1"})
    assert Comment.objects.get().resolved_by == author
    page = as_reviewer.get(f"/d/home/review/{item.pk}/").content.decode()
    assert ("p-akari" in page, "akari</b>" in page.replace("p-akari</b>", "")) == (True, False)
    assert "Resolved by p-akari" in page
    as_reviewer.post(address, {"resolved": ""})
    assert Comment.objects.get().resolved_at is None
    assert as_reviewer.post(f"/d/home/items/{item.pk}/comment/{opening.pk + 1}/").status_code == 404


def test_names_are_those_who_may_see_items(dataset, author, reviewer, as_author):
    make_member(dataset, "rater", name="rina")
    make_member(make_dataset(), "author", name="yoso")
    Person.objects.filter(pk=reviewer.pk).update(display_name="蓮")
    assert as_author.get("/d/home/items/names/").json() == {
        "names": [{"name": "akari", "shown": "akari"}, {"name": "ren", "shown": "蓮"}]
    }


def test_rater_finds_neither_talk_nor_names_nor_bell(dataset, item, author):
    opening = comments.comment(author, item, body="@rina 見てください。")
    as_rater = signed_in(make_member(dataset, "rater", name="rina"))
    assert Mention.objects.count() == 0
    for address in ("items/names/", f"items/{item.pk}/comment/", f"items/{item.pk}/comment/{opening.pk}/"):
        assert as_rater.get(f"/d/home/{address}").status_code in (404, 405)
        assert as_rater.post(f"/d/home/{address}").status_code in (404, 405)
    assert as_rater.get(f"/api/d/home/items/{item.pk}/comments/").status_code == 404
    assert "data-bell" not in as_rater.get("/d/home/").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_notices_cost_the_same_for_any_length(
    dataset, author, reviewer, as_author, count, django_assert_num_queries
):
    for _ in range(count):
        decide(make_item(dataset, state="in_review", author=author), reviewer, "approve")
    as_author.get("/d/home/notices/")
    with django_assert_num_queries(8):
        page = as_author.get("/d/home/notices/").content.decode()
    assert page.count("was accepted.") == count
    with django_assert_num_queries(5):
        assert as_author.get("/d/home/notices/count/").json() == {"count": count, "shown": str(count)}


def test_number_is_counted_to_a_hundred(dataset, author, as_author):
    Notice.objects.bulk_create(Notice(person=author, dataset=dataset, kind="job") for _ in range(101))
    assert as_author.get("/d/home/notices/count/").json() == {"count": 100, "shown": "99+"}


def test_a_notice_leads_to_where_one_goes_on(dataset, item, author, reviewer, as_author, as_reviewer):
    made = comments.comment(author, item, body="@ren 見てください。")
    shown = as_reviewer.get("/d/home/notices/").content.decode()
    assert f'href="/d/home/review/{item.pk}/#comment-{made.pk}"' in shown
    assert ("has a mention of you by p-akari." in shown, "見てください" in shown) == (True, False)
    decide(item, reviewer, "request_changes")
    shown = as_author.get("/d/home/notices/").content.decode()
    assert f'href="/d/home/write/{item.pk}/"' in shown
    assert "ren" not in re.sub(r"(?s)^.*<main|</main>.*$", "", shown).replace("rend", "")


def test_notices_are_marked_as_seen(dataset, author, reviewer, as_author, as_reviewer):
    for _ in range(3):
        decide(make_item(dataset, state="in_review", author=author), reviewer, "approve")
    first, second, third = Notice.objects.order_by("pk")
    as_reviewer.post("/d/home/notices/seen/", {"up_to": third.pk})
    assert Notice.objects.filter(seen_at=None).count() == 3
    assert as_author.post("/d/home/notices/seen/", {"id": second.pk, "quiet": "1"}).status_code == 204
    assert list(Notice.objects.filter(seen_at=None).order_by("pk")) == [first, third]
    assert as_author.post("/d/home/notices/seen/", {"up_to": first.pk}).status_code == 302
    assert list(Notice.objects.filter(seen_at=None)) == [third]
    for wrong in ({"id": "x"}, {"up_to": "9" * 30}, {}):
        assert as_author.post("/d/home/notices/seen/", wrong).status_code == 302
    assert list(Notice.objects.filter(seen_at=None)) == [third]


def test_programs_talk_settle_and_read_notices(dataset, item, author, reviewer, as_author, as_reviewer):
    address = f"/api/d/home/items/{item.pk}/comments/"
    made = as_author.post(address, {"body": "@ren どうぞ。"}, content_type="application/json")
    opening = made.json()
    said = {"body": "はい。", "reply_to": opening["id"]}
    assert as_reviewer.post(address, said, content_type="application/json").status_code == 201
    resolve = {"resolved": True}
    settled = as_reviewer.post(f"{address}{opening['id']}/resolve/", resolve, content_type="application/json")
    assert settled.json() == {"id": opening["id"], "resolved": True}
    [thread] = as_author.get(address).json()["threads"]
    assert (thread["author"], thread["mentions"], thread["resolved"]) == ("p-akari", ["ren"], True)
    assert [(row["author"], row["reply_to"]) for row in thread["replies"]] == [("p-ren", opening["id"])]
    [told] = as_reviewer.get("/api/d/home/notices/?new=1").json()["results"]
    assert (told["kind"], told["item"], told["actor"]) == ("mentioned", item.pk, "p-akari")
    seen = as_reviewer.post(
        "/api/d/home/notices/seen/", {"ids": [told["id"]]}, content_type="application/json"
    )
    assert seen.json() == {"seen": 1}
    assert as_reviewer.get("/api/d/home/notices/?new=1").json()["results"] == []
    wrong = as_author.post(address, {"body": "x", "reply_to": 10**9}, content_type="application/json")
    assert wrong.status_code in (400, 422)


def test_mail_is_chosen_on_ones_own_page(dataset, author, as_author):
    Person.objects.filter(pk=author.pk).update(email="akari@lab.example")
    page = as_author.get("/d/home/me/").content.decode()
    assert "akari@lab.example" in page
    as_author.post("/d/home/me/digest/", {"digest": "weekly"})
    assert Person.objects.get(pk=author.pk).digest == "weekly"
    as_author.post("/d/home/me/digest/", {"digest": "hourly"})
    assert Person.objects.get(pk=author.pk).digest == "weekly"
