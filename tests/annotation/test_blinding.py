"""The blinding report: counted from the record by hand, and held against work that was really done."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from annotation.actions.leases import lease
from annotation.actions.ratings import rate, skip, undo
from annotation.blind_record import blinding_of, campaign_of, read_blinding
from annotation.blinding import Campaign, Row, Turn, report
from annotation.models import Assignment, Rating
from curation.errors import NotAllowed
from curation.models import LogEntry, Membership
from tests.factories.annotation import make_member, make_task, make_world_dataset
from tests.factories.gold import make_case
from tests.rig.clients import signed_in

START = datetime(2026, 4, 1, 9, tzinfo=UTC)
Role = Membership.Role


def turn(number: int, response: int, question: str, **more: object) -> Turn:
    at = START + timedelta(minutes=number)
    return Turn(rater=1, number=number, response=response, question=question, at=at, **more)


def campaign(turns: list[Turn], **more: object) -> Campaign:
    rows = [Row(response=n, question=f"q{n // 2}", position=n) for n in range(6)]
    given = {"seed": 7, "arms": "without", "overlap": 2, "gold_share": 0.0, "slots": {1: 0}} | more
    return Campaign(rows=rows, turns=turns, **given)


def test_neighbours_on_one_question_are_counted_of_all_neighbours() -> None:
    # q0 q0 q1 q0: three pairs, the first on one question; the lease that ran out and came back makes no pair
    turns = [
        turn(1, 0, "q0"),
        turn(2, 1, "q0"),
        turn(3, 2, "q1", expired=True),
        turn(4, 2, "q1"),
        turn(5, 0, "q0"),
    ]
    assert report(campaign(turns))["questions_in_a_row"] == {"pairs": 3, "same_question": 1}


def test_arms_of_a_question_for_one_rater_are_told_apart() -> None:
    # slot 0: side 0 is seen without, side 1 with; response 1 was shown otherwise, so q0 was seen in both arms
    turns = [turn(1, 0, "q0"), turn(2, 1, "q0", with_reference=True), turn(3, 2, "q1")]
    found = report(campaign(turns, arms="both"))["arms"]
    assert (found["without"], found["with"], found["not_as_dealt"]) == (2, 1, 1)
    assert (found["questions"], found["in_both"], found["by_rater"]) == (2, 1, {1: {"turns": 3, "with": 1}})


def test_a_check_that_no_draw_asked_for_is_told() -> None:
    turns = [turn(1, 100, "g", gold=True), turn(2, 0, "q0")]
    found = report(campaign(turns, gold_share=0.0))["gold"]
    assert (found["served"], found["turns"], found["undrawn"]) == (1, 2, 1)
    # Wilson at 1 of 2, z2 = 3.841459: centre 1/2, half sqrt(z2) sqrt(1/8 + z2/16) / (1 + z2/2) = .405469
    share = found["share"]
    assert (share["value"], share["n"]) == (0.5, 2)
    assert (share["low"], share["high"]) == (
        pytest.approx(0.094531, abs=1e-5),
        pytest.approx(0.905469, abs=1e-5),
    )


def work(task, person, turns: int) -> None:
    held = lease(person, task)
    for number in range(turns):
        if held is None:
            return
        if number % 5 == 3:
            held = skip(person, task, token=held.token, reason_code="unclear")
        else:
            held = rate(person, task, token=held.token, score=4).following


@pytest.mark.django_db
def test_work_that_was_done_obeys_its_seed() -> None:
    task, people = make_task(
        make_world_dataset(), raters=3, questions=9, models=("a", "b"), overlap=2, arms="both"
    )
    for _n in range(4):
        make_case(task.rubric, use="gold")
    task.gold_share = 0.3
    task.save()
    for _round in range(3):
        for person in people:
            work(task, person, 7)
    found = blinding_of(task)
    served = Assignment.objects.filter(task=task, gold__isnull=False).count()
    turns = Assignment.objects.filter(task=task).count()
    assert served > 0
    order = found["order"]
    assert order["checked"] == order["turns"] == turns - served
    assert (order["as_drawn"], order["raced"], order["again"]) == (order["turns"], 0, 0)
    assert (found["gold"]["served"], found["gold"]["turns"], found["gold"]["undrawn"]) == (served, turns, 0)
    assert (found["arms"]["in_both"], found["arms"]["not_as_dealt"]) == (0, 0)
    assert found["ratings"]["other_arm"] == 0
    assert found["ratings"]["standing"] == Rating.objects.filter(task=task, role="rater").count()
    assert found["way_in"] == {"raters": 3, "before_the_warning": 0, "before_the_practice": 0}


@pytest.mark.django_db
def test_another_seed_would_not_have_given_this_order() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=12)
    work(task, person, 20)
    kept = campaign_of(task)
    assert report(kept)["order"]["raced"] == 0
    other = report(replace(kept, seed=8))["order"]
    assert other["as_drawn"] < other["checked"] / 2


@pytest.mark.django_db
def test_undone_work_still_obeys_its_seed() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=6)
    work(task, person, 3)
    undo(person, task)
    work(task, person, 5)
    found = blinding_of(task)["order"]
    assert (found["checked"], found["raced"]) == (found["turns"], 0)


# --- The page --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_lead_reads_the_report_and_a_rater_does_not() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1)
    work(task, person, 3)
    Membership.objects.create(dataset=task.dataset, person=person, role=Role.RESEARCHER)
    lead = make_member(task.dataset, Role.LEAD)
    other = make_member(task.dataset, Role.RATER)
    stranger = make_member(make_world_dataset(), *Role.values)
    page = f"/d/{task.dataset.slug}/tasks/{task.pk}/blinding/"
    program = f"/api{page}"
    codes = {
        who: [signed_in(who).get(address).status_code for address in (page, program)]
        for who in (lead, person, other, stranger)
    }
    assert codes == {lead: [200, 200], person: [404, 404], other: [404, 404], stranger: [404, 404]}
    for who in (person, other):
        with pytest.raises(NotAllowed):
            read_blinding(who, task)
    readers = LogEntry.objects.filter(verb="read_blinding", object_id=str(task.pk))
    assert list(readers.values_list("person", flat=True)) == [lead.pk, lead.pk]
    told = signed_in(lead).get(program).json()
    rater = task.raters.get()
    assert told["access"]["with_other_roles"] == {rater.pseudonym: ["researcher"]}
    assert (told["order"]["turns"], told["ratings"]["standing"]) == (4, 3)  # 3 rated, the fourth is out
    assert signed_in(lead).get(page).context["found"]["order"] == told["order"]
