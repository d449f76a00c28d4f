"""Leases of reviews: what comes, in which order, in whose hands, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from curation.actions import leases, reviews
from curation.actions.care import set_opt_outs
from curation.errors import Conflict, Invalid, NotAllowed, WrongState
from curation.models import Item, Lease, LogEntry
from tests.factories.curation import decide, leaf, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def reviewer(dataset):
    return make_member(dataset, "reviewer", name="sato")


@pytest.fixture
def other(dataset):
    return make_member(dataset, "reviewer", name="tanaka")


@pytest.fixture
def queue(dataset):
    author = make_member(dataset, "author")
    return [make_item(dataset, state="in_review", author=author) for _ in range(3)]


def run_out(*held: Lease) -> None:
    gone = Lease.objects.filter(pk__in=[lease.pk for lease in held])
    gone.update(expires_at=timezone.now() - timedelta(seconds=1))


def test_the_oldest_comes_first_and_the_same_until_it_is_decided(dataset, reviewer, other, queue):
    first = leases.lease_review(reviewer, dataset)
    assert (first.item, leases.lease_review(reviewer, dataset).token) == (queue[0], first.token)
    assert leases.lease_review(other, dataset).item == queue[1]
    decide(queue[0], reviewer, "approve")
    assert leases.lease_review(reviewer, dataset).item == queue[2]
    assert leases.lease_review(make_member(dataset, "reviewer"), dataset) is None


def test_search_goes_on_behind_what_was_left_and_begins_anew_at_the_end(dataset, reviewer, queue):
    came, after = [], 0
    for _ in range(4):
        held = leases.lease_review(reviewer, dataset, after=after)
        came.append(held.item)
        after = held.item.current_revision_id
        leases.let_go(reviewer, held.item)
    assert came == [*queue, queue[0]]


def test_what_ran_out_is_still_theirs_until_somebody_takes_it(dataset, reviewer, other, queue):
    held = leases.lease_review(reviewer, dataset)
    run_out(held)
    again = leases.lease_review(reviewer, dataset)
    assert (again.token, again.expires_at > timezone.now()) == (held.token, True)
    run_out(held)
    assert leases.lease_review(other, dataset).item == queue[0]
    assert leases.lease_review(reviewer, dataset).item == queue[1]
    with pytest.raises(Conflict):
        leases.beat(reviewer, token=held.token)


def test_beat_puts_the_end_off_and_knows_its_person(dataset, reviewer, other, queue):
    held = leases.lease_review(reviewer, dataset)
    Lease.objects.update(expires_at=timezone.now() + timedelta(seconds=5))
    assert leases.beat(reviewer, token=held.token).expires_at > timezone.now() + timedelta(minutes=14)
    with pytest.raises(Conflict):
        leases.beat(other, token=held.token)


def test_while_somebody_has_it_nobody_else_takes_or_decides(reviewer, other, queue):
    held = leases.lease_item(reviewer, queue[0])
    since = timezone.localtime(held.taken_at).strftime("%H:%M")
    said = f"sato is reviewing this since {since}."
    for act in (
        lambda: leases.lease_item(other, queue[0]),
        lambda: reviews.review(other, queue[0], decision="approve", revision=queue[0].current_revision_id),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.sentence == said
    run_out(held)
    decide(queue[0], other, "approve")
    assert Lease.objects.count() == 0


def test_who_takes_another_lets_the_first_go(dataset, reviewer, other, queue):
    leases.lease_item(reviewer, queue[0])
    leases.lease_item(reviewer, queue[2])
    assert list(Lease.objects.values_list("item", flat=True)) == [queue[2].pk]
    assert leases.lease_review(other, dataset).item == queue[0]


def test_own_work_and_what_a_person_opted_out_of_never_come(dataset, reviewer, queue):
    make_member(dataset, "author", person=reviewer)
    make_item(dataset, state="in_review", author=reviewer)
    spared = make_item(dataset, state="in_review", category=leaf(dataset, 2))
    set_opt_outs(reviewer, reviewer, dataset, {leaf(dataset, 0).parent.parent_id})
    assert leases.lease_review(reviewer, dataset).item == spared
    set_opt_outs(reviewer, reviewer, dataset, {leaf(dataset, 0).parent_id, leaf(dataset, 2).pk})
    assert leases.lease_review(reviewer, dataset) is None
    assert Lease.objects.count() == 0


def test_hand_over_waits_for_the_one_it_was_handed_to(dataset, reviewer, other, queue):
    leases.lease_item(reviewer, queue[2])
    mine = leases.lease_review(other, dataset)
    given = leases.hand_over(reviewer, queue[2], to=other)
    assert (given.handed, given.expires_at > timezone.now() + timedelta(hours=23)) == (True, True)
    third = make_member(dataset, "reviewer")
    with pytest.raises(Conflict):
        leases.lease_item(third, queue[2])
    assert leases.lease_review(other, dataset).item == mine.item == queue[0]  # first what they have begun
    decide(queue[0], other, "approve")
    assert leases.lease_review(other, dataset).item == queue[2]
    assert Lease.objects.get().handed is False
    entry = LogEntry.objects.get(verb="hand_over")
    assert (entry.person, entry.object_id, entry.details) == (reviewer, str(queue[2].pk), {"to": other.pk})


def test_hand_over_only_to_who_may_review_it_and_only_by_who_holds_it_or_leads(
    dataset, reviewer, other, queue
):
    leases.lease_item(reviewer, queue[0])
    make_member(dataset, "reviewer", person=queue[0].author)
    with pytest.raises(NotAllowed, match="not for them"):
        leases.hand_over(reviewer, queue[0], to=queue[0].author)
    with pytest.raises(NotAllowed, match="Somebody else is reviewing"):
        leases.hand_over(other, queue[0], to=other)
    with pytest.raises(Invalid):
        leases.hand_over(reviewer, queue[0], to=reviewer)
    spared = make_member(dataset, "reviewer")
    set_opt_outs(spared, spared, dataset, {leaf(dataset).pk})
    with pytest.raises(NotAllowed, match=r"^This item is not for them to review\.$"):
        leases.hand_over(reviewer, queue[0], to=spared)
    assert Lease.objects.get().person == reviewer
    leases.hand_over(make_member(dataset, "lead"), queue[0], to=other)
    assert Lease.objects.get().person == other


def test_what_was_decided_or_left_the_queue_is_held_no_longer(dataset, reviewer, queue):
    leases.lease_item(reviewer, queue[0])
    Item.objects.filter(pk=queue[0].pk).update(state="withdrawn")
    assert leases.lease_review(reviewer, dataset).item == queue[1]
    assert Lease.objects.count() == 1


def test_what_is_not_in_review_and_own_work_is_not_taken(dataset, reviewer, queue):
    with pytest.raises(WrongState):
        leases.lease_item(reviewer, make_item(dataset))
    make_member(dataset, "reviewer", person=queue[0].author)
    with pytest.raises(NotAllowed):
        leases.lease_item(queue[0].author, queue[0])
    assert Lease.objects.count() == 0


def test_a_reviewer_of_two_datasets_holds_one_item(dataset, reviewer, queue):
    leases.lease_review(reviewer, dataset)
    elsewhere = make_dataset()
    make_member(elsewhere, "reviewer", person=reviewer)
    there = make_item(elsewhere, state="in_review")
    assert leases.lease_review(reviewer, elsewhere).item == there
    assert Lease.objects.get().item == there
