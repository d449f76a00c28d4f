"""The map, taking from it, and categories that a person opted out of."""

from __future__ import annotations

import pytest

from curation.actions.care import set_opt_outs
from curation.actions.taking import take_cell
from curation.models import Category, Item, Person, Quota, Routine
from curation.queries import free_to_write, sent_back, set_aside
from tests.curation.views.conftest import signed_in
from tests.factories.curation import decide, leaf, make_item, make_member


def read(client, address):
    answer = client.get(f"/d/home/{address}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_map_offers_leaves_to_authors_and_numbers_to_all(dataset, author, as_author, as_reviewer):
    make_item(dataset, state="in_review", author=author)
    take_cell(author, dataset, leaf(dataset, 1))
    page = read(as_author, "coverage/")
    assert page.count('<button class="cell__take"') == 3
    assert "0 approved, 1 in work, 0 reserved / 3" in page
    assert "0 approved, 0 in work, 1 reserved / 3" in page
    assert "In all: 0 approved, 1 in work, 1 reserved / 9. 7 missing." in page
    assert page.count("A place here is yours") == 1
    other = read(as_reviewer, "coverage/")
    assert other.count('<button class="cell__take"') == 0
    assert other.count('<div class="cell__take"') == 3


@pytest.mark.parametrize("rows", [1, 3])
def test_the_map_asks_the_same_number_of_queries(dataset, author, as_author, rows, django_assert_num_queries):
    for _ in range(rows):
        make_item(dataset, state="in_review", author=author)
        make_item(dataset, author=author)
    as_author.get("/d/home/coverage/")
    with django_assert_num_queries(14):
        as_author.get("/d/home/coverage/")


def test_a_full_leaf_is_no_button_and_refuses_with_a_sentence(dataset, author, as_author):
    Routine.objects.create(dataset=dataset, hard_cap=100)
    Quota.objects.filter(dataset=dataset, category=leaf(dataset), split="dev").delete()
    take_cell(make_member(dataset, "author"), dataset, leaf(dataset))
    page = read(as_author, "coverage/")
    assert page.count('<button class="cell__take"') == 2
    assert "Full: takes no more" in page
    form = {"category": leaf(dataset).pk, "next": "/d/home/coverage/"}
    answer = as_author.post("/d/home/write/new/", form, follow=True)
    assert answer.redirect_chain == [("/d/home/coverage/", 302)]
    assert "1 approved, in work or reserved against a target of 1" in answer.content.decode()
    assert not Item.objects.filter(author=author).exists()


def test_a_place_is_shown_and_given_back(dataset, author, as_author, as_stranger):
    item = take_cell(author, dataset, leaf(dataset)).item
    page = read(as_author, "write/")
    assert page.count("Its place is kept until") == 1
    other = signed_in(make_member(dataset, "author"))
    for client in (other, as_stranger):
        assert client.post(f"/d/home/write/{item.pk}/let-go/").status_code == 404
    as_author.post(f"/d/home/write/{item.pk}/let-go/")
    assert Item.objects.get(pk=item.pk).reserved_until is None
    assert "Its place is kept until" not in read(as_author, "write/")


def test_opted_out_categories_appear_nowhere_in_writing(dataset, author, as_author, reviewer):
    closed, left = leaf(dataset, 0), leaf(dataset, 2)
    back = make_item(dataset, state="in_review", author=author, category=closed)
    decide(back, reviewer, "request_changes", reason="unnatural", comment="直してください。")
    waiting = make_item(dataset, state="awaiting_answer", category=closed)
    begun = make_item(dataset, author=author, category=closed)
    own = make_item(dataset, author=author, category=left)
    make_item(dataset, state="approved", category=closed)
    set_opt_outs(author, author, dataset, {closed.parent.pk})
    page = read(as_author, "write/")
    for item in (back, waiting, begun):
        assert item.external_id not in page
    assert own.external_id in page
    assert "2 pieces of yours lie in categories that you opted out of" in page
    for address in ("write/", "coverage/", f"write/{own.pk}/"):
        shown = read(as_author, address)
        assert closed.name_en not in shown
        assert leaf(dataset, 1).name_en not in shown
        assert left.name_en in shown
    assert "2 categories that you opted out of are not shown" in read(as_author, "coverage/")
    side = as_author.get(f"/d/home/write/{own.pk}/?category={closed.pk}", headers={"hx-request": "true"})
    assert closed.name_en not in side.content.decode()
    assert "Approved examples" not in side.content.decode()
    assert free_to_write(author, dataset).first() is None
    assert (list(sent_back(author, dataset)), set_aside(author, dataset)) == ([], 2)
    assert as_author.post("/d/home/write/new/", {"category": closed.pk}).status_code == 404
    # Nothing changed for anybody else.
    assert waiting.external_id in read(signed_in(make_member(dataset, "author")), "write/")


def test_a_cell_that_was_drawn_is_drawn_anew_for_other_words_and_numbers(dataset, author, as_author):
    assert read(as_author, "coverage/").count("0 in work, 0 reserved / 3") == 3
    take_cell(make_member(dataset, "author"), dataset, leaf(dataset, 2))  # needed least before and after
    assert read(as_author, "coverage/").count("0 in work, 1 reserved / 3") == 1
    Category.objects.filter(pk=leaf(dataset).pk).update(name_en="Another name", definition_en="Other words.")
    renamed = read(as_author, "coverage/")
    assert renamed.count('title="Other words."') == 1
    assert renamed.count("Another name") == 2  # on the leaf and on the way to its items
    take_cell(author, dataset, leaf(dataset, 1))
    assert read(as_author, "coverage/").count("A place here is yours") == 1
    one = Category.objects.filter(pk=leaf(dataset, 1).pk)
    one.update(name_ja=leaf(dataset, 1).name_en, definition_ja=leaf(dataset, 1).definition_en)
    Person.objects.filter(pk=author.pk).update(locale="ja")
    assert "A place here is yours" not in read(as_author, "coverage/")
