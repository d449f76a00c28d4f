"""Folders of strangers: read as they are meant, or refused with a sentence that says what would be right."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.formats import published, reading_parquet
from curation.formats.faults import UnusableFile
from curation.formats.published import read_published
from curation.formats.translation_columns import translation_columns
from tests.factories.published import (
    QUESTION,
    record,
    records,
    version_1,
    write_array,
    write_lines,
    write_parquet,
)


def read(path: Path):
    return read_published(path, longest_id=120)


def refused(path: Path) -> str:
    with pytest.raises(UnusableFile) as said:
        read(path)
    return said.value.sentence


def names(found) -> list[str]:
    return [file.name for file in found.files]


def test_links_are_told_and_not_followed(tmp_path) -> None:
    outside = write_array(tmp_path / "outside" / "secret_dev.json", records((9,), split="dev"))
    inside = tmp_path / "in"
    write_array(inside / "test.json", records((1,)))
    (inside / "dev.json").symlink_to(outside)
    (inside / "more").symlink_to(outside.parent)
    (inside / "round").symlink_to(inside)
    found = read(inside)
    assert names(found) == ["test.json"]
    assert [str(notice) for notice in found.notices] == [
        "Links are not followed: dev.json, more, round; copy the files themselves into the folder"
    ]


def test_folder_of_links_alone_says_so(tmp_path) -> None:
    outside = write_array(tmp_path / "outside" / "dev.json", records((9,)))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "dev.json").symlink_to(outside)
    assert "Links are not followed: dev.json" in refused(tmp_path / "in")


def test_pipes_and_devices_are_no_files(tmp_path) -> None:
    write_array(tmp_path / "test.json", records((1,)))
    os.mkfifo(tmp_path / "dev.json")
    assert names(read(tmp_path)) == ["test.json"]
    assert "is not a file" in refused(tmp_path / "dev.json")
    assert "does not exist" in refused(tmp_path / "missing")


def test_folders_below_are_read_but_not_without_end(tmp_path) -> None:
    deep = tmp_path.joinpath(*"abc")
    write_array(deep / "test.json", records((1,)))
    assert names(read(tmp_path)) == ["a/b/c/test.json"]
    deeper = tmp_path / "x"
    write_array(deeper.joinpath(*"abcd") / "test.json", records((1,)))
    assert "holds no JSON" in refused(deeper)


def test_too_many_files_are_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(published, "MOST_ENTRIES", 3)
    for number in range(4):
        (tmp_path / f"{number}.txt").write_text("")
    assert "more than 3 files" in refused(tmp_path)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (("dev.json", "dev.csv"), "hold the same split (dev)"),
        (("V001_Test.json", "V002_Test.json"), "hold the same split (test)"),
        (("v2.0/dev.json", "v2.2/dev.json"), "several versions or formats (v2.0, v2.2)"),
        (("one.json", "two.json"), "put dev or test into them"),
        (("test-00000-of-00002.parquet",), "1 of 2 parts are there"),
        (("test-00000-of-00002.parquet", "test-00002-of-00002.parquet"), "2 of 2 parts are there"),
        (("dev_test.json", "other.json"), "put dev or test into them"),
    ],
)
def test_what_is_meant_is_never_guessed(tmp_path, files, why) -> None:
    for number, name in enumerate(files):
        write = write_parquet if name.endswith("parquet") else write_array
        write(tmp_path / name, records((number,)))
    assert why in refused(tmp_path)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("AnswerCarefullyVersion001_Dev.json", "dev"),
        ("AnswerCarefullyVersion001Test.json", "test"),
        ("validation-00000-of-00001.parquet", "dev"),
        ("latest.json", "dev"),
        ("contest.json", "dev"),
        ("XSTest.json", "test"),
    ],
)
def test_split_is_a_word_of_the_name(tmp_path, name, split) -> None:
    write = write_parquet if name.endswith("parquet") else write_array
    write(tmp_path / name, records((1,)))
    assert [found for _row, found in read(tmp_path / name).rows] == [split]


def test_own_split_of_a_row_counts_where_the_name_says_none(tmp_path) -> None:
    rows = [record(1) | {"split": "validation"}, record(2) | {"split": "test"}, record(3)]
    found = read(write_array(tmp_path / "all.json", rows))
    assert [split for _row, split in found.rows] == ["dev", "test", "dev"]
    assert "neither its name nor 1 rows say a split" in str(found.notices[0])


def test_cp932_is_read_and_told(tmp_path) -> None:
    found = read(write_array(tmp_path / "test.json", records((1,)), encoding="cp932"))
    assert found.rows[0][0].question == QUESTION.format(n=1)
    assert any("CP932" in str(notice) for notice in found.notices)


def test_name_that_is_no_text_is_kept_as_escapes(tmp_path) -> None:
    place = tmp_path / os.fsdecode(b"test_\xff\n.json")
    place.write_bytes(b'[{"ID": "a", "text": "q", "output": "a"}]')
    assert names(read(tmp_path)) == ["test_\\udcff\\n.json"]


@pytest.mark.parametrize(
    "content", [b"\x80\x04\x95\x0c\x00.", b"PK\x03\x04aaaa", b"{}", b"[1, 2", b"PAR1PAR1"]
)
def test_files_that_are_something_else_are_refused(tmp_path, content) -> None:
    (tmp_path / "test.json").write_bytes(content)
    found = None
    try:
        found = read(tmp_path)
    except UnusableFile:
        return
    assert found.rows == []


class Bomb:
    def __reduce__(self):
        return os.mkdir, (os.environ["BOMB"],)


def test_nothing_is_unpickled(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("BOMB", str(tmp_path / "exploded"))
    loaded = pickle.dumps(Bomb())
    table = pa.table({"ID": ["a"], "text": ["q"], "output": ["a"], "x": pa.array([loaded], pa.binary())})
    marks = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": loaded}
    fields = [*list(table.schema)[:3], pa.field("x", pa.binary(), metadata=marks)]
    pq.write_table(table.cast(pa.schema(fields)), tmp_path / "test.parquet")
    assert "the column x is of a kind that is not read" in refused(tmp_path)
    assert not (tmp_path / "exploded").exists()


def bomb(path: Path, *, rows: int, text: str) -> Path:
    """One long text that stands in every row: a few kilobytes on disk."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))
    ids = pa.array([str(n) for n in range(rows)])
    pq.write_table(pa.table({"ID": ids, "text": column}), path, store_schema=False)
    return path


def test_text_that_would_unfold_to_gigabytes_is_refused(tmp_path) -> None:
    path = bomb(tmp_path / "test.parquet", rows=5_000, text="x" * (2 << 20))  # 10 GB of text
    assert path.stat().st_size < 1 << 20
    assert "a cell of more than 1 MiB" in refused(path)


def test_long_text_is_one_rows_fault(tmp_path) -> None:
    path = bomb(tmp_path / "test.parquet", rows=300, text="あ" * 20_001)
    found = read(path)
    assert (len(found.rows), len(found.quarantined)) == (0, 300)
    assert "20,001 characters long" in found.quarantined[0].reason


@pytest.mark.parametrize(
    ("limit", "value", "why"),
    [
        ("MOST_ROWS", 2, "holds 3 rows"),
        ("MOST_COLUMNS", 5, "has 6 columns"),
        ("LARGEST_GROUP", 100, "would unfold"),
        ("MOST_VALUES", 2, "would unfold"),
    ],
)
def test_limits_of_parquet(tmp_path, monkeypatch, limit, value, why) -> None:
    path = write_parquet(tmp_path / "test.parquet", records((1, 2, 3)))
    monkeypatch.setattr(reading_parquet, limit, value)
    assert why in refused(path)


def test_cut_parquet_is_refused(tmp_path) -> None:
    path = write_parquet(tmp_path / "test.parquet", records(range(50)))
    whole = path.read_bytes()
    for size in (4, 40, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert "broken Parquet" in refused(path)
    path.write_bytes(whole[:200] + b"\xff" * 60 + whole[260:])
    assert "broken Parquet" in refused(path)


def test_rows_of_parquet_are_judged_like_any_others(tmp_path) -> None:
    rows = [record(1), record(2) | {"text": None}, record(3) | {"ID": None}, record(1)]
    found = read(write_parquet(tmp_path / "test.parquet", rows))
    assert [(q.row, q.field) for q in found.quarantined] == [(2, "text"), (3, "ID"), (4, "ID")]
    assert len(found.rows) == 1


def test_lines_read_like_arrays(tmp_path) -> None:
    found = read(write_lines(tmp_path / "test.jsonl", records((1, 2))))
    assert [row.external_id for row, _split in found.rows] == [record(n)["ID"] for n in (1, 2)]


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"text-en": "Q"}, {"text-en": ("question", "en")}),
        (
            {"question-english": "Q", "output-en": "A"},
            {"question-english": ("question", "en"), "output-en": ("answer", "en")},
        ),
        ({"en-text": "Q"}, {"en-text": ("question", "en")}),
        ({"質問(英語)": "Q"}, {"質問(英語)": ("question", "en")}),
        ({"text-zh-hant": "問"}, {"text-zh-hant": ("question", "zh-Hant")}),
        (
            {"text-en": "Q", "question-en": "Q"},
            {"text-en": ("question", "en"), "question-en": ("question", "en")},
        ),
        ({"text-en": "Q", "question-en": "other"}, {}),
        ({"output-en": "A"}, {}),
        ({"text-en": True}, {}),
        ({"text-id": "7", "text-type": "x", "translation": "Q", "english": "Q", "text-no": "1"}, {}),
    ],
)
def test_translations_are_recognised_where_they_are_beyond_doubt(fields, wanted) -> None:
    assert translation_columns({key: (key, value) for key, value in fields.items()}) == wanted


def test_field_in_doubt_stays_an_attribute(tmp_path) -> None:
    row = record(1, text_en="One", question_en="Two", question_type="open", english="Three")
    found = read(write_array(tmp_path / "test.json", [row])).rows[0][0]
    assert found.translations == {}
    assert found.attributes == {
        "text_en": "One",
        "question_en": "Two",
        "question_type": "open",
        "english": "Three",
    }


def test_file_changed_while_it_is_read_is_refused(tmp_path, monkeypatch) -> None:
    version_1(tmp_path)
    sums = iter("abcdef")
    monkeypatch.setattr(published, "_sha256", lambda place: next(sums))
    assert "was changed while it was read" in refused(tmp_path)
