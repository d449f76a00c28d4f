"""Responses and ratings from files: bulk, repeatable, what is unclear set apart."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from annotation.models import Rating, RatingTask, Response, Rubric
from curation.models import Membership, Text
from curation.similar import text_hash
from tests.data_sets import data_set
from tests.factories.annotation import make_release, make_responses, make_task, make_world_dataset

pytestmark = pytest.mark.django_db


def lines(path: Path, rows: list[dict]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def run(*arguments: str) -> tuple[int, dict]:
    """Exit code and JSON answer of a command."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*arguments, "--json", stdout=out, stderr=err)
    except SystemExit as left:
        return int(left.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


@pytest.mark.both_databases
def test_import_ratings_cebab_stars(tmp_path) -> None:
    people = json.loads(
        (data_set("alttest") / "cebab_stars" / "human_annotations.json").read_text(encoding="utf-8")
    )
    rows = [
        {"item": item, "model": "text", "rater": rater, "score": score}
        for rater, given in people.items()
        for item, score in given.items()
    ]
    make_world_dataset()
    file = lines(tmp_path / "stars.jsonl", rows)
    code, said = run("import_ratings", file, "--task", "cebab_stars")
    assert (code, said["raters"], said["responses"], said["imported"]) == (0, 10, 711, len(rows))
    code, said = run("import_ratings", file, "--task", "cebab_stars")
    assert (code, said["imported"], said["corrected"], said["unchanged"]) == (0, 0, 0, len(rows))
    assert Rating.objects.count() == len(rows)
    assert RatingTask.objects.get().external


def test_import_ratings_sets_apart_what_it_would_have_to_guess(tmp_path) -> None:
    make_world_dataset()
    row = {"item": "i1", "model": "m", "rater": "r1", "score": 4}
    two = [
        {**row, "item": "i2", "response_sha256": text_hash(text), "rater": "r3"} for text in ("one", "two")
    ]
    file = lines(
        tmp_path / "r.jsonl",
        [
            row,
            {**row, "rater": "r2", "score": 4.5},  # 2: outside the scale
            {**row, "score": 5},  # 3: the same rater again
            *two,  # 4, 5: two responses of one model to one item
            {**row, "item": "i2"},  # 6: which of the two?
            {**row, "rater": "f1", "role": "final"},
            {**row, "rater": "f2", "role": "final", "score": 1},  # 8: a second final value
            {**row, "rater": "r4", "inclusion_probability": 0.5},
            {**row, "rater": "r5", "inclusion_probability": 0.25},  # 10: another chance for the same response
            {**row, "rater": "r6", "score": None, "cannot_decide": True},
        ],
    )
    code, said = run("import_ratings", file, "--task", "t")
    apart = [(entry["row"], entry["field"]) for entry in said["quarantined"]]
    assert code == 3
    assert [number for number, _field in apart] == [2, 3, 6, 8, 10]
    assert dict(apart)[2] == "score"
    assert said["imported"] == 6
    assert list(Response.objects.filter(item_key="i2").values_list("text_known", flat=True)) == [False, False]
    kept = Rating.objects.filter(response__item_key="i1").values_list("rater__pseudonym", "role", "score")
    assert sorted(kept) == [
        ("f1", "final", "4"),
        ("r1", "rater", "4"),
        ("r4", "rater", "4"),
        ("r6", "rater", ""),
    ]
    population = RatingTask.objects.get().population
    assert population.get(response__item_key="i1").inclusion_probability == 0.5


def test_import_ratings_changed_score_corrects(tmp_path) -> None:
    make_world_dataset()
    row = {"item": "i1", "model": "m", "rater": "r1", "score": 4}
    run("import_ratings", lines(tmp_path / "a.jsonl", [row]), "--task", "t")
    code, said = run("import_ratings", lines(tmp_path / "b.jsonl", [{**row, "score": 2}]), "--task", "t")
    assert (code, said["imported"], said["corrected"]) == (0, 0, 1)
    assert list(Rating.objects.order_by("pk").values_list("score", "superseded")) == [
        ("4", True),
        ("2", False),
    ]


def test_import_ratings_nominal_rubric_from_a_file(tmp_path) -> None:
    make_world_dataset()
    rubric = tmp_path / "rubric.json"
    rubric.write_text(json.dumps({"name": "pref", "kind": "nominal", "scale": ["model_a", "model_b", "tie"]}))
    rows = [
        {"item": "i", "model": "m", "rater": f"r{n}", "score": score}
        for n, score in enumerate(["tie", "both"])
    ]
    code, said = run(
        "import_ratings", lines(tmp_path / "a.jsonl", rows), "--task", "t", "--rubric", str(rubric)
    )
    assert (code, said["imported"], [row["row"] for row in said["quarantined"]]) == (3, 1, [2])
    code, _said = run(
        "import_ratings", lines(tmp_path / "b.jsonl", rows[:1]), "--task", "t", "--rubric", "safety5"
    )
    assert code == 2  # another rubric needs another task
    rubric.write_text(json.dumps({"name": "pref", "kind": "nominal", "scale": ["model_a", "model_b"]}))
    run(
        "import_ratings",
        lines(tmp_path / "c.jsonl", [{**rows[0], "score": "model_a"}]),
        "--task",
        "u",
        "--rubric",
        str(rubric),
    )
    assert list(Rubric.objects.filter(name="pref").order_by("version").values_list("version", flat=True)) == [
        1,
        2,
    ]


def test_import_ratings_ids_of_two_external_tasks_are_apart(tmp_path) -> None:
    make_world_dataset()
    file = lines(tmp_path / "a.jsonl", [{"item": "1", "model": "m", "rater": "r", "score": 4}])
    run("import_ratings", file, "--task", "one")
    run("import_ratings", file, "--task", "two")
    assert Response.objects.count() == 2


def test_import_ratings_finds_the_response_whose_text_is_known(tmp_path) -> None:
    dataset = make_world_dataset()
    make_responses(dataset, make_release(dataset, questions=1), models=("m",))
    known = Response.objects.get()
    rows = [
        {"item": "q0", "model": "m", "rater": "r1", "score": 4},
        {"item": "q0", "model": "m", "rater": "r2", "score": 5, "response_sha256": known.text_id},
    ]
    code, said = run("import_ratings", lines(tmp_path / "a.jsonl", rows), "--task", "t")
    assert (code, said["responses"], Response.objects.count()) == (0, 1, 1)


def test_import_ratings_never_over_a_rating_made_here(tmp_path) -> None:
    from annotation.actions.leases import lease
    from annotation.actions.ratings import rate

    task, (person,) = make_task(make_world_dataset(), raters=1, questions=1, models=("m",))
    held = lease(person, task)
    assert held is not None
    rate(person, task, token=held.token, score=4, client_id="c")
    pseudonym = task.raters.get().pseudonym
    rows = [
        {"item": "q0", "model": "m", "rater": pseudonym, "score": 1},
        {"item": "elsewhere", "model": "m", "rater": "r", "score": 1},
    ]
    code, said = run("import_ratings", lines(tmp_path / "a.jsonl", rows), "--task", "task")
    assert (code, said["imported"], [row["row"] for row in said["quarantined"]]) == (3, 0, [1, 2])
    assert Rating.objects.get().score == "4"


def test_import_responses_command_twice(tmp_path) -> None:
    release = make_release(make_world_dataset(), questions=2)
    rows = [
        {"item": "q0", "model": "m", "response": "回答です。"},
        {"item": "q1", "model": "m", "response": ""},
        {"item": "nowhere", "model": "m", "response": "回答です。"},
        {"item": "q0", "model": "m", "response": "別の回答です。"},  # no sample number
    ]
    file = lines(tmp_path / "a.jsonl", rows)
    code, said = run("import_responses", file, "--release", release.name)
    assert (code, said["imported"], [row["row"] for row in said["quarantined"]]) == (3, 2, [3, 4])
    code, said = run("import_responses", file, "--release", release.name)
    assert (code, said["imported"], said["unchanged"]) == (3, 0, 2)
    response = Response.objects.get(item_key="q0")
    assert response.text_id == text_hash("回答です。")
    assert Text.objects.get(pk=response.question_hash).body == "質問その0です。"
    assert run("import_responses", file, "--release", "none")[0] == 2


def test_create_task_command(tmp_path) -> None:
    dataset = make_world_dataset()
    release = make_release(dataset)
    assert run("create_task", "t", "--release", release.name)[0] == 2  # no responses yet
    make_responses(dataset, release)
    code, said = run(
        "create_task", "t", "--release", release.name, "--models", "modelsecret-a", "--overlap", "2"
    )
    told = {
        "task": "t",
        "responses": 5,
        "raters": 0,
        "overlap": 2,
        "plan": {"name": "all", "models": ["modelsecret-a"]},
    }
    assert (code, said) == (0, said | told)
    assert run("create_task", "t", "--release", release.name)[0] == 2  # the name is taken
    assert run("create_task", "u", "--release", release.name, "--plan", "odd")[0] == 2
    assert run("create_task", "u", "--release", release.name, "--models", "nobody")[0] == 2


def test_sync_without_a_server_says_so(monkeypatch) -> None:
    make_task(make_world_dataset(), raters=0)
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    code, said = run("sync_labelstudio", "--task", "task", "--dry-run")
    assert (code, "LABEL_STUDIO_URL" in said["error"]) == (2, True)


def test_roles_that_may_not_import(tmp_path) -> None:
    dataset = make_world_dataset()
    from tests.factories.annotation import make_member

    make_member(dataset, Membership.Role.RATER, username="rita")
    file = lines(tmp_path / "a.jsonl", [{"item": "1", "model": "m", "rater": "r", "score": 4}])
    code, _said = run("import_ratings", file, "--task", "t", "--as-user", "rita")
    assert (code, RatingTask.objects.count(), Rubric.objects.count()) == (2, 0, 0)
