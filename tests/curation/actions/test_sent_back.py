"""A question and its answer may have two writers: what is not good comes back to whoever wrote it."""

from __future__ import annotations

import pytest

from curation.actions import batches, items
from curation.actions.batches.verbs import Plan
from curation.actions.datasets import take_role
from curation.actions.taking_back import take_back
from curation.errors import NotAllowed
from curation.log import OPERATOR
from curation.models import BatchItem, Dataset, Item, Membership, Notice, Person
from curation.queries import sent_back
from curation.views.notices import target_of
from tests.factories.curation import ANSWER, decide, make_dataset, make_item, make_member, make_question

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

BAD = {
    "question": {"reasons": {"question": "ambiguous"}, "question_ok": False, "answer_ok": True},
    "answer": {"reasons": {"answer": "off_point"}, "question_ok": True, "answer_ok": False},
}
BOTH = {
    "reasons": {"question": "ambiguous", "answer": "off_point"},
    "question_ok": False,
    "answer_ok": False,
}


@pytest.fixture
def dataset() -> Dataset:
    return make_dataset("home")


@pytest.fixture
def pair(dataset: Dataset) -> tuple[Item, Person, Person]:
    """An item in review, who asked, and who answered."""
    asker, answerer = (make_member(dataset, "author") for _each in range(2))
    item = make_item(dataset, state="awaiting_answer", author=asker)
    write(answerer, item)
    return item, asker, answerer


def write(person: Person, item: Item, *, question: str = "", answer: str = ANSWER) -> None:
    item.refresh_from_db()
    assert item.current_revision
    asked = question or item.current_revision.question
    items.submit(person, item, items.Wording(question=asked, answer=answer))
    item.refresh_from_db()


def send_back(item: Item, **said: object) -> None:
    item.refresh_from_db()
    reviewer = make_member(item.dataset, "reviewer")
    decide(item, reviewer, "request_changes", comment="直してください。", **said)
    item.refresh_from_db()


@pytest.mark.parametrize(("said", "asks"), [(BAD["question"], True), (BAD["answer"], False), (BOTH, True)])
def test_what_is_not_good_comes_back_to_its_writer_and_nobody_else_mends_it(
    dataset: Dataset, pair: tuple[Item, Person, Person], said: dict[str, object], asks: bool
) -> None:
    item, asker, answerer = pair
    send_back(item, **said)
    mine, other = (asker, answerer) if asks else (answerer, asker)
    assert [list(sent_back(each, dataset)) for each in (mine, other)] == [[item], []]
    told = Notice.objects.filter(kind="sent_back", item=item).select_related("item")
    pages = {row.person_id: target_of(row, "home", {"author"}, row.person) for row in told}
    assert pages == {mine.pk: f"/d/home/write/{item.pk}/", other.pk: f"/d/home/items/{item.pk}/"}
    with pytest.raises(NotAllowed):
        write(other, item, question=make_question())
    write(mine, item, question=make_question())
    assert item.state == "in_review"


def test_an_item_goes_to_and_fro_between_its_two_writers(pair: tuple[Item, Person, Person]) -> None:
    item, asker, answerer = pair
    send_back(item, **BAD["question"])
    write(asker, item, question=make_question())
    assert item.current_revision
    assert (item.author, item.current_revision.answer_author) == (asker, answerer)
    send_back(item, **BAD["answer"])
    assert item.author == answerer
    write(answerer, item, answer=ANSWER + "夜は当番の窓口へ。")
    send_back(item, **BAD["question"])
    write(asker, item, question=make_question(), answer="")
    assert (item.state, item.author) == ("awaiting_answer", asker)


def test_whoever_has_it_keeps_what_its_writer_can_mend_no_more(pair: tuple[Item, Person, Person]) -> None:
    item, asker, answerer = pair
    take_role(OPERATOR, Membership.objects.get(person=asker, role="author"))
    send_back(item, **BAD["question"])
    assert item.author == answerer


@pytest.mark.parametrize("known", [True, False])
def test_taking_back_a_sending_back_of_many_gives_it_to_whoever_had_it(
    dataset: Dataset, pair: tuple[Item, Person, Person], known: bool
) -> None:
    """`known`: the batch was looked at before batches knew who had an item."""
    item, asker, answerer = pair
    lead = make_member(dataset, "lead", "reviewer")
    plan = Plan(verb="request_changes", reasons={"question": "ambiguous"})
    batch = batches.prepare(lead, dataset, plan, [item.pk])
    if not known:
        row = BatchItem.objects.get()
        del row.before["author"]
        row.save()
    batches.carry_out(lead, batch, comment="直してください。")
    item.refresh_from_db()
    assert item.author == asker
    batches.undo(lead, batch)
    item.refresh_from_db()
    assert (item.state, item.author) == ("in_review", answerer if known else asker)


def test_one_sending_back_that_is_taken_back_gives_it_to_whoever_had_it(
    pair: tuple[Item, Person, Person],
) -> None:
    item, asker, answerer = pair
    item.refresh_from_db()
    had, reviewer = item.author, make_member(item.dataset, "reviewer")
    assert had == answerer
    decide(item, reviewer, "request_changes", comment="直してください。", **BAD["question"])
    item.refresh_from_db()
    assert item.author == asker
    take_back(reviewer, item)
    item.refresh_from_db()
    assert (item.author, item.state) == (had, "in_review")
