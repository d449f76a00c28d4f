"""An earlier text in the own draft again: who may, what becomes of the draft, and what cannot come back."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from curation.actions import items, restoring
from curation.actions.items import Wording
from curation.actions.reviews import review
from curation.errors import Conflict, Invalid, NotAllowed
from curation.log import OPERATOR
from curation.models import Dataset, Draft, Item, KeptDraft, LogEntry, Person, Revision, Text
from curation.rules import why_not
from tests.factories.curation import ANSWER, decide, leaf, make_dataset, make_item, make_member
from tests.rig.at_once import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
SECOND = "まず相談窓口に電話してください。"


@pytest.fixture
def dataset() -> Dataset:
    return make_dataset()


@pytest.fixture
def author(dataset: Dataset) -> Person:
    return make_member(dataset, "author")


@pytest.fixture
def item(dataset: Dataset, author: Person) -> Item:
    """Sent back twice: revision 1 has ANSWER, revision 2 SECOND; its author may mend it."""
    made = make_item(dataset, state="needs_changes", author=author, question="鍵を拾いました。")
    criteria = {"must": ["窓口を書く"], "must_not": []}
    asked = Wording(
        question="鍵を拾いました。",
        answer=SECOND,
        category=leaf(dataset, 1),
        sources=["広報"],
        criteria=criteria,
    )
    items.submit(author, made, asked)
    decide(made, make_member(dataset, "reviewer"), "request_changes")
    return made


def revision(item: Item, number: int) -> Revision:
    return item.revisions.get(number=number)


def held(person: Person, item: Item) -> tuple[Any, ...]:
    draft = Draft.objects.get(person=person, item=item)
    return draft.answer, draft.category, draft.sources, draft.criteria, draft.version


def kept(person: Person, item: Item) -> list[str]:
    return [each.answer for each in restoring.kept_drafts_of(person, item)]


def test_a_revision_comes_into_the_draft_whole_and_is_logged(item: Item, author: Person) -> None:
    restoring.restore_revision(author, item, revision(item, 1).pk)
    assert held(author, item) == (ANSWER, leaf(item.dataset), [], {}, 1)
    restoring.restore_revision(author, item, revision(item, 2).pk)
    criteria = {"must": ["窓口を書く"], "must_not": []}
    assert held(author, item) == (SECOND, leaf(item.dataset, 1), ["広報"], criteria, 2)
    logged = LogEntry.objects.filter(verb="restore").order_by("pk").values_list("details", flat=True)
    assert list(logged) == [{"revision": revision(item, number).pk} for number in (1, 2)]
    assert (kept(author, item), Item.objects.get().state) == ([], "needs_changes")


def test_what_the_draft_said_is_kept_and_changes_places_with_what_stands_there(
    item: Item, author: Person
) -> None:
    items.save_draft(author, item, version=0, client_id="a", answer="半分書いた答え。", origins={})
    restoring.restore_revision(author, item, revision(item, 1).pk)
    assert (held(author, item)[0], kept(author, item)) == (ANSWER, ["半分書いた答え。"])
    items.save_draft(author, item, version=2, client_id="b", answer=ANSWER + "続き。")
    restoring.restore_revision(author, item, revision(item, 2).pk)
    assert kept(author, item) == [ANSWER + "続き。", "半分書いた答え。"]
    restoring.bring_back(author, item, KeptDraft.objects.earliest("pk").pk)
    assert (held(author, item)[0], kept(author, item)) == ("半分書いた答え。", [ANSWER + "続き。"])
    restoring.bring_back(author, item, KeptDraft.objects.get().pk)
    assert (held(author, item)[0], kept(author, item)) == (ANSWER + "続き。", ["半分書いた答え。"])


def test_kept_drafts_stay_after_a_submit(item: Item, author: Person) -> None:
    items.save_draft(author, item, version=0, client_id="a", answer="半分書いた答え。")
    restoring.restore_revision(author, item, revision(item, 1).pk)
    items.submit(author, item, Wording(question="鍵を拾いました。", answer=ANSWER))
    assert (Draft.objects.filter(item=item).count(), kept(author, item)) == (0, ["半分書いた答え。"])


def test_a_draft_that_says_only_what_a_revision_says_is_not_kept(item: Item, author: Person) -> None:
    items.save_draft(author, item, version=0, client_id="a", answer=f"{ANSWER}\n", criteria={}, sources=[])
    restoring.restore_revision(author, item, revision(item, 2).pk)
    assert kept(author, item) == []


def test_criteria_alone_are_worth_keeping(item: Item, author: Person) -> None:
    only = {"must": ["番号を書く"], "must_not": []}
    items.save_draft(author, item, version=0, client_id="a", question="", answer="", criteria=only)
    restoring.restore_revision(author, item, revision(item, 1).pk)
    assert [each.criteria for each in KeptDraft.objects.all()] == [only]


def test_an_open_window_gets_a_conflict_instead_of_overwriting(item: Item, author: Person) -> None:
    items.save_draft(author, item, version=0, client_id="a", answer="窓で書いている。")
    restoring.restore_revision(author, item, revision(item, 1).pk)
    with pytest.raises(Conflict):
        items.save_draft(author, item, version=1, client_id="a", answer="窓で書いている。続き。")
    assert held(author, item)[0] == ANSWER


def test_a_redacted_revision_stays_away(item: Item, author: Person) -> None:
    Text.objects.filter(hash=revision(item, 1).answer_text_id).update(body="", redacted_at=timezone.now())
    with pytest.raises(Invalid):
        restoring.restore_revision(author, item, revision(item, 1).pk)
    assert Draft.objects.filter(item=item).count() == 0


def test_a_revision_of_another_item_is_none_of_this_one(item: Item, author: Person) -> None:
    other = make_item(item.dataset, state="in_review")
    assert other.current_revision_id
    with pytest.raises(Invalid):
        restoring.restore_revision(author, item, other.current_revision_id)


def test_somebody_elses_kept_draft_is_none_of_mine(item: Item, author: Person) -> None:
    items.save_draft(author, item, version=0, client_id="a", answer="半分書いた答え。")
    restoring.restore_revision(author, item, revision(item, 1).pk)
    Item.objects.filter(pk=item.pk).update(open_to_all=True)
    other = make_member(item.dataset, "author")
    with pytest.raises(Invalid):
        restoring.bring_back(other, item, KeptDraft.objects.get().pk)
    assert kept(author, item) == ["半分書いた答え。"]


def test_the_question_stands_where_only_an_answer_is_wanted(dataset: Dataset, author: Person) -> None:
    item = make_item(dataset, state="needs_changes", author=author, question="前の質問。")
    items.submit(author, item, Wording(question="今の質問。", answer=ANSWER, category=leaf(dataset, 1)))
    decide(item, make_member(dataset, "reviewer"), "request_answer", reason="unsafe_answer")
    other = make_member(dataset, "author")
    draft = restoring.restore_revision(other, item, revision(item, 1).pk)
    assert (draft.question, draft.answer, draft.category) == ("今の質問。", ANSWER, leaf(dataset, 1))


def test_a_question_that_another_took_the_place_of_stays_kept(dataset: Dataset, author: Person) -> None:
    item = make_item(dataset, state="needs_changes", author=author, question="前の質問。")
    Item.objects.filter(pk=item.pk).update(open_to_all=True)
    other = make_member(dataset, "author")
    items.save_draft(other, item, version=0, client_id="a", question="自分の質問。", answer="自分の答え。")
    restoring.restore_revision(other, item, revision(item, 1).pk)
    items.submit(author, item, Wording(question="今の質問。", answer=ANSWER, category=leaf(dataset, 1)))
    decide(item, make_member(dataset, "reviewer"), "request_answer", reason="unsafe_answer")
    for _each in range(2):
        draft = restoring.bring_back(other, item, KeptDraft.objects.get(person=other).pk)
        assert (draft.question, draft.answer) == ("今の質問。", "自分の答え。")
        assert [each.question for each in KeptDraft.objects.all()] == ["自分の質問。"]


def test_who_may(item: Item, dataset: Dataset, author: Person) -> None:
    reviewer = make_member(dataset, "reviewer")
    strange = make_member(dataset, "author")
    assert [why_not(each, "restore_revision", item) is None for each in (author, strange, reviewer)] == [
        True,
        False,
        False,
    ]
    assert why_not(OPERATOR, "restore_revision", item) is not None
    items.submit(
        author, item, Wording(question="鍵を拾いました。", answer="三つ目。", category=leaf(dataset))
    )
    assert [why_not(each, "restore_revision", item) is None for each in (author, strange, reviewer)] == [
        False,
        False,
        True,
    ]
    assert restoring.restore_revision(reviewer, item, revision(item, 1).pk).answer == ANSWER
    decide(item, make_member(dataset, "reviewer"), "reject")
    with pytest.raises(NotAllowed, match="closed"):
        restoring.restore_revision(author, item, revision(item, 1).pk)


def test_what_an_unseen_reviewer_mended_is_not_to_be_had(
    item: Item, dataset: Dataset, author: Person
) -> None:
    items.submit(
        author, item, Wording(question="鍵を拾いました。", answer="三つ目。", category=leaf(dataset))
    )
    first, second = make_member(dataset, "reviewer"), make_member(dataset, "reviewer")
    assert item.current_revision_id
    mended = Wording(question="鍵を拾いました。", answer="直した三つ目。", category=leaf(dataset))
    review(
        first,
        item,
        decision="fix_and_approve",
        revision=item.current_revision_id,
        fixed=mended,
        second=True,
    )
    item.refresh_from_db()
    assert item.current_revision
    assert item.current_revision.submitted_by == first
    with pytest.raises(Invalid):
        restoring.restore_revision(second, item, item.current_revision.pk)
    assert restoring.restore_revision(second, item, revision(item, 1).pk).answer == ANSWER


@pytest.mark.django_db(transaction=True)
def test_a_save_and_a_restore_at_once_lose_neither(item: Item, author: Person) -> None:
    first = revision(item, 1).pk

    def save() -> str:
        try:
            items.save_draft(author, item, version=0, client_id="a", answer="同時に書いた。")
        except Conflict:
            return "conflict"
        return "saved"

    said = at_once([save, lambda: restoring.restore_revision(author, item, first).answer])
    assert (held(author, item)[0], said) in (
        (ANSWER, ["saved", ANSWER]),
        (ANSWER, ["conflict", ANSWER]),
    )
    assert kept(author, item) == ["同時に書いた。"] * (said[0] == "saved")
