"""A reviewer's day in Chromium: one item at a time by keys, every way to decide, and what others have in hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from curation.actions import items as writing
from curation.actions.datasets import give_role
from curation.log import OPERATOR
from curation.models import Dataset, Item, Lease, LogEntry, Membership, Person, Review
from tests.factories.curation import ANSWER, leaf, make_item, make_member
from tests.flows.people_at_work import Desk, ja, reason, state_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

COMMENT = "どの窓口に相談すればよいのかを書き足してください。"
MOVED = "%(id)s: moved to “%(name)s”. Somebody else reviews it."
MENDED = "迷うときは、駅の窓口に尋ねてください。"
WAYS = {"b": "needs_changes", "o": "awaiting_answer", "x": "rejected"}


def test_one_item_after_the_other_comes_by_key_and_never_ones_own(
    sits_down: Callable[..., Desk], home: Dataset
) -> None:
    ren = sits_down("ren", "author", "reviewer", warned=False)
    own = make_item(home, state="in_review", author=ren.person)
    first, second = (make_item(home, state="in_review") for _each in range(2))
    ren.goes("g r", "/me/warning/?**")
    ren.begins_with_the_warning()
    ren.sees(first.external_id, second.external_id)
    ren.sees_nothing_of(own.external_id)
    ren.goes("n", f"/review/{first.pk}/")
    ren.goes("a", f"/review/{second.pk}/")
    sends_back(ren, second, "b")
    ren.sees(ja("Nothing waits for a review"))
    assert [state_of(each) for each in (own, first, second)] == ["in_review", "approved", "needs_changes"]


@pytest.mark.slow
def test_a_day_of_a_reviewer(sits_down: Callable[..., Desk], home: Dataset) -> None:
    ren = sits_down("ren", "author")
    parts = wrote_a_question_and_an_answer(home, ren.person)
    becomes_a_reviewer(home, ren.person)
    sakura = sits_down("sakura", "author")
    queue = [make_item(home, state="in_review", author=sakura.person) for _each in range(8)]
    is_offered_nothing_of_their_own(ren, parts)
    aoi = sits_down("aoi", "reviewer")
    sees_what_another_has_in_hand(ren, aoi, queue[0])
    loses_what_ran_out_and_gets_it_back_by_name(ren, aoi, queue[0])
    accepts(ren, queue[0])
    takes_it_back(ren, queue[0], queue[1])
    mends_and_accepts(ren, queue[1])
    for key, item in zip(WAYS, queue[2:5], strict=True):
        holds(ren, item)
        sends_back(ren, item, key)
        if key == "b":
            takes_the_sending_back_back(ren, item)
        was_told_why(item, WAYS[key])
    moves_to_another_category(ren, home, queue[5])
    asks_for_a_second_opinion(ren, aoi, queue[6])
    leaves_one_to_others(ren, queue[7])
    reads_what_was_mended(sakura, queue[1])


# --- Who reviews what -------------------------------------------------------------------------------------------


def wrote_a_question_and_an_answer(home: Dataset, ren: Person) -> list[Item]:
    """A question that somebody else answered, and an answer to somebody else's question; both in review."""
    mine, other = (
        make_item(home, state="awaiting_answer", author=ren),
        make_item(home, state="awaiting_answer"),
    )
    for item, writer in ((mine, make_member(home, "author")), (other, ren)):
        item.refresh_from_db()
        assert item.current_revision
        writing.submit(
            writer,
            item,
            writing.Wording(question=item.current_revision.question, answer=ANSWER, category=leaf(home)),
        )
    return [mine, other]


def becomes_a_reviewer(home: Dataset, ren: Person) -> None:
    """They write no longer."""
    Membership.objects.filter(dataset=home, person=ren).delete()
    give_role(OPERATOR, home, ren, "reviewer")


def is_offered_nothing_of_their_own(ren: Desk, parts: list[Item]) -> None:
    ren.page.goto("/d/home/")
    ren.goes("g r", "/me/warning/?**")
    ren.begins_with_the_warning()
    ren.sees(ja("%(shown)s item waits for you. What you wrote any part of is reviewed by others.", shown=8))
    for item in parts:
        ren.sees_nothing_of(item.external_id)
        ren.page.goto(f"/d/home/review/{item.pk}/")
        ren.sees(ja("Nobody reviews what they wrote any part of."))
        expect(ren.page.get_by_role("button", name=ja("Accept"))).to_have_count(0)


def sees_what_another_has_in_hand(ren: Desk, aoi: Desk, item: Item) -> None:
    ren.goes("g r", "/review/")
    ren.goes("n", f"/review/{item.pk}/")
    aoi.goes("g r", "/review/")
    expect(aoi.page.get_by_role("link").filter(has_text=item.external_id)).to_contain_text("ren")
    aoi.page.goto(f"/d/home/review/{item.pk}/")
    aoi.sees(ja("%(who)s is reviewing this since %(time)s.", who="ren", time=""))
    expect(aoi.page.get_by_role("button", name=ja("Accept"))).to_have_count(0)
    aoi.goes("n", f"/review/{item.pk + 1}/")


def loses_what_ran_out_and_gets_it_back_by_name(ren: Desk, aoi: Desk, item: Item) -> None:
    """After a quarter of an hour without a sign of life the other may take it; ren's decision comes too late."""
    Lease.objects.filter(item=item).update(expires_at=timezone.now())
    aoi.page.goto(f"/d/home/review/{item.pk}/")
    aoi.keys("t")
    aoi.sees(ja("In your hands since %(time)s", time=""))
    ren.keys("a")
    ren.sees(ja("%(who)s is reviewing this since %(time)s.", who="aoi", time=""))
    assert state_of(item) == "in_review"
    aoi.page.get_by_text(ja("In your hands since %(time)s", time="")).press("Enter")
    aoi.field(ja("Hand it over to")).select_option(label="ren")
    aoi.press(ja("Hand over"))
    aoi.sees(ja("%(who)s has it now.", who="ren"))
    leaves_what_is_in_hand(aoi)
    assert Lease.objects.get(item=item).person == ren.person


def holds(ren: Desk, item: Item) -> None:
    ren.page.wait_for_url(f"**/review/{item.pk}/**")
    expect(ren.page.get_by_role("heading", level=1)).to_have_text(item.external_id)
    assert [lease.item_id for lease in Lease.objects.filter(person=ren.person)] == [item.pk]


def goes_on(who: Desk, item: Item) -> None:
    """The item is done: the next one has come, or the queue."""
    who.page.wait_for_url(lambda url: f"/review/{item.pk}/" not in url)


# --- Every way to decide ----------------------------------------------------------------------------------------


def accepts(ren: Desk, item: Item) -> None:
    ren.goes("g r", "/review/")
    ren.goes("n", f"/review/{item.pk}/")
    holds(ren, item)
    ren.keys("a")
    goes_on(ren, item)
    assert state_of(item) == "approved"


def takes_it_back(ren: Desk, item: Item, following: Item) -> None:
    """By one key from the page that came next; accepted again, it is done."""
    holds(ren, following)
    ren.goes("u", f"/review/{item.pk}/")
    ren.sees(ja("You took your decision on %(id)s back.", id=item.external_id))
    holds(ren, item)
    assert (state_of(item), Review.objects.filter(item=item).count()) == ("in_review", 0)
    ren.keys("a")
    goes_on(ren, item)
    log = LogEntry.objects.filter(object_type="item", object_id=str(item.pk)).order_by("-pk")[:3]
    assert [entry.verb for entry in log] == ["approve", "take_back", "approve"]


def takes_the_sending_back_back(ren: Desk, item: Item) -> None:
    """What had been chosen and typed stands there again, and can be sent as it is."""
    ren.keys("u")
    holds(ren, item)
    expect(ren.page.get_by_role("textbox", name=ja("What should change, and where"))).to_have_value(COMMENT)
    answer = ren.page.get_by_role("group", name=ja("Reference answer"))
    expect(answer.get_by_label(reason("off_point"))).to_be_checked()
    ren.keys("Control+Enter")
    goes_on(ren, item)


def mends_and_accepts(ren: Desk, item: Item) -> None:
    """By an input method; what changes is shown before it counts, and the writer stays its writer."""
    holds(ren, item)
    ren.goes("e", "?decide=fix_and_approve")
    ren.write(ja("Reference answer"), MENDED)
    ren.waits_until_saved()
    ren.field(ja("Reference answer")).press("Control+Enter")
    expect(ren.page.get_by_role("insertion")).to_have_text([MENDED])
    ren.keys("Control+Enter")
    goes_on(ren, item)
    revision = Item.objects.get(pk=item.pk).approved_revision
    assert revision
    assert (revision.answer, revision.answer_author) == (ANSWER + MENDED, item.author)


def sends_back(ren: Desk, item: Item, key: str) -> None:
    """By keys: the question is good but where it is rejected, the answer misses the point; and a comment."""
    ren.keys(key)
    ren.page.wait_for_url("**?decide=**")
    if key == "x":
        ren.page.get_by_role("group", name=ja("Question")).get_by_label(reason("duplicate")).press("Space")
        ren.page.get_by_role("group", name=ja("Reference answer")).get_by_label(ja("Nothing to mend")).press(
            "Space"
        )
    else:
        if key == "b":
            ren.page.get_by_role("group", name=ja("Question")).get_by_label(ja("Nothing to mend")).press(
                "Space"
            )
        ren.page.get_by_role("group", name=ja("Reference answer")).get_by_label(reason("off_point")).press(
            "Space"
        )
    field = ren.page.get_by_role("textbox", name=ja("What should change, and where"))
    field.focus()
    ren.ime.type(COMMENT, reading="どのまどぐち")
    ren.keys("Control+Enter")
    goes_on(ren, item)


def was_told_why(item: Item, state: str) -> None:
    row = Review.objects.filter(item=item).latest("pk")
    reasons = {"rejected": {"question": "duplicate"}}.get(state, {"answer": "off_point"})
    assert (state_of(item), row.reasons, row.comment) == (state, reasons, COMMENT)


def moves_to_another_category(ren: Desk, home: Dataset, item: Item) -> None:
    """What one moved, somebody else reviews."""
    holds(ren, item)
    ren.goes("m", "?decide=move#decision")
    ren.page.get_by_role("combobox", name=ja("Category")).select_option(label="金融相談")
    ren.keys("Control+Enter")
    ren.sees(ja(MOVED, id=item.external_id, name="金融相談"))
    moved = Item.objects.get(pk=item.pk)
    assert (moved.category, moved.state) == (leaf(home, 1), "in_review")


def asks_for_a_second_opinion(ren: Desk, aoi: Desk, item: Item) -> None:
    """What ren decided is an opinion that aoi does not see; the same said by both decides."""
    holds(ren, item)
    ren.goes("2", f"/review/{item.pk}/?second=1")
    ren.keys("a")
    goes_on(ren, item)
    assert state_of(item) == "in_review"
    aoi.page.goto(f"/d/home/review/{item.pk}/")
    aoi.sees_nothing_of("p-ren")
    aoi.keys("a")
    goes_on(aoi, item)
    assert state_of(item) == "approved"


def leaves_one_to_others(ren: Desk, item: Item) -> None:
    holds(ren, item)
    leaves_what_is_in_hand(ren)


def leaves_what_is_in_hand(who: Desk) -> None:
    who.page.get_by_text(ja("In your hands since %(time)s", time="")).press("Enter")
    who.press(ja("Leave it to others"))
    who.page.wait_for_url("**/review/")
    assert Lease.objects.filter(person=who.person).count() == 0


def reads_what_was_mended(sakura: Desk, item: Item) -> None:
    sakura.page.goto(f"/d/home/items/{item.pk}/")
    newest = sakura.page.get_by_role("group").filter(has_text=ja("Revision %(n)s", n=2))
    newest.locator("summary").press("Enter")
    expect(newest.get_by_role("insertion")).to_have_text([MENDED])
