"""Leases of writing: what stands open for several is in one pair of hands, and whoever loses it loses no text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from curation.actions import leases
from curation.actions.care import set_opt_outs
from curation.actions.items import Wording, draft_of, save_draft, submit, withdraw
from curation.actions.leases import WRITE
from curation.actions.opening import close_to_writers, open_to_writers
from curation.errors import Conflict, InHand, Invalid, NotAllowed, WrongState
from curation.log import OPERATOR
from curation.models import Draft, Item, Lease, LogEntry, Notice
from curation.queries import stands_open, writable_by_several
from tests.factories.curation import ANSWER, decide, leaf, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def sato(dataset):
    return make_member(dataset, "author", name="sato")


@pytest.fixture
def tanaka(dataset):
    return make_member(dataset, "author", name="tanaka")


@pytest.fixture
def waiting(dataset):
    asker = make_member(dataset, "author")
    return [make_item(dataset, state="awaiting_answer", author=asker) for _ in range(3)]


def run_out() -> None:
    Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def answered(item) -> Wording:
    item = Item.objects.get(pk=item.pk)
    return Wording(question=item.current_revision.question, answer=ANSWER)


def test_one_of_two_has_it_and_the_other_reads_who(sato, tanaka, waiting):
    held = leases.lease_item(sato, waiting[0], WRITE)
    since = timezone.localtime(held.taken_at).strftime("%H:%M")
    for act in (
        lambda: leases.lease_item(tanaka, waiting[0], WRITE),
        lambda: submit(tanaka, waiting[0], answered(waiting[0])),
    ):
        with pytest.raises(InHand) as refused:
            act()
        assert refused.value.sentence == f"sato is writing this since {since}."
    assert leases.lease_item(sato, waiting[0], WRITE).token == held.token  # another window of theirs
    submit(sato, waiting[0], answered(waiting[0]))
    assert Lease.objects.count() == 0


def test_several_drafts_may_be_in_one_persons_hands(dataset, sato, tanaka, waiting):
    assert leases.lease_writing(sato, dataset).item == waiting[0]
    assert leases.lease_writing(sato, dataset, after=waiting[0].pk).item == waiting[1]
    assert leases.lease_writing(tanaka, dataset, after=waiting[2].pk).item == waiting[2]
    assert leases.lease_writing(make_member(dataset, "author"), dataset) is None
    assert leases.let_go(sato, waiting[0], WRITE)
    assert leases.lease_writing(tanaka, dataset, after=waiting[2].pk).item == waiting[0]


def test_what_ran_out_goes_to_who_asks_and_the_text_of_the_first_stays(sato, tanaka, waiting):
    item = waiting[0]
    held = leases.lease_item(sato, item, WRITE)
    save_draft(sato, item, version=0, client_id="", answer="書きかけ")
    run_out()
    leases.lease_item(tanaka, item, WRITE)
    with pytest.raises(Conflict):
        leases.beat(sato, token=held.token)
    save_draft(sato, item, version=1, client_id="", answer="書きかけの続き")
    submit(tanaka, item, answered(item))
    save_draft(sato, item, version=2, client_id="", answer="まだ書いています")  # others went on with it
    assert draft_of(sato, item).answer == "まだ書いています"
    with pytest.raises(NotAllowed):
        submit(sato, item, answered(item))
    assert Item.objects.get(pk=item.pk).current_revision.answer == ANSWER


def test_whoever_had_it_open_and_typed_later_keeps_that_for_themselves(sato, tanaka, waiting):
    leases.lease_item(sato, waiting[0], WRITE)
    run_out()
    submit(tanaka, waiting[0], answered(waiting[0]))
    save_draft(sato, waiting[0], version=0, client_id="", answer="後から")
    assert draft_of(sato, waiting[0]).answer == "後から"
    with pytest.raises(NotAllowed):
        submit(sato, waiting[0], answered(waiting[0]))


def test_nobody_keeps_anything_of_what_was_anothers_alone(dataset, sato, tanaka):
    item = make_item(dataset, state="in_review", author=tanaka)
    with pytest.raises(NotAllowed):
        save_draft(sato, item, version=0, client_id="", answer="後から")
    assert Draft.objects.count() == 0


def test_what_was_sent_back_open_to_all_stood_open(dataset, sato, tanaka):
    item = make_item(dataset, state="in_review", author=make_member(dataset, "author"))
    decide(item, make_member(dataset, "reviewer"), "request_changes", open_to_all=True)
    item.refresh_from_db()
    submit(tanaka, item, answered(item))
    save_draft(sato, item, version=0, client_id="", answer="後から")
    assert draft_of(sato, item).answer == "後から"


def test_what_nobody_else_may_write_is_not_taken_in_hand(dataset, sato, tanaka):
    own = make_item(dataset, author=sato)
    with pytest.raises(WrongState):
        leases.lease_item(sato, own, WRITE)
    with pytest.raises(NotAllowed):
        leases.lease_item(tanaka, own, WRITE)
    back = make_item(dataset, state="needs_changes", author=sato)
    assert (stands_open(back), list(writable_by_several(tanaka, dataset))) == (False, [])
    open_to_writers(OPERATOR, back)
    assert (stands_open(back), list(writable_by_several(sato, dataset))) == (True, [back])
    leases.lease_item(tanaka, back, WRITE)
    with pytest.raises(InHand):
        submit(sato, back, answered(back))
    close_to_writers(OPERATOR, back)
    submit(sato, back, answered(back))
    assert Lease.objects.count() == 0


def test_withdrawing_takes_it_out_of_everybodys_hands(sato, waiting):
    leases.lease_item(sato, waiting[0], WRITE)
    withdraw(OPERATOR, waiting[0], reason="double")
    assert Lease.objects.count() == 0


def test_lead_hands_it_over_and_both_are_told(dataset, sato, tanaka, waiting):
    lead = make_member(dataset, "lead")
    leases.lease_item(sato, waiting[0], WRITE)
    save_draft(sato, waiting[0], version=0, client_id="", answer="途中まで")
    with pytest.raises(NotAllowed, match="Somebody else is writing"):
        leases.hand_over(tanaka, waiting[0], to=make_member(dataset, "author"), part=WRITE)
    given = leases.hand_over(lead, waiting[0], to=tanaka, part=WRITE)
    assert (given.handed, given.expires_at > timezone.now() + timedelta(hours=23)) == (True, True)
    assert list(Notice.objects.order_by("pk").values_list("person", "kind")) == [
        (tanaka.pk, "to_write"),
        (sato.pk, "write_taken"),
    ]
    entry = LogEntry.objects.get(verb="hand_over_writing")
    assert (entry.person, entry.object_id, entry.details) == (lead, str(waiting[0].pk), {"to": tanaka.pk})
    with pytest.raises(InHand):
        submit(sato, waiting[0], answered(waiting[0]))
    begun = leases.lease_writing(tanaka, dataset, after=waiting[1].pk)
    assert (begun.item, begun.handed) == (waiting[0], False)
    assert draft_of(sato, waiting[0]).answer == "途中まで"


def test_it_is_handed_only_to_who_may_write_it(dataset, sato, tanaka, waiting):
    lead = make_member(dataset, "lead")
    leases.lease_item(sato, waiting[0], WRITE)
    set_opt_outs(tanaka, tanaka, dataset, {leaf(dataset).pk})
    for nobody in (tanaka, make_member(dataset, "reviewer")):
        with pytest.raises(NotAllowed, match=r"^This item is not for them to write\.$"):
            leases.hand_over(lead, waiting[0], to=nobody, part=WRITE)
    with pytest.raises(Invalid):
        leases.hand_over(sato, waiting[0], to=sato, part=WRITE)
    assert Lease.objects.get().person == sato


def test_writing_and_reviewing_are_leased_apart(dataset, sato, waiting):
    make_member(dataset, "reviewer", person=sato)
    review = make_item(dataset, state="in_review")
    leases.lease_item(sato, waiting[0], WRITE)
    leases.lease_item(sato, waiting[1], WRITE)
    assert leases.lease_review(sato, dataset).item == review
    assert Lease.objects.count() == 3
