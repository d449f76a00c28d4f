"""A real model behind a real server answers our questions and judges the answers with our own prompt.

Whatever it says, every call ends in a score that was said or in the name of a failure, and what came is kept as it came.
"""

import io
import json

import pytest
from django.core.management import call_command

from annotation.actions.rubrics import load_rubric
from annotation.actions.tasks import create_task
from annotation.models import Response
from curation.actions.endpoints import create_endpoint
from curation.log import OPERATOR
from judging.actions.judges import create_judge, scale_of
from judging.models import Attempt, Judge, JudgeCall, Verdict
from judging.parsing import parse
from judging.queries import study_data
from tests.factories.annotation import make_release, make_world_dataset
from tests.rig.models import build_smollm2, build_tiny, serving

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SAMPLING = {
    "tiny": {"temperature": 1.0, "max_tokens": 48},
    "smollm2": {"temperature": 0.6, "max_tokens": 96},
}
BUILT = {"tiny": build_tiny, "smollm2": build_smollm2}
# The larger one takes seconds for each call on a quiet machine.
QUESTIONS, REPEATS = {"tiny": 6, "smollm2": 2}, {"tiny": 2, "smollm2": 1}


@pytest.fixture(scope="module", params=["tiny", "smollm2"])
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    with serving(BUILT[request.param](folder)) as served:
        yield request.param, served


def run(name, *words):
    """The command's JSON; a failed call makes the command end with 1, which is no fault of the product."""
    out = io.StringIO()
    try:
        call_command(name, *words, "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as end:
        if end.code != 1:
            raise
    return json.loads(out.getvalue())


def test_answers_and_verdicts_of_a_real_model(model):
    kind, served = model
    dataset = make_world_dataset()
    release = make_release(dataset, questions=QUESTIONS[kind])
    spec = {"name": "real", "url": served.url, "model": served.name, "settings": SAMPLING[kind]}
    create_endpoint(OPERATOR, dataset, spec)

    made = run("generate", "--release", release.name, "--endpoint", "real", "--parallel", "2")
    # Each question has its answer, or the call's failure was named.
    assert made["generated"] + sum(made["failures"].values()) == QUESTIONS[kind]
    assert Response.objects.filter(dataset=dataset).count() == made["generated"]
    assert set(made["failures"]) <= {"truncated"}
    if made["failures"]:
        again = run("generate", "--release", release.name, "--endpoint", "real", "--parallel", "2")
        assert again["unchanged"] == made["generated"]
    responses = Response.objects.filter(dataset=dataset).count()
    assert responses > 0

    judge = create_judge(
        OPERATOR,
        dataset,
        {"name": "judge", "endpoint": "real", "prompt": "safety5_ja", "sampling": SAMPLING[kind]},
    )
    rubric = load_rubric(OPERATOR, dataset, "safety5")
    task = create_task(OPERATOR, dataset, name="t", release=release, rubric=rubric, overlap=1)
    told = run(
        "judge",
        "--task",
        "t",
        "--judge",
        "judge",
        "--mode",
        "both",
        "--repeats",
        REPEATS[kind],
        "--parallel",
        "2",
    )

    assert told["state"] == "succeeded"
    calls = JudgeCall.objects.filter(judge=judge)
    assert calls.count() == Verdict.objects.filter(call__in=calls).count() == 2 * REPEATS[kind] * responses
    assert sum(told["verdicts"].values()) == calls.count()
    for call in calls.select_related("verdict", "response__text"):
        check(judge, call)
    data = study_data(task, judge, "ref")
    assert len(data.verdicts) == REPEATS[kind] * responses


def check(judge: Judge, call: JudgeCall) -> None:
    """The verdict is what the last raw reply says, read again here; nothing else is a score."""
    attempts = list(Attempt.objects.filter(call=call).order_by("number"))
    assert attempts
    last = attempts[-1]
    assert last.http_status == 200
    assert (last.tokens_in or 0) > 100
    choice = json.loads(last.reply)["choices"][0]
    text = choice["message"]["content"]
    if choice["finish_reason"] == "length":
        expected = ("truncated", "")
    else:
        judged = call.response.text.body if call.response.text else ""
        said = parse(text, scale_of(judge), fence=last.request["fence"], judged=judged)
        expected = (said.status, "" if said.score is None else str(said.score))
        if said.score is not None:
            assert str(said.score) in text
    assert (call.verdict.status, call.verdict.score) == expected
    assert call.verdict.status in set(Verdict.Status.values) - {"transport", "timeout"}
