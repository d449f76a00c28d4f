"""Double reviews: drawn, asked for, after a fix; agreed, differing, settled; and nobody judges twice."""

from __future__ import annotations

import pytest

from curation.actions import items, leases, moves, reviews
from curation.actions.doubles import drawn
from curation.actions.items import Wording
from curation.errors import NotAllowed
from curation.models import DoubleReview, Item, LogEntry, Review, Routine
from curation.queries import review_queue, to_settle
from tests.factories.curation import ANSWER, decide, leaf, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def first(dataset):
    return make_member(dataset, "reviewer")


@pytest.fixture
def second(dataset):
    return make_member(dataset, "reviewer")


@pytest.fixture
def lead(dataset):
    return make_member(dataset, "lead")


@pytest.fixture
def item(dataset):
    return make_item(dataset, state="in_review")


def state_of(item: Item) -> str:
    return Item.objects.get(pk=item.pk).state


def fresh(item: Item) -> Item:
    return Item.objects.get(pk=item.pk)


def test_asked_for_it_waits_for_somebody_else_and_the_same_decision_decides(dataset, item, first, second):
    leases.lease_item(first, item)
    decide(item, first, "approve", second=True)
    assert state_of(item) == "in_review"
    assert (list(review_queue(first, dataset)), list(review_queue(second, dataset))) == ([], [item])
    with pytest.raises(NotAllowed, match="You have given your opinion"):
        decide(item, first, "reject")
    assert leases.lease_review(second, dataset).item == item
    decide(fresh(item), second, "approve")
    double = DoubleReview.objects.get()
    assert (state_of(item), double.why, double.agreed, double.settled_by) == ("approved", "asked", True, None)
    assert list(Review.objects.order_by("pk").values_list("decides", flat=True)) == [False, True]
    verbs = LogEntry.objects.filter(object_type="item", object_id=str(item.pk)).order_by("pk")
    assert list(verbs.values_list("verb", flat=True))[-2:] == ["give_opinion", "approve"]


def test_where_they_differ_a_lead_who_is_neither_settles_it(dataset, item, first, second, lead):
    decide(item, first, "approve", second=True)
    make_member(dataset, "lead", person=second)
    decide(fresh(item), second, "reject", reason="unsafe_answer")
    assert state_of(item) == "in_review"
    assert [list(review_queue(one, dataset)) for one in (first, second)] == [[], []]
    assert (list(to_settle(lead, dataset)), list(to_settle(second, dataset))) == ([item], [])
    for one in (first, second, make_member(dataset, "reviewer")):
        with pytest.raises(NotAllowed):
            decide(fresh(item), one, "approve")
    decide(fresh(item), lead, "reject", reason="unsafe_answer")
    double = DoubleReview.objects.get()
    assert (state_of(item), double.agreed, double.settled_by) == ("rejected", False, lead)
    assert list(Review.objects.order_by("pk").values_list("decides", flat=True)) == [False, False, True]
    assert list(to_settle(lead, dataset)) == []


def test_all_are_drawn_at_a_hundred_percent_and_none_at_nought(dataset, item, first, second):
    Routine.objects.update_or_create(dataset=dataset, defaults={"twice_share": 100})
    decide(item, first, "request_changes")
    assert (state_of(item), DoubleReview.objects.get().why) == ("in_review", "sampled")
    decide(fresh(item), second, "request_changes", reason="off_point")
    assert state_of(item) == "needs_changes"
    assert [drawn(item, 7, 0) for item in range(50)] == [False] * 50


def test_lot_is_even_and_always_falls_the_same() -> None:
    lots = [drawn(item, 3 * item, 20) for item in range(2000)]
    assert lots == [drawn(item, 3 * item, 20) for item in range(2000)]
    assert 340 < sum(lots) < 460  # 400 expected; the standard deviation is 18


def test_what_was_mended_is_looked_at_by_somebody_else_where_the_lead_asks_for_it(
    dataset, item, first, second
):
    Routine.objects.update_or_create(dataset=dataset, defaults={"second_after_fix": True})
    before = item.current_revision
    fixed = Wording(question=before.question, answer="直した答え。")
    reviews.review(first, item, decision="fix_and_approve", revision=before.pk, fixed=fixed)
    item = fresh(item)
    double = DoubleReview.objects.get()
    assert (item.state, item.current_revision.answer, item.approved_revision) == (
        "in_review",
        "直した答え。",
        None,
    )
    assert (double.why, double.revision, item.category) == ("fixed", item.current_revision, leaf(dataset))
    decide(item, second, "approve")
    assert fresh(item).approved_revision == item.current_revision
    other = make_item(dataset, state="in_review")
    decide(other, first, "approve")
    assert state_of(other) == "approved"  # nothing was mended


def test_a_fix_that_differs_is_what_the_lead_settles(dataset, item, first, second, lead):
    decide(item, first, "reject", reason="unsafe_answer", second=True)
    read = fresh(item)
    fixed = Wording(question=read.current_revision.question, answer="直した答え。")
    reviews.review(second, read, decision="fix_and_approve", revision=read.current_revision_id, fixed=fixed)
    read = fresh(item)
    assert (read.state, read.current_revision.answer, DoubleReview.objects.get().agreed) == (
        "in_review",
        "直した答え。",
        False,
    )
    decide(read, lead, "approve")
    assert (state_of(item), DoubleReview.objects.get().settled_by) == ("approved", lead)


def test_a_newer_text_ends_a_double_review(dataset, item, first, second, lead):
    decide(item, first, "approve", second=True)
    moves.move(second, fresh(item), leaf(dataset, 1), revision=fresh(item).current_revision_id)
    third = make_member(dataset, "reviewer")
    assert list(review_queue(third, dataset)) == [item]
    decide(fresh(item), third, "approve")
    assert (state_of(item), DoubleReview.objects.get().settled_at) == ("approved", None)


def test_the_author_is_told_the_decision_and_not_an_opinion(dataset, item, first, second, lead):
    decide(item, first, "request_changes", second=True, comment="最初の意見。")
    decide(fresh(item), second, "reject", reason="unsafe_answer", comment="次の意見。")
    decide(fresh(item), lead, "request_changes", comment="責任者の言葉。")
    deciding = Review.objects.filter(item=item, decides=True).get()
    assert (deciding.comment, state_of(item)) == ("責任者の言葉。", "needs_changes")
    items.submit(
        item.author, fresh(item), Wording(question=item.current_revision.question, answer=ANSWER + "追記。")
    )
    assert list(review_queue(first, dataset)) == [item]  # a new text may be read by whoever read the old one
