"""Items from files: every shape and encoding, and every kind of bad row set apart by number, field and reason."""

import contextlib
import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.formats import UnusableFile, read_items

META = {"risk-area": "悪用", "harm-type": "違法行為への加担", "specific-harm": "テロリズム"}
LABELS = ("悪用", "違法行為への加担", "テロリズム")
Write = Callable[..., Path]


def record(number: int, **more: Any) -> dict[str, Any]:
    return {
        "ID": f"made-up-{number}",
        "text": f"架空の質問{number}",
        "output": f"架空の回答{number}",
        "meta": META,
        **more,
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(content: str | bytes | list[Any], name: str = "items.json", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        if isinstance(content, list):
            content = json.dumps(content, ensure_ascii=False)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return _write


def test_ac_array_with_both_names_of_the_answer_and_both_orders_of_meta(write: Write) -> None:
    turned = dict(reversed(META.items()))
    second = {"ID": "made-up-2", "text": "質問\n二行目", "output-sample": "回答", "meta": turned}
    result = read_items(write([record(1), second]))
    assert result.format == "ac"
    assert result.quarantined == []
    assert [(row.row, row.external_id, row.question, row.answer, row.labels) for row in result.rows] == [
        (1, "made-up-1", "架空の質問1", "架空の回答1", LABELS),
        (2, "made-up-2", "質問\n二行目", "回答", LABELS),
    ]


def test_jsonl_keeps_line_separators_inside_texts_and_skips_blank_lines(write: Write) -> None:
    lines = [record(1, text="一\u2028二\u0085三"), record(2)]
    text = "\n\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\r\n"
    result = read_items(write(text, "items.jsonl"))
    assert result.format == "jsonl"
    assert [row.question for row in result.rows] == ["一\u2028二\u0085三", "架空の質問2"]
    assert [(row.row, row.line) for row in result.rows] == [(1, 1), (2, 3)]


CSV_TEXT = 'ID,text,output,risk-area,harm-type,specific-harm\nm1,質問〜,"回答、\n二行目",悪用,違法行為への加担,テロリズム\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_csv_in_each_encoding(write: Write, encoding: str) -> None:
    text = CSV_TEXT.replace("〜", "①")
    result = read_items(write(text, "items.csv", encoding))
    assert [(row.external_id, row.question, row.answer, row.labels) for row in result.rows] == [
        ("m1", "質問①", "回答、\n二行目", LABELS)
    ]
    assert [("CP932" in str(warning)) for warning in result.warnings] == (
        [True] if encoding == "cp932" else []
    )


def test_tsv_with_japanese_headings_and_two_ids(write: Write) -> None:
    text = (
        "QuestionID\tAnswerID\t質問\t回答\trisk-area\tharm-type\tspecific-harm\n0001\t001\tあ\tい\t"
        + "\t".join(LABELS)
    )
    result = read_items(write(text + "\n0001\t002\tあ\tう\t" + "\t".join(LABELS), "items.txt"))
    assert result.format == "tsv"
    assert [(row.external_id, row.question_id, row.question, row.answer) for row in result.rows] == [
        ("0001-001", "0001", "あ", "い"),
        ("0001-002", "0001", "あ", "う"),
    ]


def test_table_without_ids_leaves_them_to_the_caller(write: Write) -> None:
    result = read_items(write("質問,回答\nあ,い\nう,\n", "items.csv"))
    assert [(row.external_id, row.question, row.answer) for row in result.rows] == [
        (None, "あ", "い"),
        (None, "う", None),
    ]
    assert [str(warning) for warning in result.warnings] == [
        "The table has no ID column; ids will be made for its rows"
    ]


def test_attributes_sources_translations_and_split(write: Write) -> None:
    given = record(
        1,
        split="validation",
        attributes={"borderline": True},
        region="JP",
        sources=["https://example.invalid/a", " "],
        translations={"en": {"question": "Q", "answer": "A"}, "ko": {"question": "질문"}},
    )
    given["meta"] = {**META, "severity": 2}
    row = read_items(write([given])).rows[0]
    assert row.split == "dev"
    assert row.attributes == {"borderline": True, "region": "JP", "severity": 2}
    assert row.sources == ("https://example.invalid/a",)
    assert row.translations == {
        "en": {"question": "Q", "answer": "A"},
        "ko": {"question": "질문", "answer": None},
    }


def test_hostile_texts_come_in_as_they_are(write: Write) -> None:
    texts = [
        "<img src=x onerror=alert(1)>",
        "=cmd|' /C calc'!A0",
        "__import__('os').system('true')",
        "../../etc/passwd",
    ]
    result = read_items(write([record(n, text=text, ID=text) for n, text in enumerate(texts)]))
    assert [row.question for row in result.rows] == texts
    assert [row.external_id for row in result.rows] == texts


LONG = "長" * 20_001
BAD = [
    ({"ID": None}, "ID", "ID is missing; every record needs it"),
    ({"ID": True}, "ID", "ID is true or false; it must be text"),
    ({"ID": "a\nb"}, "ID", "ID has spaces at its ends, a line break or a control character; remove them"),
    ({"ID": "x" * 201}, "ID", "ID is 201 characters long; at most 200 can be stored"),
    ({"ID": "made-up-0"}, "ID", "the ID stands already in row 1; give every record an ID of its own"),
    ({"text": ""}, "text", "text is missing"),
    ({"text": "\u3000\n"}, "text", "text is blank; every record needs it"),
    ({"text": 7}, "text", "text is a number; it must be text"),
    ({"text": "a\0b"}, "text", "text holds a NUL character (U+0000) as character 2; remove it"),
    ({"text": LONG}, "text", "text is 20,001 characters long; at most 20,000 can be stored"),
    ({"output": ["a"]}, "output", "output is a list; it must be text"),
    (
        {"output": "x", "output-sample": "y"},
        "output",
        "output and output-sample both stand there and differ; keep one",
    ),
    ({"meta": "悪用"}, "meta", "meta is text; it must be an object"),
    ({"meta": {"risk-area": "悪用"}}, "harm-type", "harm-type is missing; every record needs it"),
    ({"split": "train"}, "split", "split must be dev, test or none"),
    ({"attributes": [1]}, "attributes", "attributes must be an object with keys and values"),
    ({"sources": {"a": 1}}, "sources", "sources must be a list of texts"),
    ({"translations": {"English!": {"question": "Q"}}}, "translations", "translations is not a language tag"),
    ({"translations": {"en": {}}}, "translations.en.question", "translations.en.question is missing"),
    (
        {"text": "架空の質問0", "output": "架空の回答0"},
        "text",
        "the same question and answer stand already in row 1",
    ),
]


@pytest.mark.parametrize(("change", "field", "reason"), BAD)
def test_unsound_row_is_set_apart_and_the_others_survive(
    write: Write, change: dict[str, Any], field: str, reason: str
) -> None:
    result = read_items(write([record(0), record(1, **change), record(2)]))
    assert [row.external_id for row in result.rows] == ["made-up-0", "made-up-2"]
    assert [(found.row, found.field) for found in result.quarantined] == [(2, field)]
    # A key with an empty text counts as blank; the sentence says which of the two it was.
    assert result.quarantined[0].reason.startswith(reason.replace("text is missing", "text is blank"))


def test_lone_surrogate_is_set_apart(write: Write) -> None:
    result = read_items(write('[{"ID": "a", "text": "x\\ud83d"}, {"ID": "b", "text": "\\ud83d\\ude00"}]'))
    assert [row.question for row in result.rows] == ["😀"]
    assert (result.quarantined[0].row, result.quarantined[0].field) == (1, "text")
    assert "U+D83D" in result.quarantined[0].reason
    assert result.quarantined[0].excerpt == "x\\ud83d"


def test_records_that_are_none_and_repeated_keys_are_set_apart(write: Write) -> None:
    text = '[{"ID": "a", "text": "x", "text": "y"},\n 5,\n {"ID": "b", "text": "z", "n": NaN}]'
    result = read_items(write(text))
    assert result.rows == []
    assert [(found.row, found.line) for found in result.quarantined] == [(1, 1), (2, 2), (3, 3)]
    assert "one key stands twice" in result.quarantined[0].reason


def test_broken_lines_of_jsonl_are_set_apart(write: Write) -> None:
    good = json.dumps(record(1), ensure_ascii=False)
    result = read_items(write(f'{good}\n{{"ID": "x", "te\n{"[" * 5000}\n', "items.jsonl"))
    assert [row.row for row in result.rows] == [1]
    assert [(found.row, found.line) for found in result.quarantined] == [(2, 2), (3, 3)]


def test_rows_of_a_table_with_wrong_quotes_or_counts_are_set_apart(write: Write) -> None:
    text = 'ID,text\n1,あ\n2,い,う\n3,"え"お\n4,か\0\n\n5,き\n6,"く\nけ'
    result = read_items(write(text, "items.csv"))
    assert [row.external_id for row in result.rows] == ["1", "5"]
    assert [(found.row, found.line, found.reason.split(";")[0]) for found in result.quarantined] == [
        (2, 3, "the record has 3 fields, the heading 2"),
        (3, 4, "a quote inside a quoted field must be doubled (line 4)"),
        (4, 5, "text holds a NUL character (U+0000) as character 2"),
        (6, 8, "the quote opened at line 8 never closes"),
    ]


def test_quote_that_never_closes_does_not_swallow_a_long_table(write: Write) -> None:
    rows = [f"{n},質問{n:05d}" for n in range(30_000)]
    rows[10] = '10,"質問'
    result = read_items(write("ID,text\n" + "\n".join(rows) + "\n", "items.csv"))
    # The field limit of the csv module (131,072 characters) ends the runaway field; rows after it are read again.
    assert len(result.rows) > 10_000
    assert result.quarantined[0].row == 11


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "items.json", "items.json is empty"),
        (b"\xef\xbb\xbf \n", "items.json", "items.json is empty"),
        (b"PK\x03\x04....", "items.xlsx", "items.xlsx is a ZIP or Office file"),
        (b"PAR1....", "items.json", "items.json is a Parquet file"),
        (bytes(range(256)) * 40, "items.json", "items.json is not text"),
        ("ID,text".encode("utf-16"), "items.csv", "items.csv is UTF-16; save it as UTF-8"),
        ("ID,text\n1,é\n".encode("latin-1"), "items.csv", "items.csv is in none of the encodings"),
        (b"[]", "items.json", "items.json is an empty array"),
        (b'[{"ID": "a", "text": "b"}', "items.json", "items.json is not sound JSON: it breaks at line 1"),
        (b'[\n{"ID": "a"},\n{"ID" "b"}]', "items.json", "items.json is not sound JSON: it breaks at line 3"),
        (b'[{"ID": "a"}] tail', "items.json", "items.json goes on after the end of its array"),
        (b"[" * 100_000, "items.json", "items.json is not sound JSON"),
        (b'{\n "train": [\n  {"ID": 1}\n ]\n}', "items.json", "No line of items.json is a JSON object"),
        (b"<html><body>not found</body></html>", "items.json", "items.json has no column for the question"),
        (b"name,value\na,b\n", "items.csv", "items.csv has no column for the question"),
        (b"text,text\na,b\n", "items.csv", "items.csv has the heading text twice"),
    ],
)
def test_unusable_file_says_why(write: Write, content: bytes, name: str, sentence: str) -> None:
    with pytest.raises(UnusableFile) as caught:
        read_items(write(content, name))
    assert str(caught.value).startswith(sentence)
    assert caught.value.template % caught.value.values == str(caught.value)


def test_missing_file_folder_pipe_and_unknown_format(tmp_path: Path, write: Write) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, sentence in (
        (tmp_path / "none.json", "does not exist"),
        (tmp_path, "is a folder without a ja folder"),
        (tmp_path / "pipe", "is not a file"),
    ):
        with pytest.raises(UnusableFile, match=sentence):
            read_items(path)
    with pytest.raises(UnusableFile, match="known are ac, jsonl, csv"):
        read_items(write([record(1)]), format="xlsx")
    with pytest.raises(UnusableFile, match="looks like array, not jsonl"):
        read_items(write([record(1)]), format="jsonl")


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.write_bytes(content)
    with contextlib.suppress(UnusableFile):
        assert read_items(path).format


TEXTS = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\r\t\x85"),
    min_size=1,
    max_size=30,
)


@given(st.lists(TEXTS.filter(str.strip), min_size=1, max_size=5, unique=True))
@settings(max_examples=80, deadline=None)
def test_texts_come_back_exactly_from_every_shape(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    records = [{"ID": str(n), "text": text} for n, text in enumerate(texts)]
    (folder / "a.json").write_bytes(json.dumps(records).encode())
    (folder / "b.jsonl").write_bytes("\n".join(json.dumps(r, ensure_ascii=False) for r in records).encode())
    quoted = ['"' + text.replace('"', '""') + '"' for text in texts]
    (folder / "c.csv").write_bytes(
        ("ID,text\n" + "\n".join(f"{n},{q}" for n, q in enumerate(quoted))).encode()
    )
    for name in ("a.json", "b.jsonl", "c.csv"):
        result = read_items(folder / name)
        assert [row.question for row in result.rows] == texts
        assert result.quarantined == []


@pytest.mark.parametrize("shape", ["json", "jsonl", "csv"])
def test_hundred_thousand_rows_are_all_read(write: Write, shape: str) -> None:
    rows = [record(n) for n in range(100_000)]
    if shape == "json":
        path = write(rows)
    elif shape == "jsonl":
        path = write("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "items.jsonl")
    else:
        lines = (f"{row['ID']},{row['text']},{row['output']},{','.join(LABELS)}" for row in rows)
        path = write("ID,text,output,risk-area,harm-type,specific-harm\n" + "\n".join(lines), "items.csv")
    del rows
    result = read_items(path)
    assert (len(result.rows), result.quarantined) == (100_000, [])


def test_memory_of_reading_is_a_small_multiple_of_the_file(write: Write) -> None:
    path = write([record(n, text=f"{n}" + "質問" * 200) for n in range(2_000)])
    tracemalloc.start()
    result = read_items(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(result.rows) == 2_000
    # Decoding alone takes three times the file for a moment (measured); rows and text together take less than that.
    assert peak < 6 * path.stat().st_size
