"""train, runs, cancel_run and evaluate_run as scripts see them: exit codes and JSON."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from finetune.models import Evaluation, TrainingRun
from tests.factories.curation import make_member
from tests.factories.finetune import make_run, make_world, recipe

pytestmark = pytest.mark.django_db(transaction=True)


def call(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict, str]:
    """Exit code, the JSON object on stdout, and stderr."""
    code = 0
    try:
        call_command(*words, "--json")
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    return code, json.loads(out), err.strip()


def written(folder: Path, **changes: object) -> str:
    path = folder / "recipe.json"
    path.write_text(json.dumps(recipe(**changes)), encoding="utf-8")
    return str(path)


def test_train_wait_then_runs_then_evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _dataset, release, _person = make_world()
    code, told, said = call("train", written(tmp_path, name="one", max_steps=2), "--wait", capsys=capsys)
    run = TrainingRun.objects.get()
    assert code == 0
    assert said == f"Run {run.pk} (one): succeeded, 2 of 2 steps."
    assert {name: told[name] for name in ("run", "name", "state", "attempt", "step", "steps", "failure")} == {
        "run": run.pk,
        "name": "one",
        "state": "succeeded",
        "attempt": 1,
        "step": 2,
        "steps": 2,
        "failure": "",
    }
    checkpoint = run.checkpoints.get()
    assert told["checkpoints"] == [
        {"step": 2, "folder": checkpoint.folder, "manifest_sha256": checkpoint.manifest_hash}
    ]
    assert told["mixture"]["sources"][0]["sha256"] == release.root_hash
    assert call("runs", capsys=capsys)[:2] == (0, {"runs": [told]})
    code, told, _said = call("evaluate_run", str(run.pk), "--wait", capsys=capsys)
    evaluation = Evaluation.objects.get()
    assert (code, told) == (
        0,
        {"evaluation": evaluation.pk, "run": run.pk, "state": "succeeded", "result": evaluation.result},
    )
    assert call("cancel_run", str(run.pk), capsys=capsys) == (
        2,
        {"error": "The run has ended already.", "field": ""},
        "The run has ended already.",
    )


def test_train_wait_that_fails_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_world()
    absent = {"kind": "folder", "path": str(tmp_path / "no-model")}
    code, told, _said = call("train", written(tmp_path, model=absent), "--wait", capsys=capsys)
    assert (code, told["state"], told["failure"], told["checkpoints"]) == (1, "failed", "bad_config", [])
    assert told["message"].startswith("model.path: ")


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        (None, "", "does not exist"),
        ("{", "", "is not sound JSON"),
        (json.dumps(recipe(epoch=3)), "recipe", "has unknown keys: epoch."),
        (json.dumps({"name": "x"}), "recipe", "lacks model, mixture."),
        (
            json.dumps(recipe(mixture=[{"release": "r-9"}])),
            "mixture.release",
            "There is no release named r-9.",
        ),
        (
            json.dumps(recipe(mixture=[{"release": "r-0.1", "split": "test"}])),
            "mixture.split",
            "never trained on",
        ),
        ("[]", "recipe", "must be a JSON object."),
    ],
)
def test_train_with_an_unusable_recipe_exits_2_and_writes_nothing(
    text: str | None, field: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_world()
    path = tmp_path / "recipe.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    code, told, said = call("train", str(path), capsys=capsys)
    assert (code, told["field"], told["error"]) == (2, field, said)
    assert words in said
    assert TrainingRun.objects.count() == 0


def test_train_as_somebody_who_may_not_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _dataset, _release, person = make_world("author")
    assert call("train", written(tmp_path), "--as-user", person.username, capsys=capsys)[0] == 2
    assert TrainingRun.objects.count() == 0


def test_runs_of_nothing_and_for_a_stranger(capsys: pytest.CaptureFixture[str]) -> None:
    dataset, _release, _person = make_world()
    assert call("runs", capsys=capsys) == (0, {"runs": []}, f"{dataset.slug} has no run yet.")
    make_run(dataset)
    stranger = make_member(dataset, "author")
    assert call("runs", "--as-user", stranger.username, capsys=capsys)[1] == {"runs": []}


def test_cancel_run_that_waits_and_one_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    dataset, _release, _person = make_world()
    run = make_run(dataset)
    assert call("cancel_run", str(run.pk), capsys=capsys) == (
        0,
        {"run": run.pk, "state": "cancelled"},
        f"Run {run.pk} cancelled.",
    )
    code, told, _said = call("cancel_run", "999999", capsys=capsys)
    assert (code, told["error"]) == (2, f"{dataset.slug} has no run 999999. The command runs lists them.")


def test_evaluate_run_without_a_checkpoint_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    dataset, _release, _person = make_world()
    run = make_run(dataset)
    code, told, _said = call("evaluate_run", str(run.pk), "--wait", capsys=capsys)
    assert (code, told["error"]) == (2, "The run has no complete checkpoint yet.")
