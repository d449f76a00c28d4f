"""The lead's board: what is counted, what is left out, who sees whose name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from curation.actions import items
from curation.board import board_of, plain
from curation.models import Dataset, Item, LogEntry, Review
from curation.queries.lead import (
    Judged,
    Queue,
    first_approvals,
    first_decisions,
    midnight,
    queues,
    throughput,
)
from tests.factories.curation import decide, leaf, make_dataset, make_item, make_member, make_person
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset() -> Dataset:
    return make_dataset("led")


def ago(rows, **span: int) -> None:
    """As if the newest of the rows had been made then."""
    rows.model._base_manager.filter(pk__in=rows.values("pk")).update(
        created_at=timezone.now() - timedelta(**span)
    )


def steps(item: Item, *verbs: str):
    return LogEntry.objects.filter(object_type="item", object_id=str(item.pk), verb__in=verbs)


def test_days_count_what_people_did_and_no_imports(dataset) -> None:
    first = make_item(dataset, state="approved")
    make_item(dataset, state="in_review")
    make_item(make_dataset("other"), state="approved")
    ago(steps(first, "submit"), days=1)
    ago(steps(make_item(dataset, state="rejected"), "submit", "reject"), days=40)
    # A step of an import carries no details, whoever imports.
    LogEntry.objects.create(
        dataset=dataset,
        actor="operator",
        verb="approve",
        object_type="item",
        object_id="9",
        to_state="approved",
    )
    found = throughput(dataset, 30)
    assert [day.day for day in found] == [(midnight() - timedelta(days=n)).date() for n in range(29, -1, -1)]
    assert [(day.written, day.reviewed, day.approved) for day in found[-2:]] == [(1, 0, 0), (1, 1, 1)]
    assert sum(day.written + day.reviewed for day in found[:-2]) == 0


def test_queues_tell_the_longest_and_the_median_wait_since_the_last_step(dataset) -> None:
    items = [make_item(dataset, state="in_review") for _ in range(4)]
    for item, hours in zip(items, (50, 10, 30, 1), strict=True):
        ago(steps(item, "submit"), hours=hours)
    back = make_item(dataset, state="needs_changes")
    ago(steps(back, "request_changes"), hours=5)
    ago(steps(back, "submit"), hours=99)
    now = timezone.now()
    answer, review, mend = queues(dataset)
    assert answer == Queue(state="awaiting_answer", n=0)
    assert review.oldest
    assert review.median
    assert mend.oldest
    assert mend.median
    waits = [round((now - at).total_seconds() / 3600) for at in (review.oldest, review.median, mend.oldest)]
    assert (review.n, mend.n, waits) == (4, 1, [50, 20, 5])  # the median of 1, 10, 30, 50 is 20


def test_acceptance_counts_each_item_once_at_its_first_decision(dataset) -> None:
    author, reviewer = make_member(dataset, "author"), make_member(dataset, "reviewer")
    given = {"author": author, "reviewer": reviewer}
    make_item(dataset, state="approved", **given)
    back = make_item(dataset, state="needs_changes", **given)
    revision = back.current_revision
    wording = items.Wording(question=revision.question, answer="別の答えです。", category=revision.category)
    items.submit(author, back, wording)
    decide(back, reviewer, "approve")  # its second decision
    make_item(dataset, state="rejected", category=leaf(dataset, 1), **given)
    old = make_item(dataset, state="approved", **given)
    ago(Review.objects.filter(item=old), days=100)
    make_item(make_dataset("other"), state="approved")
    found = first_decisions(dataset, timezone.now() - timedelta(days=90))
    assert found.by_author == {author.pk: Judged(n=3, accepted=1, mended=0)}
    assert found.by_category == {
        leaf(dataset).pk: Judged(n=2, accepted=1, mended=0),
        leaf(dataset, 1).pk: Judged(n=1, accepted=0, mended=0),
    }


def test_pace_counts_first_acceptances_of_whole_days_that_still_stand(dataset) -> None:
    today, other = make_item(dataset, state="approved"), make_item(dataset, state="approved")
    gone = make_item(dataset, state="approved")
    for item in (other, gone):
        ago(Review.objects.filter(item=item), days=2)
    Item.objects.filter(pk=gone.pk).update(state="withdrawn")
    assert today.state == "approved"
    day = (midnight() - timedelta(days=2)).date()
    assert first_approvals(dataset, 28) == {leaf(dataset).pk: {day: 1}}
    assert first_approvals(dataset, 1) == {}


def test_whoever_reviews_is_told_pseudonyms_and_others_names(dataset) -> None:
    author = make_member(dataset, "author", person=make_person("akari", display_name="明里", pseudonym="p-7"))
    make_item(dataset, state="approved", author=author)
    lead, both = make_member(dataset, "lead"), make_member(dataset, "lead", "reviewer")
    assert [share.of for share in board_of(lead, dataset).authors] == ["明里"]
    assert [share.of for share in board_of(both, dataset).authors] == ["p-7"]
    assert (board_of(lead, dataset).named, board_of(both, dataset).named) == (True, False)


def test_programs_get_no_rate_without_n_and_interval(dataset) -> None:
    make_item(dataset, state="approved")
    lead = make_member(dataset, "lead")
    body = signed_in(lead).get("/api/d/led/board/").json()
    assert body == plain(board_of(lead, dataset)) | {"queues": body["queues"]}
    (author,) = body["acceptance"]["authors"]
    # Wilson of 1 of 1: low = 1 / (1 + 1.96^2) = 0.2065
    assert (author["value"], round(author["low"], 4), author["high"], author["n"]) == (1.0, 0.2065, 1.0, 1)
    # 3 leaves, 2 dev and 1 test each; the dataset was made today, so no whole day has been watched
    assert body["forecast"]["whole"] == {
        "target": 9, "approved": 1, "missing": 8, "days": None, "low": None, "high": None,
        "n": 0, "watched_days": 0, "why": "short",
    }  # fmt: skip
    assert [one["approved"] for one in body["forecast"]["leaves"]] == [1, 0, 0]


@pytest.mark.parametrize("path", ["/d/led/board/", "/api/d/led/board/"])
def test_the_board_is_there_for_those_who_lead_alone(dataset, path: str) -> None:
    roles = ("lead", "release_manager", "author", "reviewer", "researcher", "rater")
    codes = {role: signed_in(make_member(dataset, role)).get(path).status_code for role in roles}
    assert codes == {role: 200 if role in ("lead", "release_manager") else 404 for role in roles}
    assert signed_in(make_member(make_dataset("other"), "lead")).get(path).status_code == 404


def test_the_page_asks_the_same_number_of_queries_whatever_there_is(dataset) -> None:
    lead = make_member(dataset, "lead")
    client, counts = signed_in(lead), []
    client.get("/d/led/board/")
    for states in (("approved",), ("approved", "needs_changes", "in_review")):
        for state in states:
            make_item(dataset, state=state)
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/d/led/board/").status_code == 200
        counts.append(len(asked))
    assert counts == [18, 18]


def test_the_page_says_small_numbers_and_what_cannot_be_said(dataset) -> None:
    make_item(dataset, state="approved")
    client = signed_in(make_member(dataset, "lead"))
    page = client.get("/d/led/board/", headers={"accept-language": "en"}).content.decode()
    assert page.count("fewer than 10") == 2
    assert "Cannot be said: the dataset is younger than a week" in page
    Dataset.objects.filter(pk=dataset.pk).update(created_at=timezone.now() - timedelta(days=60))
    for item in (make_item(dataset, state="approved", category=leaf(dataset, 1)) for _ in range(2)):
        ago(Review.objects.filter(item=item), days=3)
    page = client.get("/d/led/board/", headers={"accept-language": "en"}).content.decode()
    assert "Cannot be said: too few were accepted" in page
