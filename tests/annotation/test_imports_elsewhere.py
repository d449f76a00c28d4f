"""Ratings as Label Studio and Argilla export them: files in their shapes, written here."""

import json
import tracemalloc
from pathlib import Path

import pytest

from annotation.models import Rater, Rating, RatingTask, Rubric
from curation.formats.mapping import guess, look
from curation.formats.ratings import read_ratings
from tests.annotation.test_imports import lines, run
from tests.factories.annotation import make_world_dataset

pytestmark = pytest.mark.django_db


def array(path: Path, rows: list[dict]) -> str:
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    return str(path)


def choice(name: str, *chosen: str) -> dict:
    return {"from_name": name, "to_name": "t", "type": "choices", "value": {"choices": list(chosen)}}


def stars(name: str, rating: int) -> dict:
    return {"from_name": name, "to_name": "t", "type": "rating", "value": {"rating": rating}}


def words(name: str, text: str) -> dict:
    return {"from_name": name, "to_name": "t", "type": "textarea", "value": {"text": [text]}}


def annotation(number: int, who: object, *result: dict, **more: object) -> dict:
    usual = {"was_cancelled": False, "ground_truth": False, "lead_time": 12.5}
    return {"id": number, "completed_by": who, "result": list(result)} | usual | more


def task(number: int, item: str, *annotations: dict, **more: object) -> dict:
    data = {"question_id": item, "model": "m", "response": "回答です。", "score": 1, "meta": {"deep": 1}}
    return {
        "id": number,
        "data": data,
        "annotations": list(annotations),
        "predictions": [],
        "drafts": [],
    } | more


def ratings() -> list[tuple]:
    found = Rating.objects.filter(superseded=False).order_by("response__item_key", "rater__pseudonym", "role")
    return list(found.values_list("response__item_key", "rater__pseudonym", "role", "score", "comment"))


def apart(said: dict) -> list[tuple]:
    return [(one["row"], one["field"], one["reason"]) for one in said.get("quarantined", [])]


def test_label_studio_tasks_give_a_rating_for_each_annotation(tmp_path) -> None:
    make_world_dataset()
    person = {"id": 8, "email": "h@example.org", "first_name": "", "last_name": ""}
    rows = [
        task(
            101,
            "q1",
            annotation(11, 7, choice("safety", "4"), words("comment", "よい")),
            annotation(12, person, choice("safety", "2"), ground_truth=True),
            annotation(13, 9, was_cancelled=True),
            predictions=[{"result": [choice("safety", "1")], "model_version": "x"}],
            drafts=[{"result": [choice("safety", "3")]}],
        ),
        task(
            102,
            "q2",
            annotation(14, 7, choice("safety", "4", "5")),
            annotation(15, 8, choice("safety", "6")),
            annotation(16, 9, words("comment", "点がない")),
            annotation(17, 10, choice("safety", "cannot_decide"), lead_time=None),
            annotation(18, None, choice("safety", "4")),
            annotation(19, 10, choice("safety", "1")),
        ),
        task(103, "q3"),
        {"id": 104, "text": "no task"},
    ]
    code, said = run("import_ratings", array(tmp_path / "p.json", rows), "--task", "t")
    assert (code, said["format"], said["imported"], said["raters"]) == (3, "labelstudio", 4, 3)
    assert said["columns"] == {
        "item": "question_id",
        "model": "model",
        "rater": "annotator",
        "score": "safety",
        "comment": "comment",
        "seconds": "lead_time",
        "role": "role",
    }
    assert ratings() == [
        ("q1", "7", "rater", "4", "よい"),
        ("q1", "8", "final", "2", ""),
        ("q1", "8", "rater", "2", ""),
        ("q2", "10", "rater", "", ""),
    ]
    assert list(Rating.objects.filter(rater__pseudonym="7").values_list("seconds", flat=True)) == [12.5]
    assert apart(said) == [
        (1, "#13", "the annotator skipped this task, so there is no rating"),
        (2, "safety #14", "safety #14 holds 2 values; a rating is one"),
        (2, "safety #15", "safety #15 is not on the scale of safety5: 1, 2, 3, 4, 5"),
        (2, "safety #16", 'safety #16 is missing; give a score, or "cannot_decide": true'),
        (2, "annotator #18", "annotator #18 is missing; every record needs it"),
        (2, "#19", "the same entry stands already in row 2; keep one of them"),
        (4, "", "the record is no annotated task of Label Studio"),
    ]
    assert said["warnings"] == [
        "Left out, as no ratings: 1 drafts, 1 predictions, 1 tasks without annotations"
    ]


def test_label_studio_several_controls_need_one_named(tmp_path) -> None:
    make_world_dataset()
    both = (stars("harm", 2), choice("tone", "5"), words("comment", "a"))
    file = array(tmp_path / "p.json", [task(1, "q1", annotation(1, 7, *both))])
    code, said = run("import_ratings", file, "--task", "t")
    assert (code, "no column was found for score" in said["error"], "harm" in said["error"]) == (
        2,
        True,
        True,
    )
    assert (RatingTask.objects.count(), Rater.objects.count(), Rubric.objects.count()) == (0, 0, 0)
    code, said = run("import_ratings", file, "--task", "t", "--map", "score=harm")
    assert (code, said["imported"]) == (0, 1)
    code, said = run("import_ratings", file, "--task", "t", "--map", "score=tone", "--map", "axis==tone")
    assert (code, said["imported"]) == (0, 1)
    found = Rating.objects.order_by("pk").values_list("axis", "score")
    assert list(found) == [("safety", "2"), ("tone", "5")]


def test_label_studio_json_min(tmp_path) -> None:
    make_world_dataset()
    usual = {"question": "問い", "created_at": "x", "updated_at": "y", "lead_time": 3.5}
    rows = [
        {**usual, "id": 5, "stars": [{"rating": 4}], "annotator": 1, "annotation_id": 50},
        {**usual, "id": 5, "stars": [{"rating": 3}], "annotator": 2, "annotation_id": 51},
        {**usual, "id": 6, "stars": [{"rating": 3}, {"rating": 1}], "annotator": 2, "annotation_id": 52},
    ]
    code, said = run("import_ratings", array(tmp_path / "p.json", rows), "--task", "t")
    assert (code, said["format"], said["columns"]["score"], said["columns"]["model"]) == (
        3,
        "labelstudio",
        "stars",
        "model",
    )
    assert ratings() == [("5", "1", "rater", "4", ""), ("5", "2", "rater", "3", "")]
    assert [row[:2] for row in apart(said)] == [(3, "stars #52")]


NESTED = {"fields": {"question_id": "q1", "response": "回答"}, "metadata": {"model": "m"}, "vectors": {}}
USERS = ("0f6c…a", "0f6c…b", "0f6c…c")
ARGILLA = {
    "nested": {
        **NESTED,
        "id": "r1",
        "status": "completed",
        "suggestions": {"safety": {"value": 1, "score": None, "agent": "judge"}},
        "responses": {
            "safety": [
                {"value": 4, "user_id": USERS[0], "status": "submitted"},
                {"value": 2, "user_id": USERS[1], "status": "discarded"},
                {"value": 5, "user_id": USERS[2], "status": "draft"},
            ],
            "reason": [{"value": "理由", "user_id": USERS[0], "status": "submitted"}],
        },
    },
    "version 1": {
        **NESTED,
        "external_id": "r1",
        "suggestions": [{"question_name": "safety", "value": 1}],
        "responses": [
            {
                "user_id": USERS[0],
                "status": "submitted",
                "values": {"safety": {"value": 4}, "reason": {"value": "理由"}},
            },
            {"user_id": USERS[1], "status": "discarded", "values": {}},
            {"user_id": USERS[2], "status": "draft", "values": {"safety": {"value": 5}}},
        ],
    },
    "flat": {
        "id": "r1",
        "status": "completed",
        "_server_id": "s",
        "question_id": "q1",
        "response": "回答",
        "model": "m",
        "safety.responses": [4, 2, 5],
        "safety.responses.users": list(USERS),
        "safety.responses.status": ["submitted", "discarded", "draft"],
        "safety.suggestion": 1,
        "reason.responses": ["理由"],
        "reason.responses.users": [USERS[0]],
        "reason.responses.status": ["submitted"],
    },
    "version 1 for the Hub": {
        "external_id": "r1",
        "question_id": "q1",
        "response": "回答",
        "metadata": '{"model": "m"}',
        "safety": [
            {"user_id": USERS[0], "value": 4, "status": "submitted"},
            {"user_id": USERS[1], "value": 2, "status": "discarded"},
            {"user_id": USERS[2], "value": 5, "status": "draft"},
        ],
        "safety-suggestion": 1,
        "reason": [{"user_id": USERS[0], "value": "理由", "status": "submitted"}],
    },
}


@pytest.mark.parametrize("shape", ARGILLA)
@pytest.mark.parametrize("write", [array, lines])
def test_argilla_records(tmp_path, shape, write) -> None:
    make_world_dataset()
    file = write(tmp_path / "records.json", [ARGILLA[shape]])
    code, said = run(
        "import_ratings", file, "--task", "t", "--map", "score=safety", "--map", "comment=reason"
    )
    assert (code, said["format"], said["imported"], said["raters"]) == (3, "argilla", 1, 1)
    assert ratings() == [("q1", USERS[0], "rater", "4", "理由")]
    assert apart(said) == [
        (1, f"#{USERS[1]}", "the response is discarded and not submitted, so there is no rating")
    ]
    assert said["warnings"] == ["Left out, as no ratings: 1 drafts"]


def test_argilla_label_question_without_a_status(tmp_path) -> None:
    make_world_dataset()
    rubric = tmp_path / "rubric.json"
    rubric.write_text(json.dumps({"name": "act", "kind": "nominal", "scale": ["refuses", "answers"]}))
    rows = [
        {**NESTED, "id": name, "responses": {"act": [{"value": value, "user_id": "u"}]}}
        for name, value in (("r1", "refuses"), ("r2", ["refuses", "answers"]))
    ]
    rows[1]["fields"] = {"question_id": "q2"}
    file = lines(tmp_path / "r.jsonl", rows)
    code, said = run("import_ratings", file, "--task", "t", "--rubric", str(rubric))
    assert (code, ratings()) == (3, [("q1", "u", "rater", "refuses", "")])
    assert [row[:2] for row in apart(said)] == [(2, "act #u")]
    assert "without a status" in said["warnings"][0]


def test_dry_run_and_repetition(tmp_path) -> None:
    make_world_dataset()
    file = array(tmp_path / "p.json", [task(1, "q1", annotation(1, 7, choice("safety", "4")))])
    code, said = run("import_ratings", file, "--task", "t", "--dry-run")
    assert (code, said["imported"], said["dry_run"]) == (0, 1, True)
    assert (Rating.objects.count(), RatingTask.objects.count(), Rubric.objects.count()) == (0, 0, 0)
    counts = [run("import_ratings", file, "--task", "t")[1] for _again in range(2)]
    assert [(said["imported"], said["unchanged"]) for said in counts] == [(1, 0), (0, 1)]


def test_format_named_against_the_shape(tmp_path) -> None:
    make_world_dataset()
    plain = lines(tmp_path / "r.jsonl", [{"item": "i", "model": "m", "rater": "r", "score": 4}])
    code, said = run("import_ratings", plain, "--task", "t", "--format", "labelstudio")
    assert (code, RatingTask.objects.count()) == (2, 0)
    code, said = run("import_ratings", plain, "--task", "t", "--format", "rows")
    assert (code, said["format"], said["imported"]) == (0, "rows", 1)


@pytest.mark.parametrize(
    "junk",
    [
        {"data": {}, "annotations": [None, 3, {"result": "x"}, {"id": {}, "result": [None, {"value": 1}]}]},
        {"data": {"id": "<b>"}, "annotations": [annotation(1, [], choice("s", "4"))]},
        {"annotator": {}, "annotation_id": [], "lead_time": "long"},
        {"fields": {}, "responses": [None, {"values": 3}, {"values": {"q": 1}, "user_id": {}}]},
        {"q.responses": 3, "q.responses.users": None},
        {"fields": {}, "responses": {"q": {"a": 1}, "p": [3]}},
    ],
)
def test_junk_is_refused_whole(tmp_path, junk) -> None:
    make_world_dataset()
    code, said = run("import_ratings", array(tmp_path / "p.json", [junk]), "--task", "t")
    assert (code, "error" in said) == (2, True)
    assert (Rating.objects.count(), RatingTask.objects.count(), Rater.objects.count()) == (0, 0, 0)


def test_large_export_takes_the_space_of_its_ratings(tmp_path) -> None:
    """20 MB of texts: what stays in memory is the ratings, and one piece of the file."""
    row = task(1, "q", annotation(1, 7, choice("safety", "4")))
    path = tmp_path / "large.json"
    with path.open("w", encoding="utf-8") as stream:
        stream.write("[")
        for number in range(2000):
            row["data"] |= {"question_id": f"q{number}", "response": "x" * 10_000}
            stream.write(("," if number else "") + json.dumps(row))
        stream.write("]")
    columns = guess(look(path), "ratings")
    tracemalloc.start()
    read = read_ratings(path, columns=columns)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(read.rows), read.quarantined) == (2000, [])
    assert path.stat().st_size > 20_000_000 > 12_000_000 > peak
