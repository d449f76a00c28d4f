"""Cases with known scores from files: what is unclear is set apart, what is answered stays."""

import json
from pathlib import Path
from typing import Any

import pytest

from annotation.actions.gold import add_case, remove_case
from annotation.actions.rubrics import load_rubric
from annotation.actions.tasks import create_task
from annotation.models import Assignment, GoldCase, PracticeAnswer, Qualification, Rater, Response
from annotation.queries import silent_checks
from curation.errors import Invalid, WrongState
from curation.log import OPERATOR
from curation.models import ReleaseItem
from tests.annotation.test_campaigns import run
from tests.factories.annotation import MODELS, make_release, make_responses, make_world_dataset
from tests.factories.gold import make_case

pytestmark = pytest.mark.django_db
CASE: dict[str, Any] = {"question": "問い", "response": "答え", "accepted": [4, 5], "explanation_ja": "理由"}


def lines(path: Path, rows: list[dict]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_import_twice_changes_nothing(tmp_path: Path) -> None:
    dataset = make_world_dataset()
    labels = ["area", "type", "leaf1"]
    rows = [
        {**CASE, "labels": labels, "reference": "参考"},
        {**CASE, "response": "別の答え", "accepted": {"safety": [2, 1]}, "use": "practice"},
    ]
    file = lines(tmp_path / "c.jsonl", rows)
    code, said = run("import_gold", file, "--rubric", "safety5", "--dry-run")
    assert (code, said["imported"], said["dry_run"], GoldCase.objects.count()) == (0, 2, True, 0)
    code, said = run("import_gold", file, "--rubric", "safety5@1")
    assert (code, said) == (
        0,
        {"rubric": "safety5@1", "imported": 2, "unchanged": 0, "completed": 0, "practice": 1, "gold": 1}
        | {"dry_run": False},
    )
    code, said = run("import_gold", file, "--rubric", "safety5")
    assert (code, said["imported"], said["unchanged"], GoldCase.objects.count()) == (0, 0, 2, 2)
    first, second = GoldCase.objects.order_by("pk")
    assert (first.accepted, first.response.labels) == ({"safety": ["4", "5"]}, labels)
    assert first.reference_text is not None
    assert first.reference_text.body == "参考"
    assert (second.accepted, second.use, second.explanation_ja) == (
        {"safety": ["1", "2"]},
        "practice",
        "理由",
    )
    assert set(Response.objects.filter(dataset=dataset).values_list("model", flat=True)) == {"authored"}


WRONG = [
    ({**CASE, "accepted": []}, "accepted", "some, not all, of the points 1, 2, 3, 4, 5"),
    ({**CASE, "accepted": [1, 2, 3, 4, 5]}, "accepted", "not all"),
    ({**CASE, "accepted": [6]}, "accepted", "1, 2, 3, 4, 5"),
    ({**CASE, "accepted": {"tone": [1]}}, "accepted", "there are: safety"),
    ({**CASE, "accepted": 4}, "accepted", "a list of points"),
    ({**CASE, "question": " "}, "question", "blank"),
    ({"question": "問い", "accepted": [1]}, "response", "missing"),
    ({**CASE, "use": "test"}, "use", "practice"),
    ({**CASE, "use": "practice", "explanation_ja": ""}, "explanation_ja", "why its points are right"),
    ({**CASE, "labels": ["nowhere"]}, "labels", "exact labels"),
    ({**CASE, "score": 4}, "score", "no key here; there are: accepted"),
    ({"item": "q0", "model": "nobody", "accepted": [1]}, "item", "no response of nobody"),
]


@pytest.mark.parametrize(("row", "field", "reason"), WRONG)
def test_what_is_no_case_is_set_apart(tmp_path: Path, row: dict, field: str, reason: str) -> None:
    make_world_dataset()
    code, said = run("import_gold", lines(tmp_path / "c.jsonl", [row, CASE]), "--rubric", "safety5")
    (apart,) = said["quarantined"]
    assert (code, said["imported"], apart["row"], apart["field"]) == (3, 1, 1, field)
    assert reason in apart["reason"]


def test_a_response_that_is_there_can_be_a_case_unless_a_task_holds_it(tmp_path: Path) -> None:
    dataset = make_world_dataset()
    release = make_release(dataset, questions=2)
    make_responses(dataset, release)
    rubric = load_rubric(OPERATOR, dataset, "safety5")
    row = {"item": "q0", "model": MODELS[0], "accepted": [1]}
    code, said = run("import_gold", lines(tmp_path / "a.jsonl", [row]), "--rubric", "safety5")
    assert (code, said["imported"]) == (0, 1)
    # It is no part of what a campaign by this rubric measures ...
    task = create_task(OPERATOR, dataset, name="t", release=release, rubric=rubric, gold_share=0.1)
    assert task.population.count() == 3
    # ... and what the campaign holds becomes no case.
    held = {"item": "q1", "model": MODELS[0], "accepted": [1]}
    again = {**row, "accepted": [2]}
    code, said = run("import_gold", lines(tmp_path / "b.jsonl", [held, again]), "--rubric", "safety5")
    assert (code, [entry["row"] for entry in said["quarantined"]]) == (3, [1, 2])
    assert "rated in the task t" in said["quarantined"][0]["reason"]
    assert "a case already" in said["quarantined"][1]["reason"]


def test_one_case_by_hand_and_away_again() -> None:
    rubric = load_rubric(OPERATOR, make_world_dataset(), "safety5")
    case = add_case(OPERATOR, rubric, use="gold", question="問い", response="答え", accepted=[1])
    with pytest.raises(Invalid, match="there already"):
        add_case(OPERATOR, rubric, use="gold", question="問い", response="答え", accepted=[1])
    remove_case(OPERATOR, case)
    assert not GoldCase.objects.exists()


def test_an_answered_case_stays() -> None:
    dataset = make_world_dataset()
    rubric = load_rubric(OPERATOR, dataset, "safety5")
    words = {"question": "問い", "explanation_ja": "理由"}
    practised = add_case(OPERATOR, rubric, use="practice", response="一", accepted=[1], **words)
    checked = add_case(OPERATOR, rubric, use="gold", response="二", accepted=[1], **words)
    rater = Rater.objects.create(dataset=dataset, pseudonym="r")
    attempt = Qualification.objects.create(rater=rater, rubric=rubric)
    PracticeAnswer.objects.create(qualification=attempt, case=practised, scores={}, right=False)
    make_responses(dataset, release := make_release(dataset))
    task = create_task(OPERATOR, dataset, name="t", release=release, rubric=rubric, gold_share=0.1)
    Assignment.objects.create(
        task=task,
        rater=rater,
        response=checked.response,
        gold=checked,
        token="x",
        expires_at="2030-01-01T00:00Z",
    )
    for case in (practised, checked):
        with pytest.raises(WrongState, match="so it stays"):
            remove_case(OPERATOR, case)
    assert GoldCase.objects.count() == 2


def test_a_case_lacking_what_the_task_shows_is_not_slipped_in_until_it_is_completed(tmp_path: Path) -> None:
    dataset = make_world_dataset()
    make_responses(dataset, release := make_release(dataset))
    rubric = load_rubric(OPERATOR, dataset, "safety5")
    bare = {**CASE, "accepted": [1]}
    asked: dict[str, Any] = {"release": release, "rubric": rubric, "gold_share": 0.1}
    assert run("import_gold", lines(tmp_path / "c.jsonl", [bare]), "--rubric", "safety5")[1]["gold"] == 1
    create_task(OPERATOR, dataset, name="without", **asked)  # no example is of a category of this dataset
    with pytest.raises(Invalid, match="lacks a category or the reference answer"):
        create_task(OPERATOR, dataset, name="with", arms="with", **asked)
    whole = {**bare, "reference": "参考", "labels": ["area", "type", "leaf1"]}
    code, said = run("import_gold", lines(tmp_path / "d.jsonl", [whole]), "--rubric", "safety5")
    assert (code, said["imported"], said["completed"], said["unchanged"]) == (0, 0, 1, 0)
    case = GoldCase.objects.get()
    assert case.reference_text is not None
    assert (case.reference_text.body, case.response.labels) == ("参考", ["area", "type", "leaf1"])
    assert run("import_gold", str(tmp_path / "d.jsonl"), "--rubric", "safety5")[1]["unchanged"] == 1
    create_task(OPERATOR, dataset, name="with", arms="with", **asked)


def test_worked_examples_of_categories_here_ask_for_a_category() -> None:
    dataset = make_world_dataset()
    rubric = load_rubric(OPERATOR, dataset, "safety5")
    bare = add_case(OPERATOR, rubric, use="gold", question="問い", response="一", accepted=[1])
    whole = make_case(rubric, use="gold")
    assert list(silent_checks(rubric.pk, "without").order_by("pk")) == [bare, whole]
    rubric.texts["examples"][0]["label"] = "type"  # of the dataset's own tree
    rubric.save()
    assert list(silent_checks(rubric.pk, "without")) == [whole]


def test_a_response_of_an_item_brings_its_reference_along(tmp_path: Path) -> None:
    dataset = make_world_dataset()
    make_responses(dataset, make_release(dataset))
    load_rubric(OPERATOR, dataset, "safety5")
    row = {"item": "q0", "model": MODELS[0], "accepted": [1]}
    run("import_gold", lines(tmp_path / "a.jsonl", [row]), "--rubric", "safety5")
    frozen = ReleaseItem.objects.get(external_id="q0")
    assert GoldCase.objects.get().reference_text == frozen.answer_text is not None
