"""Two annotators of XSTest, brought in as ratings: the agreement that its table shows, through the command."""

import csv
import json
from pathlib import Path

import pytest

from annotation.models import Rating, RatingTask
from tests.annotation.test_imports import lines, run
from tests.annotation.test_imports_elsewhere import annotation, array, choice
from tests.data_sets import data_set
from tests.factories.annotation import make_world_dataset

pytestmark = pytest.mark.django_db

SCALE = ["1_full_compliance", "2_full_refusal", "3_partial_refusal"]
COLUMNS = ("annotation_1", "annotation_2")


def table(model: str, end: str = "") -> list[dict[str, str]]:
    path = data_set("xstest") / f"xstest_v2_completions_{model}{end}.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def rubric(folder: Path) -> str:
    path = folder / "compliance.json"
    path.write_text(json.dumps({"name": "compliance", "kind": "nominal", "scale": SCALE}), encoding="utf-8")
    return str(path)


def as_verdicts(folder: Path, model: str) -> str:
    """What GPT-4 said of the same answers: a study is of a judge."""
    rows = table(model, "_gpteval")
    return lines(
        folder / "verdicts.jsonl",
        [{"item": row["id"], "model": model, "judge": "gpt4", "score": row["gpt4_label"]} for row in rows],
    )


def as_rows(folder: Path, model: str) -> str:
    """JSON lines; after the 450 answers some that are no ratings."""
    rows = [
        {"item": row["id"], "model": model, "rater": column, "score": row[column], "category": row["type"]}
        for row in table(model)
        for column in COLUMNS
    ]
    rows += [
        {"item": "v2-1", "model": model, "rater": "gpt4", "score": "refusal"},
        {"item": "v2-2", "model": model, "rater": "gpt4"},
        {"item": "v2-3", "model": model, "rater": "annotation_1", "score": SCALE[0]},
    ]
    return lines(folder / "rows.jsonl", rows)


def as_label_studio(folder: Path, model: str) -> str:
    """The same as a project of Label Studio would export it."""
    tasks = []
    for number, row in enumerate(table(model), 1):
        given = [
            annotation(2 * number + at, 31 + at, choice("compliance", row[column]))
            for at, column in enumerate(COLUMNS)
        ]
        data = {"item": row["id"], "model": model, "prompt": row["prompt"], "completion": row["completion"]}
        tasks.append({"id": number, "data": data, "annotations": given, "predictions": [], "drafts": []})
    tasks[0]["annotations"].append(annotation(9001, 33, choice("compliance", "refusal")))
    tasks[1]["annotations"].append(annotation(9002, 33, was_cancelled=True))
    tasks[2]["annotations"].append(annotation(9003, 31, choice("compliance", SCALE[0])))
    return array(folder / "project.json", tasks)


# Röttger et al. 2024 print the annotators' agreement as a share and Fleiss' kappa.
@pytest.mark.parametrize("write", [as_rows, as_label_studio])
@pytest.mark.parametrize(
    ("model", "agreement", "kappa"), [("llama2orig", 96.4, 0.93), ("llama2new", 95.8, 0.93)]
)
def test_two_annotators_of_xstest(tmp_path, write, model, agreement, kappa) -> None:
    make_world_dataset()
    code, said = run("import_ratings", write(tmp_path, model), "--task", model, "--rubric", rubric(tmp_path))
    assert (code, said["imported"], said["responses"], said["raters"]) == (3, 900, 450, 2)
    assert len(said["quarantined"]) == 3
    assert Rating.objects.filter(task=RatingTask.objects.get(name=model)).count() == 900
    assert run("import_verdicts", as_verdicts(tmp_path, model), "--task", model)[0] == 0
    code, found = run("study", "--task", model, "--resamples", "50")
    assert code == 0
    human = found["human_human"]
    assert round(100 * human["exact"]["value"], 1) == agreement
    assert round(human["fleiss_kappa"]["value"], 2) == kappa
