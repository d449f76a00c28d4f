"""Runs that somebody breaks: killed in mid-turn, steered from two tabs at once, answered with nonsense, given nothing to spend."""

import json

import pytest

from curation.actions.jobs import _put_back
from curation.errors import Conflict, Invalid
from curation.log import OPERATOR
from curation.models import Job, Membership
from curation.workflow import advance
from judging.actions.judges import create_judge
from judging.actions.keeping import MOST_SAID_AGAIN
from judging.actions.runs import cancel, pause, resume, settle_all, start_run
from judging.actions.turns import send_next
from judging.models import Attempt, JudgeRun, Verdict
from tests.factories.annotation import make_member, make_task, make_world_dataset
from tests.judging.test_runs import begin, by_text, make_judge, work
from tests.judging.test_runs_survive import let_time_pass
from tests.rig.broker import wait_until
from tests.rig.endpoint import body, hangs, says


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_turn_of_a_repair_leaves_one_call_to_make(endpoint, worker) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    judge = make_judge(dataset, endpoint.url, limits={"in_flight": 2, "timeout": 15, "seconds_per_call": 30})
    score = says('{"score": 5}')
    endpoint.behaviour = {"q0への1番の": [says("良い。"), hangs, says("良い。"), score]}
    run = start_run(OPERATOR, judge=judge, task=task, modes=["ref"], repeats=1)
    wait_until(lambda: Verdict.objects.count() == 9 and endpoint.asked["q0への1番の"] == 2)
    worker.kill()
    let_time_pass(run)
    assert settle_all() == 1
    worker.start()
    resume(OPERATOR, JudgeRun.objects.get(pk=run.pk))
    wait_until(lambda: JudgeRun.objects.get(pk=run.pk).state == "succeeded")
    assert dict(endpoint.asked) == {"": 9, "q0への1番の": 4}
    verdict = by_text()["q0への1番"]
    kept = Attempt.objects.filter(call=verdict.call).order_by("number")
    assert [(one.number, one.request.get("repair", False)) for one in kept] == [(1, False), (2, True)]
    assert (verdict.score, Attempt.objects.count()) == ("5", 11)


@pytest.mark.both_databases
@pytest.mark.django_db
def test_two_tabs_steer_a_run_at_the_same_time(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    run = begin(make_judge(dataset, endpoint.url), task)
    tabs = [JudgeRun.objects.get(pk=run.pk) for _n in range(2)]
    for tab in tabs:
        assert tab.judge.dataset == dataset  # as a page has read it
    advance(run, "start", actor=OPERATOR, log=False)
    advance(Job.objects.get(pk=run.job_id), "start", actor=OPERATOR, log=False)
    Job.objects.filter(pk=run.job_id).update(heartbeat_at=Job.objects.get(pk=run.job_id).created_at)
    running = JudgeRun.objects.get(pk=run.pk)
    pause(OPERATOR, running)
    with pytest.raises(Conflict, match="is not done yet"):
        resume(OPERATOR, JudgeRun.objects.get(pk=run.pk))
    cancel(OPERATOR, JudgeRun.objects.get(pk=run.pk))
    pause(OPERATOR, JudgeRun.objects.get(pk=run.pk))
    # What was cancelled in one tab is not taken back by a pause in the other.
    assert JudgeRun.objects.get(pk=run.pk).stop_as == "cancel"
    # A tab that still believes it waits: somebody was faster.
    with pytest.raises(Conflict, match="faster"):
        pause(OPERATOR, tabs[0])
    assert JudgeRun.objects.get(pk=run.pk).state == "running"


@pytest.mark.both_databases
@pytest.mark.django_db
def test_paused_resumed_and_cancelled_in_a_row_leaves_nothing_behind(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    run = begin(make_judge(dataset, endpoint.url), task)
    for act in (pause, resume, pause, resume, cancel):
        given = {"send": False} if act is resume else {}
        act(OPERATOR, JudgeRun.objects.get(pk=run.pk), **given)
    run.refresh_from_db()
    assert (run.state, endpoint.requests) == ("cancelled", 0)
    assert list(Job.objects.values_list("state", flat=True)) == ["cancelled"] * 3
    for job in Job.objects.all():  # messages that come late start nothing
        assert work(JudgeRun(pk=run.pk, job_id=job.pk)).state == "cancelled"
    assert endpoint.requests == 0


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_run_paused_while_its_job_looks_for_its_turn_is_not_left_in_the_queue(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    one = begin(make_judge(dataset, endpoint.url), task)
    other = begin(
        create_judge(OPERATOR, dataset, {"name": "k", "endpoint": "here", "sampling": {"seed": 2}}), task
    )
    advance(one, "start", actor=OPERATOR, log=False)
    job = Job.objects.get(pk=other.job_id)
    # The worker has the job; the run has not begun. Then a person pauses it, and only then the job is put back.
    advance(job, "start", actor=OPERATOR, log=False)
    pause(OPERATOR, JudgeRun.objects.get(pk=other.pk))
    job.refresh_from_db()
    assert (job.state, job.cancel_requested) == ("running", True)
    _put_back(job, "waits")
    advance(one, "cancel", actor=OPERATOR)
    assert (Job.objects.get(pk=job.pk).state, send_next()) == ("cancelled", 0)


def nonsense(content: object) -> bytes:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode()


@pytest.mark.both_databases
@pytest.mark.django_db
def test_answers_that_are_no_text_have_a_name_and_cost_one_request(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    endpoint.behaviour = {
        "q0への1番の": body(nonsense(None)),
        "q0への2番の": body(nonsense([{"type": "text", "text": '{"score": 5}'}])),
        "q1への3番の": body(nonsense(5)),
        "q1への4番の": body(b'[{"score": 5}]'),
        "q2への5番の": body(b'{"choices": [[]], "usage": []}'),
        "q2への6番の": body(b'{"choices": {"message": 1}}'),
        "q3への7番の": body(b" " * (10 << 20)),
    }
    run = work(begin(make_judge(dataset, endpoint.url), task))
    assert run.state == "succeeded"
    found = {text: (row.status, row.score) for text, row in by_text().items()}
    bad = [key.removesuffix("の") for key in endpoint.behaviour]
    assert {text: found[text] for text in bad} == dict.fromkeys(bad, ("off_format", ""))
    assert [endpoint.asked[key] for key in endpoint.behaviour] == [1] * 7
    large = Attempt.objects.get(call=by_text()["q3への7番"].call)
    assert (large.http_status, large.reply, large.error) == (200, "", "the answer is larger than 8 MiB")


@pytest.mark.django_db
def test_of_an_endless_reply_only_the_end_is_shown_to_the_judge_again(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    endpoint.behaviour = {"q0への1番の": [says("長い" * 500_000 + "終わり"), says('{"score": 2}')]}
    work(begin(make_judge(dataset, endpoint.url), task, models=["modelsecret-a"]))
    told = next(one for one in endpoint.bodies if len(one["messages"]) == 4)["messages"][2]["content"]
    assert (len(told), told[-3:]) == (MOST_SAID_AGAIN, "終わり")
    assert by_text()["q0への1番"].score == "2"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cap", "sentence"),
    [
        ({"most_tokens": 0}, "tokens a run may take must be above 0"),
        ({"most_tokens": -1}, "tokens a run may take must be above 0"),
        ({"most_money": 0.0}, "money a run may take must be above 0"),
        ({"most_money": float("nan")}, "money a run may take must be above 0"),
        ({"most_money": float("inf")}, "money a run may take must be above 0"),
    ],
)
def test_nothing_to_spend_is_refused_in_words(endpoint, client, cap, sentence) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    judge = make_judge(dataset, endpoint.url, prices={"input": 1, "output": 1})
    with pytest.raises(Invalid, match=sentence):
        begin(judge, task, **cap)
    client.force_login(make_member(dataset, Membership.Role.RESEARCHER))
    given = {"judge": judge.pk, "mode": "ref", "repeats": 1, **cap}
    answer = client.post(f"/d/{dataset.slug}/studies/{task.pk}/start/", given)
    assert (answer.status_code, JudgeRun.objects.count(), endpoint.requests) == (400, 0, 0)
    (field,) = cap
    assert list(answer.context["form"].errors) == [field]


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_cap_below_one_call_pauses_before_the_first(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    judge = make_judge(dataset, endpoint.url, prices={"input": 1, "output": 1})
    run = work(begin(judge, task, most_tokens=1))
    assert (run.state, run.note, endpoint.requests) == (
        "paused",
        "The run has reached its cap: 0 tokens, 0.00 USD spent. What was answered is kept; raise the cap to go on.",
        0,
    )
