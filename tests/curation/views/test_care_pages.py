"""Care for those who write and review: a warning once, time and breaks, covered categories, one's own page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from curation.actions import items
from curation.actions.care import acknowledge_warning, add_work, set_covers
from curation.errors import Invalid, NotAllowed
from curation.exposure import worked_of
from curation.models import LogEntry, Membership, WorkedDay
from curation.queries.mine import own_by_state, reasons_back
from tests.factories.curation import ANSWER, decide, leaf, make_dataset, make_item, make_member
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}


@pytest.mark.parametrize(
    ("role", "path"), [("author", "write/"), ("reviewer", "review/"), ("lead", "review/{pk}/")]
)
def test_the_warning_stands_once_before_the_first_page_of_work(dataset, role: str, path: str) -> None:
    item = make_item(dataset, state="in_review")
    person = make_member(dataset, role, warned=False)
    client, address = signed_in(person), f"/d/home/{path.format(pk=item.pk)}"
    led = client.get(address)
    assert (led.status_code, led.headers["Location"]) == (
        302,
        f"/d/home/me/warning/?next={address.replace('/', '%2F')}",
    )
    warning = client.get(led.headers["Location"])
    assert (warning.status_code, warning.context["read_at"], warning.context["next"]) == (200, False, address)
    assert client.post("/d/home/me/warning/", {"next": address}).headers["Location"] == address
    assert client.get(address).status_code == 200
    client.post("/d/home/me/warning/", {"next": address})
    assert LogEntry.objects.filter(verb="acknowledge_warning", person=person).count() == 1


def test_what_was_typed_is_kept_whether_or_not_the_warning_was_read(dataset) -> None:
    author = make_member(dataset, "author", warned=False)
    item = items.start_item(author, dataset, category=leaf(dataset))
    body = {"fields": {"question": "書きかけ"}, "base_version": 0, "client_id": "c"}
    sent = signed_in(author).post(f"/d/home/write/{item.pk}/draft/", body, content_type="application/json")
    assert sent.status_code == 200


def test_the_warning_belongs_to_a_dataset_and_to_members_alone(dataset, as_stranger: Client) -> None:
    person = make_member(dataset, "author", warned=False)
    other = make_dataset("second")
    make_member(other, "author", person=person, warned=False)
    assert acknowledge_warning(person, dataset) is True
    assert acknowledge_warning(person, dataset) is False
    read = dict(Membership.objects.filter(person=person).values_list("dataset__slug", "warned_at"))
    assert (read["home"] is None, read["second"] is None) == (False, True)
    for path in ("me/warning/", "me/rest/", "me/worked/", "me/covers/"):
        codes = {
            as_stranger.get(f"/d/home/{path}").status_code,
            as_stranger.post(f"/d/home/{path}").status_code,
        }
        assert codes <= {404, 405}
        assert 404 in codes
    with pytest.raises(NotAllowed):
        acknowledge_warning(make_member(other, "author"), dataset)


def test_asking_whether_it_was_read_costs_no_query(author, reviewer, dataset) -> None:
    client = signed_in(reviewer)
    client.get("/d/home/review/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/d/home/review/")
    assert sum("curation_membership" in each["sql"].split("WHERE")[0] for each in asked) == 1


def test_active_time_is_added_by_day_and_a_pause_of_ten_minutes_is_a_break(author) -> None:
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    add_work(author, part="writing", seconds=60, now=noon)
    add_work(author, part="writing", seconds=60, now=noon + timedelta(minutes=1))
    add_work(
        author, part="reviewing", seconds=60, now=noon + timedelta(minutes=13)
    )  # eleven minutes without work
    add_work(
        author, part="writing", seconds=60, now=noon + timedelta(minutes=13, seconds=20)
    )  # a second window
    add_work(author, part="writing", seconds=120, now=noon + timedelta(days=1))
    days = list(WorkedDay.objects.order_by("day").values_list("writing", "reviewing", "breaks"))
    assert days == [(140, 60, 1), (120, 0, 0)]
    assert vars(worked_of(author, noon)["today"]) == {"writing": 4, "reviewing": 1, "breaks": 1}


@pytest.mark.parametrize(
    ("part", "seconds"), [("reading", "5"), ("writing", "301"), ("writing", "-1"), ("writing", "x")]
)
def test_no_time_of_work_is_refused(as_author: Client, part: str, seconds: str) -> None:
    answer = as_author.post("/d/home/me/worked/", {"part": part, "seconds": seconds})
    assert (answer.status_code, WorkedDay.objects.count()) == (400, 0)


def test_a_sign_of_life_answers_with_todays_minutes(as_author: Client) -> None:
    answer = as_author.post("/d/home/me/worked/", {"part": "writing", "seconds": "120"})
    assert (answer.status_code, answer.json()) == (200, {"minutes": 2})


def test_covered_categories_are_kept_at_the_highest_level_for_that_person_alone(dataset, author) -> None:
    chosen = leaf(dataset)
    above = chosen.parent
    assert set_covers(author, author, dataset, [chosen.pk, above.pk]) == 1
    author.refresh_from_db()
    assert (author.covers, author.covers_texts_of(chosen), author.hides(leaf(dataset, 2))) == (
        [above.pk],
        True,
        False,
    )
    assert LogEntry.objects.get(verb="care").details == {"changed": ["covers"]}
    with pytest.raises(NotAllowed):
        set_covers(make_member(dataset, "lead"), author, dataset, [])
    with pytest.raises(Invalid):
        set_covers(author, author, dataset, [10**6])


def test_texts_of_a_covered_category_are_covered_where_one_reviews(dataset, reviewer) -> None:
    hidden, seen = (
        make_item(dataset, state="in_review"),
        make_item(dataset, state="in_review", category=leaf(dataset, 2)),
    )
    set_covers(reviewer, reviewer, dataset, [leaf(dataset).pk])
    client = signed_in(reviewer)
    rows = {row["item"].pk: bool(row["excerpt"]) for row in client.get("/d/home/review/").context["rows"]}
    assert rows == {hidden.pk: False, seen.pk: True}
    covered = {pk: client.get(f"/d/home/review/{pk}/").content.decode().count("data-covered") for pk in rows}
    assert covered == {hidden.pk: 2, seen.pk: 0}  # question and answer


def test_examples_of_a_covered_category_are_covered_where_one_writes(dataset, author) -> None:
    make_item(dataset, state="approved")
    item = items.start_item(author, dataset, category=leaf(dataset))
    set_covers(author, author, dataset, [leaf(dataset).pk])
    page = signed_in(author).get(f"/d/home/write/{item.pk}/").content.decode()
    # the example's question and answer, and the pattern for what scripts bring in
    assert page.count("data-covered") == 3


def test_own_page_counts_items_by_state_and_reasons_of_what_came_back(dataset, author, reviewer) -> None:
    given = {"author": author, "reviewer": reviewer}
    for state in ("draft", "needs_changes", "rejected"):
        make_item(dataset, state=state, **given)
    decide(
        make_item(dataset, state="in_review", author=author),
        reviewer,
        "request_changes",
        reason="bare_refusal",
    )
    make_item(dataset, state="needs_changes")  # somebody else's
    assert own_by_state(author, dataset) == {"draft": 1, "needs_changes": 2, "rejected": 1}
    found = [(each.part, each.code, each.n, each.guideline) for each in reasons_back(author, dataset)]
    assert found == [("answer", "other", 2, 1), ("answer", "bare_refusal", 1, 1)]
    page = signed_in(author).get("/d/home/me/", headers=ENGLISH)
    assert [(row["n"], row["url"]) for row in page.context["back"]] == [
        (2, "/d/home/guideline/1/#guideline-5"),
        (1, "/d/home/guideline/1/#guideline-1"),
    ]
    assert '<a href="/d/home/guideline/1/#guideline-1">' in page.content.decode()
    assert "/d/home/items/?mine=1&amp;state=needs_changes" in page.content.decode()


def test_raters_have_no_such_numbers(dataset) -> None:
    page = signed_in(make_member(dataset, "rater")).get("/d/home/me/")
    assert "worked" not in page.context


def test_two_people_of_one_item_each_hear_of_the_part_they_wrote(dataset, author, reviewer) -> None:
    """Who answered has the item from then on; it is still on the page of whoever asked."""
    item = make_item(dataset, state="awaiting_answer", author=author)
    answerer = make_member(dataset, "author")
    wording = items.Wording(question=item.current_revision.question, answer=ANSWER, category=leaf(dataset))
    items.submit(answerer, item, wording)
    said = {"question": "ambiguous", "answer": "off_point"}
    parts = {"question_ok": False, "answer_ok": False}
    decide(item, reviewer, "request_changes", reasons=said, comment="Twice.", **parts)
    people = (author, answerer, reviewer)
    told = [[(back.part, back.code) for back in reasons_back(each, dataset)] for each in people]
    assert told == [[("question", "ambiguous")], [("answer", "off_point")], []]
    assert [own_by_state(each, dataset) for each in people] == [
        {"needs_changes": 1},
        {"needs_changes": 1},
        {},
    ]
    listed = signed_in(author).get("/d/home/items/?mine=1&state=needs_changes").context["rows"]
    assert [row["item"] for row in listed] == [item]
