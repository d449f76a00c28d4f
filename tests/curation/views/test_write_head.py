"""The head of the writing page: which leaf, until when its place is kept, how full it is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from curation.actions.items import save_draft
from curation.actions.quotas import set_routine
from curation.actions.taking import let_go, take_cell
from curation.models import Item
from curation.views.place import cap
from tests.curation.views.conftest import signed_in
from tests.factories.curation import leaf, make_dataset, make_item, make_member

HX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def taken(dataset, author):
    return take_cell(author, dataset, leaf(dataset)).item


def head(answer) -> str:
    """The words of the head, without its marks."""
    page = answer.content.decode().split('<span id="write-place"')[1]
    return " ".join(re.sub("<[^>]*>", " ", "<" + page.split('<span class="work-head__end"')[0]).split())


def test_caps_are_rounded_up():
    assert [cap(3, 100), cap(3, 150), cap(3, None), cap(0, 150)] == [3, 5, None, None]


def test_head_says_the_leaf_its_numbers_its_caps_and_until_when_the_place_is_kept(dataset, taken, as_author):
    make_item(dataset, state="approved")
    make_item(dataset, state="in_review")
    until = timezone.localtime(Item.objects.get(pk=taken.pk).reserved_until).strftime("%m-%d %H:%M")
    assert head(as_author.get(f"/d/home/write/{taken.pk}/")) == (
        "実被害 (en) › 医療相談 (en) 1 approved, 1 in work, 1 reserved / 3 Others need people more "
        f"Others first from 3 on, full at 5 Its place is kept until {until}"
    )


def test_a_place_that_ran_out_or_was_given_back(dataset, taken, author, as_author):
    url = f"/d/home/write/{taken.pk}/"
    Item.objects.filter(pk=taken.pk).update(reserved_until=timezone.now() - timedelta(minutes=1))
    page = as_author.get(url)
    assert head(page).endswith("Its place has run out: writing on it asks for one again")
    assert f'hx-get="{url}?place=1"' in page.content.decode()
    let_go(author, taken)
    assert head(as_author.get(url)).endswith("/ 3 3 missing Others first from 3 on, full at 5")


def test_another_choice_shows_its_leaf_at_once_and_its_place_after_the_save(
    dataset, author, taken, as_author
):
    other = leaf(dataset, 2)
    url = f"/d/home/write/{taken.pk}/"
    chosen = as_author.get(f"{url}?category={other.pk}", **HX)
    assert head(chosen) == (
        "違法行為 (en) › 個人犯罪 (en) 0 approved, 0 in work, 0 reserved / 3 3 missing "
        "Others first from 3 on, full at 5"
    )
    assert 'hx-swap-oob="true"' in chosen.content.decode()
    assert "teinei:saved from:#work" in chosen.content.decode().split('id="write-place"')[1]
    save_draft(author, taken, version=0, client_id="", question="問い", category=other)
    saved = as_author.get(f"{url}?place=1", **HX)
    assert "Its place is kept until" in head(saved)
    assert "hx-get" not in saved.content.decode()


def test_without_a_category_the_head_is_empty_and_without_a_hard_cap_nothing_is_full(
    dataset, author, as_author
):
    lead = make_member(dataset, "lead")
    set_routine(lead, dataset, soft_cap=50, hard_cap=None, reserve_hours=2)
    item = make_item(dataset, author=author)
    assert "Others first from 2 on" in head(as_author.get(f"/d/home/write/{item.pk}/"))
    assert "full at" not in head(as_author.get(f"/d/home/write/{item.pk}/"))
    assert head(as_author.get(f"/d/home/write/{item.pk}/?category=", **HX)) == ""


def test_strangers_see_no_head(taken):
    for person in (make_member(make_dataset(), "author"), make_member(taken.dataset, "author")):
        assert signed_in(person).get(f"/d/home/write/{taken.pk}/?place=1", **HX).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_page_asks_the_same_number_of_queries(
    dataset, author, taken, as_author, rows, django_assert_num_queries
):
    for _ in range(rows):
        make_item(dataset, author=author)
        make_item(dataset, state="approved")
    as_author.get(f"/d/home/write/{taken.pk}/")
    with django_assert_num_queries(10):
        as_author.get(f"/d/home/write/{taken.pk}/?place=1", **HX)
