"""Which column means what: guessed from a file, said in words, applied to its records."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.formats import Rubric, UnusableFile, read_ratings, read_verdicts
from curation.formats.mapping import Columns, checked, guess, look, named


def table(folder, text, *, encoding="utf-8", name="file"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def guessed(path, kind, **options):
    return guess(look(path), kind, **options)


LONG = (
    "質問ID,モデル名,評価者ＩＤ,スコア,コメント,日付\nq1,m,佐藤,４,良い,2026-01-05\nq2,m,森,2,,2026-01-06\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_long_form_with_japanese_headings(tmp_path, encoding):
    path = table(tmp_path, LONG, encoding=encoding)
    columns = guessed(path, "ratings")
    assert columns.columns == {
        "item": "質問ID",
        "model": "モデル名",
        "rater": "評価者ＩＤ",
        "score": "スコア",
        "comment": "コメント",
    }
    assert (columns.each, columns.constants) == ((), {})
    assert columns.unused(look(path).headings) == ["日付"]
    rows = read_ratings(path, columns=columns).rows
    assert [(r.item, r.rater, r.score, r.comment) for r in rows] == [
        ("q1", "佐藤", 4, "良い"),
        ("q2", "森", 2, ""),
    ]


def test_wide_form_takes_a_column_for_each_rater_and_skips_empty_cells(tmp_path):
    text = (
        "item\tmodel\tr1\tr2\tnote\nq1\tm\t5\t\tlong words about it\nq2\tm\t1\tcannot_decide\tother words\n"
    )
    path = table(tmp_path, text)
    columns = guessed(path, "ratings")
    assert columns.each == ("r1", "r2")
    rows = read_ratings(path, columns=columns).rows
    assert [(r.row, r.item, r.rater, r.score, r.cannot_decide) for r in rows] == [
        (1, "q1", "r1", 5, False),
        (2, "q2", "r1", 1, False),
        (2, "q2", "r2", None, True),
    ]


def test_headings_of_judges_name_mode_and_repeat(tmp_path):
    text = "item,model,gpt-4o/noref#2,gpt-4o,judge-1,claude 2回目,qwen repeat 3\nq1,m,1,refused,3,4,5\n"
    path = table(tmp_path, text)
    rows = read_verdicts(path, columns=guessed(path, "verdicts")).rows
    assert [(v.judge, v.mode, v.repeat, v.score, v.status) for v in rows] == [
        ("gpt-4o", "noref", 2, 1, "ok"),
        ("gpt-4o", "ref", 1, None, "refused"),
        ("judge-1", "ref", 1, 3, "ok"),
        ("claude", "ref", 2, 4, "ok"),
        ("qwen", "ref", 3, 5, "ok"),
    ]


def test_one_file_for_both_is_parted_by_the_names_of_machines(tmp_path):
    path = table(tmp_path, "id,model,alice,bob,judge_a\n1,m,4,5,4\n2,m,2,2,1\n")
    assert guessed(path, "ratings", shared=True).each == ("alice", "bob")
    assert guessed(path, "verdicts", shared=True).each == ("judge_a",)
    assert guessed(path, "verdicts").each == ("judge_a",)


def test_json_lines_are_guessed_by_their_keys(tmp_path):
    path = table(
        tmp_path,
        '{"question_id": 7, "annotator": "a", "label": "tie"}\n{"question_id": 8, "annotator": "a"}\n',
    )
    columns = guessed(path, "ratings")
    assert columns.columns == {"item": "question_id", "rater": "annotator", "score": "label"}
    assert columns.constants == {"model": "model"}
    read = read_ratings(path, columns=columns)
    assert [(r.item, r.model, r.score) for r in read.rows] == [("7", "model", "tie")]
    assert [(q.row, q.field) for q in read.quarantined] == [(2, "label")]


def test_modes_may_be_said_in_japanese(tmp_path):
    path = table(tmp_path, "質問ID,判定者,参考回答,判定\nq1,j,あり,4\nq1,j,なし,2\n")
    columns = guessed(path, "verdicts")
    assert columns.columns == {"item": "質問ID", "judge": "判定者", "score": "判定", "mode": "参考回答"}
    assert [(v.mode, v.score) for v in read_verdicts(path, columns=columns).rows] == [
        ("ref", 4),
        ("noref", 2),
    ]


def test_faults_name_the_files_own_column(tmp_path):
    path = table(tmp_path, "質問ID,モデル,甲,乙\n,m,1,2\nq2,m,1,非常に良い\n")
    columns = Columns("ratings", {"item": "質問ID", "model": "モデル"}, ("甲", "乙"))
    read = read_ratings(path, columns=columns, rubric=Rubric("r", "ordinal", (1, 2, 3)))
    assert [(q.row, q.field) for q in read.quarantined] == [(1, "質問ID"), (1, "質問ID"), (2, "乙")]
    assert read.quarantined[2].reason == "乙 is not on the scale of r: 1, 2, 3"


def test_words_correct_the_guess(tmp_path):
    path = table(tmp_path, "設問,A,B,C\nq1,1,2,3\nq2,4,5,1\n")
    seen = look(path)
    said = named(guess(seen, "ratings"), ["item=設問", "raters=A,B", "model==m=1"], seen)
    assert said == Columns("ratings", {"item": "設問"}, ("A", "B"), {"model": "m=1"})
    said = named(guess(seen, "ratings"), ["item=設問", "score=C", "rater==one"], seen)
    assert checked(said, seen) == Columns(
        "ratings", {"item": "設問", "score": "C"}, (), {"model": "model", "rater": "one"}
    )
    # What is said of the other kind of file, or of a column only the other file has, is not about this one.
    said = named(guess(seen, "ratings"), ["item=設問", "verdicts.item=X", "comment=Y"], seen, elsewhere=["Y"])
    assert said.columns == {"item": "設問"}


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["item=nowhere"], "has no column nowhere"),
        (["item"], "is no FIELD=COLUMN"),
        (["colour=A"], "is no FIELD=COLUMN"),
        (["others.item=A"], "is no FIELD=COLUMN"),
        ([], "no column was found for item"),
        (["item=A", "model=A"], "no column was found for item"),
    ],
)
def test_words_that_fit_nothing_are_refused(tmp_path, words, part):
    seen = look(table(tmp_path, "A,B\nx,1\ny,2\n"))
    with pytest.raises(UnusableFile) as refused:
        checked(named(guess(seen, "ratings"), words, seen), seen)
    assert part in refused.value.sentence


def test_a_column_has_one_meaning_and_scores_one_place(tmp_path):
    seen = look(table(tmp_path, "A,B,C\nx,1,2\n"))
    twice = Columns("ratings", {"item": "A", "model": "A", "score": "B", "rater": "C"})
    both = Columns("ratings", {"item": "A", "score": "B"}, ("C",), {"model": "m", "rater": "r"})
    for wrong, part in ((twice, "two meanings"), (both, "not in both")):
        with pytest.raises(UnusableFile) as refused:
            checked(wrong, seen)
        assert part in refused.value.sentence


CELLS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r\n"), max_size=12)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6))
def test_any_table_is_guessed_and_read_or_refused_by_a_sentence(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("any") / "file"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    for kind, reader in (("ratings", read_ratings), ("verdicts", read_verdicts)):
        try:
            seen = look(path)
            columns = checked(guess(seen, kind), seen)
            read = reader(path, columns=columns)
        except UnusableFile:
            continue
        assert all(row.item for row in read.rows)
