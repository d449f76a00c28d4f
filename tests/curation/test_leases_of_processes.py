"""Fifty reviewers at once, as processes of their own that may be killed: no item in two hands, and none forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from curation.models import Item, Lease, Review, Revision
from tests.factories.curation import make_dataset, make_item, make_member
from tests.rig.raters import KILLED
from tests.rig.reviewers import let_review
from tests.rig.writers import let_write

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]


def make_queue(number: int, reviewers: int):
    """Items of one author in review, and people who may review them."""
    dataset = make_dataset()
    author = make_member(dataset, "author")
    for _ in range(number):
        make_item(dataset, state="in_review", author=author)
    return dataset, [make_member(dataset, "reviewer") for _ in range(reviewers)]


@pytest.mark.parametrize(("clients", "items"), [(12, 20), pytest.param(50, 60, marks=pytest.mark.slow)])
def test_clients_at_once_never_share_an_item(clients: int, items: int) -> None:
    dataset, people = make_queue(items, clients)
    assert let_review(dataset, people) == {0: clients}
    assert (Item.objects.filter(state="approved").count(), Review.objects.count()) == (items, items)
    assert Lease.objects.count() == 0


def test_items_of_clients_that_were_killed_go_to_others_when_their_time_is_over() -> None:
    dataset, people = make_queue(6, 4)
    assert let_review(dataset, people[:3], dying=1.0) == {KILLED: 3}
    held = Lease.objects.order_by("pk")
    assert (held.count(), held.values("item").distinct().count()) == (3, 3)
    assert let_review(dataset, people[3:]) == {0: 1}
    assert (
        Item.objects.filter(state="approved").count() == 3
    )  # the other three are still in the hands of the dead
    held.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert let_review(dataset, people[3:]) == {0: 1}
    assert (Item.objects.filter(state="approved").count(), Lease.objects.count()) == (6, 0)


def test_five_windows_of_one_person_hold_one_item() -> None:
    dataset, (person,) = make_queue(6, 1)
    assert let_review(dataset, [person] * 5, dying=1.0) == {KILLED: 5}
    assert Lease.objects.count() == 1


def make_open_questions(number: int, writers: int):
    """Questions of one author that wait for an answer, and people who may write it."""
    dataset = make_dataset()
    author = make_member(dataset, "author")
    for _ in range(number):
        make_item(dataset, state="awaiting_answer", author=author)
    return dataset, [make_member(dataset, "author") for _ in range(writers)]


@pytest.mark.parametrize(("clients", "items"), [(12, 20), pytest.param(50, 60, marks=pytest.mark.slow)])
def test_writers_at_once_never_write_one_item(clients: int, items: int) -> None:
    dataset, people = make_open_questions(items, clients)
    assert let_write(dataset, people) == {0: clients}
    assert (Item.objects.filter(state="in_review").count(), Lease.objects.count()) == (items, 0)
    assert Revision.objects.filter(number=2).count() == items


def test_items_of_writers_that_were_killed_go_to_others_when_their_time_is_over() -> None:
    dataset, people = make_open_questions(5, 3)
    assert let_write(dataset, people[:2], dying=1.0) == {KILLED: 2}
    assert Lease.objects.values("item").distinct().count() == 2
    assert let_write(dataset, people[2:]) == {0: 1}
    assert Item.objects.filter(state="in_review").count() == 3
    Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert let_write(dataset, people[2:]) == {0: 1}
    assert (Item.objects.filter(state="in_review").count(), Lease.objects.count()) == (5, 0)
