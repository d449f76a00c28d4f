"""Markup, template code, formulas and writing directions in texts and names: shown as they are, run by nobody."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from curation.actions.exports import export_release
from curation.actions.releases import freeze
from curation.formats import read_items
from curation.formats.writing.csv_files import formula_unsafe
from curation.log import OPERATOR
from tests.factories.curation import leaf, make_dataset, make_item, make_member
from tests.factories.whole import Whole, make_whole

pytestmark = pytest.mark.django_db

MARKUP = '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{ 7*7 }}{% now "Y" %}\u202e&amp;'
ALIVE = ("<script>alert(1)", "<img src=x", "49", "alert(2)>{{")
FORMULAS = [
    '=HYPERLINK("http://x","y")',
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    " =1+1",
    "＝1＋1",
    'plain, "quoted" and\nbroken',
]


@pytest.fixture
def whole() -> Whole:
    return make_whole(
        question=f"{MARKUP}質問です。",
        answer=f"{MARKUP}回答です。",
        comment=f"{MARKUP}理由です。",
        model=f"m{MARKUP}",
        name=f"n{MARKUP[:70]}",
        run_name=f"r{MARKUP[:60]}",
        task_name="t<script>alert(1)<script>",
    )


def shown(client: Client, name: str, **keys: object) -> str:
    answer = client.get(reverse(name, kwargs=keys))
    assert answer.status_code == 200, (name, answer.status_code)
    return answer.content.decode()


def test_markup_before_a_rater_is_shown_and_not_run(whole: Whole) -> None:
    client = Client()
    client.force_login(whole.rater, backend="django.contrib.auth.backends.ModelBackend")
    text = shown(client, "annotation:rate_task", dataset="demo", pk=whole.task.pk)
    assert ("&lt;script&gt;alert(1)" in text, "<script>alert(1)" in text, "<img src=x" in text) == (
        True,
        False,
        False,
    )


def frozen(folder: Path, texts: list[str]) -> Path:
    """A release of items whose questions and answers are the texts, exported in every plain format."""
    dataset = make_dataset(slug="demo")
    author, reviewer = make_member(dataset, "author"), make_member(dataset, "reviewer")
    for number, text in enumerate(texts):
        make_item(
            dataset,
            state="approved",
            author=author,
            reviewer=reviewer,
            category=leaf(dataset, number % 3),
            question=f"{text} 質問{number}",
            answer=f"{text} 回答",
        )
    release = freeze(OPERATOR, dataset, name="f-1", test_per_leaf=1)
    _files, checked = export_release(OPERATOR, release, folder, formats=["csv", "jsonl", "ac"])
    assert [str(problem) for problem in checked.problems] == []
    return folder


def test_formulas_are_marked_in_csv_and_exact_in_json(tmp_path: Path) -> None:
    folder = frozen(tmp_path / "out", FORMULAS)
    plain: dict[str, tuple[str, str]] = {}
    for file in sorted(folder.rglob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            plain[row["ID"]] = (row["text"], row["output"])
    wanted = {f"{text} 質問{number}".strip() for number, text in enumerate(FORMULAS)}
    assert {question.replace("\r", "\n") for question, _answer in plain.values()} == {
        each.replace("\r", "\n").strip() for each in wanted
    }
    cells = {}
    for file in sorted(folder.rglob("*.csv")):
        with file.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                cells[row["ID"]] = (row["text"], row["output"])
                for cell in row.values():
                    assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r")), cell
    assert {key: tuple(map(formula_unsafe, pair)) for key, pair in cells.items()} == plain


def test_ac_array_comes_back_character_for_character(tmp_path: Path) -> None:
    folder = frozen(tmp_path / "out", [*FORMULAS, MARKUP])
    rows = [row for file in sorted((folder / "ac").rglob("*.json")) for row in read_items(file).rows]
    lines = [
        line for file in folder.rglob("*.jsonl") for line in file.read_text(encoding="utf-8").splitlines()
    ]
    wanted = {row["ID"]: (row["text"], row["output"]) for row in map(json.loads, lines)}
    assert {row.external_id: (row.question, row.answer) for row in rows} == wanted
    assert len(wanted) == len(FORMULAS) + 1
