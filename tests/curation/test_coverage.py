"""How leaves are counted: numbers by hand, and the column they are counted by."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from curation.actions import items
from curation.actions.items import Wording
from curation.doctor import leaves
from curation.models import Draft, Item, Question
from curation.queries import approved_by_split, astray, cell, coverage
from curation.queries.coverage import expected_leaf
from tests.factories.curation import decide, leaf, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NUMBERS = ("approved", "in_work", "reserved", "target")


@pytest.fixture
def dataset(db):
    return make_dataset("home")


@pytest.fixture
def author(dataset):
    return make_member(dataset, "author")


@pytest.fixture
def reviewer(dataset):
    return make_member(dataset, "reviewer")


def numbers(found):
    return tuple(getattr(found, name) for name in NUMBERS)


def by_label(dataset, **given):
    return {each.category.label: numbers(each) for each in coverage(dataset, **given)}


def test_numbers_by_hand(dataset, author, reviewer):
    first, second = leaf(dataset, 0), leaf(dataset, 1)
    for state in ("approved", "approved", "in_review", "needs_changes", "awaiting_answer"):
        make_item(dataset, state=state, author=author, reviewer=reviewer, category=first)
    for state in ("rejected", "withdrawn"):  # count nowhere
        make_item(dataset, state=state, author=author, reviewer=reviewer, category=first)
    kept = make_item(dataset, author=author, category=second)
    Item.objects.filter(pk=kept.pk).update(reserved_until=timezone.now() + timedelta(hours=1))
    lapsed = make_item(dataset, author=author, category=second)
    Item.objects.filter(pk=lapsed.pk).update(reserved_until=timezone.now() - timedelta(seconds=1))
    never = make_item(dataset, author=author, category=second)
    Item.objects.filter(pk=never.pk).update(reserved_until=None)
    make_item(
        make_dataset(taxonomy=dataset.taxonomy), state="approved", category=first
    )  # not of this dataset
    # Two approved; in review, sent back and awaiting an answer are three in work. Each leaf wants 2 dev and 1 test.
    assert by_label(dataset) == {
        "医療相談": (2, 3, 0, 3),
        "金融相談": (0, 0, 1, 3),
        "個人犯罪": (0, 0, 0, 3),
    }
    for number, held, missing in ((0, 5, 0), (1, 1, 2), (2, 0, 3)):
        one = cell(dataset, leaf(dataset, number))
        assert numbers(one) == by_label(dataset)[one.category.label]
        assert (one.held, one.missing, one.need) == (held, missing, missing / 3)


def test_leaves_left_out_are_not_counted_elsewhere(dataset, author, reviewer):
    make_item(dataset, state="approved", author=author, reviewer=reviewer, category=leaf(dataset, 0))
    assert by_label(dataset, but={leaf(dataset, 0).pk}) == {
        "金融相談": (0, 0, 0, 3),
        "個人犯罪": (0, 0, 0, 3),
    }


def test_imported_drafts_are_in_work(dataset, author):
    item = make_item(dataset, state="in_review", author=author)
    Item.objects.filter(pk=item.pk).update(state="draft", author=None)
    assert numbers(cell(dataset, leaf(dataset))) == (0, 1, 0, 3)


def test_approved_are_counted_per_split_where_they_have_one(dataset, author, reviewer):
    for split in ("dev", "dev", "test", "none"):
        item = make_item(dataset, state="approved", author=author, reviewer=reviewer)
        Question.objects.filter(pk=item.question_id).update(split=split)
    waiting = make_item(dataset, state="in_review", author=author)
    Question.objects.filter(pk=waiting.question_id).update(split="dev")
    assert approved_by_split(dataset) == {leaf(dataset).pk: {"dev": 2, "test": 1}}


@pytest.mark.parametrize("rows", [1, 3])
def test_the_map_takes_four_queries_and_one_leaf_three(
    dataset, author, reviewer, rows, django_assert_num_queries
):
    for _ in range(rows):
        make_item(dataset, state="approved", author=author, reviewer=reviewer)
    with django_assert_num_queries(4):
        coverage(dataset)
    first = leaf(dataset)
    with django_assert_num_queries(3):
        cell(dataset, first)


def leaf_of(item):
    return Item.objects.get(pk=item.pk).category


def test_the_column_follows_draft_submit_fix_and_siblings(dataset, author, reviewer):
    first, second, third = (leaf(dataset, n) for n in range(3))
    item = items.start_item(author, dataset, category=first)
    assert leaf_of(item) == first
    items.save_draft(author, item, version=0, client_id="", question="質問です。", category=second)
    assert leaf_of(item) == second
    items.submit(author, item, Wording(question="質問です。", answer="答えです。", category=third))
    assert leaf_of(item) == third
    sibling = items.add_answer(author, item)
    assert leaf_of(sibling) == third
    items.submit(author, sibling, Wording(question="質問です。", answer="別の答えです。", category=first))
    mended = Wording(question="直した質問です。", answer="答えです。", category=second)
    decide(item, reviewer, "fix_and_approve", fixed=mended)
    assert (leaf_of(item), leaf_of(sibling)) == (second, first)
    assert Item.objects.get(pk=sibling.pk).current_revision.question == "直した質問です。"
    assert not astray().exists()


def test_a_draft_of_somebody_else_moves_no_item(dataset, author):
    item = make_item(dataset, state="in_review", author=author)
    items.draft_of(author, item).save()
    Draft.objects.filter(item=item).update(category=leaf(dataset, 2))
    assert leaf_of(item) == leaf(dataset)
    assert not astray().exists()


def test_doctor_names_what_is_counted_wrongly_and_restoring_mends_it(dataset, author):
    right = make_item(dataset, state="in_review", author=author)
    assert leaves().state == "ok"
    wrong = make_item(dataset, state="in_review", author=author)
    Item.objects.filter(pk=wrong.pk).update(category=leaf(dataset, 2))
    lost = make_item(dataset, author=author)
    Item.objects.filter(pk=lost.pk).update(category=None)
    said = leaves()
    assert said.state == "wrong"
    assert said.sentence.endswith(f": {wrong.external_id}, {lost.external_id}.")
    assert astray().update(category=expected_leaf()) == 2
    assert leaves().state == "ok"
    assert leaf_of(right) == leaf_of(wrong) == leaf_of(lost) == leaf(dataset)
