"""Runs of judges of another kind: a published tool's way of judging, and prompts about one turn of a conversation."""

import json

import pytest

from annotation.actions.responses import import_responses
from annotation.models import Response
from curation.actions.endpoints import create_endpoint
from curation.actions.jobs import run_job
from curation.formats import ResponseRow
from curation.log import OPERATOR
from judging.actions.calling import carry_out
from judging.actions.judges import create_judge
from judging.actions.leaderboards import leaderboard_of
from judging.actions.reparsing import reparse
from judging.actions.runs import start_run
from judging.models import Attempt, Judge, JudgeRun, Verdict
from judging.profiles import SAMPLING, SYSTEM
from tests.factories.annotation import make_release, make_responses, make_world_dataset
from tests.rig.endpoint import error, says

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
FILE = r"""
regex: \[\[(\d)\]\]
prompt_template_with_ref: "問:{question} 手本:{reference} 答:{response}"
prompt_template_wo_ref: "問:{question} 答:{response}"
"""


def judged(dataset, release, endpoint, folder, **given) -> JudgeRun:
    limits = {"backoff": 0.001, "tries": 2, "failures_in_a_row": 100}
    create_endpoint(OPERATOR, dataset, {"name": "e", "url": endpoint.url, "model": "m", "limits": limits})
    judge = create_judge(OPERATOR, dataset, {"name": "j", "endpoint": "e", **given}, folder=folder)
    run = start_run(OPERATOR, judge=judge, release=release, modes=["ref"], repeats=3, send=False)
    run_job(run.job_id, carry_out)
    run.refresh_from_db()
    return run


def test_a_profile_asks_with_plain_lists_and_reads_the_first_digit(endpoint, tmp_path) -> None:
    dataset = make_world_dataset()
    release = make_release(dataset, questions=4)
    make_responses(dataset, release, models=("m1",))
    (tmp_path / "p.yaml").write_text(FILE, encoding="utf-8")
    endpoint.usual = says("例：[[5]] 評価：[[1]]")
    endpoint.behaviour = {"その1で": says("評価：[[8]]"), "その2で": says("数字なし"), "その3で": error(500)}
    given = {"profile": "llmjp-v2.0", "prompt_file": "p.yaml"}
    run = judged(dataset, release, endpoint, tmp_path, **given)
    assert run.repeats == 1
    said = {body["messages"][1]["content"] for body in endpoint.bodies}
    assert "問:['質問その0です。'] 手本:['参考回答その0です。'] 答:['q0への1番の回答です。']" in said
    assert {body["messages"][0]["content"] for body in endpoint.bodies} == {SYSTEM}
    assert {key: endpoint.bodies[0][key] for key in SAMPLING} == SAMPLING
    # The judge is never told that its reply was unreadable: the tool sends the same request again.
    assert {len(body["messages"]) for body in endpoint.bodies} == {2}
    verdicts = {
        v.call.response.item_key: (v.status, v.score)
        for v in Verdict.objects.select_related("call__response")
    }
    assert verdicts == {
        "q0": ("ok", "5"),
        "q1": ("out_of_range", ""),
        "q2": ("off_format", ""),
        "q3": ("transport", ""),
    }
    (board,) = leaderboard_of(OPERATOR, release, resamples=20)["boards"]
    # The tool: 5, 8, dropped, 1 for no reply: one of three below 3, two above
    assert (board["profile"], board["published"]["m1"]) == (
        "as llm-jp-judge v2.0 does",
        {
            "n": 3,
            "score": 14 / 3,
            "violation": 1 / 3 * 100,
            "acceptable": 2 / 3 * 100,
            "api": 25.0,
            "pattern_match": 50.0,
        },
    )


@pytest.mark.parametrize(
    ("profile", "unreadable"),
    # Since its pull request 26 the tool sends a request again, up to three times, where the reply lacks the pattern.
    [("llmjp-v1", 1), ("llmjp-v2.0", 4)],
)
def test_a_profile_asks_again_as_its_tool_does_and_the_last_reply_binds(
    endpoint, tmp_path, profile, unreadable
) -> None:
    dataset = make_world_dataset()
    release = make_release(dataset, questions=5)
    make_responses(dataset, release, models=("m1",))
    (tmp_path / "p.yaml").write_text(FILE, encoding="utf-8")
    endpoint.usual = says("評価：[[8]]")  # has the pattern: nothing is asked again
    endpoint.behaviour = {
        "その1で": says("数字なし"),
        "その2で": [says("数字なし"), says("やはりなし"), says("評価：[[2]]")],
        "その3で": says(None),  # no text: an error in both versions
        "その4で": [says(None), error(500), error(500), says("評価：[[4]]")],
    }
    judged(dataset, release, endpoint, tmp_path, profile=profile, prompt_file="p.yaml")
    asked = {key: endpoint.asked[key] for key in ("", "その1で", "その2で", "その3で", "その4で")}
    later = profile == "llmjp-v2.0"
    # その4で: no text, then a request whose two tries both fail: it is asked no more, and what came stands.
    assert asked == {"": 1, "その1で": unreadable, "その2で": 3 if later else 1, "その3で": 4, "その4で": 3}
    assert len({json.dumps(body) for body in endpoint.bodies}) == 5  # always the very same request
    kept = Attempt.objects.filter(call__response__item_key="q1").order_by("number")
    assert [one.number for one in kept] == list(range(1, unreadable + 1))
    assert [one.request.get("again", False) for one in kept] == [False] + [True] * (unreadable - 1)
    verdicts = {
        v.call.response.item_key: (v.status, v.score)
        for v in Verdict.objects.select_related("call__response")
    }
    assert verdicts == {
        "q0": ("out_of_range", ""),
        "q1": ("off_format", ""),
        "q2": ("ok", "2") if later else ("off_format", ""),
        "q3": ("off_format", ""),
        "q4": ("off_format", ""),
    }
    (board,) = leaderboard_of(OPERATOR, release, resamples=20)["boards"]
    # 8, and 1 each for the two without a text; v2.0 adds the 2 that came at the third request.
    scores = [8, 1, 1] + [2] * later
    assert (board["published"]["m1"]["n"], board["published"]["m1"]["score"]) == (
        len(scores),
        sum(scores) / len(scores),
    )
    judge = Judge.objects.get()
    Verdict.objects.update(parser_version="older")
    assert reparse(OPERATOR, judge)["changed"] == 0  # read again from what is stored, the same reply binds


def test_a_judge_of_the_second_turn_reads_conversations_alone(endpoint, tmp_path) -> None:
    dataset = make_world_dataset()
    turns = ["質問その0です。", "では二つ目です。"]
    release = make_release(dataset, questions=2, attributes={"q0": {"turns": turns}})
    rows = [
        ResponseRow(1, "q0", "m1", "全文", extra={"turns": ["一つ目の答え", "二つ目の答え"]}),
        ResponseRow(2, "q1", "m1", "一度きりの答え"),
    ]
    assert import_responses(OPERATOR, dataset, release=release, rows=rows).new == 2
    endpoint.usual = says(json.dumps({"score": 9}))
    judged(dataset, release, endpoint, tmp_path, prompt="conversation_turn2_ja")
    talk = Response.objects.get(item_key="q0")
    assert set(Verdict.objects.values_list("call__response", "score")) == {(talk.pk, "9")}
    assert Verdict.objects.count() == 3
    asked = endpoint.bodies[0]["messages"][1]["content"]
    assert all(part in asked for part in (*turns, "一つ目の答え", "二つ目の答え"))
    assert "全文" not in asked
