"""Responses, ratings, verdicts, rubrics and translations: sound rows, and every bad one set apart by field."""

import json
from pathlib import Path
from typing import Any

import pytest

from curation.formats import (
    RatingRow,
    Rubric,
    TranslationRow,
    UnusableFile,
    VerdictRow,
    read_ratings,
    read_responses,
    read_rubric,
    read_translations,
    read_verdicts,
    write_translations,
)

FIVE = Rubric("five", "ordinal", (1, 2, 3, 4, 5), 2, 4)
PICK = Rubric("pick", "nominal", ("model_a", "model_b", "tie"))
SHA = "0" * 63 + "a"


def lines(place: Path, records: list[dict[str, Any]], name: str = "rows.jsonl") -> Path:
    path = place / name
    path.write_text(
        "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8"
    )
    return path


def rating(**more: Any) -> dict[str, Any]:
    return {"item": "q1", "model": "m", "rater": "r1", "score": 4, **more}


def verdict(**more: Any) -> dict[str, Any]:
    return {"item": "q1", "model": "m", "judge": "j", "score": 4, **more}


def test_responses_keep_further_keys_and_empty_answers(tmp_path: Path) -> None:
    records = [
        {"item": 1, "model": "m", "response": "", "temperature": 0.5, "turns": ["a", "b"]},
        {"item": "1", "model": "m", "response": "", "sample": 0},
        {"item": "1", "model": "m", "response": "x\n", "sample": 1},
        {"item": "1", "model": "m", "response": None},
        {"item": "1", "model": "m", "response": "y", "sample": -1},
    ]
    found = read_responses(lines(tmp_path, records))
    assert [(row.item, row.response, row.sample, row.extra) for row in found.rows] == [
        ("1", "", 0, {"temperature": 0.5, "turns": ["a", "b"]}),
        ("1", "x\n", 1, {}),
    ]
    assert [(bad.row, bad.field) for bad in found.quarantined] == [(2, ""), (4, "response"), (5, "sample")]


def test_ratings_of_every_field(tmp_path: Path) -> None:
    full = rating(
        category="悪用",
        seconds=12.5,
        comment="理由",
        role="final",
        response_sha256=SHA,
        inclusion_probability=0.25,
        axis="safety",
    )
    undecided = {"item": "q2", "model": "m", "rater": 7, "cannot_decide": True}
    found = read_ratings(lines(tmp_path, [full, undecided]), rubric=FIVE)
    assert found.quarantined == []
    assert found.rows == [
        RatingRow(1, "q1", "m", "r1", 4, False, "悪用", 12.5, "理由", "final", SHA, 0.25, "safety"),
        RatingRow(2, "q2", "m", "7", None, True),
    ]


@pytest.mark.parametrize(
    ("record", "field", "reason"),
    [
        (rating(score=6), "score", "score is not on the scale of five: 1, 2, 3, 4, 5"),
        (rating(score=3.5), "score", "score is not on the scale"),
        (rating(score=True), "score", "score is not on the scale"),
        (rating(score="four"), "score", "score is not on the scale"),
        (rating(score=float("nan")), "score", "score is not on the scale"),
        (rating(score=None), "score", 'score is missing; give a score, or "cannot_decide": true'),
        (rating(cannot_decide=True), "score", "score stands beside cannot_decide; keep one of them"),
        (rating(cannot_decide="perhaps"), "cannot_decide", "cannot_decide must be true or false"),
        (rating(rater=""), "rater", "rater is blank"),
        (rating(item=None), "item", "item is missing"),
        (rating(role="judge"), "role", "role must be one of: rater, final"),
        (rating(seconds=-1), "seconds", "seconds must be a number >= 0"),
        (rating(seconds=10**400), "seconds", "seconds must be a number >= 0"),
        (rating(response_sha256="ABC"), "response_sha256", "response_sha256 must be 64 lower-case"),
        (
            rating(inclusion_probability=0),
            "inclusion_probability",
            "inclusion_probability must be a number > 0, <= 1",
        ),
        (
            rating(inclusion_probability=1.5),
            "inclusion_probability",
            "inclusion_probability must be a number > 0",
        ),
        (rating(rater="r0"), "", "the same entry stands already in row 1; keep one of them"),
    ],
)
def test_unsound_rating_is_set_apart(tmp_path: Path, record: dict[str, Any], field: str, reason: str) -> None:
    found = read_ratings(
        lines(tmp_path, [rating(rater="r0", score=1), record, rating(rater="r9")]), rubric=FIVE
    )
    assert [row.rater for row in found.rows] == ["r0", "r9"]
    assert [(bad.row, bad.field) for bad in found.quarantined] == [(2, field)]
    assert found.quarantined[0].reason.startswith(reason)


def test_ratings_of_other_responses_axes_and_roles_are_no_repeats(tmp_path: Path) -> None:
    records = [
        rating(),
        rating(axis="tone"),
        rating(role="final"),
        rating(response_sha256=SHA),
        rating(item="q2"),
    ]
    assert len(read_ratings(lines(tmp_path, records)).rows) == 5


def test_ratings_from_csv_with_points_as_text(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(
        "item,model,rater,score,cannot_decide\nq1,m,r1,4,\nq1,m,r2,4.0,false\nq1,m,r3,,1\nq1,m,r4,4.5,\n"
    )
    found = read_ratings(path, rubric=FIVE)
    assert [(row.rater, row.score, row.cannot_decide) for row in found.rows] == [
        ("r1", 4, False),
        ("r2", 4, False),
        ("r3", None, True),
    ]
    assert [(bad.row, bad.field) for bad in found.quarantined] == [(4, "score")]
    path.write_text("item,score\nq1,4\n")
    with pytest.raises(UnusableFile, match="lacks the columns model, rater"):
        read_ratings(path)


def test_nominal_scores_are_names_of_the_scale(tmp_path: Path) -> None:
    found = read_ratings(lines(tmp_path, [rating(score="tie"), rating(rater="x", score="Tie")]), rubric=PICK)
    assert [row.score for row in found.rows] == ["tie"]
    assert [bad.field for bad in found.quarantined] == ["score"]


def test_verdicts_with_scores_and_failures(tmp_path: Path) -> None:
    records = [
        verdict(raw="[[4]]", repeat=2),
        verdict(mode="noref", score=None, status="refused", raw={"error": "no"}),
    ]
    found = read_verdicts(lines(tmp_path, records), rubric=FIVE)
    assert found.quarantined == []
    assert found.rows == [
        VerdictRow(1, "q1", "m", "j", 4, "ok", "ref", 2, "[[4]]"),
        VerdictRow(2, "q1", "m", "j", None, "refused", "noref", 1, '{"error": "no"}'),
    ]


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (verdict(judge="k", score=9), "score"),
        (verdict(judge="k", score=None), "score"),
        (verdict(judge="k", status="timeout"), "score"),
        (verdict(judge="k", score=None, status="crashed"), "status"),
        (verdict(judge="k", mode="both"), "mode"),
        (verdict(judge="k", repeat="x"), "repeat"),
        (verdict(judge=None), "judge"),
        (verdict(), ""),
    ],
)
def test_unsound_verdict_is_set_apart(tmp_path: Path, record: dict[str, Any], field: str) -> None:
    found = read_verdicts(lines(tmp_path, [verdict(), record]), rubric=FIVE)
    assert len(found.rows) == 1
    assert [(bad.row, bad.field) for bad in found.quarantined] == [(2, field)]


def test_rubric_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "rubric.json"
    given = {"name": "five", "kind": "ordinal", "scale": [1, 2, 3, 4, 5]}
    path.write_text(json.dumps({**given, "violation_at_most": 2, "acceptable_at_least": 4}))
    assert read_rubric(path) == FIVE
    path.write_text(json.dumps({"name": "pick", "kind": "nominal", "scale": list(PICK.scale)}))
    assert read_rubric(path) == PICK


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "rubric.json is not sound JSON"),
        ("[]", "rubric.json holds a list; it must hold one object"),
        ('{"kind": "interval"}', "kind must be one of: ordinal, nominal"),
        ('{"kind": "ordinal", "scale": [1]}', "scale must be a list of 2 to 101 points"),
        ('{"kind": "ordinal", "scale": [2, 1]}', "scale must be ascending numbers"),
        ('{"kind": "ordinal", "scale": [1, "2"]}', "scale must be ascending numbers"),
        (
            '{"kind": "nominal", "scale": ["a", "a"]}',
            "scale must be ascending numbers (ordinal), or different names",
        ),
        (
            '{"kind": "nominal", "scale": ["a", "b"], "violation_at_most": 1}',
            "violation_at_most must be a number",
        ),
        (
            '{"kind": "ordinal", "scale": [1, 2], "violation_at_most": 2, "acceptable_at_least": 2}',
            "violation_at_most must be below",
        ),
        ('{"kind": "ordinal", "scale": [1, 2]}', "name is missing"),
    ],
)
def test_unsound_rubric_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "rubric.json"
    path.write_text(content)
    with pytest.raises(UnusableFile) as caught:
        read_rubric(path)
    assert str(caught.value).startswith(sentence)


def test_translations_from_csv_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("ID,locale,question,answer\na,en,Q,A\na,ko,질문,\na,en,again,\nb,English!,Q,\nc,en,,A\n")
    found = read_translations(path)
    assert found.rows == [TranslationRow(1, "a", "en", "Q", "A"), TranslationRow(2, "a", "ko", "질문", None)]
    assert [(bad.row, bad.field) for bad in found.quarantined] == [(3, "ID"), (4, "locale"), (5, "question")]
    path.write_text("ID,question\na,Q\n")
    with pytest.raises(UnusableFile, match="lacks the columns locale"):
        read_translations(path)
    assert read_translations(path, locale="en").rows == [TranslationRow(1, "a", "en", "Q", None)]
    given = lines(tmp_path, [{"ID": "a", "locale": "en", "question": "Q"}])
    assert read_translations(given).rows == [TranslationRow(1, "a", "en", "Q", None)]


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_written_translations_read_back(tmp_path: Path, name: str) -> None:
    rows = [
        {"ID": "a", "locale": "en", "question": 'Why, "then"?\nSo.', "answer": None},
        {"ID": "b", "locale": "en", "question": "Q", "answer": "A"},
    ]
    found = read_translations(write_translations(rows, tmp_path / name))
    assert [(row.external_id, row.question, row.answer) for row in found.rows] == [
        (row["ID"], row["question"], row["answer"]) for row in rows
    ]


def test_written_translations_hold_no_formula(tmp_path: Path) -> None:
    path = write_translations(
        [{"ID": "a", "locale": "en", "question": "=1+1", "answer": None}], tmp_path / "t.csv"
    )
    assert path.read_text(encoding="utf-8-sig").splitlines()[1] == "a,en,'=1+1,"
