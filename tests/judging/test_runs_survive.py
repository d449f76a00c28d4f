"""A worker killed in mid-run: it is found, and a resume repeats no stored call. Counted on the server's side."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from curation.actions.endpoints import client_of
from curation.log import OPERATOR
from curation.models import Job
from curation.workflow import advance
from judging.actions.calling import carry_out, missing
from judging.actions.keeping import Taken, ask_judge, keep_all
from judging.actions.runs import LOST, LOST_AFTER, resume, settle_all, start_run
from judging.models import Attempt, JudgeRun, Verdict
from judging.tasks import settle
from tests.factories.annotation import make_task, make_world_dataset
from tests.judging.test_runs import begin, make_judge
from tests.rig.broker import wait_until
from tests.rig.endpoint import says

Call = tuple[str, str]  # what the judged response begins with, and the mode


def asked(endpoint) -> Counter[Call]:
    """Requests that came in, by the call they belong to."""
    found: Counter[Call] = Counter()
    for one in endpoint.bodies:
        text = one["messages"][1]["content"]
        key = next(
            f"q{q}への{n}番" for q in range(5) for n in (2 * q + 1, 2 * q + 2) if f"q{q}への{n}番の" in text
        )
        found[key, "ref" if "参考回答その" in text else "noref"] += 1
    return found


def stored() -> set[Call]:
    rows = Verdict.objects.select_related("call__response__text")
    return {(row.call.response.text.body.partition("の回答")[0], row.call.mode) for row in rows}


def let_time_pass(run: JudgeRun) -> None:
    """The heartbeat becomes too old, as it does by waiting."""
    Job.objects.filter(pk=run.job_id).update(heartbeat_at=timezone.now() - LOST_AFTER - timedelta(seconds=1))


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_is_found_and_a_resume_repeats_no_stored_call(endpoint, worker) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    judge = make_judge(dataset, endpoint.url, limits={"in_flight": 2, "timeout": 10, "seconds_per_call": 30})
    endpoint.latency = 0.1
    endpoint.usual = says('{"score": 4}')
    run = start_run(OPERATOR, judge=judge, task=task, modes=["ref", "noref"], repeats=1)
    wait_until(lambda: Verdict.objects.count() >= 6)
    worker.kill()
    kept, sent = stored(), asked(endpoint)
    assert 6 <= len(kept) < 20
    assert settle_all() == 0  # its heartbeat is still young
    let_time_pass(run)
    settle()
    run.refresh_from_db()
    assert (run.state, run.note) == ("failed", LOST)
    assert Job.objects.get(pk=run.job_id).state == "failed"
    worker.start()
    resume(OPERATOR, run)
    wait_until(lambda: JudgeRun.objects.get(pk=run.pk).state == "succeeded")
    again = asked(endpoint)
    assert stored() == set(again)
    assert len(again) == 20
    assert [again[call] for call in kept] == [1] * len(kept)
    # Only what was under way when the worker died was asked twice: at most the calls that may be under way.
    assert sum(again.values()) - 20 <= 2 + sum(sent.values()) - len(kept)
    assert Attempt.objects.count() == 20


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_worker_that_was_thought_dead_writes_nothing_more(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    run = begin(make_judge(dataset, endpoint.url), task)
    advance(run, "start", actor=OPERATOR, log=False)
    asks = list(missing(run))
    client = client_of(run.judge.endpoint)
    with client:
        answers = [
            ask_judge(client, run.judge, one, one.messages(run.judge.spec["prompt"])) for one in asks[:2]
        ]
    keep_all(run, answers[:1], {})
    old = Job.objects.get(pk=run.job_id)
    elsewhere = Job.objects.create(dataset=dataset, kind="judge", title="x", arguments={"run": run.pk})
    JudgeRun.objects.filter(pk=run.pk).update(job=elsewhere)
    with pytest.raises(Taken):
        keep_all(run, answers[1:], {})
    with pytest.raises(Taken):
        carry_out(old)
    assert (Attempt.objects.count(), Verdict.objects.count(), endpoint.requests) == (1, 1, 2)
