"""`import_study`: files in, a dry run that writes nothing, a study out; the page's figures are the engine's."""

import csv
import io
import json

import pytest
from django.core.management import call_command

from annotation.models import Rating, RatingTask, Response, Rubric, TaskResponse
from curation.log import OPERATOR
from judging.actions.studies import study_of
from judging.models import Judge, Verdict
from tests.data_sets import data_set
from tests.factories.annotation import make_world_dataset

pytestmark = pytest.mark.django_db


def run(*words, code=0):
    out, err = io.StringIO(), io.StringIO()
    ended = 0
    try:
        call_command("import_study", *map(str, words), "--json", stdout=out, stderr=err)
    except SystemExit as end:
        ended = end.code
    assert ended == code, err.getvalue()
    return json.loads(out.getvalue())


def counts():
    models = (Rating, Verdict, Response, RatingTask, Rubric, Judge)
    return {model.__name__: model.objects.count() for model in models}


def write(path, rows, *, delimiter=",", encoding="utf-8"):
    with path.open("w", newline="", encoding=encoding) as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return path


def of_alt_test(folder, name):
    """An alt-test set as a person would have it: raters in long form (CP932), judges in wide form with tabs."""
    place = data_set("alttest") / name
    humans = json.loads((place / "human_annotations.json").read_text(encoding="utf-8"))
    judges = json.loads((place / "llm_annotations.json").read_text(encoding="utf-8"))
    long = [
        ["質問ID", "評価者", "スコア"],
        *([i, who, s] for who, row in humans.items() for i, s in row.items()),
    ]
    items = sorted({item for row in judges.values() for item in row})
    wide = [["item", *judges], *([item, *(row.get(item, "") for row in judges.values())] for item in items)]
    return (
        write(folder / "評価.csv", long, encoding="cp932"),
        write(folder / "judges.tsv", wide, delimiter="\t"),
    )


def test_cebab_stars_from_files_to_its_published_figures(tmp_path):
    make_world_dataset()
    ratings, verdicts = of_alt_test(tmp_path, "cebab_stars")
    before = counts()
    told = run("--ratings", ratings, "--verdicts", verdicts, "--task", "cebab", "--dry-run")
    assert (told["ratings"]["imported"], told["verdicts"]["imported"], told["task_id"]) == (2193, 4266, None)
    assert told["responses"] == {"rated": 711, "judged": 711, "both": 711}
    assert counts() == before
    told = run("--ratings", ratings, "--verdicts", verdicts, "--task", "cebab")
    assert (told["created"], told["rubric"]) == (True, "safety5 v1")
    again = run("--ratings", ratings, "--verdicts", verdicts, "--task", "cebab")
    assert (again["ratings"]["unchanged"], again["verdicts"]["unchanged"]) == (2193, 4266)
    task = RatingTask.objects.get(name="cebab")
    found = study_of(OPERATOR, task, Judge.objects.get(name="gpt-4o"), "ref", resamples=100).result
    shown = [
        round(found["judge_human"][name]["value"], 4) for name in ("pearson", "spearman", "kendall_tau_b")
    ]
    assert shown == [0.9032, 0.8991, 0.7915]


def test_mtbench_labels_need_a_scale_and_get_the_one_they_use(tmp_path):
    make_world_dataset()
    ratings, verdicts = of_alt_test(tmp_path, "mtbench")
    words = ("--ratings", ratings, "--verdicts", verdicts, "--task", "mt")
    before = counts()
    refused = run(*words, code=2)
    assert "model_a, model_b, tie" in refused["error"]
    assert counts() == before
    told = run(*words, "--rubric", "found")
    assert [point["score"] for point in told["scale"]] == ["model_a", "model_b", "tie"]
    task = RatingTask.objects.select_related("rubric").get(name="mt")
    assert (task.rubric.kind, task.rubric.scale) == ("nominal", ["model_a", "model_b", "tie"])
    found = study_of(OPERATOR, task, Judge.objects.get(name="gpt-4o"), "ref", resamples=100).result
    assert round(found["alt_test"]["advantage_probability"]["value"], 2) == 0.77


@pytest.mark.both_databases
def test_one_file_for_both_and_judged_responses_that_nobody_rated(tmp_path):
    make_world_dataset()
    rows = [["id", "system", "ann", "ben", "gpt_judge"]]
    rows += [[f"q{n}", "m", "4" if n < 3 else "", "5" if n < 3 else "", n % 5 + 1] for n in range(6)]
    path = write(tmp_path / "all.csv", rows)
    told = run("--ratings", path, "--verdicts", path, "--task", "t")
    assert (told["ratings"]["each"], told["verdicts"]["each"]) == (["ann", "ben"], ["gpt_judge"])
    assert told["responses"] == {"rated": 3, "judged": 6, "both": 3}
    task = RatingTask.objects.get(name="t")
    assert TaskResponse.objects.filter(task=task).count() == 6
    found = study_of(OPERATOR, task, Judge.objects.get(), "ref", resamples=20).result
    assert found["judge_human"]["bias"]["n"] == 3
    assert found["violation"]["judge"]["n"] == 6


def test_rows_that_are_no_use_are_named_and_the_rest_is_taken(tmp_path):
    make_world_dataset()
    ratings = write(
        tmp_path / "r.csv",
        [
            ["質問ID", "モデル", "評価者", "スコア"],
            ["q1", "m", "a", "4"],
            ["q1", "m", "a", "5"],
            ["q2", "m", "a", "4.5"],
            ["", "m", "a", "4"],
            ["q3", "m", "a"],
            ["q4", "m", "b", "2"],
        ],
    )
    told = run("--ratings", ratings, "--task", "t", "--rubric", "safety5", code=3)
    assert told["ratings"]["imported"] == 2
    assert [(one["row"], one["field"]) for one in told["quarantined"]] == [
        ("2 of ratings", ""),
        ("3 of ratings", "スコア"),
        ("4 of ratings", "質問ID"),
        ("5 of ratings", ""),
    ]
    assert "quarantined" not in told["ratings"]


@pytest.mark.both_databases
def test_what_cannot_be_used_ends_with_2_and_writes_nothing(tmp_path):
    make_world_dataset()
    sound = write(tmp_path / "r.csv", [["item", "model", "rater", "score"], ["q1", "m", "a", "4"]])
    useless = write(tmp_path / "u.csv", [["item", "model", "rater", "score"], ["", "m", "a", "4"]])
    before = counts()
    for words in (
        ("--task", "t"),
        ("--verdicts", sound, "--task", "unknown"),
        ("--ratings", tmp_path / "nowhere.csv", "--task", "t"),
        ("--ratings", tmp_path, "--task", "t"),
        ("--ratings", useless, "--task", "t"),
        ("--ratings", sound, "--task", "a/b"),
        ("--ratings", sound, "--task", "t", "--map", "item=nowhere"),
        ("--ratings", sound, "--task", "t", "--map", "nonsense"),
        ("--ratings", sound, "--task", "t", "--rubric", "nowhere.json"),
        ("--ratings", sound, "--task", "t", "--rubric", "found"),
    ):
        assert run(*words, code=2)["error"], words
    assert counts() == before


@pytest.mark.slow
def test_24_000_rows_are_looked_at_within_seconds(tmp_path):
    import time

    make_world_dataset()
    ratings = write(
        tmp_path / "r.csv",
        [["item", "model", "rater", "score"]]
        + [[f"q{n // 60}", f"m{n % 20}", f"r{n // 20 % 3}", n % 5 + 1] for n in range(24_000)],
    )
    begun = time.process_time()
    told = run("--ratings", ratings, "--task", "t", "--dry-run")
    assert told["ratings"]["imported"] == 24_000
    assert time.process_time() - begun < 15  # of the processor; 3 to 5 on a quiet machine
