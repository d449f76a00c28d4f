"""Markup, template code, formulas and writing directions in texts and names: shown as they are, run by nobody."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from curation.actions.exports import export_release
from curation.actions.imports import import_items
from curation.actions.releases import Choice, Waiver, freeze
from curation.formats import read_items
from curation.formats.writing.csv_files import FORMULA_STARTS, formula_unsafe
from curation.log import OPERATOR
from curation.models import Text
from tests.factories.addresses import address_of, every_name
from tests.factories.curation import leaf, make_dataset, make_item, make_member
from tests.factories.whole import Whole, make_whole
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db

MARKUP = '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{ 7|add:70000 }}\u202e&amp;'
NUMBER = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?")
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
        run_name=f"r{MARKUP[:70]}",
        task_name=f"t{MARKUP[:70].replace('/', '')}",
        judge_name=f"j{MARKUP}",
        partner_says=MARKUP,
        rubric_texts={
            "name": f"r{MARKUP[:70]}",
            "title_ja": MARKUP,
            "title_en": MARKUP,
            "instructions_ja": MARKUP,
            "anchors": {
                str(point): dict.fromkeys(
                    ("ja", "en", "long_ja", "long_en", "example_ja"), f"{point}{MARKUP}"
                )
                for point in range(1, 6)
            },
        },
    )


class Alive(HTMLParser):
    """What of a page a browser would run or fetch though nobody of ours wrote it, and the texts it shows."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.shown = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        inline = tag == "script" and "src" not in given and given.get("type") != "application/json"
        if inline or (tag == "img" and given.get("src") == "x") or any(key.startswith("on") for key in given):
            self.found.append(self.get_starttag_text() or tag)
        self.shown += "".join(value or "" for value in given.values())

    def handle_data(self, data: str) -> None:
        self.shown += data


def alive(page: str) -> list[str]:
    """Markup that came to life, template code that was run, and text escaped twice."""
    parsed = Alive(page)
    run = [word for word in ("70007", "&lt;script") if word in parsed.shown]
    return parsed.found + run


@pytest.mark.both_databases
def test_markup_in_texts_and_names_is_shown_and_run_on_no_page(whole: Whole) -> None:
    chief, rater = signed_in(whole.person), signed_in(whole.rater)
    wrong, telling = {}, set()
    chief.get(reverse("judging:study", args=["demo", whole.outside.pk]))  # kept, for the report
    for name in every_name():
        client = rater if name.startswith("annotation:rate") else chief
        answer = client.get(address_of(name, whole.keys(name)))
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        page = answer.content.decode()
        if found := alive(page):
            wrong[name] = found
        if "<script>alert(1)</script>" in Alive(page).shown:
            telling.add(name)
    assert wrong == {}
    assert telling >= TELLING, TELLING - telling  # or nothing was shown here


# Pages that show one of the texts or names, whole: each must have met the markup.
TELLING = {
    "annotation:adjudicate_one",
    "annotation:partner",
    "annotation:quality",
    "annotation:rate_guide",
    "annotation:rubric",
    "annotation:rubric_cases",
    "annotation:rubric_new",
    "annotation:rubrics",
    "annotation:rate_task",
    "annotation:task",
    "annotation:tasks",
    "curation:home",
    "curation:item",
    "curation:items",
    "curation:jobs",
    "curation:people",
    "curation:review_item",
    "curation:translate_item",
    "curation:translation_review_item",
    "curation:write_item",
    "finetune:training",
    "finetune:training_run",
    "judging:judge",
    "judging:judges",
    "judging:leaderboard",
    "judging:run",
    "judging:studies",
    "judging:study",
    "judging:study_report",
    "judging:study_response",
    "judging:study_responses",
}


@pytest.mark.both_databases
def test_markup_in_the_cells_of_a_brought_file_is_shown_and_not_run() -> None:
    dataset = make_dataset(slug="demo")
    client = signed_in(make_member(dataset, "researcher"))
    table = StringIO()
    rows = [[f"q{n}{MARKUP}", f"m{MARKUP}", f"p{MARKUP}", MARKUP if n == 4 else 1 + n] for n in range(5)]
    csv.writer(table).writerows(
        [["item", "model", "rater", "score", MARKUP], *([*row, MARKUP] for row in rows)]
    )
    given = {
        "task": f"t{MARKUP[:70].replace('/', '')}",
        "ratings": SimpleUploadedFile(f"{MARKUP[:60]}.csv", table.getvalue().encode()),
    }
    sent = client.post(reverse("judging:bring", args=["demo"]), given)
    assert sent.status_code == 302, alive(sent.content.decode())
    page = client.get(sent["Location"]).content.decode()
    assert (alive(page), "<script>alert(1)</script>" in Alive(page).shown) == ([], True)


def frozen(folder: Path, texts: list[str], *, test_per_leaf: int = 1) -> Path:
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
    small = Waiver(gate="quota", reason="one leaf only", person="mari")
    release = freeze(OPERATOR, dataset, Choice(name="f-1", test_per_leaf=test_per_leaf), waivers=[small])
    _files, checked = export_release(OPERATOR, release, folder, formats=["csv", "jsonl", "ac"])
    assert [str(problem) for problem in checked.problems] == []
    return folder


def test_formulas_are_marked_in_csv_and_exact_in_json(tmp_path: Path) -> None:
    folder = frozen(tmp_path / "out", FORMULAS)
    plain: dict[str, tuple[str, str]] = {}
    for file in sorted((folder / "jsonl").glob("*.jsonl")):
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
        line
        for file in (folder / "jsonl").glob("*.jsonl")
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    wanted = {row["ID"]: (row["text"], row["output"]) for row in map(json.loads, lines)}
    assert {row.external_id: (row.question, row.answer) for row in rows} == wanted
    assert len(wanted) == len(FORMULAS) + 1


@pytest.mark.both_databases
def test_exported_csv_comes_back_as_it_was_and_typed_apostrophes_stay(tmp_path: Path) -> None:
    texts = ["=1+1", "'=1+1", "''=1", "@x", "'plain", "－1", " +1"]
    folder = frozen(tmp_path / "out", texts, test_per_leaf=0)  # some are near-duplicates of each other
    kept = set(Text.objects.values_list("body", flat=True))
    read = read_items(folder / "csv/dev.csv").rows
    assert {row.question for row in read} | {row.answer for row in read} == kept
    # The same through the action, in a dataset that holds nothing yet: no text is new.
    other = make_dataset(slug="other")
    import_items(OPERATOR, other, folder / "csv/dev.csv")
    assert other.items.count() == len(texts)
    assert set(Text.objects.values_list("body", flat=True)) == kept


def test_apostrophes_in_a_table_of_somebody_else_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "theirs.csv"
    file.write_text("ID,text,output\na,'=1+1,'@x\n", encoding="utf-8")
    (row,) = read_items(file).rows
    assert (row.question, row.answer) == ("'=1+1", "'@x")


def test_formulas_in_names_are_marked_in_every_table_of_a_study() -> None:
    """Model and judge names stand in the tables that a study and the leaderboard offer."""
    whole = make_whole(model='=HYPERLINK("http://x","y")', judge_name="@judge", task_name="+task")
    client = signed_in(whole.person)
    client.get(reverse("judging:study", args=["demo", whole.outside.pk]))
    tables = [
        client.get(address_of(name, whole.keys(name))).content.decode("utf-8-sig")
        for name in ("judging:study_csv", "judging:leaderboard_csv", "judging:study_figure")
    ]
    cells = [cell for table in tables for row in csv.reader(StringIO(table, newline="")) for cell in row]
    alone = [cell for cell in cells if not NUMBER.fullmatch(cell)]
    assert [cell for cell in alone if cell.lstrip().startswith(FORMULA_STARTS)] == []
    assert any(cell.startswith("'=HYPERLINK") for cell in alone)
