"""Long work: one run per message, an end that says what happened, and a stop that is heeded."""

from __future__ import annotations

from functools import partial

import pytest

from curation.actions import jobs
from curation.errors import Invalid, NotAllowed, WrongState
from curation.models import Job
from tests.factories.curation import make_dataset, make_member
from tests.rig.at_once import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


class Unreachable:
    """A task whose broker is down."""

    @staticmethod
    def delay(job: int) -> None:
        raise OSError("connection refused")


@pytest.fixture
def person():
    return make_member(make_dataset("jobs"), "author")


@pytest.fixture
def job(person):
    dataset = person.memberships.get().dataset
    return jobs.queue_job(person, dataset, kind="test", title="試し", task=Unreachable)


def test_missing_broker_leaves_the_job_waiting_with_a_sentence(
    person, django_capture_on_commit_callbacks
) -> None:
    dataset = person.memberships.get().dataset
    with django_capture_on_commit_callbacks(execute=True):
        jobs.queue_job(person, dataset, kind="test", title="試し", task=Unreachable)
    job = Job.objects.get()
    assert (job.state, "connection refused" in job.message) == ("queued", True)


def test_result_is_kept(job) -> None:
    jobs.run_job(job.pk, lambda job: {"files": 3})
    job.refresh_from_db()
    assert (job.state, job.result, job.finished_at is not None) == ("succeeded", {"files": 3}, True)


def test_message_delivered_twice_runs_once(job) -> None:
    ran = []
    for _turn in range(2):
        jobs.run_job(job.pk, lambda job: ran.append(job.pk))
    assert ran == [job.pk]


def test_mistake_of_a_person_is_said_in_words(job) -> None:
    def work(job):
        raise Invalid("Choose another file.")

    jobs.run_job(job.pk, work)
    job.refresh_from_db()
    assert (job.state, job.message) == ("failed", "Choose another file.")


def test_fault_of_the_program_is_kept_and_raised(job) -> None:
    with pytest.raises(ZeroDivisionError):
        jobs.run_job(job.pk, lambda job: 1 // 0)
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.message.startswith("ZeroDivisionError")


def test_running_job_stops_at_its_next_step(job, person) -> None:
    def work(job):
        jobs.progress(job, 1, 3)
        jobs.cancel(person, job)
        jobs.progress(job, 2, 3)

    jobs.run_job(job.pk, work)
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("cancelled", 2, 3)


def test_waiting_job_is_cancelled_at_once_and_never_runs(job, person) -> None:
    jobs.cancel(person, job)
    jobs.run_job(job.pk, lambda job: pytest.fail("it ran"))
    job.refresh_from_db()
    assert job.state == "cancelled"
    with pytest.raises(WrongState):
        jobs.finish(job, result={})


def test_another_author_cannot_stop_it_and_the_lead_can(job) -> None:
    dataset = job.dataset
    with pytest.raises(NotAllowed):
        jobs.cancel(make_member(dataset, "author"), job)
    jobs.cancel(make_member(dataset, "lead"), job)
    assert Job.objects.get().state == "cancelled"


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_for_the_same_work_at_once_get_one_job() -> None:
    person = make_member(make_dataset("jobs"), "author")
    wanted = {"kind": "test", "arguments": {"task": 1}, "title": "試し", "task": Unreachable}
    asked = partial(jobs.job_once, person, person.memberships.get().dataset, **wanted)
    first, second = at_once([lambda: asked().pk] * 2)
    assert (first, Job.objects.count()) == (second, 1)
