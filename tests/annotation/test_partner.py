"""Annotations of the partner become ratings once; what no rule decides waits for a person."""

import pytest

from annotation.actions.leases import lease
from annotation.actions.partner_conflicts import decide
from annotation.actions.partner_push import REF
from annotation.models import (
    PartnerAnnotation,
    PartnerConflict,
    PartnerProject,
    PartnerRater,
    Rater,
    Rating,
    RatingTask,
    TaskResponse,
)
from annotation.queries import current
from curation.errors import Conflict, Invalid, NotAllowed
from curation.log import OPERATOR
from curation.models import LogEntry, Membership, Person
from tests.factories.annotation import make_member, make_task, make_world_dataset
from tests.factories.partner import There, make_exchange

pytestmark = pytest.mark.django_db


def standing(task: RatingTask) -> list[tuple[int, str, bool]]:
    rows = current(Rating.objects.filter(task=task)).order_by("response_id", "rater_id")
    return list(rows.values_list("response_id", "score", "cannot_decide"))


def waiting(task: RatingTask) -> list[str]:
    rows = PartnerConflict.objects.filter(exchange__task=task, decision="").order_by("pk")
    return list(rows.values_list("kind", flat=True))


def test_annotations_become_ratings_once_under_the_raters_own_name() -> None:
    task, people, there = make_exchange()
    there.has(1, 11, "4", who=3)
    there.has(1, 12, "2", who=4)
    there.has(2, 13, "cannot_decide", who=3)
    done = there.read()
    assert (dict(+done.counts), dict(done.conflicts)) == ({"taken": 3}, {})
    one, two = there.responses[1], there.responses[2]
    assert sorted(standing(task)) == sorted([(one, "4", False), (one, "2", False), (two, "", True)])
    mine = Rating.objects.get(rater__person=people[0], response=one)
    assert (mine.role, mine.seconds, mine.with_reference, mine.axis) == ("rater", 4.5, False, "safety")
    again = there.read()
    assert (dict(+again.counts), Rating.objects.count()) == ({"known": 3}, 3)
    row = TaskResponse.objects.get(task=task, response=one)
    assert (row.open_without, row.open_with) == (task.overlap - 2, 0)


def test_a_dry_run_counts_the_same_and_writes_nothing() -> None:
    _task, _people, there = make_exchange()
    there.has(1, 11, "4")
    there.has(2, 12, "7")
    there.has(3, 13, "4", who=99)
    there.has(4, 14, "4", who=99)
    done = there.read(dry_run=True)
    assert (done.counts["taken"], dict(done.conflicts)) == (1, {"off_scale": 1, "unknown": 1})
    rows = (Rating, PartnerAnnotation, PartnerConflict, PartnerRater)
    assert [model.objects.count() for model in rows] == [0, 0, 0, 0]
    assert dict(there.read().conflicts) == {"off_scale": 1, "unknown": 1}


@pytest.mark.parametrize(
    ("decision", "stands", "asks_again"), [("take", "5", True), ("keep", "4", True), ("ignore", "4", False)]
)
def test_an_edit_after_the_import_asks_and_nothing_is_overwritten(decision, stands, asks_again) -> None:
    task, _people, there = make_exchange()
    there.has(1, 11, "4")
    there.read()
    there.has(1, 11, "5", at="2026-01-02T00:00:00Z")
    assert dict(there.read().conflicts) == {"edited": 1}
    assert (standing(task), waiting(task)) == ([(there.responses[1], "4", False)], ["edited"])
    decide(OPERATOR, task, PartnerConflict.objects.get().pk, decision=decision)
    assert standing(task) == [(there.responses[1], stands, False)]
    assert Rating.objects.count() == (2 if decision == "take" else 1)  # the old one is kept and marked
    there.has(1, 11, "1", at="2026-01-03T00:00:00Z")
    there.read()
    assert waiting(task) == (["edited"] if asks_again else [])


def test_an_edit_back_to_what_was_taken_settles_itself() -> None:
    task, _people, there = make_exchange()
    there.has(1, 11, "4")
    there.read()
    there.has(1, 11, "5", at="2026-01-02T00:00:00Z")
    there.read()
    there.has(1, 11, "4", at="2026-01-03T00:00:00Z")
    assert dict(+there.read().counts) == {"known": 1}
    assert (waiting(task), PartnerConflict.objects.get().decision) == ([], "overtaken")
    assert Rating.objects.count() == 1


@pytest.mark.parametrize(("decision", "stands"), [("take", 0), ("keep", 1), ("ignore", 1)])
def test_a_deletion_there_asks_once(decision, stands) -> None:
    task, _people, there = make_exchange()
    there.has(1, 11, "4")
    there.read()
    there.gone(1)
    assert dict(there.read().conflicts) == {"deleted": 1}
    assert dict(there.read().conflicts) == {}
    decide(OPERATOR, task, PartnerConflict.objects.get().pk, decision=decision)
    there.read()
    assert (len(standing(task)), Rating.objects.count(), waiting(task)) == (stands, 1, [])
    row = TaskResponse.objects.get(task=task, response=there.responses[1])
    assert row.open_without == task.overlap - stands


def test_skipping_there_what_was_submitted_counts_as_a_deletion() -> None:
    task, _people, there = make_exchange()
    there.has(1, 11, "4")
    there.read()
    there.has(1, 11, "4", at="2026-01-02T00:00:00Z", was_cancelled=True)
    done = there.read()
    assert (done.counts["skipped"], waiting(task)) == (1, ["deleted"])


def test_what_was_rated_here_too_or_changed_here_since_is_a_conflict_of_both_sides() -> None:
    task, people, there = make_exchange()
    held_here = lease(people[0], task)
    assert held_here is not None
    rater = Rater.objects.get(person=people[0])
    at = next(n for n, pk in there.responses.items() if pk == held_here.response_id)
    Rating.objects.create(task=task, response_id=there.responses[at], rater=rater, score="3")
    there.has(at, 11, "5")
    other = next(n for n in there.responses if n != at)
    there.has(other, 12, "4")
    assert dict(there.read().conflicts) == {"both": 1}
    Rating.objects.filter(response=there.responses[other]).update(superseded=True)  # as by undoing it here
    there.has(other, 12, "2", at="2026-01-02T00:00:00Z")
    assert dict(there.read().conflicts) == {"both": 1}
    first = PartnerConflict.objects.order_by("pk")[0]
    decide(OPERATOR, task, first.pk, decision="take")
    assert standing(task) == [(there.responses[at], "5", False)]
    assert waiting(task) == ["both"]


def test_an_unknown_rater_asks_once_and_all_that_waited_is_taken() -> None:
    task, _people, there = make_exchange(raters=1)
    there.has(1, 11, "4", who=99)
    there.has(2, 12, "5", who=99)
    there.has(3, 13, "9", who=99)
    assert dict(there.read().conflicts) == {"unknown": 1}
    found = PartnerConflict.objects.get()
    with pytest.raises(Invalid):
        decide(OPERATOR, task, found.pk, decision="link")
    assert PartnerConflict.objects.get().decision == ""
    decide(OPERATOR, task, found.pk, decision="external")
    assert sorted(score for _pk, score, _none in standing(task)) == ["4", "5"]
    assert Rating.objects.values_list("rater__pseudonym", flat=True).distinct().get() == "labelstudio-99"
    assert waiting(task) == ["off_scale"]


def test_an_unknown_rater_may_be_somebody_here_or_be_left_out() -> None:
    task, people, there = make_exchange()
    there.has(1, 11, "4", who=98)
    there.has(2, 12, "5", who=99)
    there.read()
    one, two = PartnerConflict.objects.order_by("pk")
    rater = Rater.objects.get(person=people[1])
    decide(OPERATOR, task, one.pk, decision="link", rater=rater.pk)
    decide(OPERATOR, task, two.pk, decision="ignore")
    assert list(Rating.objects.values_list("rater", "score")) == [(rater.pk, "4")]
    there.has(3, 13, "5", who=99)
    done = there.read()
    assert (done.counts["left"], waiting(task)) == (1, [])


def test_who_becomes_a_member_later_needs_no_decision() -> None:
    task, _people, there = make_exchange(raters=0)
    there.mails = {3: "late@example.org"}
    there.has(1, 11, "4")
    there.read()
    assert waiting(task) == ["unknown"]
    person = make_member(task.dataset, Membership.Role.RATER)
    Person.objects.filter(pk=person.pk).update(email="late@example.org")
    there.has(2, 12, "5", at="2026-01-02T00:00:00Z")
    there.read()
    assert (sorted(score for _pk, score, _none in standing(task)), waiting(task)) == (["4", "5"], [])


def test_not_one_rating_more_than_the_overlap() -> None:
    task, _people, there = make_exchange(raters=3, overlap=2)
    for user in (3, 4, 5):
        there.has(1, 10 + user, "4", who=user)
    done = there.read()
    assert (done.counts["taken"], dict(done.conflicts), len(standing(task))) == (2, {"surplus": 1}, 2)


def test_a_lease_here_holds_its_place_but_not_against_its_own_rater() -> None:
    task, people, there = make_exchange(raters=2, overlap=1)
    mine = lease(people[0], task)
    assert mine is not None
    at = next(n for n, pk in there.responses.items() if pk == mine.response_id)
    there.has(at, 11, "4", who=4)
    assert dict(there.read().conflicts) == {"surplus": 1}
    there.has(at, 12, "3", who=3)
    assert there.read().counts["taken"] == 1
    mine.refresh_from_db()
    assert (mine.state, standing(task)) == ("expired", [(mine.response_id, "3", False)])


def test_a_decision_is_made_once_by_whoever_may_and_is_logged() -> None:
    task, people, there = make_exchange()
    lead, second = (make_member(task.dataset, Membership.Role.LEAD) for _n in range(2))
    there.has(1, 11, "9")
    there.read()
    found = PartnerConflict.objects.get()
    with pytest.raises(NotAllowed):
        decide(people[0], task, found.pk, decision="keep")
    with pytest.raises(Invalid):
        decide(lead, task, found.pk, decision="take")  # a score outside the scale cannot be taken
    decide(lead, task, found.pk, decision="keep")
    decide(lead, task, found.pk, decision="keep")
    with pytest.raises(Conflict):
        decide(second, task, found.pk, decision="ignore")
    entry = LogEntry.objects.get(verb="decide_conflict")
    assert (entry.person, entry.details) == (lead, {"task": task.pk, "decision": "keep"})


def test_a_conflict_of_another_task_is_none() -> None:
    _task, _people, there = make_exchange()
    there.has(1, 11, "9")
    there.read()
    other, _none = make_task(make_world_dataset(), raters=0)
    with pytest.raises(Invalid):
        decide(OPERATOR, other, PartnerConflict.objects.get().pk, decision="keep")


def test_two_arms_are_counted_apart_by_what_was_shown() -> None:
    _task, _people, there = make_exchange(raters=2, arms="both", overlap=1)
    second = There.__new__(There)
    second.__dict__ = {**there.__dict__}
    second.project = PartnerProject.objects.create(exchange=there.exchange, number=1, project_id=2)
    second.rows = {n: {**row, "annotations": []} for n, row in there.rows.items()}
    there.has(1, 11, "4", who=3)
    second.has(1, 12, "5", who=4)
    assert (there.read().counts["taken"], second.read().counts["taken"]) == (1, 1)
    assert sorted(Rating.objects.values_list("with_reference", flat=True)) == [False, True]


def test_marks_that_are_not_ours_are_counted_and_left_alone() -> None:
    _task, _people, there = make_exchange()
    there.has(1, 11, "4")
    there.rows[1]["data"] = {REF: "somebody else's"}
    there.rows[2]["data"] = {}
    assert (dict(+there.read().counts), Rating.objects.count()) == ({"foreign": 1}, 0)


def test_nobody_is_asked_who_somebody_is_of_whom_nothing_waits() -> None:
    task, _people, there = make_exchange(raters=0)
    there.has(1, 11, "4", who=99)
    there.read()
    there.gone(1)
    there.read()
    assert (waiting(task), PartnerConflict.objects.get().decision) == ([], "overtaken")
