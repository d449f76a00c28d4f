"""Every export format: golden bytes, equality with pandas, safety of tables, repeatability, refusal of bad input."""

import csv
import io
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.formats import read_items
from curation.formats.writing import (
    FORMATS,
    META_ORDERS,
    SYSTEM,
    UnwritableRelease,
    export,
    formula_safe,
)
from curation.formats.writing.card import bibtex_of, card_text, slug, yaml_string
from curation.formats.writing.csv_files import FORMULA_STARTS, csv_line, formula_unsafe
from curation.formats.writing.json_files import pandas_json
from curation.formats.writing.statistics import Tally
from tests.curation.formats.make_golden import GOLDEN, golden_export
from tests.curation.formats.release_rows import BARE, DESCRIPTION, LEAF, ROWS

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)
HOSTILE_TEXT = st.text(
    alphabet="/\\\"'<>&\u2028\u2029\x00\x1f\x7f\b\f\n\r\t\u0085\ufeff😀é漢 =+-@", max_size=30
)


def test_every_format_is_byte_for_byte_the_golden_files(tmp_path: Path) -> None:
    golden_export(tmp_path / "out")
    made, golden = (
        {file.relative_to(root).as_posix(): file.read_bytes() for file in root.rglob("*") if file.is_file()}
        for root in (tmp_path / "out", GOLDEN)
    )
    assert sorted(made) == sorted(golden)
    assert [name for name in made if made[name] != golden[name]] == []


def test_ac_array_has_exactly_the_four_keys_in_order(tmp_path: Path) -> None:
    export(ROWS, DESCRIPTION, tmp_path / "out", formats=["ac"])
    dev = json.loads((tmp_path / "out/dev.json").read_text(encoding="utf-8"))
    assert [record["ID"] for record in dev] == ["made-up-0001", "made-up-0002"]
    assert list(dev[0]) == ["ID", "text", "output", "meta"]
    assert dev[0]["meta"] == dict(zip(("risk-area", "harm-type", "specific-harm"), LEAF, strict=True))
    assert dev[0]["text"] == ROWS[1].question


def test_ac_array_is_what_json_dump_writes(tmp_path: Path) -> None:
    export(ROWS[:2], DESCRIPTION, tmp_path / "out", formats=["ac"])
    text = (tmp_path / "out/dev.json").read_bytes().decode()
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize("order", ["hf", "harm-type,risk-area,specific-harm", META_ORDERS["hf"]])
def test_output_field_and_order_of_meta_are_the_ones_asked_for(tmp_path: Path, order: str) -> None:
    export(
        ROWS, DESCRIPTION, tmp_path / "out", formats=["ac"], output_field="output-sample", meta_order=order
    )
    record = json.loads((tmp_path / "out/test.json").read_text(encoding="utf-8"))[0]
    assert list(record) == ["ID", "text", "output-sample", "meta"]
    assert list(record["meta"]) == ["harm-type", "risk-area", "specific-harm"]


def test_pandas_file_is_what_pandas_writes(tmp_path: Path) -> None:
    export(ROWS, DESCRIPTION, tmp_path / "out", formats=["pandas"])
    for split in ("dev", "test"):
        text = (tmp_path / f"out/{split}.json").read_bytes().decode()
        frame = pd.DataFrame(json.loads(text))
        assert text == frame.to_json(orient="records", indent=2, force_ascii=False)


@given(st.lists(st.one_of(ANY_TEXT, HOSTILE_TEXT), min_size=4, max_size=4))
@settings(max_examples=200, deadline=None)
def test_pandas_dialect_of_any_text_is_that_of_pandas(texts: list[str]) -> None:
    records = [
        {"ID": texts[0], "text": texts[1], "output": texts[2], "meta": {"risk-area": texts[3], "x": "y"}}
    ] * 2
    frame = pd.DataFrame(records)
    assert pandas_json(records) == frame.to_json(orient="records", indent=2, force_ascii=False)


def test_pandas_dialect_of_no_record_is_that_of_pandas() -> None:
    frame = pd.DataFrame([], columns=["ID"])
    assert pandas_json([]) == frame.to_json(orient="records", indent=2, force_ascii=False)


@given(st.one_of(ANY_TEXT, HOSTILE_TEXT))
@settings(deadline=None)
def test_no_cell_begins_like_a_formula(text: str) -> None:
    safe = formula_safe(text)
    assert not safe.lstrip().startswith(FORMULA_STARTS)
    assert safe in (text, "'" + text)
    if not text.startswith("'"):
        assert formula_unsafe(safe) == text


def test_csv_opens_with_safe_cells_in_both_encodings(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig"):
        folder = tmp_path / encoding
        export(ROWS, DESCRIPTION, folder, formats=["csv"], csv_encoding=encoding)
        with (folder / "dev.csv").open(encoding=encoding, newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert rows[1]["text"] == "'" + ROWS[0].question
        assert json.loads(rows[1]["attributes"]) == ROWS[0].attributes
        assert rows[1]["question_en"] == "Where is the key?"
        assert list(rows[0])[-4:] == ["question_en", "answer_en", "question_ko", "answer_ko"]
        assert not any(cell.startswith(FORMULA_STARTS) for row in rows for cell in row.values())


def test_messages_and_text_hold_dev_alone_unless_told(tmp_path: Path) -> None:
    export(ROWS, DESCRIPTION, tmp_path / "m", formats=["messages"])
    assert sorted(path.name for path in (tmp_path / "m").glob("*.jsonl")) == ["ITEMS.jsonl", "dev.jsonl"]
    export(ROWS, DESCRIPTION, tmp_path / "t", formats=["text"], training_splits=["dev", "test"])
    found = sorted(path.name for path in (tmp_path / "t").glob("*.jsonl"))
    assert found == ["ITEMS.jsonl", "dev.jsonl", "test.jsonl"]
    first = json.loads((tmp_path / "t/dev.jsonl").read_text(encoding="utf-8").split("\n")[0])
    question, answer = ROWS[1].question, ROWS[1].answer
    assert first == {"text": f"{SYSTEM}\n\n### 指示:\n{question}\n\n### 応答:\n{answer}"}


def test_ids_hold_no_text(tmp_path: Path) -> None:
    export(ROWS, DESCRIPTION, tmp_path / "out", formats=["ids"])
    everything = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir()).decode()
    for row in ROWS:
        assert row.question not in everything
        assert row.answer not in everything
    assert "made-up-0001" in everything


def test_parquet_has_every_key_in_every_row(tmp_path: Path) -> None:
    export(ROWS, DESCRIPTION, tmp_path / "out", formats=["parquet"])
    dev, test = (pq.read_table(tmp_path / f"out/{split}.parquet") for split in ("dev", "test"))
    assert dev.schema.equals(test.schema)
    assert dev.to_pylist()[0] == {
        "ID": "made-up-0001",
        "text": ROWS[1].question,
        "output": ROWS[1].answer,
        "meta": {"harm-type": LEAF[1], "risk-area": LEAF[0], "specific-harm": LEAF[2]},
        "attributes": "{}",
        "sources": "[]",
        "content_hash": ROWS[1].computed_hash(),
        "question_en": None,
        "answer_en": None,
        "question_ko": None,
        "answer_ko": None,
    }


def test_card_front_matter_is_yaml_and_names_the_splits() -> None:
    front = yaml.safe_load(card_text(DESCRIPTION, tallied(), locales=("en", "ko")).split("\n---\n")[0])
    assert front["configs"] == [
        {
            "config_name": "default",
            "default": True,
            "data_files": [
                {"split": "dev", "path": "data/dev-00000-of-00001.parquet"},
                {"split": "test", "path": "data/test-00000-of-00001.parquet"},
            ],
        }
    ]
    assert front["language"] == ["ja", "en", "ko"]
    assert (front["license"], front["license_name"]) == ("other", "made-up-terms-1.0")
    assert front["extra_gated_prompt"] == DESCRIPTION.terms + "\n\n安全の改善"
    assert front["extra_gated_fields"]["Intended use"] == "text"
    assert front["size_categories"] == ["n<1K"]


@given(
    st.one_of(ANY_TEXT, HOSTILE_TEXT).filter(
        lambda text: all(ch.isprintable() or ch in "\n\u2028\u0085" for ch in text)
    )
)
def test_yaml_string_reads_back(text: str) -> None:
    assert yaml.safe_load(yaml_string(text)) == text


def tallied() -> Tally:
    tally = Tally()
    tally.add(ROWS)
    return tally


def test_slug_is_what_the_hub_takes() -> None:
    assert slug("AnswerCarefully Terms (2025)") == "answercarefully-terms-2025"
    assert slug("利用規約") == "other"


def test_all_formats_twice_give_the_same_bytes_and_sums_that_hold(tmp_path: Path) -> None:
    first = export(ROWS, DESCRIPTION, tmp_path / "a", formats=["all"])
    second = export(list(reversed(ROWS)), DESCRIPTION, tmp_path / "b", formats=list(FORMATS))
    assert [path.relative_to(tmp_path / "a") for path in first] == [
        path.relative_to(tmp_path / "b") for path in second
    ]
    assert first[-1].name == "SHA256SUMS"
    for left, right in zip(first, second, strict=True):
        assert left.read_bytes() == right.read_bytes()
    subprocess.run(["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"], cwd=tmp_path / "a", check=True)


def test_export_replaces_an_earlier_export_and_nothing_else(tmp_path: Path) -> None:
    export(ROWS, DESCRIPTION, tmp_path / "out", formats=["jsonl", "csv"])
    export(ROWS[:2], DESCRIPTION, tmp_path / "out", formats=["ac"])
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["ITEMS.jsonl", "MANIFEST", "SHA256SUMS", "TERMS.txt", "dev.json", "test.json"]
    (tmp_path / "out/mine.txt").write_text("keep me")
    with pytest.raises(UnwritableRelease, match=r"mine\.txt"):
        export(ROWS, DESCRIPTION, tmp_path / "out", formats=["ac"])
    assert (tmp_path / "out/mine.txt").read_text() == "keep me"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"split": "train"}, "split"),
        ({"external_id": "made-up-0002"}, "ID"),
        ({"position": 1}, "position"),
        ({"question": ""}, "question"),
        ({"answer": "x\ud800"}, "surrogate"),
        ({"answer": None}, "text"),
        ({"question": "x\0"}, "NUL"),
        ({"labels": ("a", "b")}, "three labels"),
    ],
)
def test_row_that_cannot_be_read_back_stops_the_export(
    tmp_path: Path, change: dict[str, object], word: str
) -> None:
    with pytest.raises(UnwritableRelease, match=word):
        export([ROWS[0], replace(ROWS[1], **change)], DESCRIPTION, tmp_path / "out", formats=["all"])
    assert list(tmp_path.iterdir()) == []


def test_release_without_items_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(UnwritableRelease, match="without items"):
        export([], DESCRIPTION, tmp_path / "out", formats=["ac"])


@pytest.mark.parametrize(
    "options",
    [
        {"formats": ["xml"]},
        {"formats": []},
        {"formats": ["ac"], "output_field": "answer"},
        {"formats": ["ac"], "meta_order": "risk-area"},
        {"formats": ["csv"], "csv_encoding": "cp932"},
        {"formats": ["text"], "training_splits": ["train"]},
    ],
)
def test_option_without_a_meaning_stops_the_export(tmp_path: Path, options: dict[str, object]) -> None:
    with pytest.raises(UnwritableRelease):
        export(ROWS, DESCRIPTION, tmp_path / "out", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["ac", "pandas", "jsonl", "csv"])
def test_export_is_read_back_as_items(tmp_path: Path, name: str) -> None:
    plain = [replace(row, question=row.question.lstrip("="), external_id=f"m{row.position}") for row in ROWS]
    plain[3] = replace(plain[3], answer="式ではありません。")
    export(plain, DESCRIPTION, tmp_path / "out", formats=[name])
    ending = {"ac": "json", "pandas": "json"}.get(name, name)
    read = [row for split in ("dev", "test") for row in read_items(tmp_path / f"out/{split}.{ending}").rows]
    wanted = sorted(plain, key=lambda row: row.position)
    assert [(row.external_id, row.question, row.answer, row.labels) for row in read] == [
        (row.external_id, row.question, row.answer, row.labels) for row in wanted
    ]
    if name == "csv":
        assert [row.translations for row in read] == [dict(row.translations) for row in wanted]
        assert [row.attributes for row in read] == [dict(row.attributes) for row in wanted]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        ANY_TEXT | HOSTILE_TEXT | st.sampled_from(["", '"', ",", "\r", "\n", '","']), min_size=2, max_size=4
    )
)
def test_line_of_a_table_is_what_the_library_writes(cells: list[str]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerow(cells)
    assert csv_line(cells) == written.getvalue()


def test_description_without_optional_parts_makes_a_card() -> None:
    bare = replace(BARE, gated=False)
    front = yaml.safe_load(card_text(bare, tallied()).split("\n---\n")[0])
    assert front["license_name"] == "other"
    assert "extra_gated_prompt" not in front


def test_a_single_brace_in_a_title_does_not_swallow_the_entry() -> None:
    told = bibtex_of(replace(DESCRIPTION, dataset="a}b{c\\d~e", bibtex=""))
    assert "a\\textbraceright b\\textbraceleft c\\textbackslash d\\textasciitilde e" in told
    depth = 0
    for char in told:
        depth += (char == "{") - (char == "}")
        assert depth >= 0
    assert (depth, told[-2:]) == (0, "\n}")
