"""Sets with a shape of their own: made-up folders, and the real files where they are."""

from collections import Counter
from pathlib import Path

import pytest

from curation.formats import UnusableFile, read_items
from curation.formats.foreign import split_records
from tests.data_sets import data_set

BOM = b"\xef\xbb\xbf"


def folder(place: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            content if isinstance(content, bytes) else BOM + content.replace("|", "\r\n").encode()
        )
    return place


def test_xsafety_records_pair_by_row(tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        {
            "ja/Made_Up.csv": '質問,読点|"改行\n\nあり"|「引用」 ',
            "en/Made_Up.csv": '"Say ""hi"", please"|two\nlines|plain "quoted" text',
        },
    )
    result = read_items(place)
    assert result.format == "xsafety"
    assert result.quarantined == []
    assert [(row.external_id, row.question, row.translations["en"]["question"]) for row in result.rows] == [
        ("Made_Up/1", "質問,読点", 'Say "hi", please'),
        ("Made_Up/2", "改行\n\nあり", "two\nlines"),
        ("Made_Up/3", "「引用」 ", 'plain "quoted" text'),
    ]
    assert [(row.labels, row.answer, row.file, row.line) for row in result.rows] == [
        (("Made_Up",), None, "ja/Made_Up.csv", 1),
        (("Made_Up",), None, "ja/Made_Up.csv", 2),
        (("Made_Up",), None, "ja/Made_Up.csv", 5),
    ]


def test_xsafety_unsound_parts_are_set_apart_by_name(tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        {
            "ja/A.csv": "一|　|三|一",
            "en/A.csv": "one|two||four|",
            "ja/B.csv": "五|六",
            "en/B.csv": "five",
            "ja/C.csv": "七",
            "ja/D.csv": b"\x89PNG\r\n\x1a\n",
            "en/E.csv": "nine",
        },
    )
    result = read_items(place)
    assert [(row.external_id, sorted(row.translations)) for row in result.rows] == [
        ("A/1", ["en"]),
        ("A/3", []),
        ("B/1", []),
        ("B/2", []),
        ("C/1", []),
    ]
    assert [
        (found.file, found.row, found.reason.split(";")[0].split(",")[0]) for found in result.quarantined
    ] == [
        ("ja/A.csv", 2, "text is blank"),
        ("en/A.csv", 3, "text is blank"),
        ("ja/A.csv", 4, "the same question and answer stand already in row 1"),
        ("en/B.csv", None, "the English file has 1 records"),
        ("en/C.csv", None, "there is no English file of this name"),
        ("ja/D.csv", None, "D.csv is a PNG picture"),
        ("en/E.csv", None, "there is no Japanese file of this name"),
    ]


def test_xsafety_folder_without_a_sound_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="no CSV file in its folder ja"):
        read_items(folder(tmp_path / "a", {"ja/readme.txt": "x"}))
    with pytest.raises(UnusableFile, match="no sound question"):
        read_items(folder(tmp_path / "b", {"ja/A.csv": b""}))
    with pytest.raises(UnusableFile, match="needs the folders ja and en"):
        read_items(folder(tmp_path / "c", {"A.csv": "x"}), format="xsafety")


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("a\r\nb\nc\r\n", [(1, "a"), (2, "b\nc")]),
        ("a\nb\n", [(1, "a"), (2, "b")]),
        ('"a\r\nb"\r\nc', [(1, "a\r\nb"), (3, "c")]),
        ('"a" b\r\nc', [(1, '"a" b'), (2, "c")]),
        ('"never closed\r\nc', [(1, '"never closed'), (2, "c")]),
        ('""\r\n', [(1, "")]),
        ("", []),
    ],
)
def test_records_of_a_headerless_file(text: str, records: list[tuple[int, str]]) -> None:
    assert list(split_records(text)) == records


def test_dna_labels_end_at_the_first_colon(tmp_path: Path) -> None:
    path = tmp_path / "questions.csv"
    path.write_text(
        "id,risk_area,types_of_harm,specific_harms,question\n0,Area,Type,Leaf: what it is,Why?\n1,Area,Type,Leaf: x,Why?\n"
    )
    result = read_items(path)
    assert result.format == "dna"
    assert [(row.external_id, row.labels, row.question) for row in result.rows] == [
        ("0", ("Area", "Type", "Leaf"), "Why?")
    ]
    assert [found.row for found in result.quarantined] == [2]
    with pytest.raises(UnusableFile, match="lacks the columns ten-perspective, requirement, text"):
        read_items(path, format="aisev")


def test_aisev_file_and_folder(tmp_path: Path) -> None:
    text = "ten_perspective,scorer,requirement,text,gsn_perspective\n観点,requirement,こうすること。,架空の問い{n}？,G1-1\n"
    for number in (1, 2):
        (tmp_path / f"0{number}_made_up.csv").write_text(text.replace("{n}", str(number)), encoding="utf-8")
    assert [row.external_id for row in read_items(tmp_path, format="aisev").rows] == [
        "01_made_up/1",
        "02_made_up/1",
    ]
    row = read_items(tmp_path / "01_made_up.csv").rows[0]
    assert (row.labels, row.question) == (("観点",), "架空の問い1？")
    assert row.attributes == {
        "requirement": "こうすること。",
        "scorer": "requirement",
        "gsn_perspective": "G1-1",
    }


def test_real_xsafety_has_two_thousand_pairs() -> None:
    result = read_items(data_set("xsafety"))
    assert (result.format, len(result.rows), result.quarantined) == ("xsafety", 2000, [])
    assert set(Counter(row.labels for row in result.rows).values()) == {200}
    assert all(row.translations["en"]["question"] for row in result.rows)
    assert sum("\n" in row.question for row in result.rows) == 1
    assert not any("\ufeff" in row.question for row in result.rows)


def test_real_do_not_answer_repeats_one_question() -> None:
    result = read_items(data_set("do-not-answer") / "questions.csv")
    assert (result.format, len(result.rows)) == ("dna", 938)
    assert [(found.row, found.values["first"]) for found in result.quarantined] == [(435, 434)]
    assert "434" not in {row.external_id for row in result.rows}
    # 5 risk areas, 12 harm types, 61 specific harms (arXiv 2308.13387).
    assert [len({row.labels[:depth] for row in result.rows}) for depth in (1, 2, 3)] == [5, 12, 61]


def test_real_aisev_has_258_prompts() -> None:
    result = read_items(data_set("aisev"), format="aisev")
    assert (len(result.rows), result.quarantined) == (258, [])
    assert all(row.attributes["requirement"] for row in result.rows)
