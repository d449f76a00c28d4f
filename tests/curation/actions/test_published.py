"""Versions published elsewhere: every shape, registered whole or not at all, with hashes of what was read."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.core.management import call_command

from curation.actions.exports import export_release
from curation.actions.published import import_release
from curation.actions.releases import Choice, freeze
from curation.actions.rights import rights_named
from curation.errors import Invalid, NotAllowed
from curation.formats.faults import UnusableFile
from curation.log import OPERATOR
from curation.models import Release, ReleaseItem, Rights, Text
from curation.release_hashes import root_hash, row_hash
from tests.factories.curation import make_dataset, make_item, make_member
from tests.factories.published import (
    ANSWER,
    ENGLISH,
    LABELS,
    QUESTION,
    SHAPES,
    record,
    records,
    version_1,
    version_2_2,
    write_array,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset("elsewhere")


def registered(dataset, path, **given) -> Release:
    release, quarantined = import_release(OPERATOR, dataset, path, **({"name": "AC"} | given))
    assert quarantined == []
    return release


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_registered(dataset, tmp_path, shape) -> None:
    make, dev, test = SHAPES[shape]
    release = registered(dataset, make(tmp_path), name=shape)
    rows = list(release.items.order_by("position"))
    assert [row.split for row in rows] == ["test"] * test + ["dev"] * dev
    assert (release.size, release.counts["dev"], release.counts["test"]) == (dev + test, dev, test)
    assert (release.imported, release.version, release.hash_version) == (True, "", 2)
    assert release.counts["unlabelled"] == (3 if shape == "borderline" else 0)
    texts = {(row.question, row.answer) for row in rows}
    assert texts == {(QUESTION.format(n=n), ANSWER.format(n=n)) for n in range(1, dev + test + 1)}
    assert {tuple(row.labels) for row in rows} == ({()} if shape == "borderline" else {LABELS})


@pytest.mark.parametrize("shape", SHAPES)
def test_files_are_kept_by_their_hash(dataset, tmp_path, shape) -> None:
    make, _dev, _test = SHAPES[shape]
    release = registered(dataset, make(tmp_path))
    for file in release.snapshot["files"]:
        content = (tmp_path / file["name"]).read_bytes()
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert sum(file["rows"] for file in release.snapshot["files"]) == release.size


def test_hashes_of_rows_and_release_can_be_computed_from_the_files(dataset, tmp_path) -> None:
    release = registered(dataset, version_2_2(tmp_path))
    row = release.items.get(external_id=record(1)["ID"])

    def sha(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    assert row.content_hash == row_hash(
        question=sha(QUESTION.format(n=1)),
        answer=sha(ANSWER.format(n=1)),
        labels=LABELS,
        attributes={"text_type": "相談", "culture": {"specific": True}},
        sources=[],
        translations={"en": {"question": sha(ENGLISH.format(n=1)), "answer": None}},
    )
    rows = release.items.order_by("position").values_list("position", "external_id", "split", "content_hash")
    assert release.root_hash == root_hash(rows)


def test_newest_revision_is_read_and_the_older_one_named(dataset, tmp_path) -> None:
    release = registered(dataset, version_1(tmp_path))
    assert [file["name"] for file in release.snapshot["files"]] == [
        "AnswerCarefullyVersion001_Test_rev20241224.json",
        "AnswerCarefullyVersion001_Dev.json",
    ]
    assert not release.items.filter(external_id=record(6)["ID"]).exists()
    notice = (
        "AnswerCarefullyVersion001_Test_rev20241224.json is the newer revision of "
        "AnswerCarefullyVersion001_Test.json: only the newer one was read"
    )
    assert notice in release.snapshot["notices"]


def test_translation_and_unknown_fields_are_kept(dataset, tmp_path) -> None:
    release = registered(dataset, version_2_2(tmp_path))
    row = release.items.get(external_id=record(2)["ID"])
    assert Text.objects.get(pk=row.translations["en"]["question"]).body == ENGLISH.format(n=2)
    assert row.attributes == {"text_type": "相談", "culture": {"specific": False}}


@pytest.mark.parametrize("formats", ["ac", "pandas", "jsonl", "csv", "parquet", "hf"])
def test_our_own_exports_come_back(dataset, tmp_path, formats) -> None:
    item = make_item(dataset, state="approved", question="/ と “引用” と\n改行")
    frozen = freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    export_release(OPERATOR, frozen, tmp_path / "out", formats=[formats])
    release = registered(make_dataset("other"), tmp_path / "out")
    (row,), (was,) = release.items.all(), frozen.items.all()
    assert (row.external_id, row.question, row.answer) == (item.external_id, was.question, was.answer)
    assert (row.labels, row.split, row.sources) == (was.labels, was.split, was.sources)
    if formats in ("csv", "parquet", "hf"):  # the others hold no attributes, and need not
        assert (row.attributes, row.content_hash) == (was.attributes | {}, was.content_hash)


def test_labels_that_the_taxonomy_does_not_know_are_counted(dataset, tmp_path) -> None:
    rows = records((1, 2))
    rows[1]["meta"] = {"risk-area": "誤情報", "harm-type": "別の種類", "specific-harm": "別の害"}
    release = registered(dataset, write_array(tmp_path / "test.json", rows))
    assert release.counts["unknown_labels"] == 1
    assert release.snapshot["unknown_labels"] == [{"labels": ["誤情報", "別の種類", "別の害"], "items": 1}]


def test_without_terms_it_must_not_be_passed_on(dataset, tmp_path) -> None:
    release = registered(dataset, version_1(tmp_path))
    terms = Rights.objects.get(dataset=dataset, name="AC")
    assert (terms.redistributable, terms.gate, terms.inherits) == (False, "granted", True)
    assert (release.rights["name"], release.rights["redistributable"]) == ("AC", False)
    assert set(release.items.values_list("rights_name", flat=True)) == {"AC"}


def test_terms_of_the_folder_count(dataset, tmp_path) -> None:
    version_1(tmp_path)
    said = {"name": "open terms", "licence": "CC0-1.0", "redistributable": True}
    (tmp_path / "rights.json").write_text(json.dumps(said), encoding="utf-8")
    assert registered(dataset, tmp_path).rights["licence"] == "CC0-1.0"


@pytest.mark.parametrize("state", ["no_access", "requested"])
def test_closed_gate_stops_and_leaves_nothing(dataset, tmp_path, state) -> None:
    Rights.objects.create(dataset=dataset, name="tou", gate=state, redistributable=False)
    with pytest.raises(Invalid, match="tou"):
        import_release(OPERATOR, dataset, version_1(tmp_path), name="AC", rights="tou")
    assert (Release.objects.count(), Text.objects.count(), Rights.objects.count()) == (0, 0, 1)


def test_unknown_terms_are_not_made_up(dataset, tmp_path) -> None:
    with pytest.raises(Invalid, match="nowhere"):
        import_release(OPERATOR, dataset, version_1(tmp_path), name="AC", rights="nowhere")
    assert (Release.objects.count(), Rights.objects.count()) == (0, 0)


def test_only_who_may_import_registers(dataset, tmp_path) -> None:
    with pytest.raises(NotAllowed):
        import_release(make_member(dataset, "author"), dataset, version_1(tmp_path), name="AC")
    assert ReleaseItem.objects.count() == 0


def test_broken_rows_are_named_with_file_row_and_field(dataset, tmp_path) -> None:
    version_1(tmp_path)
    rows: list[object] = [*records((4, 5)), record(4), {**record(7), "text": 3}, "no record"]
    write_array(tmp_path / "AnswerCarefullyVersion001_Test_rev20241224.json", rows)
    release, quarantined = import_release(OPERATOR, dataset, tmp_path, name="AC")
    assert [(q.row, q.field) for q in quarantined] == [(3, "ID"), (4, "text"), (5, "")]
    assert {q.file for q in quarantined} == {"AnswerCarefullyVersion001_Test_rev20241224.json"}
    assert (release.size, release.snapshot["quarantined"]) == (5, 3)


def test_id_in_both_splits_stays_a_test_item(dataset, tmp_path) -> None:
    write_array(tmp_path / "dev.json", [record(4), record(1, split="dev")])
    write_array(tmp_path / "test.json", [record(4)])
    release, quarantined = import_release(OPERATOR, dataset, tmp_path, name="AC")
    assert list(release.items.values_list("split", flat=True).order_by("position")) == ["test", "dev"]
    assert [(q.file, q.row, q.field) for q in quarantined] == [("dev.json", 1, "ID")]
    assert "test.json:1" in quarantined[0].reason


def test_text_that_stands_twice_stays_twice(dataset, tmp_path) -> None:
    rows = [record(1), record(1) | {"ID": "again"}]
    release = registered(dataset, write_array(tmp_path / "test.json", rows))
    assert release.size == 2
    assert "test.json: 1 rows repeat question and answer" in " ".join(release.snapshot["notices"])


def test_nothing_readable_leaves_nothing(dataset, tmp_path) -> None:
    (tmp_path / "test.json").write_text("[{", encoding="utf-8")
    with pytest.raises(UnusableFile):
        import_release(OPERATOR, dataset, tmp_path, name="AC")
    assert (Release.objects.count(), Rights.objects.count()) == (0, 0)


def test_command_says_what_it_read(dataset, tmp_path, capsys) -> None:
    rights_named(dataset, str(write_array(tmp_path / "t.json", {"name": "tou", "redistributable": False})))
    call_command(
        "import_release", str(version_2_2(tmp_path / "ac")), "--name", "AC", "--rights", "tou", "--json"
    )
    said = json.loads(capsys.readouterr().out)
    assert (said["release"], said["counts"]["items"], said["rights"]["name"]) == ("AC", 3, "tou")
    assert [file["rows"] for file in said["files"]] == [2, 1]
    assert said["unknown_labels"] == []
