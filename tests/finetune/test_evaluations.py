"""Before and after: the same test questions to both models, answers kept, shares with intervals, no safety number."""

import json
from pathlib import Path

import pytest

from annotation.models import Response
from curation.errors import Invalid, NotAllowed
from curation.stats.intervals import wilson
from finetune.actions.evaluations import carry_out, queue_evaluation, read_answers, summary
from finetune.actions.supervision import supervise, take_lease
from tests.factories.curation import make_member
from tests.factories.finetune import make_run, make_world


def test_summary_counts_interval_and_spread() -> None:
    rows = [{"response": "あ" * length, "finish": "stop" if length < 9 else "length"} for length in (2, 4, 9)]
    told = summary(rows)
    # 2 of 3 stopped. Wilson, z = 1.959964, z^2 = 3.841459: centre (2/3 + 3.841459/6) / (1 + 3.841459/3) = 0.573066,
    # half 1.959964 * sqrt(2/27 + 3.841459/36) / 2.280486 = 0.365309
    assert told["n"] == 3
    assert (told["stopped"]["value"], told["stopped"]["n"]) == (2 / 3, 3)
    assert (round(told["stopped"]["low"], 3), round(told["stopped"]["high"], 3)) == (0.208, 0.939)
    assert (told["stopped"]["low"], told["stopped"]["high"]) == wilson(2, 3)
    # mean (2 + 4 + 9) / 3 = 5; sd sqrt((9 + 1 + 16) / 2) = sqrt(13)
    assert told["characters"] == {"mean": 5.0, "sd": 13**0.5, "n": 3}


def test_summary_of_one_answer_has_no_spread() -> None:
    assert summary([{"response": "はい", "finish": "stop"}])["characters"] == {
        "mean": 2.0,
        "sd": None,
        "n": 1,
    }


def test_answers_with_any_character_are_one_row_each(tmp_path: Path) -> None:
    written = [{"id": "1", "response": "行\u2028と\x85"}, {"id": "2", "response": "無\0"}]
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in written), encoding="utf-8")
    assert [row["response"] for row in read_answers(path)] == ["行\u2028と\x85", "無\ufffd"]


@pytest.mark.django_db
def test_evaluation_needs_a_checkpoint_and_the_role() -> None:
    dataset, _release, person = make_world()
    run = make_run(dataset)
    with pytest.raises(Invalid, match="no complete checkpoint yet"):
        queue_evaluation(person, run)
    with pytest.raises(NotAllowed):
        queue_evaluation(make_member(dataset, "lead"), run)
    assert carry_out(999_999) is None


@pytest.mark.both_databases(slow=("postgres",))
@pytest.mark.django_db(transaction=True)
def test_evaluation_keeps_the_answers_of_both_models() -> None:
    dataset, release, person = make_world()
    run = make_run(dataset, max_steps=1)
    taken = take_lease(run.pk)
    assert taken is not None
    assert supervise(taken) == "succeeded"
    evaluation = carry_out(queue_evaluation(person, run, send=False).pk)
    assert evaluation is not None
    assert (evaluation.state, evaluation.message) == ("succeeded", "")
    tests = list(release.items.filter(split="test").order_by("position"))
    models = evaluation.result["models"]
    assert (evaluation.result["questions"], list(models)) == (3, ["base", "step 1"])
    for label, told in models.items():
        kept = Response.objects.filter(dataset=dataset, model=f"{run.name} #{run.pk} ({label})")
        assert sorted(kept.values_list("item_id", "question_hash")) == sorted(
            (item.item_id, item.question_text_id) for item in tests
        )
        lengths = [len(response.text.body) for response in kept.select_related("text")]
        # 3 leaves, one test question each
        assert (told["n"], told["stopped"]["n"], told["characters"]["n"]) == (3, 3, 3)
        assert told["characters"]["mean"] == pytest.approx(sum(lengths) / 3)
        stopped = round(3 * told["stopped"]["value"])
        assert (told["stopped"]["low"], told["stopped"]["high"]) == wilson(stopped, 3)
        # nothing here says whether an answer is safe
        assert sorted(told) == ["characters", "n", "stopped"]
    assert len(set(Response.objects.values_list("model_hash", flat=True))) == 2
    assert carry_out(evaluation.pk) is None  # the message came twice
    assert Response.objects.count() == 6


@pytest.mark.django_db(transaction=True)
def test_evaluation_of_a_checkpoint_that_is_gone_fails_with_a_sentence() -> None:
    dataset, _release, person = make_world()
    run = make_run(dataset)
    run.checkpoints.create(step=9, folder="checkpoints/step-00000009", manifest={}, manifest_hash="0" * 64)
    evaluation = carry_out(queue_evaluation(person, run, send=False).pk)
    assert evaluation is not None
    assert (evaluation.state, evaluation.message) == ("failed", "job.json: is missing.")
    assert Response.objects.count() == 0
