"""Taking a leaf: its place, how long it is kept, caps, and takers at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from curation.actions import items
from curation.actions.care import set_opt_outs
from curation.actions.items import Wording
from curation.actions.taking import let_go, take_cell
from curation.errors import Invalid, NotAllowed, WrongState
from curation.models import Category, Item, Quota, Routine
from curation.queries import cell, coverage, drafts_of, neediest, routine_of, standing
from tests.factories.curation import leaf, make_dataset, make_item, make_member
from tests.rig.at_once import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
HOUR = timedelta(hours=1)


@pytest.fixture
def dataset(db):
    return make_dataset("home")


@pytest.fixture
def author(dataset):
    return make_member(dataset, "author")


def place_of(item):
    return Item.objects.get(pk=item.pk).reserved_until


def left(item):
    """Whole hours that a place is kept from now, rounded up."""
    return -((timezone.now() - place_of(item)) // HOUR)


def run_out(item, ago=timedelta(seconds=1)):
    Item.objects.filter(pk=item.pk).update(reserved_until=timezone.now() - ago)
    item.refresh_from_db()


def counted(dataset, number=0):
    found = cell(dataset, leaf(dataset, number))
    return found.in_work, found.reserved


def save(author, item, version, **given):
    return items.save_draft(author, item, version=version, client_id="", **given)


def test_taking_keeps_a_place_for_the_routines_hours(dataset, author):
    assert left(take_cell(author, dataset, leaf(dataset)).item) == 24
    Routine.objects.create(dataset=dataset, reserve_hours=3)
    assert left(take_cell(author, dataset, leaf(dataset, 1)).item) == 3
    assert (counted(dataset), counted(dataset, 1)) == ((0, 1), (0, 1))


def test_taking_again_before_a_word_is_written_renews_the_same_place(dataset, author):
    item = take_cell(author, dataset, leaf(dataset)).item
    run_out(item)
    assert counted(dataset) == (0, 0)
    assert take_cell(author, dataset, leaf(dataset)).item.pk == item.pk
    assert left(item) == 24
    save(author, item, 0, question="書きました。")
    assert take_cell(author, dataset, leaf(dataset)).item.pk != item.pk
    assert counted(dataset) == (0, 2)


def test_taking_tells_how_the_leaf_stands_with_this_place(dataset, author):
    Quota.objects.filter(
        dataset=dataset, category=leaf(dataset), split="test"
    ).delete()  # two of dev are left
    assert take_cell(author, dataset, leaf(dataset)).standing == "open"
    assert take_cell(author, dataset, leaf(dataset)).standing == "open"  # the same place again
    other = make_member(dataset, "author")
    assert take_cell(other, dataset, leaf(dataset)).standing == "soft"


def test_submitting_turns_the_place_into_work(dataset, author):
    item = take_cell(author, dataset, leaf(dataset)).item
    items.submit(author, item, Wording(question="質問です。", category=leaf(dataset)))
    assert place_of(item) is None
    assert counted(dataset) == (1, 0)


def test_saving_renews_a_place_only_when_half_of_its_time_is_gone(dataset, author):
    item = take_cell(author, dataset, leaf(dataset)).item
    before = place_of(item)
    save(author, item, 0, question="一")
    assert place_of(item) == before
    Item.objects.filter(pk=item.pk).update(reserved_until=timezone.now() + 11 * HOUR)
    save(author, item, 1, question="一二")
    assert left(item) == 24


def test_a_place_goes_along_to_another_leaf(dataset, author):
    item = take_cell(author, dataset, leaf(dataset)).item
    save(author, item, 0, category=leaf(dataset, 1))
    assert (counted(dataset), counted(dataset, 1)) == ((0, 0), (0, 1))


def full(dataset, number=0):
    """A leaf that wants one and takes no more than one: 100 percent."""
    Routine.objects.update_or_create(dataset=dataset, defaults={"hard_cap": 100})
    Quota.objects.filter(dataset=dataset, category=leaf(dataset, number), split="dev").delete()
    return take_cell(make_member(dataset, "author"), dataset, leaf(dataset, number)).item


def test_the_hard_cap_refuses_and_begins_nothing(dataset, author):
    full(dataset)
    with pytest.raises(WrongState) as refused:
        take_cell(author, dataset, leaf(dataset))
    assert "has 1 approved, in work or reserved against a target of 1" in refused.value.sentence
    assert Item.objects.filter(author=author).count() == 0


def test_a_place_that_has_run_out_is_free_for_others_and_the_text_stays(dataset, author):
    other = full(dataset)
    run_out(other)
    take_cell(author, dataset, leaf(dataset))
    draft = save(other.author, other, 0, question="遅れて書きました。")
    assert (draft.question, place_of(other)) == ("遅れて書きました。", None)
    items.submit(other.author, other, Wording(question="遅れて書きました。", category=leaf(dataset)))
    assert counted(dataset) == (1, 1)  # only taking is refused


def test_moving_a_draft_into_a_full_leaf_keeps_the_text_without_a_place(dataset, author):
    full(dataset)
    item = take_cell(author, dataset, leaf(dataset, 1)).item
    save(author, item, 0, question="移します。", category=leaf(dataset))
    assert (place_of(item), counted(dataset), counted(dataset, 1)) == (None, (0, 1), (0, 0))
    assert Item.objects.get(pk=item.pk).category == leaf(dataset)


@pytest.mark.parametrize(
    ("held", "target", "soft", "hard", "expected"),
    [
        (0, 0, 100, 150, "open"),  # no target, no cap
        (9, 0, 100, 150, "open"),
        (3, 4, 100, 150, "open"),
        (4, 4, 100, 150, "soft"),
        (5, 4, 100, 150, "soft"),
        (6, 4, 100, 150, "full"),
        (1, 1, 100, 150, "soft"),  # one and a half is rounded up
        (2, 1, 100, 150, "full"),
        (99, 4, 100, None, "soft"),
    ],
)
def test_standing_by_hand(dataset, held, target, soft, hard, expected):
    found = cell(dataset, leaf(dataset)).__class__(category=leaf(dataset), target=target, approved=held)
    assert standing(found, Routine(soft_cap=soft, hard_cap=hard)) == expected


def test_provisional_leaves_are_not_taken(dataset, author):
    Category.objects.filter(pk=leaf(dataset).pk).update(provisional=True)
    with pytest.raises(WrongState):
        take_cell(author, dataset, leaf(dataset))


def test_only_leaves_of_the_taxonomy_and_only_authors(dataset, author):
    with pytest.raises(Invalid):
        take_cell(author, dataset, leaf(dataset).parent)
    with pytest.raises(NotAllowed):
        take_cell(make_member(dataset, "reviewer"), dataset, leaf(dataset))


def test_letting_go_frees_the_place_and_hides_what_was_never_begun(dataset, author):
    empty, written = (take_cell(author, dataset, leaf(dataset, n)).item for n in range(2))
    save(author, written, 0, question="書きました。")
    for item in (empty, written):
        let_go(author, item)
    assert (counted(dataset), counted(dataset, 1)) == ((0, 0), (0, 0))
    assert list(drafts_of(author, dataset)) == [written]
    with pytest.raises(NotAllowed):
        let_go(make_member(dataset, "author"), written)


def test_opting_out_gives_places_back_and_changes_no_count_of_work(dataset, author):
    take_cell(author, dataset, leaf(dataset))
    make_item(dataset, state="in_review", author=author)
    set_opt_outs(author, author, dataset, {leaf(dataset).parent.pk})
    assert counted(dataset) == (1, 0)
    assert cell(dataset, leaf(dataset)).target == 3


def test_neediest_first_by_share_then_by_number(dataset, author):
    for number, target in ((0, 10), (1, 4), (2, 8)):
        Quota.objects.filter(dataset=dataset, category=leaf(dataset, number)).delete()
        Quota.objects.create(dataset=dataset, category=leaf(dataset, number), split="dev", target=target)
    for number in (0, 1, 2):
        take_cell(author, dataset, leaf(dataset, number))
    # Missing: 9 of 10, 3 of 4, 7 of 8.
    found = neediest(coverage(dataset), routine_of(dataset), limit=2)
    assert [each.category for each in found] == [leaf(dataset, 0), leaf(dataset, 2)]


@pytest.mark.django_db(transaction=True)
def test_twelve_takers_at_once_get_the_four_places_there_are():
    dataset = make_dataset("home")
    people = [make_member(dataset, "author") for _ in range(12)]
    place = leaf(dataset)  # wants 3; at 150 percent it takes 5, and one is taken
    take_cell(make_member(dataset, "author"), dataset, place)

    def take(person):
        def act():
            try:
                return take_cell(person, dataset, place).item.pk
            except WrongState:
                return None

        return act

    got = [pk for pk in at_once([take(person) for person in people]) if pk]
    assert len(got) == 4
    assert counted(dataset) == (0, 5)
    assert Item.objects.count() == 5
