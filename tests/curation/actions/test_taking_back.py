"""A decision is taken back by whoever made it, while nothing came of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from curation.actions import items, leases, reviews
from curation.actions.comments import comment
from curation.actions.doubles import set_reviewing
from curation.actions.opening import close_to_writers
from curation.actions.releases import Choice, freeze
from curation.actions.taking_back import take_back
from curation.errors import Conflict, Invalid, NotAllowed
from curation.log import OPERATOR
from curation.models import DoubleReview, Item, Lease, LogEntry, Notice, Review
from curation.queries.lead import throughput
from tests.factories.curation import ANSWER, decide, make_dataset, make_item, make_member, make_question

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

BACK = {"reason": "off_point", "comment": "窓口を書き足してください。"}
DECISIONS = [
    ("approve", {}),
    ("request_changes", BACK),
    ("request_changes", BACK | {"open_to_all": True}),
    ("request_answer", BACK),
    ("reject", {"reason": "other", "comment": "対象の外です。"}),
]


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def reviewer(dataset):
    return make_member(dataset, "reviewer")


@pytest.fixture
def author(dataset):
    return make_member(dataset, "author")


@pytest.fixture
def item(dataset, author):
    return make_item(dataset, state="in_review", author=author)


def fresh(item: Item) -> Item:
    return Item.objects.get(pk=item.pk)


def as_it_is(item: Item) -> tuple[object, ...]:
    now = fresh(item)
    return now.state, now.current_revision_id, now.approved_revision_id, now.open_to_all


def told(item: Item) -> list[str]:
    entries = LogEntry.objects.filter(object_type="item", object_id=str(item.pk)).order_by("pk")
    return list(entries.values_list("verb", flat=True))


@pytest.mark.parametrize(("decision", "said"), DECISIONS)
def test_item_is_theirs_again_as_it_was_and_the_log_tells_both(item, reviewer, author, decision, said):
    before = as_it_is(item)
    decide(item, reviewer, decision, **said)
    made = Review.objects.get()
    given = take_back(reviewer, fresh(item))
    assert as_it_is(item) == before
    assert (given.decision, given.comment, Review.objects.count()) == (decision, said.get("comment", ""), 0)
    assert [(held.item, held.person) for held in Lease.objects.all()] == [(item, reviewer)]
    assert told(item)[-2:] == [decision, "take_back"]
    assert LogEntry.objects.latest("pk").details == {"taken_back": made.pk}
    assert Notice.objects.filter(person=author).count() == 0
    decide(fresh(item), reviewer, "approve")
    assert fresh(item).state == "approved"


def test_what_was_accepted_before_is_accepted_again(item, reviewer, author):
    decide(item, reviewer, "approve")
    item = fresh(item)
    items.submit(author, item, items.Wording(question=make_question(), answer=ANSWER, category=item.category))
    before = as_it_is(item)
    assert before[2] != before[1]
    decide(fresh(item), reviewer, "approve")
    take_back(reviewer, fresh(item))
    assert as_it_is(item) == before


def test_nobody_elses_nor_twice_nor_after_a_day(dataset, item, reviewer):
    other = make_member(dataset, "reviewer")
    decide(item, reviewer, "approve")
    with pytest.raises(Invalid, match="There is nothing to take back"):
        take_back(other, fresh(item))
    Review.objects.update(created_at=timezone.now() - timedelta(days=1))
    with pytest.raises(Invalid, match="There is nothing to take back"):
        take_back(reviewer, fresh(item))
    Review.objects.update(created_at=timezone.now())
    take_back(reviewer, fresh(item))
    with pytest.raises(Invalid, match="There is nothing to take back"):
        take_back(reviewer, fresh(item))
    assert fresh(item).state == "in_review"


def somebody_comments(item, author):
    comment(author, item, body="どうしてですか。")


def writer_begins(item, author):
    items.save_draft(author, item, version=0, client_id="one", question="直します。", answer="")


def another_takes_it(item, author):
    leases.lease_item(make_member(item.dataset, "author"), item, Lease.Part.WRITE)


def lead_closes_it(item, author):
    close_to_writers(OPERATOR, item)


SINCE = [
    (somebody_comments, "Something happened to it since"),
    (writer_begins, "Its writer has begun to mend it"),
    (another_takes_it, "Somebody has it in hand"),
    (lead_closes_it, "Something happened to it since"),
]


@pytest.mark.parametrize(("since", "why"), SINCE)
def test_what_somebody_went_on_with_stands(item, reviewer, author, since, why):
    decide(item, reviewer, "request_changes", open_to_all=True, **BACK)
    since(fresh(item), author)
    before = as_it_is(item)
    with pytest.raises(Conflict, match=why):
        take_back(reviewer, fresh(item))
    assert (as_it_is(item), Review.objects.count()) == (before, 1)


def test_what_is_in_a_release_stands(dataset, item, reviewer):
    decide(item, reviewer, "approve")
    freeze(OPERATOR, dataset, Choice(name="one", seed=1, test_per_leaf=0))
    with pytest.raises(Conflict, match="It is in a release already"):
        take_back(reviewer, fresh(item))
    assert fresh(item).state == "approved"


def test_fix_stands(item, reviewer):
    fixed = items.Wording(question=item.current_revision.question, answer=ANSWER + "窓口もあります。")
    reviews.review(reviewer, item, decision="fix_and_approve", revision=item.current_revision_id, fixed=fixed)
    with pytest.raises(NotAllowed, match="A fix"):
        take_back(reviewer, fresh(item))


def test_opinion_is_taken_back_while_it_is_the_only_one(dataset, item, reviewer):
    set_reviewing(OPERATOR, dataset, lease_minutes=15, twice_share=100, second_after_fix=False)
    decide(item, reviewer, "approve")
    take_back(reviewer, fresh(item))
    assert (fresh(item).state, DoubleReview.objects.count(), Review.objects.count()) == ("in_review", 0, 0)
    decide(fresh(item), reviewer, "approve")
    other = make_member(dataset, "reviewer")
    decide(fresh(item), other, "approve")
    for one in (reviewer, other):
        with pytest.raises((NotAllowed, Conflict)):
            take_back(one, fresh(item))
    assert fresh(item).state == "approved"


def test_board_counts_it_as_not_done(dataset, item, reviewer):
    decide(item, reviewer, "approve")
    take_back(reviewer, fresh(item))
    today = throughput(dataset, 1)[0]
    assert (today.reviewed, today.approved) == (0, 0)
