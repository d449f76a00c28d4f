"""Writing: drafts, submits, siblings."""

from __future__ import annotations

import pytest

from curation.actions import comments, items
from curation.actions.items import Wording
from curation.errors import Conflict, Invalid, NotAllowed, WrongState
from curation.models import Draft, Item, LogEntry
from tests.factories.curation import ANSWER, decide, leaf, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
ASKED = "鍵のかかった部屋に入る方法を知りたいのですが。"


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def author(dataset):
    return make_member(dataset, "author")


def wording(dataset, question=ASKED, answer=ANSWER, **given):
    return Wording(question=question, answer=answer, category=leaf(dataset), **given)


def test_untouched_item_is_given_again_and_a_begun_one_is_not(dataset, author):
    first = items.start_item(author, dataset, category=leaf(dataset))
    assert items.start_item(author, dataset, category=leaf(dataset)) == first
    items.save_draft(author, first, version=0, client_id="a", question="書き始め")
    assert items.start_item(author, dataset, category=leaf(dataset)) != first


def test_draft_version_counts_up_and_the_same_client_id_saves_once(dataset, author):
    item = items.start_item(author, dataset, category=leaf(dataset))
    assert items.save_draft(author, item, version=0, client_id="a", question="一").version == 1
    assert items.save_draft(author, item, version=0, client_id="a", question="一").version == 1
    assert items.save_draft(author, item, version=1, client_id="b", question="二").version == 2
    assert Draft.objects.get(item=item).question == "二"


def test_draft_of_an_older_version_is_a_conflict_and_changes_nothing(dataset, author):
    item = items.start_item(author, dataset, category=leaf(dataset))
    items.save_draft(author, item, version=0, client_id="a", question="先に届いた")
    with pytest.raises(Conflict):
        items.save_draft(author, item, version=0, client_id="b", question="後から届いた")
    draft = Draft.objects.get(item=item)
    assert (draft.question, draft.version) == ("先に届いた", 1)


def test_draft_is_refused_once_the_item_is_in_review(dataset, author):
    item = make_item(dataset, state="in_review", author=author)
    with pytest.raises(WrongState):
        items.save_draft(author, item, version=0, client_id="late", question="遅れて届いた")
    assert Draft.objects.filter(item=item).count() == 0


def test_draft_of_a_reviewer_is_kept_while_the_item_is_in_review(dataset):
    item = make_item(dataset, state="in_review")
    reviewer = make_member(dataset, "reviewer")
    items.save_draft(reviewer, item, version=0, client_id="a", question="直した質問")
    assert Draft.objects.get(item=item).person == reviewer


def test_draft_of_another_author_is_refused(dataset, author):
    item = make_item(dataset, author=author)
    with pytest.raises(NotAllowed):
        items.save_draft(make_member(dataset, "author"), item, version=0, client_id="x", question="横取り")


def test_submit_makes_a_revision_ends_the_draft_and_logs_it(dataset, author):
    item = make_item(dataset, author=author)
    revision = items.submit(author, item, wording(dataset, attributes={"evasive": True}), client_id="c")
    item.refresh_from_db()
    assert (item.state, item.current_revision_id, revision.number) == ("in_review", revision.pk, 1)
    assert (revision.question_author, revision.answer_author) == (author, author)
    assert revision.attributes == {"evasive": True}
    assert Draft.objects.filter(item=item).count() == 0
    entry = LogEntry.objects.get(object_id=str(item.pk), verb="submit", object_type="item")
    assert (entry.from_state, entry.to_state) == ("draft", "in_review")
    assert ASKED not in str(entry.details)


def test_submit_with_the_same_client_id_answers_with_the_same_revision(dataset, author):
    item = make_item(dataset, author=author)
    first = items.submit(author, item, wording(dataset), client_id="c")
    assert items.submit(author, item, wording(dataset), client_id="c") == first
    assert item.revisions.count() == 1


def test_submit_of_the_question_alone_waits_for_an_answer_by_anybody(dataset, author):
    item = make_item(dataset, author=author)
    items.submit(author, item, wording(dataset, answer=""))
    item.refresh_from_db()
    assert item.state == "awaiting_answer"
    other = make_member(dataset, "author")
    revision = items.submit(other, item, wording(dataset))
    item.refresh_from_db()
    assert (item.state, item.author) == ("in_review", other)
    assert (revision.question_author, revision.answer_author) == (author, other)


def test_submit_without_an_answer_where_one_is_awaited_names_the_field(dataset, author):
    item = make_item(dataset, state="awaiting_answer", author=author)
    with pytest.raises(Invalid) as refused:
        items.submit(author, item, wording(dataset, answer=" "))
    assert refused.value.field == "answer"


def test_submit_without_a_question_or_category_names_the_field(dataset, author):
    item = make_item(dataset, author=author)
    with pytest.raises(Invalid) as refused:
        items.submit(author, item, wording(dataset, question="　"))
    assert refused.value.field == "question"
    with pytest.raises(Invalid) as refused:
        items.submit(author, item, Wording(question=ASKED, answer=ANSWER, category=leaf(dataset).parent))
    assert refused.value.field == "category"


def test_submit_of_a_question_that_exists_is_refused_even_in_other_widths(dataset, author):
    make_item(dataset, state="in_review", question="ＡＴＭの暗証番号を忘れました。")
    item = make_item(dataset, author=author)
    with pytest.raises(Invalid) as refused:
        items.submit(author, item, wording(dataset, question="ATMの 暗証番号を忘れました。"))
    assert refused.value.field == "question"


def test_submit_from_an_older_revision_is_a_conflict(dataset, author):
    item = make_item(dataset, state="needs_changes", author=author)
    base = item.current_revision_id
    sibling = items.add_answer(author, item)
    items.submit(author, sibling, wording(dataset, question="兄弟の側で直した質問です。"))
    with pytest.raises(Conflict):
        items.submit(author, item, wording(dataset), base=base)
    item.refresh_from_db()
    assert item.current_revision.question == "兄弟の側で直した質問です。"


def test_question_changed_on_one_sibling_makes_a_revision_of_all(dataset, author):
    item = make_item(dataset, state="needs_changes", author=author)
    sibling = items.add_answer(author, item)
    question = item.current_revision.question
    items.submit(author, sibling, wording(dataset, question=question, answer="別の答え。"))
    items.submit(author, item, wording(dataset, question="直した質問です。"))
    sibling.refresh_from_db()
    assert (sibling.current_revision.number, sibling.current_revision.question) == (2, "直した質問です。")
    assert sibling.current_revision.answer == "別の答え。"


def test_new_answer_begins_empty_for_another_writer_and_not_for_the_same(dataset, author):
    item = make_item(dataset, state="in_review", author=author)
    decide(item, make_member(dataset, "reviewer"), "request_answer")
    item.refresh_from_db()
    assert items.draft_of(author, item).answer == ANSWER
    assert items.draft_of(make_member(dataset, "author"), item).answer == ""


def test_approved_revision_stays_while_a_new_one_is_reviewed(dataset, author):
    item = make_item(dataset, state="approved", author=author)
    before = item.approved_revision_id
    items.submit(author, item, wording(dataset, question="改めた質問です。"))
    item.refresh_from_db()
    assert (item.state, item.approved_revision_id) == ("in_review", before)
    assert item.current_revision_id != before


def test_withdraw_needs_a_reason_and_reopen_brings_it_back(dataset, author):
    lead = make_member(dataset, "lead")
    item = make_item(dataset, state="approved", author=author)
    with pytest.raises(Invalid):
        items.withdraw(lead, item, reason=" ")
    items.withdraw(lead, item, reason="Facts have changed.")
    assert Item.objects.get(pk=item.pk).state == "withdrawn"
    items.reopen(lead, item)
    assert Item.objects.get(pk=item.pk).state == "needs_changes"


def test_comment_with_the_same_client_id_is_one_comment(dataset, author):
    item = make_item(dataset, author=author)
    for _ in range(2):
        comments.comment(author, item, body="確認をお願いします。", client_id="once")
    assert item.comments.count() == 1
