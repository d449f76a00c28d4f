"""Threads on an item: answers, names, settling, and who is told."""

from __future__ import annotations

import pytest

from curation.actions import comments
from curation.actions.care import set_opt_outs
from curation.errors import Invalid, NotAllowed
from curation.log import OPERATOR
from curation.models import Comment, LogEntry, Mention, Notice
from curation.queries import notices_of, threads_of, unseen_of
from tests.factories.curation import decide, leaf, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def author(dataset):
    return make_member(dataset, "author", name="aki")


@pytest.fixture
def reviewer(dataset):
    return make_member(dataset, "reviewer", name="sato")


@pytest.fixture
def item(dataset, author):
    return make_item(dataset, state="in_review", author=author)


def told(person, dataset) -> list[tuple[str, int | None]]:
    return [(row.kind, row.comment_id) for row in notices_of(person, dataset)]


def test_an_answer_to_an_answer_stands_in_the_same_thread(item, author, reviewer):
    first = comments.comment(reviewer, item, body="出典はありますか。")
    second = comments.comment(author, item, body="あります。", reply_to=first.pk)
    third = comments.comment(reviewer, item, body="どれですか。", reply_to=second.pk)
    other = comments.comment(author, item, body="別の話です。")
    found = threads_of(author, item, set())
    assert [(each.comment, each.replies) for each in found] == [(first, [second, third]), (other, [])]


def test_what_is_answered_has_to_be_on_the_item(dataset, item, author):
    elsewhere = comments.comment(author, make_item(dataset, author=author), body="よその話です。")
    with pytest.raises(Invalid) as refused:
        comments.comment(author, item, body="答えです。", reply_to=elsewhere.pk)
    assert (refused.value.field, item.comments.count()) == ("reply_to", 0)


def test_a_second_submit_is_one_comment_and_another_text_is_another(dataset, item, author, reviewer):
    first = comments.comment(author, item, body="一度だけ。", client_id="x")
    assert comments.comment(author, item, body="一度だけ。", client_id="x") == first
    longer = comments.comment(author, item, body="一度だけ。続きです。", client_id="x")
    others = comments.comment(reviewer, item, body="一度だけ。", client_id="x")
    assert list(item.comments.order_by("pk")) == [first, longer, others]
    assert LogEntry.objects.filter(verb="comment").count() == 3


def test_only_who_may_see_the_item_is_named(dataset, item, author, reviewer):
    make_member(dataset, "rater", name="rina")
    make_member(make_dataset(), "reviewer", name="yoso")
    made = comments.comment(author, item, body="@sato @rina @yoso @aki 見てください。@sato")
    assert set(Mention.objects.filter(comment=made).values_list("person", flat=True)) == {
        reviewer.pk,
        author.pk,
    }
    assert [(row.person, row.kind, row.actor) for row in Notice.objects.all()] == [
        (reviewer, "mentioned", author)
    ]


def test_each_is_told_once_of_what_is_nearest(dataset, item, author, reviewer):
    lead = make_member(dataset, "lead", name="chie")
    first = comments.comment(lead, item, body="どうでしょう。")
    assert told(author, dataset) == [("commented", first.pk)]
    second = comments.comment(reviewer, item, body="@chie @aki 直しました。", reply_to=first.pk)
    assert told(lead, dataset) == [("mentioned", second.pk)]
    third = comments.comment(author, item, body="はい。", reply_to=first.pk)
    assert (told(lead, dataset)[0], told(reviewer, dataset)) == (
        ("answered", third.pk),
        [("answered", third.pk)],
    )
    assert told(author, dataset) == [("mentioned", second.pk), ("commented", first.pk)]


def test_thread_is_settled_and_taken_up_again(dataset, item, author, reviewer):
    other = make_member(dataset, "author")
    opening = comments.comment(reviewer, item, body="出典はありますか。")
    with pytest.raises(NotAllowed):
        comments.resolve(other, opening)
    with pytest.raises(NotAllowed):
        comments.resolve(OPERATOR, opening)
    assert [comments.resolve(author, opening), comments.resolve(reviewer, opening)] == [True, False]
    assert Comment.objects.get(pk=opening.pk).resolved_by == author
    assert threads_of(other, item, set())[0].resolved is True
    assert comments.resolve(reviewer, opening, resolved=False)
    assert [entry.verb for entry in LogEntry.objects.order_by("pk")][-2:] == ["resolve", "take_up"]
    answer = comments.comment(author, item, body="はい。", reply_to=opening.pk)
    assert comments.resolve(reviewer, answer) is False


def test_who_gave_a_covered_opinion_neither_speaks_nor_settles_nor_tells(dataset, item, author, reviewer):
    second = make_member(dataset, "reviewer", name="tomo")
    opening = comments.comment(author, item, body="お願いします。")
    hers = comments.comment(reviewer, item, body="@tomo 迷っています。", reply_to=opening.pk)
    comments.resolve(reviewer, opening)
    assert told(second, dataset) == [("mentioned", hers.pk)]
    decide(item, reviewer, "approve", second=True)
    for person in (second, author):
        unseen = unseen_of(person, item)
        assert unseen == {reviewer.pk}
        [thread] = threads_of(person, item, unseen)
        assert (thread.comment, thread.replies, thread.resolved) == (opening, [], False)
        assert told(person, dataset) == []
        with pytest.raises(Invalid):
            comments.comment(person, item, body="なぜですか。", reply_to=hers.pk)
    decide(item, second, "approve")
    assert told(second, dataset) == [("mentioned", hers.pk)]
    assert told(author, dataset) == [("approved", None), ("answered", hers.pk)]


def test_opted_out_category_and_a_role_that_ended_bring_no_notice(dataset, item, author, reviewer):
    comments.comment(author, item, body="@sato お願いします。")
    set_opt_outs(reviewer, reviewer, dataset, {leaf(dataset).parent_id})
    assert told(reviewer, dataset) == []
    set_opt_outs(reviewer, reviewer, dataset, set())
    assert len(told(reviewer, dataset)) == 1
    reviewer.memberships.all().delete()
    make_member(dataset, "rater", person=reviewer)
    assert told(reviewer, dataset) == []
