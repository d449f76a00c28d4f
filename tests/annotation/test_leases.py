"""One response for one rater: never more raters than the overlap, whoever asks at the same time."""

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotation.actions.draws import Turn, places_for
from annotation.actions.leases import lease
from annotation.actions.ratings import rate, skip
from annotation.models import Assignment, Rating, RatingTask
from annotation.queries import place_of
from curation.models import Person
from tests.factories.annotation import make_task, make_world_dataset


def rate_all(person: int, task: int) -> int:
    """What one client does: rate what it gets until nothing comes."""
    try:
        who, what = Person.objects.get(pk=person), RatingTask.objects.get(pk=task)
        made, held = 0, lease(who, what)
        while held is not None:
            done = rate(who, what, token=held.token, score=4, client_id=f"{person}-{made}")
            made, held = made + 1, done.following
        return made
    finally:
        connection.close()


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_lease_twenty_clients_five_responses_overlap_three() -> None:
    task, people = make_task(make_world_dataset(), raters=20, models=("one",), overlap=3)
    with ThreadPoolExecutor(max_workers=20) as pool:
        made = list(pool.map(lambda person: rate_all(person.pk, task.pk), people))
    # 5 responses x 3 raters; somebody who finds a place held by a lease leaves, so those who hold it finish
    assert sum(made) == 15
    per_response = Counter(
        Rating.objects.filter(task=task, superseded=False).values_list("response", flat=True)
    )
    assert sorted(per_response.values()) == [3, 3, 3, 3, 3]
    assert Assignment.objects.filter(task=task, state="leased").count() == 0


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_lease_two_tabs_of_one_person_hold_one() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1)

    def ask(_tab: int) -> str:
        try:
            held = lease(Person.objects.get(pk=person.pk), RatingTask.objects.get(pk=task.pk))
            assert held is not None
            return held.token
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as pool:
        tokens = set(pool.map(ask, range(8)))
    assert (len(tokens), Assignment.objects.filter(task=task).count()) == (1, 1)


@pytest.mark.django_db
def test_lease_expired_goes_back() -> None:
    task, (first, second) = make_task(make_world_dataset(), raters=2, questions=1, models=("one",), overlap=1)
    held = lease(first, task)
    assert held is not None
    assert lease(second, task) is None  # 1 response x overlap 1, and it is out
    Assignment.objects.filter(pk=held.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    taken = lease(second, task)
    assert taken is not None
    assert (taken.response_id, Assignment.objects.get(pk=held.pk).state) == (held.response_id, "expired")


@pytest.mark.django_db
def test_lease_never_again_what_was_rated_or_skipped() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=2)
    seen = []
    held = lease(person, task)
    while held is not None:
        seen.append(held.response_id)
        if len(seen) % 2:
            held = rate(person, task, token=held.token, score=5).following
        else:
            held = skip(person, task, token=held.token)
    assert len(seen) == len(set(seen)) == 4  # 2 questions x 2 models


@pytest.mark.django_db
def test_lease_no_question_twice_in_a_row() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=5)
    order = []
    held = lease(person, task)
    for _turn in range(6):
        assert held is not None
        order.append(held.response.item_key)
        held = rate(person, task, token=held.token, score=5).following
    assert all(one != other for one, other in itertools.pairwise(order))


@pytest.mark.django_db
def test_order_differs_by_rater_and_repeats_for_one() -> None:
    task, people = make_task(make_world_dataset(), raters=2, questions=12)
    places = [place_of(person, task) for person in (*people, people[0])]
    walks = [
        [places_for(Turn(place=place, number=n, last=None)).response_id for n in range(1, 9)]
        for place in places
    ]
    assert walks[0] == walks[2] != walks[1]
    assert len(set(walks[0])) > 4  # 8 draws of 24 positions
