"""The same act sent twice, for its answer was lost: it is done once, and answered to whoever sent it and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from curation.actions import items, moves, reviews, translations
from curation.actions.datasets import take_role
from curation.errors import Conflict, NotAllowed
from curation.log import OPERATOR
from curation.models import Dataset, Item, LogEntry, Membership, Person
from tests.factories.curation import ANSWER, leaf, make_dataset, make_item, make_member
from tests.rig.clients import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

ASKED = "鍵のかかった部屋に入る方法を知りたいのですが。"
ROLES = ("author", "reviewer", "translator", "bilingual_reviewer")


@dataclass(frozen=True)
class Act:
    """`send(person)` does it as that person; `other(person)` says something else under the same id."""

    send: Callable[[Person], Any]
    other: Callable[[Person], Any]


def _submit(dataset: Dataset, person: Person) -> Act:
    item = make_item(dataset, author=person)
    said = items.Wording(question=ASKED, answer=ANSWER, category=leaf(dataset))

    def send(who: Person, wording: items.Wording = said) -> Any:
        return items.submit(who, item, wording, client_id="c")

    return Act(send, lambda who: send(who, replace(said, answer=ANSWER + "書き足しました。")))


def _reviewed(dataset: Dataset, **first: Any) -> Act:
    item = make_item(dataset, state="in_review")
    text = item.current_revision
    assert text is not None
    other = {"decision": "reject", "reasons": {"question": "ambiguous"}, "comment": "違います。"}

    def send(who: Person, **said: Any) -> Any:
        return reviews.review(who, item, revision=text.pk, client_id="c", **(said or first))

    return Act(send, lambda who: send(who, **other, question_ok=False, answer_ok=True))


def _review(dataset: Dataset, person: Person) -> Act:
    return _reviewed(dataset, decision="approve")


def _fix(dataset: Dataset, person: Person) -> Act:
    return _reviewed(
        dataset, decision="fix_and_approve", fixed=items.Wording(question=ASKED, answer="直した答えです。")
    )


def _move(dataset: Dataset, person: Person) -> Act:
    item = make_item(dataset, state="in_review")
    read = item.current_revision_id or 0

    def send(who: Person, to: int = 1) -> Any:
        return moves.move(who, item, leaf(dataset, to), revision=read, client_id="c").revision

    return Act(send, lambda who: send(who, 2))


def _translate(dataset: Dataset, person: Person) -> Act:
    row = translations.translation_of(make_item(dataset, state="approved"), "en")

    def send(who: Person, question: str = "How do I get into a locked room?") -> Any:
        return translations.submit(who, row, question=question, client_id="c")

    return Act(send, lambda who: send(who, "How can I enter a locked room?"))


def _review_translation(dataset: Dataset, person: Person) -> Act:
    row = translations.translation_of(make_item(dataset, state="approved"), "en")
    made = translations.submit(make_member(dataset, "translator"), row, question="How do I get in?")
    row.refresh_from_db()

    def send(who: Person, **said: Any) -> Any:
        said = said or {"decision": "approve", "safety_kept": True}
        return translations.review(who, row, revision=made.pk, client_id="c", **said)

    return Act(send, lambda who: send(who, decision="request_changes", comment="硬い訳です。"))


ACTS = {act.__name__[1:]: act for act in (_submit, _review, _fix, _move, _translate, _review_translation)}


def tally() -> list[int]:
    return [model._default_manager.count() for model in (LogEntry, Item)]


@pytest.mark.parametrize("name", ACTS)
def test_what_is_sent_twice_is_done_once_and_answered_to_its_sender_alone(name: str) -> None:
    dataset = make_dataset()
    person, other = (make_member(dataset, *ROLES) for _each in range(2))
    act = ACTS[name](dataset, person)
    made = act.send(person)
    done = tally()
    assert act.send(person).pk == made.pk
    with pytest.raises(Conflict):
        act.other(person)
    with pytest.raises(NotAllowed):
        act.send(other)
    for held in Membership.objects.filter(person=person):
        take_role(OPERATOR, held)
    without = tally()
    with pytest.raises(NotAllowed):
        act.send(Person.objects.get(pk=person.pk))
    assert (without, tally()) == ([done[0] + len(ROLES), done[1]], without)


def test_a_page_sent_again_with_other_words_keeps_them_in_sight() -> None:
    dataset = make_dataset("home")
    author = make_member(dataset, "author")
    item = make_item(dataset, author=author)
    client = signed_in(author)
    sent = {"question": ASKED, "answer": ANSWER, "category": leaf(dataset).pk, "client_id": "c"}
    address = f"/d/home/write/{item.pk}/submit/"
    assert [client.post(address, sent).status_code for _each in range(2)] == [302, 302]
    later = client.post(address, sent | {"answer": ANSWER + "戻って書き足しました。"})
    assert later.status_code == 409
    assert ANSWER + "戻って書き足しました。" in later.text
    assert item.revisions.get().answer == ANSWER
