"""Runs against a real server that misbehaves: a failure stays a failure, and only what is missing is asked again."""

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from curation.actions import jobs
from curation.actions.endpoints import client_of, create_endpoint
from curation.actions.jobs import run_job
from curation.errors import Conflict, Invalid, NotAllowed
from curation.log import OPERATOR
from curation.models import Job, Membership
from judging.actions.judges import create_judge
from judging.actions.runs import carry_out, resume, start_run
from judging.actions.studies import study_of
from judging.models import Attempt, Judge, JudgeCall, JudgeRun, Verdict
from tests.factories.annotation import make_member, make_task, make_world_dataset

pytestmark = pytest.mark.django_db


def answer(text, reason="stop", **message):
    choice = {"message": {"role": "assistant", "content": text, **message}, "finish_reason": reason}
    return 200, {}, json.dumps({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 3}})


GOOD = answer('理由です。\n{"score": 4}')
# What the judged response says: what the server answers, for ever or (a list) one after the other.
BEHAVIOUR = {
    "q0への1番": [(429, {"Retry-After": "0"}, "{}"), GOOD],
    "q0への2番": [(500, {}, "oops"), (500, {}, "oops"), (500, {}, "oops"), GOOD],
    "q1への3番": [(200, {}, '{"choices": [{"mess')],
    "q1への4番": [answer('途中で切れ {"score": 5}', "length")],
    "q2への5番": [answer(None, refusal="I cannot help with that.")],
    "q2への6番": [answer("申し訳ありませんが、採点できません。")],
    "q3への7番": [answer('{"score": 7}')],
    "q3への8番": [answer(None, "content_filter")],
    "q4への9番": [answer("とても良い回答です。")],
    "q4への10番": [GOOD],
}
WANTED = {
    "q0への1番": "ok",
    "q0への2番": "transport",
    "q1への3番": "off_format",
    "q1への4番": "truncated",
    "q2への5番": "refused",
    "q2への6番": "refused",
    "q3への7番": "out_of_range",
    "q3への8番": "provider_filtered",
    "q4への9番": "off_format",
    "q4への10番": "ok",
}


class Model(ThreadingHTTPServer):
    """An endpoint that answers by what it is asked about, and remembers how often."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = Counter()
        self.bodies = []
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = body["messages"][1]["content"]
        key = next(key for key in BEHAVIOUR if f"{key}の" in text)
        with self.server.lock:
            number = self.server.asked[key]
            self.server.asked[key] += 1
            self.server.bodies.append(body)
        status, headers, reply = BEHAVIOUR[key][min(number, len(BEHAVIOUR[key]) - 1)]
        sent = reply.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_words):
        """Quiet."""


@pytest.fixture
def model():
    server = Model()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def make_judge(dataset, url, **given) -> Judge:
    create_endpoint(
        OPERATOR, dataset, {"name": "here", "url": url, "model": "judge-model", "settings": {"top_p": 1}}
    )
    return create_judge(
        OPERATOR, dataset, {"name": "j", "endpoint": "here", "sampling": {"seed": 1}, **given}
    )


def work(run: JudgeRun, at_once: int = 4) -> None:
    """The run's job, in this process, without pauses between tries."""
    client = client_of(run.judge.endpoint, tries=3)
    client.pause = lambda _seconds: None
    run_job(run.job_id, lambda job: carry_out(job, client=client, at_once=at_once))
    run.refresh_from_db()


def by_text() -> dict[str, Verdict]:
    rows = Verdict.objects.select_related("call__response__text")
    return {row.call.response.text.body.partition("の回答")[0]: row for row in rows}


def test_no_failure_becomes_a_score_and_a_resume_asks_only_what_is_missing(model) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    judge = make_judge(dataset, model.url)
    run = start_run(OPERATOR, judge=judge, task=task, modes=["ref"], repeats=1, send=False)
    work(run)
    assert run.state == "succeeded"
    found = by_text()
    assert {key: row.status for key, row in found.items()} == WANTED
    for row in found.values():
        assert row.score == ("4" if row.status == "ok" else "")
    # 429 then 200: two tries; three times 500: three; one each for the eight others.
    assert sum(model.asked.values()) == 2 + 3 + 8 == Attempt.objects.count()
    assert Attempt.objects.filter(http_status=429).count() == 1
    assert Attempt.objects.get(call=found["q1への3番"].call).reply == '{"choices": [{"mess'
    study = study_of(OPERATOR, task, judge, "ref", resamples=50).result
    assert study["counts"]["verdicts"] == 2
    assert study["excluded"]["refused"] == {"calls": 2, "responses": 2}

    run = start_run(OPERATOR, judge=judge, task=task, modes=["ref"], repeats=1, send=False)
    work(run)
    # Only the call that never got an answer is made again, and now answers.
    assert sum(model.asked.values()) == 13 + 1
    assert by_text()["q0への2番"].score == "4"
    assert JudgeCall.objects.count() == 10
    assert [
        one.number for one in Attempt.objects.filter(call=found["q0への2番"].call).order_by("number")
    ] == [1, 2, 3, 4]


def test_requests_carry_the_sampling_and_fence_every_text(model) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    run = start_run(
        OPERATOR,
        judge=make_judge(dataset, model.url),
        task=task,
        modes=["ref", "noref"],
        repeats=1,
        send=False,
    )
    work(run)
    body = model.bodies[0]
    assert (body["model"], body["seed"], body["top_p"]) == ("judge-model", 1, 1)
    with_reference = [one for one in model.bodies if "参考回答その" in one["messages"][1]["content"]]
    fences = set()
    for one in model.bodies:
        fence = one["messages"][0]["content"].rpartition("</")[2].partition(">")[0]
        assert one["messages"][1]["content"].count(f"<{fence}>") in (2, 3)
        fences.add(fence)
    assert 0 < len(with_reference) < len(model.bodies)
    assert len(fences) >= 20
    kept = Attempt.objects.first()
    assert "messages" not in kept.request
    assert len(kept.request["messages_sha256"]) == 64


def test_a_cancelled_run_keeps_what_came_and_goes_on_where_it_stopped(model, monkeypatch) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    run = start_run(
        OPERATOR, judge=make_judge(dataset, model.url), task=task, modes=["ref"], repeats=1, send=False
    )
    monkeypatch.setattr("judging.actions.runs.SAY_EVERY", 0.0)
    real = jobs.progress

    def progress(given, done, total=None, message=""):
        """Somebody asks the job to stop once three answers are there."""
        if done >= 3:
            Job.objects.filter(pk=given.pk).update(cancel_requested=True)
        real(given, done, total, message)

    monkeypatch.setattr(jobs, "progress", progress)
    work(run, at_once=1)
    assert (run.state, Job.objects.get(pk=run.job_id).state) == ("cancelled", "cancelled")
    assert Verdict.objects.count() == 3
    answered = {key for key, row in by_text().items() if row.status != "transport"}
    before = Counter(model.asked)
    monkeypatch.setattr(jobs, "progress", real)
    again = resume(OPERATOR, run, send=False)
    assert again.pk == run.pk
    work(again)
    assert again.state == "succeeded"
    assert Verdict.objects.count() == 10
    assert [model.asked[key] - before[key] for key in answered] == [0] * len(answered)


def test_what_does_not_fit_is_refused_in_words(model) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    researcher = make_member(dataset, Membership.Role.RESEARCHER)
    lead = make_member(dataset, Membership.Role.LEAD)
    judge = make_judge(dataset, model.url)
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
    start_run(researcher, judge=judge, task=task, send=False)
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
