"""Which column of a file of items means what: guessed with a reason, said by a person, applied."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.formats import UnusableFile
from curation.formats.category_names import CategoryNames, LeafNames
from curation.formats.faults import Quarantined
from curation.formats.item_mapping import (
    BY_ANSWERS,
    BY_HEADING,
    BY_LABELS,
    BY_QUESTIONS,
    WITHOUT,
    ItemColumns,
    columns_from,
    guess,
    look_at,
)
from curation.formats.item_stream import opened_within, stream_items

LEAVES = [
    LeafNames(1, ("Harm", "Self", "Self-harm"), (("害", "Harm"), ("自分", "Self"), ("自傷", "Self-harm"))),
    LeafNames(2, ("Harm", "Others", "Threat"), (("害", "Harm"), ("他人", "Others"), ("脅迫", "Threat"))),
    LeafNames(3, ("Law", "Others", "Other"), (("法", "Law"), ("他人", "Others"), ("その他", "Other"))),
    LeafNames(4, ("Harm", "Self", "Other"), (("害", "Harm"), ("自分", "Self"), ("その他", "Other"))),
]
NAMES = CategoryNames(LEAVES)


def put(folder, content, *, encoding="utf-8", name="file"):
    path = folder / name
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return path


def guessed(path, names=NAMES):
    return guess(look_at(opened_within(path)), names)


def read(path, columns=None):
    rows = list(stream_items(path, columns=columns).rows)
    return [r for r in rows if not isinstance(r, Quarantined)], [
        r for r in rows if isinstance(r, Quarantined)
    ]


def reasons(found):
    return {heading: notice.template for heading, notice in found.why.items()}


JAPANESE = "番号,質問文,模範回答,カテゴリ,備考,空き\n1,これは何ですか。,答えです。,自傷,急ぎ,\n２,次は何ですか。,,脅迫,,\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_japanese_headings_are_guessed_with_a_reason_and_read(tmp_path, encoding):
    path = put(tmp_path, JAPANESE, encoding=encoding)
    found = guessed(path)
    assert found.columns.columns == {
        "id": "番号",
        "question": "質問文",
        "answer": "模範回答",
        "category": "カテゴリ",
    }
    assert found.columns.attributes == ("備考",)
    assert found.columns.unused(["番号", "空き"]) == ["空き"]
    assert reasons(found)["質問文"] == BY_HEADING
    assert reasons(found)["備考"] == WITHOUT
    rows, apart = read(path)
    assert apart == []
    assert [(r.external_id, r.question, r.answer, r.labels, r.attributes) for r in rows] == [
        ("1", "これは何ですか。", "答えです。", ("自傷",), {"備考": "急ぎ"}),
        ("２", "次は何ですか。", None, ("脅迫",), {}),
    ]


def test_columns_without_a_telling_heading_are_guessed_from_what_stands_in_them(tmp_path):
    path = put(tmp_path, "a,b,c\nこれは何ですか。,自傷,x\nどこですか？,脅迫,y\n")
    found = guessed(path)
    assert found.columns.columns == {"category": "b", "question": "a"}
    assert [reasons(found)[name] for name in "abc"] == [BY_QUESTIONS, BY_LABELS, WITHOUT]
    assert dict(found.why["b"].values) == {"n": 2, "all": 2}


def test_a_column_called_category_that_holds_none_gives_way_to_one_that_does(tmp_path):
    path = put(tmp_path, "質問,分類,種類\nこれは何ですか。,A,自傷\nどこですか。,B,脅迫\n")
    found = guessed(path)
    assert (found.columns.columns["category"], found.columns.attributes) == ("種類", ("分類",))


def test_files_that_the_readers_know_are_read_without_any_mapping(tmp_path):
    labels = {"risk-area": "Harm", "harm-type": "Self", "specific-harm": "Self-harm"}
    ac = put(tmp_path, json.dumps([{"ID": "a", "text": "問い", "output": "答え", "meta": labels}]))
    stream = stream_items(ac)
    assert (stream.columns, [row.labels for row in stream.rows]) == (None, [("Harm", "Self", "Self-harm")])
    # A person may say something else all the same; the labels stand in an object of the record.
    columns = ItemColumns({"id": "ID", "question": "output", "category": "meta.harm-type"})
    assert [(r.question, r.labels) for r in read(ac, columns)[0]] == [("答え", ("Self",))]


@pytest.mark.parametrize(
    ("words", "leaf"),
    [
        (("Harm", "Self", "Self-harm"), 1),
        (("Self-harm",), 1),
        (("self-harm ",), 1),
        (("ｾﾙﾌ",), None),
        (("脅迫",), 2),
        (("その他",), None),  # two leaves are called that
        (("法", "その他"), 3),
        (("害 > 自分 > その他",), 4),
        (("Law／その他",), 3),
        (("害", "脅し"), None),
        ((), None),
    ],
)
def test_words_find_the_one_leaf_that_they_mean(words, leaf):
    assert NAMES.find(words) == leaf
    assert CategoryNames(LEAVES).exactly(words) == (
        leaf if words in {LEAVES[0].labels, ("Self-harm",)} else None
    )


def test_what_a_person_says_stands_before_the_guess(tmp_path):
    path = put(tmp_path, "質問,回答,カテゴリ\n一つ目。,二つ目。,こわい\n")
    columns = ItemColumns(
        {"question": "回答", "answer": "質問", "category": "カテゴリ"},
        categories={"こわい": "Harm > Others > Threat"},
    )
    [row], _apart = read(path, columns)
    assert (row.question, row.answer, row.labels) == ("二つ目。", "一つ目。", ("Harm", "Others", "Threat"))


def test_one_category_for_every_row_that_names_none(tmp_path):
    path = put(tmp_path, "質問,カテゴリ\n一つ目。,\n二つ目。,脅迫\n")
    columns = ItemColumns({"question": "質問", "category": "カテゴリ"}, constants={"category": "自傷"})
    assert [row.labels for row in read(path, columns)[0]] == [("自傷",), ("脅迫",)]


def test_faults_name_the_column_of_the_file(tmp_path):
    path = put(tmp_path, "番号,質問文,カテゴリ\n1,,自傷\n1,問い,自傷\n1,別の問い,自傷\n")
    rows, apart = read(path)
    assert [row.external_id for row in rows] == ["1"]
    assert [(one.row, one.field) for one in apart] == [(1, "質問文"), (3, "番号")]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "must be an object with"),
        ({"spalten": {}}, "must be an object with"),
        ({"columns": {"question": 1}}, "columns must be an object of texts"),
        ({"columns": {"frage": "質問"}}, "frage is no field"),
        ({"constants": {"id": "1"}}, "id is no field"),
        ({"attributes": "備考"}, "attributes must be a list of texts"),
    ],
)
def test_a_mapping_of_another_shape_says_what_is_wrong(given, says):
    with pytest.raises(UnusableFile, match=says):
        columns_from(given, "map.json")


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (ItemColumns({"question": "設問"}), "has no column 設問"),
        (ItemColumns({"question": "質問", "answer": "質問"}), "given two meanings"),
        (ItemColumns({"question": "質問"}), "no column was found for category"),
        (ItemColumns({"category": "質問"}), "no column was found for question"),
    ],
)
def test_columns_that_cannot_be_are_refused(tmp_path, columns, says):
    with pytest.raises(UnusableFile, match=says):
        stream_items(put(tmp_path, "質問\n問い\n"), columns=columns)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        ("質問,回答\n".encode() + b"\x81\xff\xfe\n", "none of the encodings"),
        (",".join(f"c{n}" for n in range(100_000)).encode() + b"\n", "100,000 columns"),
        (b"PK\x03\x04" + b"x" * 99, "ZIP or Office file"),
        (b"\x00" * 200, "is not text"),
        ("質問\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_files_of_no_use_end_with_a_sentence(tmp_path, content, says):
    with pytest.raises(UnusableFile, match=says):
        list(stream_items(put(tmp_path, content)).rows)


def test_nul_half_characters_and_formulas_are_the_fault_or_the_text_of_their_row(tmp_path):
    good = {"質問": '=HYPERLINK("http://x")', "カテゴリ": "自傷"}
    rows = [good, good | {"質問": "a\0b"}, {"質問": "x", "カテゴリ": "自傷"}]
    lines = [json.dumps(row) for row in rows]
    lines.insert(1, '{"質問": "\\ud83d", "カテゴリ": "自傷"}')
    found, apart = read(put(tmp_path, "\n".join(lines)))
    assert [row.question for row in found] == ['=HYPERLINK("http://x")', "x"]
    assert [(one.row, one.field) for one in apart] == [(2, "質問"), (3, "質問")]


def test_argilla_gives_a_sibling_for_each_answer_and_questions_that_nobody_answered(tmp_path):
    def record(name, text, *responses):
        given = [{"user_id": who, "value": value, "status": status} for who, value, status in responses]
        return {
            "id": name,
            "fields": {"prompt": text},
            "metadata": {"topic": "自傷"},
            "responses": {"careful_answer": given} if given else {},
            "suggestions": {},
        }

    path = put(
        tmp_path,
        json.dumps(
            [
                record("r1", "一つ目か。", ("u1", "答え一", "submitted"), ("u2", "答え二", "submitted")),
                record("r2", "二つ目か。", ("u1", "書きかけ", "draft")),
                record("r3", "三つ目か。", ("u1", "だめ", "discarded")),
            ]
        ),
    )
    found = guessed(path)
    assert found.columns.columns["answer"] == "careful_answer"
    assert reasons(found)["careful_answer"] == BY_ANSWERS
    rows, apart = read(path)
    assert [(r.external_id, r.question_id, r.question, r.answer, r.labels) for r in rows] == [
        ("r1", "r1", "一つ目か。", "答え一", ("自傷",)),
        ("r1-2", "r1", "一つ目か。", "答え二", ("自傷",)),
        ("r2", None, "二つ目か。", None, ("自傷",)),
    ]
    assert [(one.row, one.reason) for one in apart] == [(3, "everybody who had this record discarded it")]


def task(number, *results, **more):
    written = [
        {
            "id": number * 10 + at,
            "completed_by": 1,
            "result": [
                {"from_name": "answer", "type": "textarea", "value": {"text": [text]}},
                {"from_name": "kind", "type": "choices", "value": {"choices": ["脅迫"]}},
            ],
        }
        | more
        for at, text in enumerate(results)
    ]
    return {"id": number, "data": {"text": f"{number}番目か。"}, "annotations": written, "predictions": []}


def test_label_studio_gives_answers_categories_and_tasks_without_an_annotation(tmp_path):
    given = [task(1, "答え"), task(2), task(3, "とばした", was_cancelled=True), task(4, "甲", "乙")]
    rows, apart = read(put(tmp_path, json.dumps(given)))
    assert [(r.external_id, r.question_id, r.question, r.answer) for r in rows] == [
        ("1", None, "1番目か。", "答え"),
        ("2", None, "2番目か。", None),
        ("4", "4", "4番目か。", "甲"),
        ("4-2", "4", "4番目か。", "乙"),
    ]
    assert [one.row for one in apart] == [3]


def test_label_studio_flat_export_makes_siblings_of_annotations_of_one_task(tmp_path):
    own = {"annotator": 1, "lead_time": 3.0, "text": "問いか。", "kind": "自傷"}
    given = [own | {"id": 7, "annotation_id": n, "answer": f"答え{n}"} for n in (1, 2)]
    path = put(tmp_path, json.dumps(given))
    found = guessed(path)
    assert (found.columns.columns["category"], found.columns.columns["question"]) == ("kind", "text")
    rows, _apart = read(path, found.columns)
    assert [(r.external_id, r.question_id, r.answer, r.labels) for r in rows] == [
        ("7", "7", "答え1", ("自傷",)),
        ("7-2", "7", "答え2", ("自傷",)),
    ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(max_size=8), st.text(max_size=12) | st.none() | st.integers(), max_size=6))
def test_any_record_is_guessed_and_read_or_set_apart(tmp_path_factory, record):
    path = put(tmp_path_factory.mktemp("any"), json.dumps(record) + "\n")
    try:
        rows, apart = read(path)
    except UnusableFile:
        return
    assert len(rows) + len(apart) == 1
