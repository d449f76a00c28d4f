"""What the second reviewer must not learn of the first, on any page or address; and the lead's page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from curation.actions import comments, items, reviews
from curation.actions.leases import lease_item
from curation.models import DoubleReview, LogEntry, Review, Routine
from tests.curation.views.conftest import signed_in
from tests.factories.curation import decide, make_item, make_member

SECRET = "最初の人だけが知る意見"


@pytest.fixture
def item(dataset, author):
    return make_item(dataset, state="in_review", author=author)


@pytest.fixture
def hana(dataset):
    return make_member(dataset, "reviewer", name="hana")


def everything(client, item) -> str:
    """All that the dataset's pages and addresses tell about the item."""
    addresses = [
        "/d/home/",
        "/d/home/review/",
        f"/d/home/review/{item.pk}/",
        *[f"/d/home/review/{item.pk}/?decide={word}" for word in ("fix_and_approve", "reject", "move")],
        "/d/home/items/",
        f"/d/home/items/{item.pk}/",
        "/d/home/me/",
        "/d/home/notices/",
        "/api/d/home/notices/",
        f"/api/d/home/items/{item.pk}/comments/",
        "/api/d/home/items/",
        f"/api/d/home/items/{item.pk}/",
    ]
    bodies = []
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        bodies.append(answer.content.decode())
    # To whom an item can be handed over says nothing of who did what.
    return re.sub(r'<option value="\d+">hana</option>', "", "\n".join(bodies))


def test_second_reviewer_and_author_learn_nothing_of_the_first_opinion(item, hana, as_reviewer, as_author):
    comments.comment(hana, item, body=f"@ren {SECRET}：迷っています。")
    decide(item, hana, "request_changes", comment=SECRET, reason="preaching", second=True)
    known = signed_in(hana).get(f"/d/home/review/{item.pk}/").content.decode()
    assert known.count(SECRET) == 2  # who said it sees it: the comment and the opinion
    told = everything(as_reviewer, item)
    for secret in (SECRET, "hana", "gave an opinion"):
        assert secret not in told, secret
    for page in (f"/d/home/items/{item.pk}/", "/d/home/write/"):
        assert SECRET not in as_author.get(page).content.decode()


def test_what_the_first_mended_is_read_as_any_other_text(item, hana, as_reviewer):
    before = item.current_revision
    fixed = items.Wording(question=before.question, answer="そっと直した答えです。")
    reviews.review(hana, item, decision="fix_and_approve", revision=before.pk, fixed=fixed, second=True)
    told = everything(as_reviewer, item)
    assert "そっと直した答えです。" in told
    assert "hana" not in told
    assert "<del>" not in told
    assert "<ins>" not in told


def test_key_two_makes_the_next_decision_an_opinion(item, as_reviewer, reviewer):
    page = as_reviewer.get(f"/d/home/review/{item.pk}/?second=1").content.decode()
    assert 'data-key="2" aria-current="true"' in page
    assert page.count('name="second" value="1"') == 1
    sent = {"decision": "approve", "revision": item.current_revision_id, "second": "1", "client_id": "one"}
    assert as_reviewer.post(f"/d/home/review/{item.pk}/", sent).url == "/d/home/review/"
    assert (Review.objects.get().decides, DoubleReview.objects.get().why) == (False, "asked")
    again = as_reviewer.get(f"/d/home/review/{item.pk}/").content.decode()
    assert "You have given your opinion: somebody else gives the other." in again


def test_lead_settles_on_the_page_of_second_opinions(dataset, item, hana, reviewer):
    decide(item, hana, "approve", second=True)
    item.refresh_from_db()
    decide(item, reviewer, "reject", reason="unsafe_answer", comment="害があります。")
    client = signed_in(make_member(dataset, "lead"))
    page = client.get("/d/home/review/doubles/").content.decode()
    assert item.external_id in page
    assert "害があります。" in client.get(f"/d/home/review/{item.pk}/").content.decode()
    sent = {"decision": "approve", "revision": item.current_revision_id, "client_id": "one"}
    assert client.post(f"/d/home/review/{item.pk}/", sent).url == "/d/home/review/doubles/"
    item.refresh_from_db()
    assert item.state == "approved"
    page = client.get("/d/home/review/doubles/").content.decode()
    assert f"/review/{item.pk}/" not in page
    assert "n=1" in page


def test_where_no_two_have_read_a_text_the_page_says_so_in_place_of_tables(dataset):
    client = signed_in(make_member(dataset, "lead"))
    page = client.get("/d/home/review/doubles/").content.decode()
    assert page.count("No text has been read by two people yet.") == 2  # drawn, asked for
    assert "<table" not in page


@pytest.mark.parametrize("rows", [1, 3])
def test_page_of_second_opinions_asks_the_same_number_of_queries(
    dataset, hana, reviewer, rows, django_assert_num_queries
):
    for _ in range(rows):
        item = make_item(dataset, state="in_review")
        decide(item, hana, "approve", second=True)
        item.refresh_from_db()
        decide(item, reviewer, "reject")
    client = signed_in(make_member(dataset, "lead"))
    client.get("/d/home/review/doubles/")
    with django_assert_num_queries(14):  # one for the words of the reasons, as they stood
        client.get("/d/home/review/doubles/")


def test_only_leads_find_the_page(as_reviewer, as_author, as_stranger):
    for client in (as_reviewer, as_author, as_stranger):
        assert client.get("/d/home/review/doubles/").status_code == 404


def test_lead_sets_how_reviews_go(dataset, as_reviewer):
    client = signed_in(make_member(dataset, "lead"))
    sent = {"twice_share": 20, "second_after_fix": "1", "lease_minutes": 5}
    assert as_reviewer.post("/d/home/review/doubles/routine/", sent).status_code == 404
    for wrong in ({"twice_share": 101}, {"lease_minutes": 0}, {"lease_minutes": "x"}):
        client.post("/d/home/review/doubles/routine/", sent | wrong)
    assert not Routine.objects.exists()
    client.post("/d/home/review/doubles/routine/", sent)
    routine = Routine.objects.get()
    assert (routine.twice_share, routine.second_after_fix, routine.lease_minutes) == (20, True, 5)
    client.post("/d/home/review/doubles/routine/", sent)
    entry = LogEntry.objects.get(verb="set_routine")
    assert entry.details["now"] == {"twice_share": 20, "second_after_fix": True, "lease_minutes": 5}
    item = make_item(dataset, state="in_review")
    lease = lease_item(make_member(dataset, "reviewer"), item)
    assert lease.expires_at - lease.beat_at == timedelta(minutes=5)
