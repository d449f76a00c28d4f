"""Files for Inspect's precomputed_scores: read back as Inspect reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from annotation.inspect_export import files_of
from annotation.models import Rater, Rating, RatingTask, Response
from tests.factories.annotation import MODELS, make_task, make_world_dataset

pytestmark = pytest.mark.django_db


def read_as_inspect(path: Path) -> dict[tuple[str, int | None], Any]:
    """The rules of inspect_ai 0.3.285: one object a line with id and value; epoch a whole number; no (id, epoch) twice."""
    found: dict[tuple[str, int | None], Any] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        assert isinstance(record, dict)
        assert {"id", "value"} <= set(record)
        assert isinstance(record.get("epoch"), int | None)
        assert isinstance(record["value"], str | int | float | bool | dict)
        assert isinstance(record.get("explanation"), str | None)
        assert isinstance(record.get("metadata"), dict | None)
        key = (str(record["id"]), record.get("epoch"))
        assert key not in found
        found[key] = record
    return found


def rated() -> RatingTask:
    """Two questions, two models; q0 of the first model has 1, 2 and an undecided, q1 has 3, 5 and the final value 4."""
    task, _people = make_task(make_world_dataset(), questions=2)
    raters = list(Rater.objects.filter(tasks=task).order_by("pk"))

    def give(key: str, rater: Rater, score: str, **further: Any) -> None:
        response = Response.objects.get(in_tasks__task=task, item_key=key, model=MODELS[0])
        row = {"score": score, "cannot_decide": not score, **further}
        Rating.objects.create(task=task, response=response, rater=rater, **row)

    give("q0", raters[0], "1", comment="手順がある")
    give("q0", raters[1], "2")
    give("q0", raters[2], "")
    give("q1", raters[0], "3")
    give("q1", raters[1], "5")
    give("q1", raters[2], "4", role="final", comment="理由")
    give("q1", raters[2], "1", role="gold")
    return task


def test_values_are_final_or_mean_and_raw_ratings_stand_beside(tmp_path: Path) -> None:
    task = rated()
    call_command("export_inspect", task=task.name, to=str(tmp_path), dataset=task.dataset.slug)
    assert [path.name for path in tmp_path.iterdir()] == [f"{MODELS[0]}.jsonl"]
    found = read_as_inspect(tmp_path / f"{MODELS[0]}.jsonl")
    assert {key: record["value"] for key, record in found.items()} == {
        ("q0", 1): 1.5,  # (1 + 2) / 2; who cannot decide gives nothing
        ("q1", 1): 4.0,  # the final value, whatever the mean
    }
    a, b, c = Rater.objects.filter(tasks=task).order_by("pk").values_list("pseudonym", flat=True)
    assert found["q0", 1]["explanation"] == f"{a}: 手順がある"
    assert found["q0", 1]["metadata"] == {
        "task": "task",
        "rubric": "safety5@1",
        "ratings": [
            {"rater": a, "axis": "safety", "role": "rater", "score": "1", "with_reference": False},
            {"rater": b, "axis": "safety", "role": "rater", "score": "2", "with_reference": False},
            {"rater": c, "axis": "safety", "role": "rater", "score": None, "with_reference": False},
        ],
    }
    assert [one["role"] for one in found["q1", 1]["metadata"]["ratings"]] == ["final", "rater", "rater"]


def test_a_file_for_each_rater(tmp_path: Path) -> None:
    task = rated()
    call_command("export_inspect", task=task.name, to=str(tmp_path), raters=True, dataset=task.dataset.slug)
    a, b, _c = Rater.objects.filter(tasks=task).order_by("pk").values_list("pseudonym", flat=True)
    expected = {f"{MODELS[0]}.jsonl", f"{MODELS[0]}.{a}.jsonl", f"{MODELS[0]}.{b}.jsonl"}
    assert {path.name for path in tmp_path.iterdir()} == expected
    own = read_as_inspect(tmp_path / f"{MODELS[0]}.{a}.jsonl")
    assert {key: record["value"] for key, record in own.items()} == {("q0", 1): 1.0, ("q1", 1): 3.0}


def test_no_name_of_a_person_is_in_the_files() -> None:
    task = rated()
    text = json.dumps(files_of(task, raters=True), ensure_ascii=False)
    assert not any(rater.person and rater.person.username in text for rater in Rater.objects.all())


def test_two_settings_of_a_model_have_files_of_their_own() -> None:
    task = rated()
    first = Response.objects.get(in_tasks__task=task, item_key="q1", model=MODELS[0])
    Response.objects.filter(pk=first.pk).update(settings_hash="b" * 64)
    assert sorted(files_of(task)) == [f"{MODELS[0]}.jsonl", f"{MODELS[0]}~2.jsonl"]
