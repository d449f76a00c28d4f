"""One verb for many items: nothing before it is said so, each through its own action, back where nobody came after."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest
from django.utils import translation

from curation.actions import batches, comments, doubles, items, leases
from curation.actions.batches.verbs import Plan
from curation.errors import Conflict, Invalid, NotAllowed, WrongState
from curation.models import Batch, BatchItem, Item, LogEntry, Review
from curation.queries import told
from tests.factories.curation import decide, leaf, make_dataset, make_item, make_member, make_question
from tests.rig.at_once import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
WITHDRAW = Plan(verb="withdraw")
BACK = Plan(verb="request_changes", reasons={"answer": "preaching"}, open_to_all=True)


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def lead(dataset):
    return make_member(dataset, "lead", "reviewer")


@pytest.fixture
def author(dataset):
    return make_member(dataset, "author")


def prepared(lead, dataset, plan, *chosen) -> Batch:
    return batches.prepare(lead, dataset, plan, [item.pk for item in chosen])


def counts(batch: Batch) -> dict[str, int]:
    return {name: n for name, n in told(batch).counts.items() if n}


def now(item: Item) -> tuple[str, int | None, bool]:
    item = Item.objects.get(pk=item.pk)
    return str(item.state), item.category_id, item.open_to_all


def test_preview_tells_what_would_be_refused_and_changes_nothing(dataset, lead, author) -> None:
    free, approved = make_item(dataset, state="in_review"), make_item(dataset, state="approved")
    own = make_item(dataset, state="in_review", author=make_member(dataset, "author", person=lead))
    held = make_item(dataset, state="in_review")
    leases.lease_item(make_member(dataset, "reviewer", name="holder"), held)
    before = [now(item) for item in (free, approved, own, held)]
    entries, reviews = LogEntry.objects.count(), Review.objects.count()
    batch = prepared(lead, dataset, BACK, free, approved, own, held)
    assert counts(batch) == {"pending": 1, "refused": 3}
    why = {row.item_id: row.why for row in batch.rows.filter(outcome="refused")}
    assert why[approved.pk] == "This is not possible now: the state is “Approved”."
    assert why[own.pk] == "Nobody reviews what they wrote any part of."
    assert why[held.pk].startswith("holder is reviewing this since")
    assert [now(item) for item in (free, approved, own, held)] == before
    assert (LogEntry.objects.count(), Review.objects.count()) == (entries, reviews)


@pytest.mark.parametrize(
    ("verb", "state", "to"),
    [
        ("move", "in_review", "in_review"),
        ("request_changes", "in_review", "needs_changes"),
        ("open_to_all", "needs_changes", "needs_changes"),
        ("withdraw", "approved", "withdrawn"),
        ("reopen", "rejected", "needs_changes"),
    ],
)
def test_each_verb_is_carried_out_logged_and_taken_back(dataset, lead, verb, state, to) -> None:
    chosen = [make_item(dataset, state=state) for _n in range(2)]
    before, reviews = [now(item) for item in chosen], Review.objects.count()
    plan = {
        "move": Plan(verb="move", category=leaf(dataset, 2)),
        "request_changes": BACK,
    }.get(verb, Plan(verb=verb))
    batch = batches.carry_out(lead, prepared(lead, dataset, plan, *chosen), comment="まとめて直します。")
    opened = verb in ("request_changes", "open_to_all")
    there = leaf(dataset, 2).pk if verb == "move" else leaf(dataset).pk
    assert (batch.state, counts(batch)) == ("done", {"done": 2})
    assert [now(item) for item in chosen] == [(to, there, opened)] * 2
    assert LogEntry.objects.filter(verb=verb, object_type="item", person=lead).count() == 2
    batch = batches.undo(lead, batch)
    assert (batch.state, counts(batch)) == ("undone", {"undone": 2})
    assert [now(item) for item in chosen] == before
    assert Review.objects.count() == reviews
    assert batches.undo(lead, batch).state == "undone"
    assert batches.carry_out(lead, batch, comment="もう一度").state == "undone"


def test_what_somebody_changed_after_the_preview_is_refused(dataset, lead, author) -> None:
    same, decided, mended = (make_item(dataset, state="in_review", author=author) for _n in range(3))
    batch = prepared(lead, dataset, WITHDRAW, same, decided, mended)
    decide(decided, make_member(dataset, "reviewer"), "approve")
    decide(mended, make_member(dataset, "reviewer"), "request_changes")
    items.submit(author, mended, items.Wording(question=make_question(), answer="直しました。"))
    batch = batches.carry_out(lead, batch, comment="重複のため。")
    why = {row.item_id: (row.outcome, row.why) for row in batch.rows.all()}
    changed = ("refused", "It was changed after the preview.")
    assert why == {same.pk: ("done", ""), decided.pk: changed, mended.pk: changed}
    assert [now(item)[0] for item in (same, decided, mended)] == ["withdrawn", "approved", "in_review"]


def test_undo_leaves_what_somebody_touched_since_and_says_why(dataset, lead, author) -> None:
    chosen = [make_item(dataset, state="in_review", author=author) for _n in range(4)]
    plan = Plan(verb="request_changes", reasons={"answer": "preaching"})
    batch = batches.carry_out(lead, prepared(lead, dataset, plan, *chosen), comment="説教のようです。")
    same, said, begun, submitted = chosen
    comments.comment(author, said, body="なぜですか。")
    items.save_draft(author, begun, version=0, client_id="", question="書き直しています。")
    items.submit(author, submitted, items.Wording(question=make_question(), answer="直しました。"))
    batch = batches.undo(lead, batch)
    why = {row.item_id: (row.outcome, row.why) for row in batch.rows.all()}
    assert why == {
        same.pk: ("undone", ""),
        said.pk: ("left", "Something happened to it since."),
        begun.pk: ("left", "Its writer has begun to mend it."),
        submitted.pk: ("left", "Something happened to it since."),
    }
    assert [now(item)[0] for item in chosen] == ["in_review", "needs_changes", "needs_changes", "in_review"]
    assert author.drafts.get().question == "書き直しています。"


def test_undo_never_brings_a_question_back_that_was_written_anew(dataset, lead) -> None:
    item = make_item(dataset, state="approved", question="同じ質問です。")
    batch = batches.carry_out(lead, prepared(lead, dataset, WITHDRAW, item), comment="重複のため。")
    anew = make_item(dataset, state="in_review", question="同じ質問です。")
    batch = batches.undo(lead, batch)
    why = f"The same question exists already as {anew.external_id}. Change it, or write on that one."
    assert (batch.rows.get().outcome, batch.rows.get().why, now(item)[0]) == ("left", why, "withdrawn")


def test_texts_of_a_double_review_are_no_matter_of_a_batch(dataset, lead) -> None:
    doubles.set_reviewing(lead, dataset, lease_minutes=15, twice_share=100, second_after_fix=False)
    batch = prepared(lead, dataset, BACK, make_item(dataset, state="in_review"))
    assert counts(batch) == {"refused": 1}
    assert told(batch).why[0].sentence == "Two people review this text: decide it on its own page."


def test_an_interrupted_change_goes_on_where_it_stopped(dataset, lead) -> None:
    chosen = [make_item(dataset, state="in_review") for _n in range(3)]
    batch = prepared(lead, dataset, WITHDRAW, *chosen)
    states = []
    while not states or states[-1][0] == "running":
        batch = batches.carry_out(lead, batch, comment="重複のため。", seconds=0, piece=1)
        states.append((batch.state, counts(batch).get("done", 0)))
    assert states == [("running", 1), ("running", 2), ("done", 3)]
    assert LogEntry.objects.filter(verb="withdraw").count() == 3


def test_a_change_that_is_half_done_can_be_taken_back(dataset, lead) -> None:
    chosen = [make_item(dataset, state="in_review") for _n in range(3)]
    batch = prepared(lead, dataset, WITHDRAW, *chosen)
    batch = batches.carry_out(lead, batch, comment="重複のため。", seconds=0, piece=1)
    batch = batches.undo(lead, batch)
    assert (batch.state, counts(batch)) == ("undone", {"pending": 2, "undone": 1})
    assert {now(item)[0] for item in chosen} == {"in_review"}


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (Plan(verb="approve"), "verb"),
        (Plan(verb="move"), "category"),
        (Plan(verb="request_changes"), "question"),
        (Plan(verb="request_changes", reasons={"question": "preaching"}), "question"),
    ],
)
def test_a_plan_that_fits_no_item_is_refused(dataset, lead, plan, field) -> None:
    item = make_item(dataset, state="in_review")
    with pytest.raises(Invalid) as refused:
        prepared(lead, dataset, plan, item)
    assert (refused.value.field, Batch.objects.count()) == (field, 0)


def test_only_leads_prepare_and_only_who_prepared_carries_out(dataset, lead) -> None:
    item = make_item(dataset, state="in_review")
    with pytest.raises(NotAllowed):
        prepared(make_member(dataset, "reviewer"), dataset, WITHDRAW, item)
    batch = prepared(lead, dataset, WITHDRAW, item)
    other = make_member(dataset, "lead")
    with pytest.raises(NotAllowed):
        batches.carry_out(other, batch, comment="x")
    with pytest.raises(Invalid):
        batches.carry_out(lead, batch)
    assert batches.undo(other, batches.carry_out(lead, batch, comment="重複")).state == "undone"


def test_items_of_another_dataset_and_filters_words_are_not_kept(dataset, lead) -> None:
    item, strange = make_item(dataset, state="in_review"), make_item(make_dataset(), state="in_review")
    given = {"q": "秘密の言葉", "state": "in_review"}
    batch = batches.prepare(lead, dataset, WITHDRAW, [item.pk, strange.pk], filters=given)
    assert batch.filters == {"q": "", "state": "in_review"}
    assert [row.item_id for row in batch.rows.all()] == [item.pk]


@pytest.mark.django_db(transaction=True)
def test_two_windows_carry_out_once_and_a_second_change_of_the_same_items_is_refused(dataset, lead) -> None:
    chosen = [make_item(dataset, state="in_review") for _n in range(4)]
    one, two = prepared(lead, dataset, WITHDRAW, *chosen), prepared(lead, dataset, WITHDRAW, *chosen)

    def press(batch: Batch) -> None:
        with translation.override("en"):
            batches.carry_out(lead, batch, comment="重複のため。", seconds=60, piece=2)

    at_once([partial(press, batch) for batch in (one, one, two)])
    assert {batch.state for batch in Batch.objects.all()} == {"done"}
    assert BatchItem.objects.filter(outcome="done").count() == 4
    refused = set(BatchItem.objects.filter(outcome="refused").values_list("why", flat=True))
    assert refused == {"It was changed after the preview."}
    assert LogEntry.objects.filter(verb="withdraw", object_type="item").count() == 4
    assert Item.objects.filter(comments__body="重複のため。").count() == 4


@pytest.mark.django_db(transaction=True)
def test_a_decision_at_the_same_moment_and_a_batch_leave_one_of_the_two(dataset, lead) -> None:
    chosen = [make_item(dataset, state="in_review") for _n in range(3)]
    reviewer = make_member(dataset, "reviewer")
    batch = prepared(lead, dataset, WITHDRAW, *chosen)

    def approve() -> None:
        for item in chosen:
            with suppress(WrongState, Conflict):  # withdrawn by the other
                decide(Item.objects.get(pk=item.pk), reviewer, "approve")

    at_once([partial(batches.carry_out, lead, batch, comment="重複のため。", seconds=60, piece=1), approve])
    approved = Review.objects.filter(decision="approve").count()
    done = BatchItem.objects.filter(outcome="done").count()
    refused = BatchItem.objects.filter(outcome="refused").count()
    states = [now(item)[0] for item in chosen]
    assert done + refused == 3
    assert states.count("withdrawn") == done
    assert states.count("approved") == refused
    assert approved == refused
