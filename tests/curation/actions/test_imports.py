"""Items from files: every sound row once, everything else named, nothing half done."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from curation.actions.imports import dataset_for, import_items
from curation.actions.rights import rights_named
from curation.errors import Invalid, NotAllowed
from curation.formats.reading import UnusableFile
from curation.log import OPERATOR
from curation.models import Item, LogEntry, Question, Review, Revision, Text, Translation
from curation.queries import astray, cell
from tests.data_sets import data_set
from tests.factories.curation import leaf, make_dataset, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset("imported")


def row(dataset, number: int, **fields):
    labels = leaf(dataset).labels
    names = ("risk-area", "harm-type", "specific-harm")
    given = {"ID": f"r{number}", "text": f"{number}番目の質問です。", "output": "答えです。"}
    return given | dict(zip(names, labels, strict=True)) | fields


def jsonl(path, rows):
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows), encoding="utf-8")
    return path


def test_real_xsafety_folder_gives_its_questions_and_translations() -> None:
    dataset = dataset_for(OPERATOR, "xsafety")
    done = import_items(OPERATOR, dataset, data_set("xsafety"), format="xsafety")
    assert (done.states, done.translations) == ({"awaiting_answer": 2000}, 2000)
    assert Item.objects.filter(state="awaiting_answer").count() == 2000
    assert Translation.objects.filter(locale="en", state="in_review").count() == 2000
    again = import_items(OPERATOR, dataset, data_set("xsafety"), format="xsafety")
    assert (again.created, again.unchanged) == (0, 2000)


def test_states_follow_from_the_answer(dataset, tmp_path) -> None:
    file = jsonl(tmp_path / "a.jsonl", [row(dataset, 1), row(dataset, 2, output="")])
    done = import_items(OPERATOR, dataset, file)
    assert done.states == {"awaiting_answer": 1, "in_review": 1}
    assert LogEntry.objects.filter(verb="import_items").get().details == {"items": 2, "refused": 0}


def test_approved_import_needs_answers_and_leaves_a_review_of_its_kind(dataset, tmp_path) -> None:
    file = jsonl(tmp_path / "a.jsonl", [row(dataset, 1), row(dataset, 2, output="")])
    done = import_items(OPERATOR, dataset, file, as_state="approved", split="dev")
    assert (done.states, [one.field for one in done.refused]) == ({"approved": 1}, ["output"])
    assert Review.objects.get().kind == "import"
    assert Question.objects.get().split == "dev"


def test_repeated_import_changes_nothing_and_another_text_is_refused(dataset, tmp_path) -> None:
    import_items(OPERATOR, dataset, jsonl(tmp_path / "a.jsonl", [row(dataset, 1)]))
    again = import_items(OPERATOR, dataset, jsonl(tmp_path / "b.jsonl", [row(dataset, 1)]))
    other = import_items(
        OPERATOR, dataset, jsonl(tmp_path / "c.jsonl", [row(dataset, 1, text="別の質問です。")])
    )
    assert (again.unchanged, again.refused) == (1, [])
    assert [one.field for one in other.refused] == ["ID"]
    assert Revision.objects.count() == 1


def test_dry_run_writes_nothing_at_all(dataset, tmp_path) -> None:
    done = import_items(OPERATOR, dataset, jsonl(tmp_path / "a.jsonl", [row(dataset, 1)]), dry_run=True)
    assert done.states == {"in_review": 1}
    assert (Item.objects.count(), Text.objects.count()) == (0, 0)
    assert LogEntry.objects.filter(verb="import_items").count() == 0


def test_duplicates_unknown_labels_and_empty_questions_are_named_by_row(dataset, tmp_path) -> None:
    rows = [
        row(dataset, 1),
        row(dataset, 2, text="１番目の質問です。"),  # the same as row 1 after folding
        row(dataset, 3, **{"specific-harm": "知らない分類"}),
        row(dataset, 4, text="  "),
        row(dataset, 5),
    ]
    done = import_items(OPERATOR, dataset, jsonl(tmp_path / "a.jsonl", rows))
    assert sorted(Item.objects.values_list("external_id", flat=True)) == ["r1", "r5"]
    assert sorted((one.row, one.field) for one in done.refused)[:2] == [(2, "text"), (3, "category")]
    assert len(done.refused) == 3


def test_same_id_twice_in_one_file_is_written_once(dataset, tmp_path) -> None:
    rows = [row(dataset, 1), row(dataset, 1, text="同じ番号の別の質問です。")]
    done = import_items(OPERATOR, dataset, jsonl(tmp_path / "a.jsonl", rows))
    assert (done.created, len(done.refused)) == (1, 1)
    assert Item.objects.count() == 1


def test_html_and_formulas_are_kept_as_text(dataset, tmp_path) -> None:
    texts = ["<script>alert(1)</script>とは何ですか。", '=HYPERLINK("http://x";"y")とは何ですか。']
    rows = [row(dataset, n, text=text) for n, text in enumerate(texts)]
    import_items(OPERATOR, dataset, jsonl(tmp_path / "a.jsonl", rows))
    assert [item.current_revision.question for item in Item.objects.order_by("pk")] == texts


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.jsonl", b""),
        ("empty.csv", b""),
        ("binary.csv", bytes(range(256)) * 8),
        ("page.json", b"<!doctype html><p>hello</p>"),
        ("other.csv", "名前,電話\n青木,000\n".encode()),
    ],
)
def test_file_of_no_use_writes_nothing(dataset, tmp_path, name, content) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnusableFile):
        import_items(OPERATOR, dataset, tmp_path / name)
    assert (Item.objects.count(), Text.objects.count()) == (0, 0)


def test_file_in_cp932_is_read_or_refused_but_never_garbled(dataset, tmp_path) -> None:
    head = "ID,text,output,risk-area,harm-type,specific-harm\n"
    line = f"s1,鍵の質問です。,答え,{','.join(leaf(dataset).labels)}\n"
    (tmp_path / "excel.csv").write_bytes((head + line).encode("cp932"))
    try:
        import_items(OPERATOR, dataset, tmp_path / "excel.csv")
    except UnusableFile:
        assert Item.objects.count() == 0
    else:
        assert Item.objects.get().current_revision.question == "鍵の質問です。"


def test_only_who_answers_for_the_dataset_imports(dataset, tmp_path) -> None:
    with pytest.raises(NotAllowed):
        import_items(make_member(dataset, "author"), dataset, jsonl(tmp_path / "a.jsonl", [row(dataset, 1)]))


def test_terms_are_named_or_described_never_made_up(dataset, tmp_path) -> None:
    described = tmp_path / "terms.json"
    described.write_text(json.dumps({"name": "closed", "redistributable": False}), encoding="utf-8")
    assert rights_named(dataset, str(described)).redistributable is False
    assert rights_named(dataset, "closed") == rights_named(dataset, str(described))
    for name in ("nowhere", str(tmp_path)):
        with pytest.raises(Invalid):
            rights_named(dataset, name)


@pytest.mark.slow
def test_hundred_thousand_rows(dataset, tmp_path) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # what checks foreign keys was planned when all tables were empty
            cursor.execute("DISCARD PLANS")
    rows = (row(dataset, n, output="") for n in range(100_000))
    done = import_items(OPERATOR, dataset, jsonl(tmp_path / "a.jsonl", rows))
    assert done.states == {"awaiting_answer": 100_000}


@pytest.mark.parametrize("as_state", ["draft", "approved", None])
def test_imported_items_are_counted_in_their_leaf_and_an_overfull_one_is_named(dataset, tmp_path, as_state):
    # The leaf wants 3 and takes 5 at 150 percent: the sixth is one too many.
    for last, warned in ((5, []), (6, ["6 approved, in work or reserved against a target of 3"])):
        file = jsonl(tmp_path / "rows.jsonl", [row(dataset, n) for n in range(last)])
        done = import_items(OPERATOR, dataset, file, as_state=as_state)
        assert [each.partition(" now has ")[2].rstrip(".") for each in done.warnings] == warned
        found = cell(dataset, leaf(dataset))
        assert (found.approved, found.in_work) == ((last, 0) if as_state == "approved" else (0, last))
    assert not astray().exists()
