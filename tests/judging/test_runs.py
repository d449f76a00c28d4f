"""Runs against a real server that misbehaves: a failure stays a failure, and only what is missing is asked again."""

from collections import Counter
from itertools import pairwise

import pytest

from curation.actions import jobs
from curation.actions.endpoints import client_of, create_endpoint
from curation.actions.jobs import run_job
from curation.errors import Conflict, Invalid, NotAllowed
from curation.log import OPERATOR
from curation.models import Endpoint as EndpointRow
from curation.models import Job, Membership
from judging.actions.calling import carry_out, missing
from judging.actions.judges import create_judge
from judging.actions.runs import pause, resume, start_run
from judging.actions.studies import study_of
from judging.estimates import soundness_of
from judging.models import Attempt, Judge, JudgeCall, JudgeRun, Verdict
from tests.factories.annotation import make_member, make_task, make_world_dataset
from tests.rig.endpoint import body, cut, drips, error, giant, hangs, retry_at, says

pytestmark = pytest.mark.django_db

QUICK = {"backoff": 0.001, "tries": 3, "timeout": 30, "seconds_per_call": 90, "failures_in_a_row": 100}
IMPATIENT = {"timeout": 1.0, "seconds_per_call": 6.0}  # for silence alone: a sound answer takes seconds, too
GOOD = says('理由です。\n{"score": 4}')


def make_judge(dataset, url, *, limits=None, prices=None, settings=None, **given) -> Judge:
    """A judge with an endpoint that is given little patience."""
    spec = {"name": "here", "url": url, "model": "judge-model", "settings": settings or {"top_p": 1}}
    create_endpoint(
        OPERATOR, dataset, {**spec, "limits": {**QUICK, **(limits or {})}, "prices": prices or {}}
    )
    return create_judge(
        OPERATOR, dataset, {"name": "j", "endpoint": "here", "sampling": {"seed": 1}, **given}
    )


def begin(judge, task, **given) -> JudgeRun:
    return start_run(
        OPERATOR, judge=judge, task=task, **{"modes": ["ref"], "repeats": 1, "send": False, **given}
    )


def work(run: JudgeRun, at_once: int = 4) -> JudgeRun:
    """The run's job, in this process."""
    run_job(run.job_id, lambda job: carry_out(job, at_once=at_once))
    run.refresh_from_db()
    return run


def by_text() -> dict[str, Verdict]:
    """Verdicts by what the judged response begins with: q0への1番, q0への2番, q1への3番 ... q4への10番."""
    rows = Verdict.objects.select_related("call__response__text")
    return {row.call.response.text.body.partition("の回答")[0]: row for row in rows}


# What the judged response says -> how the endpoint behaves, the verdict, and the requests it takes.
WORLDS = [
    {
        "q0への1番": ([error(429, Retry_After="0"), GOOD], "ok", 2),
        "q0への2番": ([error(500, b"oops"), error(500), error(500), GOOD], "transport", 3),
        "q1への3番": (body(b'{"choices": [{"mess'), "off_format", 1),
        "q1への4番": (says('途中で切れ {"score": 5}', "length"), "truncated", 1),
        "q2への5番": (says(None, refusal="I cannot help with that."), "refused", 1),
        "q2への6番": (says("申し訳ありませんが、採点できません。"), "refused", 1),
        "q3への7番": (says('{"score": 7}'), "out_of_range", 1),
        "q3への8番": (says(None, "content_filter"), "provider_filtered", 1),
        "q4への9番": (says("とても良い回答です。"), "off_format", 2),
        "q4への10番": (GOOD, "ok", 1),
    },
    {
        "q0への1番": ([error(429), GOOD], "ok", 2),
        "q0への2番": ([retry_at(0), GOOD], "ok", 2),
        "q1への3番": (cut, "transport", 3),
        "q1への4番": (body(b"[]"), "off_format", 1),
        "q2への5番": (body(b"null"), "off_format", 1),
        "q2への6番": (giant, "off_format", 1),
        "q3への7番": (says(""), "off_format", 2),
        "q3への8番": (body(b'{"choices": [{"message": {"content": 5}}]}'), "off_format", 1),
        "q4への9番": (body(b'{"choices": {"0": "x"}, "usage": []}'), "off_format", 1),
        "q4への10番": ([says("4点です。"), says('{"score": 4}')], "ok", 2),
    },
    {
        "q0への1番": (error(400, b'{"error": {"code": "content_filter"}}'), "provider_filtered", 1),
        "q0への2番": (error(422), "transport", 1),
        "q1への3番": (body(b"<html>login</html>"), "off_format", 1),
        "q1への4番": (body(b"[" * 100_000), "off_format", 1),
        "q2への5番": ([says("４点。"), error(500)], "off_format", 4),
        "q2への6番": ([says("点数なし"), says("申し訳ありませんが、できません。")], "off_format", 2),
        "q3への7番": ([says("点数なし"), says('{"score": 9}')], "out_of_range", 2),
        "q3への8番": (says('{"score": true}'), "off_format", 2),
        "q4への9番": (says('{"score": NaN}'), "out_of_range", 1),
        "q4への10番": (says('{"score": "４"}'), "ok", 1),
    },
]


@pytest.mark.both_databases
@pytest.mark.parametrize("world", WORLDS)
def test_every_failure_has_its_name_and_none_is_a_score(endpoint, world) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    endpoint.behaviour = {f"{key}の": behave for key, (behave, _status, _n) in world.items()}
    run = work(begin(make_judge(dataset, endpoint.url), task))
    assert run.state == "succeeded"
    found = by_text()
    assert {key: row.status for key, row in found.items()} == {key: one[1] for key, one in world.items()}
    assert {row.score for row in found.values() if row.status == "ok"} == {"4"}
    assert {row.score for row in found.values() if row.status != "ok"} == {""}
    assert {key.removesuffix("の"): n for key, n in endpoint.asked.items()} == {
        key: one[2] for key, one in world.items()
    }
    assert Attempt.objects.count() == endpoint.requests


@pytest.mark.both_databases
def test_silence_and_drops_are_timeouts_and_no_scores(endpoint) -> None:
    dataset = make_world_dataset()
    endpoint.behaviour = {"q1への4番の": hangs, "q2への5番の": drips}
    run = begin(make_judge(dataset, endpoint.url, limits=IMPATIENT), make_task(dataset)[0])
    assert work(run).state == "succeeded"
    found = by_text()
    assert [(found[key].status, found[key].score) for key in ("q1への4番", "q2への5番")] == [
        ("timeout", "")
    ] * 2
    assert (endpoint.asked["q1への4番の"], endpoint.asked["q2への5番の"]) == (3, 1)


def test_a_resume_asks_only_what_never_got_an_answer(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    judge = make_judge(dataset, endpoint.url)
    endpoint.behaviour = {f"{key}の": one[0] for key, one in WORLDS[0].items()}
    work(begin(judge, task))
    study = study_of(OPERATOR, task, judge, "ref", resamples=50).result
    assert study["counts"]["verdicts"] == 2
    assert study["excluded"]["refused"] == {"calls": 2, "responses": 2}
    before = endpoint.requests
    work(begin(judge, task))
    assert endpoint.requests == before + 1
    assert by_text()["q0への2番"].score == "4"
    assert JudgeCall.objects.count() == 10
    numbers = Attempt.objects.filter(call=by_text()["q0への2番"].call).order_by("number")
    assert list(numbers.values_list("number", "http_status")) == [(1, 500), (2, 500), (3, 500), (4, 200)]


def test_an_item_that_always_fails_costs_only_itself(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    endpoint.behaviour = {"q1への3番の": error(500)}
    run = work(begin(make_judge(dataset, endpoint.url, limits={"failures_in_a_row": 2}), task))
    assert run.state == "succeeded"
    assert Counter(row.status for row in by_text().values()) == {"ok": 9, "transport": 1}
    assert endpoint.requests == 9 + 3


def test_a_judge_is_told_once_that_no_score_could_be_read(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    endpoint.behaviour = {"q0への1番の": [says("とても良い。"), says('{"score": 5}')]}
    work(begin(make_judge(dataset, endpoint.url), task, models=["modelsecret-a"]))
    told = next(one for one in endpoint.bodies if len(one["messages"]) == 4)
    assert [one["role"] for one in told["messages"]] == ["system", "user", "assistant", "user"]
    assert told["messages"][2]["content"] == "とても良い。"
    verdict = by_text()["q0への1番"]
    assert (verdict.score, verdict.reason) == ("5", "とても良い。")
    kept = Attempt.objects.filter(call=verdict.call).order_by("number")
    assert [one.request.get("repair", False) for one in kept] == [False, True]
    assert "とても良い。" not in str(kept[0].request)


def test_requests_carry_the_sampling_and_fence_every_text(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    work(begin(make_judge(dataset, endpoint.url), task, modes=["ref", "noref"], repeats=2))
    first = endpoint.bodies[0]
    assert (first["model"], first["seed"], first["top_p"]) == ("judge-model", 1, 1)
    assert "response_format" not in first
    fences = Counter()
    for one in endpoint.bodies:
        fence = one["messages"][0]["content"].rpartition("</")[2].partition(">")[0]
        assert one["messages"][1]["content"].count(f"<{fence}>") in (2, 3)
        fences[fence] += 1
    # One for each of 5 questions and 2 repeats, shared by its 2 responses in 2 modes: a prefix that servers keep.
    assert sorted(fences.values()) == [4] * 10
    kept = Attempt.objects.first()
    assert "messages" not in kept.request
    assert len(kept.request["messages_sha256"]) == 64


def test_a_schema_is_sent_where_the_endpoint_can_be_held_to_one(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    judge = make_judge(dataset, endpoint.url, settings={"response_format": "json_schema"})
    endpoint.usual = says('{"reason": "短い", "score": 4}')
    work(begin(judge, task))
    asked = endpoint.bodies[0]["response_format"]
    assert asked["type"] == "json_schema"
    assert asked["json_schema"]["schema"]["properties"]["score"] == {"enum": [1, 2, 3, 4, 5]}
    assert {(row.score, row.reason) for row in Verdict.objects.all()} == {("4", "短い")}


def test_repeats_follow_each_other_and_modes_stand_side_by_side(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    run = begin(make_judge(dataset, endpoint.url), task, modes=["ref", "noref"], repeats=3)
    calls = {call.pk: call for call in JudgeCall.objects.all()}
    asks = list(missing(run))
    # 5 questions x 2 models x 2 modes x 3 repeats.
    assert len(asks) == 60
    assert [calls[one.call].repeat for one in asks] == [1] * 20 + [2] * 20 + [3] * 20
    for at in range(0, 60, 2):
        assert asks[at].response == asks[at + 1].response
        assert {asks[at].mode, asks[at + 1].mode} == {"ref", "noref"}
    for at in range(0, 60, 4):
        assert len({one.response.question_hash for one in asks[at : at + 4]}) == 1
        assert len({one.fence for one in asks[at : at + 4]}) == 1


@pytest.mark.parametrize(("verb", "state"), [("cancel", "cancelled"), ("pause", "paused")])
def test_a_run_that_is_stopped_keeps_what_came_and_goes_on_where_it_stopped(
    endpoint, monkeypatch, verb, state
) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    run = begin(make_judge(dataset, endpoint.url), task)
    monkeypatch.setattr("judging.actions.calling.SAY_EVERY", 0.0)
    for name in ("WAITING", "AHEAD", "GATHER"):
        monkeypatch.setattr(f"judging.actions.calling.{name}", 0)
    real = jobs.progress

    def progress(given, done, total=None, message=""):
        """Somebody asks the run to stop once three answers are there."""
        if done >= 3:
            if verb == "pause":
                pause(OPERATOR, JudgeRun.objects.get(pk=run.pk))
            else:
                Job.objects.filter(pk=given.pk).update(cancel_requested=True)
        real(given, done, total, message)

    monkeypatch.setattr(jobs, "progress", progress)
    work(run, at_once=1)
    assert (run.state, Job.objects.get(pk=run.job_id).state) == (state, "cancelled")
    assert Verdict.objects.count() == 3 == endpoint.requests
    monkeypatch.setattr(jobs, "progress", real)
    again = resume(OPERATOR, run, send=False)
    assert again.pk == run.pk
    assert work(again).state == "succeeded"
    assert Verdict.objects.count() == 10 == endpoint.requests


@pytest.mark.both_databases
def test_an_endpoint_that_is_down_pauses_the_run_and_burns_nothing(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    limits = {"failures_in_a_row": 3, "down_after": 0.2, "tries": 2}
    judge = make_judge(dataset, endpoint.url, limits=limits)
    endpoint.usual = error(503)
    run = work(begin(judge, task))
    assert run.state == "paused"
    assert run.note.startswith("The endpoint does not answer (HTTP 503), so the run has paused itself.")
    assert Job.objects.get(pk=run.job_id).message == run.note
    assert Verdict.objects.count() == 0
    assert Attempt.objects.count() == endpoint.requests > 0
    endpoint.usual = GOOD
    assert work(begin(judge, task)).pk == run.pk
    assert (run.state, run.note) != ("succeeded", "")
    run.refresh_from_db()
    assert (run.state, run.note, Verdict.objects.filter(status="ok").count()) == ("succeeded", "", 10)


def test_no_server_at_all_pauses_the_run() -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    limits = {"failures_in_a_row": 3, "down_after": 0.1}
    run = work(begin(make_judge(dataset, "http://127.0.0.1:1/v1", limits=limits), task))
    assert (run.state, "ConnectError" in run.note, Verdict.objects.count()) == ("paused", True, 0)


def test_one_429_holds_every_call_back(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    endpoint.latency = 0.05
    endpoint.behaviour = {"q0への1番の": [error(429, Retry_After="0.5"), GOOD]}
    work(begin(make_judge(dataset, endpoint.url), task), at_once=1)
    times = sorted(endpoint.times)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    # 11 requests one after the other; after the one that was refused, half a second of nothing.
    assert len(times) == 11
    assert max(gaps) >= 0.5
    assert sum(gap >= 0.4 for gap in gaps) == 1


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_calls_are_under_way_than_the_endpoint_allows(endpoint, most) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    endpoint.latency = 0.02
    judge = make_judge(dataset, endpoint.url, limits={"in_flight": most})
    work(begin(judge, task, modes=["ref", "noref"]), at_once=64)
    assert endpoint.most_under_way == most
    assert endpoint.requests == 20


def test_verdicts_are_publishable_when_nearly_all_calls_ended_in_a_score(endpoint, settings) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    endpoint.behaviour = {"q0への1番の": says("申し訳ありませんが、採点できません。")}
    judge = make_judge(dataset, endpoint.url)
    run = begin(judge, task, modes=["ref", "noref"])
    assert soundness_of(run)["publishable"] is False
    work(run)
    sound = soundness_of(run)
    # Of 20 calls, the 2 on one response of model a are refused: 18/20 = 90 %, model a 8/10 = 80 %, b 10/10.
    assert (sound["calls"], sound["parsed"], sound["publishable"]) == (20, 18, False)
    assert sound["by_model"]["modelsecret-a"] == {"calls": 10, "parsed": 8, "enough": False}
    assert sound["by_model"]["modelsecret-b"] == {"calls": 10, "parsed": 10, "enough": True}
    settings.TEINEI_PARSED_PERCENT, settings.TEINEI_PARSED_PERCENT_PER_MODEL = 90, 80
    assert soundness_of(run)["publishable"] is True
    settings.TEINEI_PARSED_PERCENT_PER_MODEL = 81
    assert soundness_of(run)["publishable"] is False


def test_what_does_not_fit_is_refused_in_words(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    researcher = make_member(dataset, Membership.Role.RESEARCHER)
    lead = make_member(dataset, Membership.Role.LEAD)
    judge = make_judge(dataset, endpoint.url)
    three = create_judge(
        researcher, dataset, {"name": "three", "endpoint": "here", "prompt": "borderline3_ja"}
    )
    elsewhere = create_judge(researcher, dataset, {"name": "else", "model": "m"})
    for one, said in ((three, "1, 2, 3"), (elsewhere, "else")):
        with pytest.raises(Invalid, match=said):
            start_run(researcher, judge=one, task=task, send=False)
    with pytest.raises(NotAllowed):
        start_run(lead, judge=judge, task=task, send=False)
    with pytest.raises(NotAllowed):
        create_judge(lead, dataset, {"name": "x", "model": "m"})
    with pytest.raises(Invalid, match="no prices"):
        start_run(researcher, judge=judge, task=task, most_money=1.0, send=False)
    run = start_run(researcher, judge=judge, task=task, send=False)
    with pytest.raises(NotAllowed):
        pause(lead, run)
    with pytest.raises(Conflict):
        start_run(researcher, judge=judge, task=task, repeats=1, send=False)


def test_a_judge_never_changes() -> None:
    dataset = make_world_dataset()
    spec = {"name": "a", "model": "m", "sampling": {"temperature": 0}}
    first = create_judge(OPERATOR, dataset, spec)
    assert create_judge(OPERATOR, dataset, spec).pk == first.pk
    with pytest.raises(Invalid, match="a"):
        create_judge(OPERATOR, dataset, {**spec, "sampling": {"temperature": 1}})
    with pytest.raises(Invalid, match="a"):
        create_judge(OPERATOR, dataset, {**spec, "name": "b"})
    for wrong in (
        {"name": ""},
        {"prompt": "nothing"},
        {"rubric": {"name": "x"}},
        {"sampling": {"api_key": "x"}},
        {"more": 1},
    ):
        with pytest.raises(Invalid):
            create_judge(OPERATOR, dataset, {**spec, "name": "c", **wrong})
    assert Judge.objects.count() == 1


def test_limits_and_prices_of_an_endpoint_may_change_and_its_identity_not(endpoint) -> None:
    dataset = make_world_dataset()
    spec = {"name": "e", "url": endpoint.url, "model": "m"}
    create_endpoint(OPERATOR, dataset, {**spec, "limits": {"in_flight": 4}})
    create_endpoint(
        OPERATOR, dataset, {**spec, "limits": {"in_flight": 9}, "prices": {"input": 1, "output": 2}}
    )
    made = create_endpoint(OPERATOR, dataset, spec)
    assert EndpointRow.objects.count() == 1
    assert (made.limits, made.prices) == ({"in_flight": 9}, {"currency": "USD", "input": 1, "output": 2})
    with client_of(made, at_once=4) as client:
        assert client.limits.in_flight == 4
    for wrong in (
        {"limits": {"in_flight": 0}},
        {"limits": {"in_flight": 2.5}},
        {"limits": {"in_flight": 10_000}},
        {"limits": {"speed": 1}},
        {"limits": []},
        {"limits": {"timeout": "5"}},
        {"prices": {"input": 1}},
        {"prices": {"input": -1, "output": 1}},
        {"prices": {"input": 1, "output": True}},
    ):
        with pytest.raises(Invalid) as error_:
            create_endpoint(OPERATOR, dataset, {**spec, "name": "f", **wrong})
        assert error_.value.field == next(iter(wrong))
