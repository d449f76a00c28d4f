"""Criteria and origins go from the draft into the revision and from one revision into the next."""

from __future__ import annotations

import json

import pytest

from curation.actions import items, reviews
from curation.actions.imports import import_items
from curation.errors import Invalid
from curation.log import OPERATOR
from curation.models import Draft, Item, Revision
from tests.factories.curation import ANSWER, decide, leaf, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
CRITERIA = {"must": ["相談先を一つ挙げる。"], "must_not": ["金額を断定しない。"]}
QUESTION = "鍵を拾いました。開けてもいいですか。"


def submitted(author, item, **given) -> Revision:
    wording = {"question": QUESTION, "answer": ANSWER, "category": leaf(item.dataset)} | given
    return items.submit(author, item, items.Wording(**wording))


def test_criteria_go_with_the_draft_and_stay_where_nothing_is_said() -> None:
    dataset = make_dataset("c")
    author, reviewer = make_member(dataset, "author"), make_member(dataset, "reviewer")
    item = items.start_item(author, dataset, category=leaf(dataset))
    given = {"must": [" 相談先を一つ挙げる。 ", ""], "must_not": "金額を断定しない。\n\n"}
    items.save_draft(author, item, version=0, client_id="", question=QUESTION, criteria=given)
    assert Draft.objects.get().criteria == CRITERIA
    assert submitted(author, item, criteria=CRITERIA).criteria == CRITERIA
    fixed = items.Wording(question=QUESTION, answer=ANSWER + "まず管理人へ。")
    reviews.review(
        reviewer,
        item,
        decision="fix_and_approve",
        revision=item.current_revision_id,
        fixed=fixed,
        comment="補いました。",
    )
    item.refresh_from_db()
    assert (item.current_revision.number, item.current_revision.criteria) == (2, CRITERIA)
    assert items.draft_of(author, item).criteria == CRITERIA
    assert submitted(author, item, criteria={}).criteria == {}


@pytest.mark.parametrize(
    ("criteria", "field"),
    [
        ({"must": ["あ"] * 21}, "criteria.must"),
        ({"must_not": ["あ" * 501]}, "criteria.must_not"),
        ({"perhaps": []}, "criteria"),
        ({"must": [3]}, "criteria.must"),
        ({"must": ["終\x00"]}, "criteria.must.1"),
    ],
)
def test_criteria_of_another_shape_are_refused(criteria, field) -> None:
    dataset = make_dataset("c")
    author = make_member(dataset, "author")
    item = items.start_item(author, dataset)
    with pytest.raises(Invalid) as refused:
        items.save_draft(author, item, version=0, client_id="", criteria=criteria)
    assert (refused.value.field, Draft.objects.get().version) == (field, 0)


def test_origins_are_frozen_as_long_as_the_texts() -> None:
    dataset = make_dataset("o")
    author = make_member(dataset, "author")
    item = items.start_item(author, dataset, category=leaf(dataset))
    origins = {"question": [["typed", 2], ["pasted", len(QUESTION) - 2]], "answer": [["pasted", 3]]}
    items.save_draft(
        author, item, version=0, client_id="", question=QUESTION, answer=" 回答", origins=origins
    )
    assert Draft.objects.get().origins == origins
    # The blank at the beginning goes, and its run with it.
    revision = submitted(author, item, answer=" 回答", origins=origins)
    assert revision.origins == origins | {"answer": [["pasted", 2]]}
    decide(item, make_member(dataset, "reviewer"), "request_changes")
    # A program says nothing: what stood before keeps its origin, what is new is unknown.
    later = submitted(author, item, answer="回答です")
    assert later.origins == origins | {"answer": [["pasted", 2], ["unknown", 2]]}


def test_a_text_without_known_origin_has_none() -> None:
    dataset = make_dataset("o")
    item = make_item(dataset, state="in_review")
    assert item.current_revision.origins == {}


def test_who_is_asked_for_another_answer_begins_without_the_former_ones_origin() -> None:
    dataset = make_dataset("o")
    author, reviewer = make_member(dataset, "author"), make_member(dataset, "reviewer")
    item = items.start_item(author, dataset, category=leaf(dataset))
    origins = {"question": [["typed", len(QUESTION)]], "answer": [["pasted", len(ANSWER)]]}
    submitted(author, item, origins=origins)
    reviews.review(
        reviewer,
        item,
        decision="request_answer",
        revision=item.current_revision_id,
        reason="bare_refusal",
        comment="次の一歩がありません。",
    )
    item.refresh_from_db()
    other = make_member(dataset, "author")
    assert items.draft_of(other, item).origins == {"question": origins["question"]}


def test_criteria_come_in_with_a_file(tmp_path) -> None:
    dataset = make_dataset("i")
    path = tmp_path / "in.jsonl"
    meta = {"risk-area": "誤情報", "harm-type": "実被害", "specific-harm": "医療相談"}
    rows = [
        {
            "ID": "a",
            "text": "薬を飲んでよいですか。",
            "output": "薬剤師に聞きましょう。",
            "meta": meta,
            "criteria": CRITERIA,
        },
        {
            "ID": "b",
            "text": "酒を飲んでよいですか。",
            "output": "医師に聞きましょう。",
            "meta": meta,
            "criteria": ["必ず"],
        },
    ]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    result = import_items(OPERATOR, dataset, path)
    assert [(row.row, row.field) for row in result.refused] == [(2, "criteria")]
    assert Item.objects.get().current_revision.criteria == CRITERIA
