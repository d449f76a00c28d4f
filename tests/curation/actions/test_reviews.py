"""Reviews: every decision, its credit, its reasons, and who may not."""

from __future__ import annotations

from functools import partial

import pytest

from curation.actions import items, reviews
from curation.actions.items import Wording
from curation.errors import Conflict, Invalid, NotAllowed, TeineiError, WrongState
from curation.log import OPERATOR
from curation.models import Draft, Item, LogEntry, Person, Review
from tests.factories.curation import ANSWER, decide, leaf, make_dataset, make_item, make_member
from tests.rig.at_once import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def reviewer(dataset):
    return make_member(dataset, "reviewer")


@pytest.fixture
def item(dataset):
    return make_item(dataset, state="in_review")


BAD_QUESTION = {
    "question_ok": False,
    "answer_ok": True,
    "reasons": {"question": "unnatural"},
    "comment": "直す所。",
}
BAD_ANSWER = {"question_ok": True, "answer_ok": False, "reasons": {"answer": "copied"}, "comment": "直す所。"}
BOTH = {"reasons": {"question": "real_person", "answer": "unsafe_answer"}, "comment": "直す所。"}

# decision, what is said, state after, what it says of question and answer, the codes kept
DECISIONS = [
    ("approve", {}, "approved", (True, True), {}),
    ("request_changes", BAD_QUESTION, "needs_changes", (False, True), {"question": "unnatural"}),
    ("request_changes", BOTH, "needs_changes", (False, False), BOTH["reasons"]),
    (
        "request_answer",
        {"reason": "bare_refusal", "comment": "次の一歩を。"},
        "awaiting_answer",
        (True, False),
        {"answer": "bare_refusal"},
    ),
    ("reject", BAD_ANSWER, "rejected", (True, False), {"answer": "copied"}),
    (
        "reject",
        {"question_ok": False, "answer_ok": True, "reason": "other", "comment": "対象の外です。"},
        "rejected",
        (False, True),
        {"question": "other"},
    ),
]


@pytest.mark.parametrize(("decision", "said", "state", "parts", "codes"), DECISIONS)
def test_decision_moves_the_item_and_is_recorded(item, reviewer, decision, said, state, parts, codes):
    read = item.current_revision_id
    row = reviews.review(reviewer, item, decision=decision, revision=read, **said)
    assert Item.objects.get(pk=item.pk).state == state
    assert (row.revision_id, row.reviewer, (row.question_ok, row.answer_ok)) == (read, reviewer, parts)
    assert (row.reasons, row.reason) == (codes, next(iter(codes.values()), ""))
    assert row.guideline is not None
    entry = LogEntry.objects.filter(object_type="item", object_id=str(item.pk)).latest("pk")
    assert (entry.from_state, entry.to_state, entry.details) == ("in_review", state, {"review": row.pk})


OK, BAD = {"question_ok": True, "answer_ok": True}, {"question_ok": True, "answer_ok": False}
REFUSED = [
    ({}, "question"),
    (OK, "question"),
    (BAD, "answer"),
    (BAD | {"reasons": {"answer": "mistranslation"}, "comment": "x"}, "answer"),
    (BAD | {"reasons": {"answer": "made_up"}, "comment": "x"}, "answer"),
    (BAD | {"reasons": {"answer": "copied", "question": "copied"}, "comment": "x"}, "question"),
    (BAD | {"reason": "duplicate", "comment": "x"}, "answer"),
    (BAD | {"reason": "made_up", "comment": "x"}, "reason"),
    (BAD | {"reasons": {"answer": "copied"}}, "comment"),
    (BAD | {"reasons": {"answer": "copied"}, "comment": "　"}, "comment"),
    ({"question_ok": True, "comment": "x"}, "answer"),
]


@pytest.mark.parametrize("decision", ["request_changes", "reject"])
@pytest.mark.parametrize(("said", "field"), REFUSED)
def test_sending_back_without_a_usable_reason_of_each_part_and_a_comment_is_refused(
    item, reviewer, decision, said, field
):
    with pytest.raises(Invalid) as refused:
        reviews.review(reviewer, item, decision=decision, revision=item.current_revision_id, **said)
    assert (refused.value.field, Review.objects.count()) == (field, 0)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "answer"),
        ({"reason": "bare_refusal"}, "comment"),
        ({"reason": "unnatural", "comment": "x"}, "reason"),
    ],
)
def test_asking_for_another_answer_says_what_is_wrong_with_this_one(item, reviewer, said, field):
    with pytest.raises(Invalid) as refused:
        reviews.review(reviewer, item, decision="request_answer", revision=item.current_revision_id, **said)
    assert (refused.value.field, Review.objects.count()) == (field, 0)


def test_fix_and_approve_keeps_the_credit_and_its_writer_never_reviews_it_again(item, reviewer):
    before = item.current_revision
    fixed = Wording(question=before.question + "直した質問。", answer="直した答え。")
    reviews.review(reviewer, item, decision="fix_and_approve", revision=before.pk, fixed=fixed)
    item.refresh_from_db()
    made = item.approved_revision
    assert (item.state, made.number, made.category) == ("approved", 2, before.category)
    assert (made.question_author, made.answer_author) == (before.question_author, before.answer_author)
    assert made.submitted_by == reviewer
    items.submit(item.author, item, Wording(question=before.question, answer=ANSWER))
    with pytest.raises(NotAllowed, match="wrote any part"):
        decide(item, reviewer, "approve")


@pytest.mark.parametrize("change", [None, {"answer": ANSWER}, {"answer": " "}])
def test_fix_that_mends_nothing_is_refused(item, reviewer, change):
    fixed = Wording(question=item.current_revision.question, **change) if change else None
    with pytest.raises(Invalid):
        reviews.review(
            reviewer, item, decision="fix_and_approve", revision=item.current_revision_id, fixed=fixed
        )
    assert item.revisions.count() == 1


def test_fix_ends_the_draft_of_the_reviewer(item, reviewer):
    items.save_draft(reviewer, item, version=0, client_id="", answer="直しかけ")
    decide(item, reviewer, "approve")
    assert Draft.objects.filter(person=reviewer).count() == 0


@pytest.mark.parametrize(
    "decision", ["approve", "fix_and_approve", "request_changes", "request_answer", "reject"]
)
def test_own_work_and_the_operators_word_are_refused(dataset, decision):
    author = make_member(dataset, "author", "reviewer")
    own = make_item(dataset, state="in_review", author=author)
    for actor in (author, OPERATOR):
        with pytest.raises(NotAllowed):
            reviews.review(
                actor, own, decision=decision, revision=own.current_revision_id, reason="unsafe_answer"
            )


def test_who_wrote_only_the_answer_does_not_review_it_either(dataset):
    asker, writer = make_member(dataset, "author"), make_member(dataset, "author", "reviewer")
    item = make_item(dataset, state="awaiting_answer", author=asker)
    text = Wording(question=item.current_revision.question, answer=ANSWER, category=leaf(dataset))
    items.submit(writer, item, text)
    with pytest.raises(NotAllowed):
        decide(item, writer, "approve")


def test_decision_on_an_older_revision_is_a_conflict(dataset, item, reviewer):
    read = item.current_revision_id
    decide(item, make_member(dataset, "reviewer"), "request_changes")
    items.submit(
        item.author, item, Wording(question="直した質問です。", answer=ANSWER, category=leaf(dataset))
    )
    with pytest.raises(Conflict):
        reviews.review(reviewer, item, decision="approve", revision=read)


def test_second_decision_is_refused_and_the_same_client_id_is_one_review(dataset, item, reviewer):
    read = item.current_revision_id
    first = reviews.review(reviewer, item, decision="approve", revision=read, client_id="c")
    assert reviews.review(reviewer, item, decision="approve", revision=read, client_id="c") == first
    with pytest.raises(WrongState):
        reviews.review(
            make_member(dataset, "reviewer"), item, decision="reject", revision=read, reason="copied"
        )


@pytest.mark.django_db(transaction=True)
def test_of_five_who_decide_at_once_one_is_heard():
    dataset = make_dataset()
    item = make_item(dataset, state="in_review")
    people = [make_member(dataset, "reviewer") for _ in range(5)]

    def act(person: Person, mine: Item) -> str:
        try:
            reviews.review(person, mine, decision="approve", revision=mine.current_revision_id)
        except TeineiError:
            return "refused"
        return "done"

    heard = at_once([partial(act, person, Item.objects.get(pk=item.pk)) for person in people])
    assert sorted(heard) == ["done"] + ["refused"] * 4
    assert Review.objects.count() == 1
