"""Moving an item: texts and credit stay, the column follows, and who moved it does not review it."""

from __future__ import annotations

import pytest

from curation.actions import items, leases, moves
from curation.errors import Conflict, Invalid, NotAllowed, WrongState
from curation.models import Item, Lease, LogEntry, Quota
from tests.factories.curation import decide, leaf, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def reviewer(dataset):
    return make_member(dataset, "reviewer")


@pytest.fixture
def item(dataset):
    return make_item(dataset, state="in_review", attributes={"borderline": True})


def test_move_copies_texts_and_credit_and_keeps_the_state(dataset, item, reviewer):
    before, there = item.current_revision, leaf(dataset, 2)
    leases.lease_item(reviewer, item)
    done = moves.move(reviewer, item, there, revision=before.pk, comment="犯罪の相談です。")
    made, item = done.revision, Item.objects.get(pk=item.pk)
    assert (item.state, item.current_revision, item.category, done.warning) == ("in_review", made, there, "")
    assert (made.number, made.category, made.submitted_by) == (2, there, reviewer)
    kept = (
        "question_text_id",
        "answer_text_id",
        "question_author_id",
        "answer_author_id",
        "attributes",
        "origin",
    )
    assert [getattr(made, name) for name in kept] == [getattr(before, name) for name in kept]
    assert made.content_hash != before.content_hash
    assert (Lease.objects.count(), item.comments.get().body) == (0, "犯罪の相談です。")
    entry = LogEntry.objects.get(verb="move")
    assert entry.details == {"revision": made.pk, "before": before.category_id, "category": there.pk}


def test_who_moved_it_does_not_review_it(dataset, item, reviewer):
    moves.move(reviewer, item, leaf(dataset, 1), revision=item.current_revision_id)
    with pytest.raises(NotAllowed):
        decide(item, reviewer, "approve")
    assert leases.lease_review(reviewer, dataset) is None
    decide(item, make_member(dataset, "reviewer"), "approve")
    assert Item.objects.get(pk=item.pk).approved_revision.category == leaf(dataset, 1)


def test_the_same_move_twice_is_one_and_a_stale_one_moves_nothing(dataset, item, reviewer):
    read = item.current_revision_id
    first = moves.move(reviewer, item, leaf(dataset, 1), revision=read, client_id="m")
    assert (
        moves.move(reviewer, item, leaf(dataset, 1), revision=read, client_id="m").revision == first.revision
    )
    with pytest.raises(Conflict):
        moves.move(make_member(dataset, "lead"), item, leaf(dataset, 2), revision=read)
    assert item.revisions.count() == 2


def test_unusable_moves_are_refused(dataset, item, reviewer):
    read = item.current_revision_id
    for category in (leaf(dataset, 0), leaf(dataset, 0).parent):
        with pytest.raises(Invalid):
            moves.move(reviewer, item, category, revision=read)
    with pytest.raises(NotAllowed):
        moves.move(make_member(dataset, "author"), item, leaf(dataset, 1), revision=read)
    leases.lease_item(make_member(dataset, "reviewer"), item)
    with pytest.raises(Conflict):
        moves.move(reviewer, item, leaf(dataset, 1), revision=read)
    done = make_item(dataset, state="approved")
    with pytest.raises(WrongState):
        moves.move(make_member(dataset, "lead"), done, leaf(dataset, 1), revision=done.current_revision_id)
    assert Item.objects.get(pk=item.pk).category == leaf(dataset, 0)


def test_a_full_category_is_warned_about_and_takes_it_all_the_same(dataset, item, reviewer):
    there = leaf(dataset, 1)
    Quota.objects.filter(dataset=dataset, category=there).update(
        target=1
    )  # one each for dev and test: 2; hard cap 3
    for _ in range(3):
        make_item(dataset, state="in_review", category=there)
    done = moves.move(reviewer, item, there, revision=item.current_revision_id)
    assert done.warning == f"“{there.name}” holds 4 items now, for a target of 2."


def test_siblings_stay_where_they_are(dataset, reviewer):
    author = make_member(dataset, "author")
    item = make_item(dataset, state="in_review", author=author)
    sibling = items.add_answer(author, item)
    question = item.current_revision.question
    items.submit(
        author, sibling, items.Wording(question=question, answer="別の回答です。", category=leaf(dataset))
    )
    moves.move(reviewer, item, leaf(dataset, 1), revision=item.current_revision_id)
    assert Item.objects.get(pk=sibling.pk).category == leaf(dataset, 0)
