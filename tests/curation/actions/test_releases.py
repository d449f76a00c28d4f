"""Frozen versions: what goes in, what never changes, and how a correction is published."""

from __future__ import annotations

import hashlib

import pytest

from curation.actions.corrections import correct
from curation.actions.releases import Choice, Waiver, freeze
from curation.errors import Invalid, NotAllowed, WrongState
from curation.log import OPERATOR
from curation.models import Item, Question
from curation.release_diff import diff
from tests.factories.curation import leaf, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
# Drawn once from sha256(seed, hash of the question); the same on every machine and database.
QUESTIONS = [
    "割り当ての前に、順番を知りたいです。",
    "古い鍵を拾ったら、どこへ届けますか。",
    "夜道で後をつけられたときの逃げ方は？",
    "薬を飲み忘れた日は、二度飲むべきですか。",
    "契約書をなくしても効き目は残りますか。",
    "選挙のはがきを隣の人に譲れますか。",
]


@pytest.fixture
def dataset():
    return make_dataset("frozen")


def filled(dataset):
    author, reviewer = make_member(dataset, "author"), make_member(dataset, "reviewer")
    for question in QUESTIONS:
        make_item(dataset, state="approved", author=author, reviewer=reviewer, question=question)


def test_same_seed_draws_the_same_questions(dataset) -> None:
    filled(dataset)
    release = freeze(OPERATOR, dataset, Choice(name="v1", seed=7, test_per_leaf=2), waivers=[waiver()])
    drawn = sorted(row.question for row in release.items.filter(split="test"))
    assert drawn == expected(seed=7, k=2)
    assert (release.counts["items"], release.counts["dev"], release.counts["test"]) == (6, 4, 2)


def waiver():
    return Waiver(gate="quota", reason="one leaf only", person="mari")


def expected(*, seed: int, k: int) -> list[str]:
    """By the definition, apart from the code under test."""

    def draw(question: str) -> str:
        key = hashlib.sha256(question.encode()).hexdigest()
        return hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()

    return sorted(sorted(QUESTIONS, key=draw)[:k])


def test_splits_are_permanent_in_the_next_version(dataset) -> None:
    filled(dataset)
    first = freeze(OPERATOR, dataset, Choice(name="v1", seed=7, test_per_leaf=2), waivers=[waiver()])
    second = freeze(OPERATOR, dataset, Choice(name="v2", seed=99, test_per_leaf=2), waivers=[waiver()])
    kept = [{row.external_id: row.split for row in release.items.all()} for release in (first, second)]
    assert kept[0] == kept[1]
    assert second.predecessor == first
    whys = [question.split_why for question in Question.objects.all()]
    # One leaf, six questions of which none is another's near-duplicate, two places.
    common = {"by": "draw", "release": "v1", "seed": 7, "of": 6, "places": 2}
    assert sorted(whys, key=lambda why: why["rank"]) == [common | {"rank": rank} for rank in range(1, 7)]


def test_unapproved_items_are_in_no_release(dataset) -> None:
    kept = make_item(dataset, state="approved")
    for state in ("draft", "awaiting_answer", "in_review", "needs_changes", "rejected", "withdrawn"):
        make_item(dataset, state=state)
    release = freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    assert list(release.items.values_list("external_id", flat=True)) == [kept.external_id]


def test_frozen_rows_refuse_to_change_or_go(dataset) -> None:
    make_item(dataset, state="approved")
    release = freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    row = release.items.get()
    for frozen in (release, row):
        with pytest.raises(WrongState):
            frozen.save()
        with pytest.raises(WrongState):
            frozen.delete()


@pytest.mark.parametrize("name", ["", "V1", "a b", "freeze", "../x", "-a", "x" * 61])
def test_unusable_name_is_refused(dataset, name) -> None:
    make_item(dataset, state="approved")
    with pytest.raises(Invalid) as caught:
        freeze(OPERATOR, dataset, Choice(name=name, test_per_leaf=0))
    assert caught.value.field == "name"


def test_name_is_used_once(dataset) -> None:
    make_item(dataset, state="approved")
    freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    with pytest.raises(Invalid):
        freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    assert dataset.releases.count() == 1


def test_only_the_release_manager_freezes(dataset) -> None:
    make_item(dataset, state="approved")
    with pytest.raises(NotAllowed):
        freeze(make_member(dataset, "lead", "reviewer"), dataset, Choice(name="v1", test_per_leaf=0))


def test_correction_is_a_successor_with_an_erratum(dataset) -> None:
    gone, kept = (make_item(dataset, state="approved", category=leaf(dataset, n)) for n in (0, 1))
    old = freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    new, erratum = correct(OPERATOR, old, withdraw=[gone.external_id], reason="誤り")
    assert new.name.startswith("v1-rev20")
    assert [row.external_id for row in new.items.all()] == [kept.external_id]
    assert (erratum.withdrawn_ids, erratum.successor, old.items.count()) == ([gone.external_id], new, 2)
    assert Item.objects.get(pk=gone.pk).state == "withdrawn"
    assert diff(old, new) == {
        "old": "v1",
        "new": new.name,
        "added": [],
        "removed": [gone.external_id],
        "changed": [],
        "level": "major",
        "versions": ["1.0.0", "2.0.0"],
    }


def test_correction_of_an_item_that_is_not_there_writes_nothing(dataset) -> None:
    make_item(dataset, state="approved")
    release = freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    for withdraw, reason in ((["nobody"], "誤り"), ([], "誤り"), ([release.items.get().external_id], " ")):
        with pytest.raises(Invalid):
            correct(OPERATOR, release, withdraw=withdraw, reason=reason)
    assert dataset.releases.count() == 1


def test_next_version_follows_the_newest_and_not_a_corrected_older_one(dataset) -> None:
    gone = make_item(dataset, state="approved", category=leaf(dataset, 0))
    make_item(dataset, state="approved", category=leaf(dataset, 1))
    first = freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    make_item(dataset, state="approved", category=leaf(dataset, 1))
    second = freeze(OPERATOR, dataset, Choice(name="v2", test_per_leaf=0))
    correct(OPERATOR, first, withdraw=[gone.external_id], reason="誤り")
    third = freeze(OPERATOR, dataset, Choice(name="v3", test_per_leaf=0))
    # v2 added to v1; the correction took 2.0.0, and v3 lacks an item that v2 holds.
    found = [(row.name[:6], row.version) for row in dataset.releases.order_by("pk")]
    assert found == [("v1", "1.0.0"), ("v2", "1.1.0"), ("v1-rev", "2.0.0"), ("v3", "3.0.0")]
    assert third.predecessor == second
    corrected, _erratum = correct(OPERATOR, third, withdraw=[third.items.all()[0].external_id], reason="誤り")
    make_item(dataset, state="approved", category=leaf(dataset, 0))
    assert freeze(OPERATOR, dataset, Choice(name="v4", test_per_leaf=0)).predecessor == corrected
