"""Final values: who decides, when, on what; and the queue of what raters disagree about."""

from __future__ import annotations

import random
import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from annotation import disputes
from annotation.actions import adjudication
from annotation.actions.adjudication import adjudicate, next_for, queue_of, seen_of
from annotation.actions.tasks import close
from annotation.models import Rater, Rating, RatingTask, TaskResponse
from annotation.results import disputed, fully_rated, to_adjudicate
from curation.errors import Conflict, Invalid, NotAllowed
from curation.log import OPERATOR
from curation.models import LogEntry, Membership, Person
from tests.factories.annotation import MODELS, make_member, make_task, make_world_dataset
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
Role = Membership.Role


def made(questions: int = 3, **further: object) -> tuple[RatingTask, Person]:
    """A task of one model with three raters who have rated nothing, and a lead."""
    task, _people = make_task(make_world_dataset(), questions=questions, models=MODELS[:1], **further)
    return task, make_member(task.dataset, Role.LEAD)


def give(task: RatingTask, at: int, *scores: str, **further: object) -> TaskResponse:
    """Ratings of the response at a position, by the raters in their order; blank: cannot decide."""
    row = task.population.order_by("position")[at]
    raters = Rater.objects.filter(tasks=task).order_by("pk")
    for rater, score in zip(raters, scores, strict=False):
        Rating.objects.create(
            task=task, response=row.response, rater=rater, score=score, cannot_decide=not score, **further
        )
    row.task = task
    return row


def settle(person: Person, row: TaskResponse, score: str = "2", **given: object) -> list[Rating]:
    sent = {"scores": {"safety": score}, "reason": "理由", "seen": seen_of(row), **given}
    return adjudicate(person, row, **sent)


def base(task: RatingTask) -> str:
    return f"/d/{task.dataset.slug}/tasks/{task.pk}/adjudicate/"


@pytest.mark.both_databases
def test_queue_holds_what_is_fully_rated_and_in_dispute() -> None:
    task, lead = made(4)
    apart = give(task, 0, "1", "3", "3")
    give(task, 1, "4", "4", "4")
    give(task, 2, "1", "5")  # two of three: more may come
    undecided = give(task, 3, "", "", "4")
    assert [row.pk for row in queue_of(lead, task)] == [apart.pk, undecided.pk]
    assert fully_rated(task).count() == 3
    close(OPERATOR, task)
    task.refresh_from_db()
    assert queue_of(lead, task).count() == 3  # closed: two ratings are all there will be


@pytest.mark.both_databases
@pytest.mark.parametrize("kind", ["ordinal", "nominal"])
def test_database_and_rule_agree_on_what_is_in_dispute(kind: str) -> None:
    """200 responses with zero to four random ratings: the queue's query finds those that `disputes.reasons` names."""
    task, _people = make_task(make_world_dataset(), raters=4, questions=200, models=MODELS[:1], overlap=4)
    if kind == "nominal":
        type(task.rubric).objects.filter(pk=task.rubric.pk).update(kind="nominal")
        task = RatingTask.objects.select_related("rubric").get(pk=task.pk)
    axis, dice = task.rubric.axes[0], random.Random(3)
    raters = list(Rater.objects.filter(tasks=task))
    expected, made_ratings = set(), []
    for row in task.population.all():
        scores = [dice.choice([*axis.points, ""]) for _n in range(dice.randint(0, 4))]
        made_ratings += [
            Rating(task=task, response_id=row.response_id, rater=rater, score=score, cannot_decide=not score)
            for rater, score in zip(raters, scores, strict=False)
        ]
        if disputes.reasons(axis, scores):
            expected.add(row.response_id)
    Rating.objects.bulk_create(made_ratings)
    assert set(disputed(task, axis).values_list("response", flat=True)) == expected
    assert 50 < len(expected) < 190


def test_final_value_stands_beside_the_raw_ones() -> None:
    task, lead = made()
    row = give(task, 0, "1", "3", "5")
    (final,) = settle(lead, row)
    assert (final.role, final.score, final.comment, final.rater.person) == ("final", "2", "理由", lead)
    raw = Rating.objects.filter(task=task, role="rater", superseded=False)
    assert sorted(raw.values_list("score", flat=True)) == ["1", "3", "5"]
    assert not queue_of(lead, task).exists()
    entry = LogEntry.objects.filter(verb="adjudicate").get()
    assert (entry.person, entry.details) == (lead, {"task": task.pk, "response": row.response_id})


def test_correction_supersedes_the_final_value() -> None:
    task, lead = made()
    row = give(task, 0, "1", "3", "5")
    settle(lead, row)
    other = make_member(task.dataset, Role.RESEARCHER)
    settle(other, row, "4")
    finals = Rating.objects.filter(task=task, role="final").order_by("pk")
    assert [(one.score, one.superseded) for one in finals] == [("2", True), ("4", False)]
    assert LogEntry.objects.filter(verb="correct_final").count() == 1


def test_at_most_one_final_value_stands() -> None:
    task, lead = made()
    row = give(task, 0, "1", "3", "5")
    settle(lead, row)
    raters = Rater.objects.filter(tasks=task)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rating.objects.create(task=task, response=row.response, rater=raters[0], score="3", role="final")


@pytest.mark.both_databases
def test_second_adjudicator_is_told_and_changes_nothing() -> None:
    task, lead = made()
    row = give(task, 0, "1", "3", "5")
    other = make_member(task.dataset, Role.RESEARCHER)
    both_saw = seen_of(row)
    settle(lead, row, seen=both_saw)
    with pytest.raises(Conflict, match="has given this response a final value meanwhile"):
        settle(other, row, "5", seen=both_saw)
    assert Rating.objects.get(task=task, role="final").score == "2"


def test_a_rating_changed_meanwhile_is_looked_at_again() -> None:
    task, lead = made()
    row = give(task, 0, "1", "3", "5")
    saw = seen_of(row)
    Rating.objects.filter(task=task, score="1").update(superseded=True)
    give(task, 0, "2")
    with pytest.raises(Conflict, match="A rating of this response has changed"):
        settle(lead, row, seen=saw)


def test_the_same_request_twice_writes_once() -> None:
    task, lead = made()
    row = give(task, 0, "1", "3", "5")
    saw = seen_of(row)
    first = settle(lead, row, seen=saw, client_id="c1")
    again = settle(lead, row, seen=saw, client_id="c1")
    assert [one.pk for one in first] == [one.pk for one in again]
    assert Rating.objects.filter(task=task, role="final").count() == 1


def test_a_reason_and_a_point_of_the_scale_are_asked_for() -> None:
    task, lead = made()
    row = give(task, 0, "1", "3", "5")
    with pytest.raises(Invalid, match="Write why"):
        settle(lead, row, reason="  ")
    with pytest.raises(Invalid, match="is not on the scale"):
        settle(lead, row, "6")
    with pytest.raises(Invalid, match="Choose the final value"):
        settle(lead, row, "")
    assert not Rating.objects.filter(role="final").exists()


def test_cannot_be_decided_takes_it_from_the_queue() -> None:
    task, lead = made()
    row = give(task, 0, "1", "3", "5")
    (final,) = settle(lead, row, "", cannot_decide=True)
    assert (final.score, final.cannot_decide) == ("", True)
    assert not to_adjudicate(task).exists()


def test_who_may_not_decide() -> None:
    task, _lead = made()
    row = give(task, 0, "1", "3", "5")
    rater = Rater.objects.filter(tasks=task).order_by("pk")[0]
    assert rater.person is not None
    Membership.objects.create(dataset=task.dataset, person=rater.person, role=Role.LEAD)
    with pytest.raises(NotAllowed, match="have still to rate in it"):
        settle(rater.person, row)
    close(OPERATOR, task)
    row.task.refresh_from_db()
    with pytest.raises(NotAllowed, match="You rated this response yourself"):
        settle(rater.person, row)
    assert not queue_of(rater.person, row.task).exists()
    with pytest.raises(NotAllowed):
        settle(make_member(task.dataset, Role.RELEASE_MANAGER), row)
    with pytest.raises(NotAllowed, match="needs a person"):
        settle(OPERATOR, row)
    unrated = task.population.order_by("position")[1]
    unrated.task = row.task
    with pytest.raises(NotAllowed, match="has not all its ratings yet"):
        settle(make_member(task.dataset, Role.LEAD), unrated)


def test_the_queue_goes_round() -> None:
    task, lead = made(4)
    rows = [give(task, at, "1", "3", "5") for at in range(4)]
    first = next_for(lead, task)
    assert first is not None
    assert {next_for(lead, task, after=at).pk for at in range(-1, 3)} == {row.pk for row in rows}
    assert next_for(lead, task, after=rows[-1].position) == rows[0]


def test_page_shows_raw_ratings_and_no_model() -> None:
    task, lead = made()
    row = give(task, 0, "1", "3", "5", comment="とても危険です")
    client = signed_in(lead)
    body = client.get(f"{base(task)}{row.response_id}/").content.decode()
    assert body.count("とても危険です") == 3
    assert all(rater.pseudonym in body for rater in Rater.objects.filter(tasks=task))
    assert MODELS[0] not in body
    assert MODELS[0] not in client.get(base(task)).content.decode()
    other = task.population.order_by("position")[1]
    assert client.get(f"{base(task)}{other.response_id}/").status_code == 404  # not fully rated


def test_page_decides_goes_on_and_keeps_what_was_typed() -> None:
    task, lead = made()
    first, second = give(task, 0, "1", "3", "5"), give(task, 1, "1", "3", "5")
    client, page = signed_in(lead), f"{base(task)}{first.response_id}/"
    body = client.get(page).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', body)
    assert seen
    sent = {"seen": seen[1], "client_id": "x1", "score": "4", "reason": "", "verb": "settle"}
    refused = client.post(page, sent)
    assert refused.status_code == 400
    assert 'value="4" data-key="4"' in refused.content.decode()
    done = client.post(page, {**sent, "reason": "境界例のため"})
    assert done["Location"] == f"{base(task)}{second.response_id}/"
    late = client.post(page, {**sent, "client_id": "x2", "reason": "別の理由"})
    assert late.status_code == 409
    assert "別の理由" in late.content.decode()
    assert Rating.objects.get(role="final").comment == "境界例のため"


def test_strangers_and_raters_find_nothing() -> None:
    task, _lead = made()
    row = give(task, 0, "1", "3", "5")
    rater = Rater.objects.filter(tasks=task).order_by("pk")[0]
    assert rater.person is not None
    Membership.objects.create(dataset=task.dataset, person=rater.person, role=Role.LEAD)
    stranger = make_member(make_world_dataset(), Role.LEAD)
    for person in (rater.person, stranger, make_member(task.dataset, Role.AUTHOR)):
        for page in ("", "next/", f"{row.response_id}/"):
            assert signed_in(person).get(base(task) + page).status_code == 404


@pytest.mark.parametrize("disputes_made", [1, 3])
def test_queue_costs_the_same_at_one_and_three_rows(disputes_made: int) -> None:
    task, lead = made()
    for at in range(disputes_made):
        give(task, at, "1", "3", "5")
    client = signed_in(lead)
    client.get(base(task))
    with CaptureQueriesContext(connection) as seen:
        assert client.get(base(task)).status_code == 200
    assert len(seen) == QUEUE_QUERIES


QUEUE_QUERIES = 15


def test_standing_knows_no_silent_checks() -> None:
    task, _lead = made()
    row = give(task, 0, "1", "3", "5")
    rater = Rater.objects.filter(tasks=task)[0]
    Rating.objects.create(task=task, response=row.response, rater=rater, score="5", role="gold")
    assert [one.role for one in adjudication.standing(row)] == ["rater"] * 3
