"""Several runs on one endpoint: what it allows holds over all of them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from curation.actions.endpoints import client_of
from curation.errors import Conflict
from curation.log import OPERATOR
from curation.models import Endpoint as EndpointRow
from curation.models import Job
from curation.workflow import advance
from judging.actions.judges import create_judge
from judging.actions.runs import LOST, pause, resume, settle_all, start_run
from judging.actions.turns import WAITS, catch_up, send_next
from judging.models import JudgeRun, Verdict
from tests.factories.annotation import make_task, make_world_dataset
from tests.judging.test_runs import begin, make_judge, work
from tests.judging.test_runs_survive import let_time_pass
from tests.rig.broker import wait_until
from tests.rig.endpoint import error, says

WORDS = {"modes": ["ref"], "repeats": 1}


@pytest.fixture
def two(endpoint):
    """A task, and two judges that ask the same endpoint."""
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    first = make_judge(dataset, endpoint.url, limits={"in_flight": 2, "requests_per_minute": 1000})
    second = create_judge(OPERATOR, dataset, {"name": "k", "endpoint": "here", "sampling": {"seed": 2}})
    return task, first, second


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_run_waits_while_another_asks_its_endpoint_and_begins_by_itself(two, endpoint) -> None:
    task, first, second = two
    one, other = begin(first, task), begin(second, task)
    advance(one, "start", actor=OPERATOR, log=False)
    assert (work(other).state, other.note) == ("queued", WAITS)
    job = Job.objects.get(pk=other.job_id)
    assert (job.state, job.message, job.started_at, endpoint.requests) == ("queued", WAITS, None, 0)
    assert send_next() == 0  # the first one still asks
    advance(one, "pause", actor=OPERATOR)
    assert (send_next(), send_next()) == (1, 0)
    other.refresh_from_db()
    assert (other.state, other.note, endpoint.requests) == ("succeeded", "", 10)
    assert Job.objects.get(pk=other.job_id).message == ""


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_run_does_not_wait_for_a_worker_that_died(two, endpoint) -> None:
    task, first, second = two
    one, other = begin(first, task), begin(second, task)
    advance(one, "start", actor=OPERATOR, log=False)
    advance(Job.objects.get(pk=one.job_id), "start", actor=OPERATOR, log=False)
    work(other)
    let_time_pass(one)
    assert settle_all() == 1
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.state, one.note, other.state) == ("failed", LOST, "succeeded")


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_waiting_run_can_be_paused_and_is_then_not_sent(two, endpoint) -> None:
    task, first, second = two
    one, other = begin(first, task), begin(second, task)
    advance(one, "start", actor=OPERATOR, log=False)
    work(other)
    pause(OPERATOR, other)
    assert (other.state, other.note) == ("paused", "")
    advance(one, "cancel", actor=OPERATOR)
    assert (send_next(), endpoint.requests) == (0, 0)
    assert work(resume(OPERATOR, other, send=False)).state == "succeeded"


@pytest.mark.django_db
def test_whoever_does_the_work_themselves_is_told_who_asks(two) -> None:
    task, first, second = two
    one = begin(first, task)
    advance(one, "start", actor=OPERATOR, log=False)
    with pytest.raises(Conflict, match=f"Run #{one.pk} asks the same endpoint now"):
        begin(second, task)
    assert JudgeRun.objects.count() == 1
    assert begin(second, task, send=True).state == "queued"


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_retry_after_holds_for_the_runs_that_come_after(two, endpoint) -> None:
    task, first, second = two
    endpoint.usual = error(429, Retry_After="1000")
    one = work(begin(first, task))
    assert (one.state, "Retry-After 1000 s" in one.note) == ("paused", True)
    row = EndpointRow.objects.get()
    left = (row.closed_until - timezone.now()).total_seconds()
    assert 990 < left <= 1000
    asked = endpoint.requests
    endpoint.usual = says('{"score": 4}')
    other = work(begin(second, task))
    # Longer than a run waits (300 s): it pauses without a request.
    assert (other.state, endpoint.requests, Verdict.objects.count()) == ("paused", asked, 0)
    EndpointRow.objects.update(closed_until=timezone.now() - timedelta(seconds=1))
    other = JudgeRun.objects.get(pk=other.pk)
    assert work(resume(OPERATOR, other, send=False)).state == "succeeded"


@pytest.mark.both_databases
@pytest.mark.django_db
def test_calls_of_the_run_before_count_towards_this_minute(two) -> None:
    task, first, _second = two
    EndpointRow.objects.update(limits={"requests_per_minute": 12})
    first.endpoint.refresh_from_db()
    work(begin(first, task))  # 10 calls
    with client_of(first.endpoint) as client:
        catch_up(client, first.endpoint)
        waits = []
        for _n in range(3):
            waits.append(client.pacer.delay())
            client.pacer.begin()
    # 12 a minute: two more go at once, the third when the first of the ten is a minute old.
    assert waits[:2] == [0, 0]
    assert 40 < waits[2] <= 60


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_two_runs_in_two_processes_keep_to_the_limit_of_their_endpoint(two, endpoint, worker) -> None:
    task, first, second = two
    worker.stop()
    worker.start(concurrency=2)
    endpoint.latency = 0.1
    runs = [start_run(OPERATOR, judge=judge, task=task, **WORDS) for judge in (first, second)]
    numbers = [run.pk for run in runs]
    wait_until(lambda: JudgeRun.objects.filter(pk__in=numbers, state="succeeded").count() == 2)
    seeds = [body["seed"] for body in endpoint.bodies]
    assert (len(seeds), sorted(seeds, key=seeds.index)) == (20, seeds)  # one after the other
    assert endpoint.most_under_way <= 2
