"""The lease in the database owns a run: one claim wins, a second message does nothing, a dead supervisor is found."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from celery import current_app
from celery.signals import before_task_publish
from django.db import connection
from django.utils import timezone

from curation.errors import Invalid
from curation.log import OPERATOR
from finetune.actions.runs import cancel, launch, read_recipe, resume
from finetune.actions.supervision import reconcile, take_lease
from finetune.models import TrainingRun
from finetune.tasks import train
from tests.factories.finetune import make_run, make_world, recipe
from tests.rig.broker import forget_pools

PAST = timedelta(seconds=1)


@pytest.fixture
def told() -> Iterator[list[int]]:
    """Ids as they are sent to a broker that nobody listens to."""
    sent: list[int] = []

    def note(body: tuple, **_told: object) -> None:
        sent.append(body[0][0])

    with broker_at("memory://"):
        before_task_publish.connect(note, sender="finetune.train", weak=False)
        yield sent
        before_task_publish.disconnect(note, sender="finetune.train")


@contextmanager
def broker_at(url: str) -> Iterator[None]:
    """Send tasks there, instead of running them eagerly."""
    before = {name: current_app.conf[name] for name in ("task_always_eager", "broker_url")}
    current_app.conf.update(task_always_eager=False, broker_url=url)
    forget_pools()
    try:
        yield
    finally:
        forget_pools()
        current_app.conf.update(before)


def running(run: TrainingRun, **changes: object) -> None:
    """The run as its supervisor left it when it died a second ago."""
    values = {"state": "running", "attempt": 1, "lease_until": timezone.now() - PAST} | changes
    TrainingRun.objects.filter(pk=run.pk).update(**values)


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_lease_of_many_claims_one_wins() -> None:
    dataset, _release, _person = make_world()
    run = make_run(dataset)

    def claim(_turn: int) -> TrainingRun | None:
        try:
            return take_lease(run.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=6) as pool:
        won = [taken for taken in pool.map(claim, range(6)) if taken is not None]
    run.refresh_from_db()
    assert [taken.token for taken in won] == [run.token]
    assert (run.state, run.attempt, len(run.token)) == ("running", 1, 32)


@pytest.mark.both_databases
@pytest.mark.django_db
def test_lease_message_that_comes_twice_does_nothing() -> None:
    dataset, _release, _person = make_world()
    run = make_run(dataset)
    first = take_lease(run.pk)
    assert first is not None
    train(run.pk)
    train(999_999)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.token) == ("running", 1, first.token)


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_lease_expired_is_found_and_taken_up(told: list[int]) -> None:
    dataset, _release, _person = make_world()
    lost, alive = make_run(dataset), make_run(dataset)
    running(lost)
    running(alive, lease_until=timezone.now() + timedelta(seconds=20))
    assert reconcile() == [lost.pk]
    assert told == [lost.pk]
    lost.refresh_from_db()
    alive.refresh_from_db()
    assert (lost.state, lost.lease_until, lost.finished_at, alive.state) == ("queued", None, None, "running")
    taken = take_lease(lost.pk)
    assert taken is not None
    assert taken.attempt == 2


@pytest.mark.django_db(transaction=True)
def test_lease_attempts_stop_at_three(told: list[int]) -> None:
    dataset, _release, _person = make_world()
    run = make_run(dataset)
    running(run, attempt=3)
    assert (reconcile(), told) == ([], [])
    run.refresh_from_db()
    assert (run.state, run.message) == ("lost", "The process beside the trainer ended.")
    resume(OPERATOR, run)  # a person may still
    assert told == [run.pk]


@pytest.mark.django_db(transaction=True)
def test_lease_of_a_run_that_was_to_stop_is_not_taken_up(told: list[int]) -> None:
    dataset, _release, _person = make_world()
    run = make_run(dataset)
    running(run, cancel_requested=True)
    assert (reconcile(), told) == ([], [])
    run.refresh_from_db()
    assert (run.state, run.lease_until) == ("cancelled", None)


@pytest.mark.django_db(transaction=True)
def test_lease_waiting_runs_are_sent_again_after_two_minutes(told: list[int]) -> None:
    dataset, _release, _person = make_world()
    long_ago = timezone.now() - timedelta(minutes=3)
    unsent, claimed, fresh = (make_run(dataset) for _each in range(3))
    TrainingRun.objects.filter(pk__in=[unsent.pk, claimed.pk]).update(created_at=long_ago)
    # a claim that died between its lease and its first step
    TrainingRun.objects.filter(pk=claimed.pk).update(lease_until=timezone.now() - PAST, attempt=1)
    assert reconcile() == []
    assert sorted(told) == [unsent.pk, claimed.pk]
    fresh.refresh_from_db()
    assert fresh.state == "queued"
    assert take_lease(claimed.pk) is not None


@pytest.mark.django_db(transaction=True)
def test_launch_without_a_broker_waits_and_says_so() -> None:
    dataset, _release, person = make_world()
    with broker_at("redis://127.0.0.1:1/0"):
        run = launch(person, dataset, read_recipe(recipe()))
    run.refresh_from_db()
    assert run.state == "queued"
    assert run.message.startswith("No worker could be reached (")


@pytest.mark.django_db
def test_cancel_of_a_waiting_run_ends_it_at_once() -> None:
    dataset, _release, person = make_world()
    run = make_run(dataset)
    cancel(person, run)
    assert (run.state, take_lease(run.pk)) == ("cancelled", None)
    with pytest.raises(Invalid, match="ended already"):
        cancel(person, run)
