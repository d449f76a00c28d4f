"""From a study to what raters see next: what was drawn is offered, and every response's chance is known."""

import pytest

from annotation.actions.leases import lease
from annotation.actions.ratings import rate
from annotation.actions.tasks import close
from annotation.counts import counts_of
from annotation.models import Assignment, TaskResponse
from annotation.queries import waiting_per_task
from curation.errors import Invalid, NotAllowed
from curation.formats import VerdictRow
from curation.log import OPERATOR
from curation.models import LogEntry, Membership
from judging.actions.next_ratings import hand_over, hand_over_as_task
from judging.actions.studies import study_of
from judging.actions.verdicts import import_verdicts
from judging.models import Judge
from tests.factories.annotation import make_member, make_task, make_world_dataset

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
Role = Membership.Role


def judged_task(*, questions=10):
    """20 responses of two models, judged 1 2 3 4 5 1 2 ...; two of them rated by both raters."""
    dataset = make_world_dataset()
    task, people = make_task(dataset, raters=2, questions=questions, overlap=2)
    rows = TaskResponse.objects.filter(task=task).select_related("response").order_by("response")
    verdicts = [
        VerdictRow(at, row.response.item_key, row.response.model, "alpha", 1 + at % 5)
        for at, row in enumerate(rows)
    ]
    assert import_verdicts(OPERATOR, task, verdicts).new == len(verdicts)
    return task, people


def rate_one(person, task, score=4):
    held = lease(person, task)
    rate(person, task, token=held.token, score=score, client_id=f"{person.pk}-{held.pk}")
    return held.response_id


def test_hand_over_offers_raters_what_was_drawn_and_keeps_the_chances() -> None:
    task, people = judged_task()
    judge = Judge.objects.get()
    rated = {rate_one(people[0], task)}
    # With a rating the next lease is given; what is in somebody's hands stays theirs, drawn or not.
    Assignment.objects.filter(state=Assignment.State.LEASED).delete()
    assert hand_over(OPERATOR, task, judge, "ref", count=6, seed=1) == 6
    rows = {row.response_id: row for row in TaskResponse.objects.filter(task=task)}
    drawn = {pk for pk, row in rows.items() if row.offered} - rated
    assert len(drawn) == 6
    # One of 20 was rated in an order of chance; the round had 6 places for the other 19.
    chances = [1 - (1 - row.chance) / (1 - 1 / 20) for pk, row in rows.items() if pk not in rated]
    assert sum(chances) == pytest.approx(6)
    assert {row.inclusion_probability for row in rows.values()} == {row.chance for row in rows.values()}
    # The first rater is done with one of the seven, the second with none; 7 x 2 places are wanted.
    assert waiting_per_task(people[0], task.dataset) == {task.pk: 6}
    assert waiting_per_task(people[1], task.dataset) == {task.pk: 7}
    assert counts_of(task)["wanted"] == 14
    assert (counts_of(task)["responses"], counts_of(task)["offered"]) == (20, 7)
    assert LogEntry.objects.filter(verb="offer").count() == 1
    assert {rate_one(people[0], task) for _n in range(6)} == drawn
    assert lease(people[0], task) is None


def test_hand_over_twice_counts_both_rounds_as_one_sample() -> None:
    task, people = judged_task()
    judge = Judge.objects.get()
    hand_over(OPERATOR, task, judge, "ref", count=5, seed=1)
    first = dict(TaskResponse.objects.filter(task=task).values_list("response", "chance"))
    for person in people:
        while lease(person, task):
            rate_one(person, task)
    study = study_of(OPERATOR, task, judge, "ref", resamples=20).result
    assert study["judge_human"]["pearson"]["n"] == 5
    assert "full sample" not in study["judge_human"]["pearson"].get("note", "")
    assert hand_over(OPERATOR, task, judge, "ref", count=100, seed=2) == 15
    rows = TaskResponse.objects.filter(task=task)
    assert all(row.offered for row in rows)
    # All that were left are drawn now, so each of the fifteen has the chance 1; the others keep theirs or gain.
    rated = set(task.ratings.values_list("response", flat=True))
    assert {row.inclusion_probability for row in rows if row.response_id not in rated} == {1.0}
    assert all(row.chance >= first[row.response_id] - 1e-9 for row in rows)


def test_hand_over_keeps_the_chance_to_be_in_the_task() -> None:
    task, _people = judged_task()
    TaskResponse.objects.filter(task=task).update(inclusion_probability=0.25)
    for round_seed in (1, 2):
        hand_over(OPERATOR, task, Judge.objects.get(), "ref", count=4, seed=round_seed)
        for row in TaskResponse.objects.filter(task=task):
            assert row.inclusion_probability == pytest.approx(0.25 * row.chance)


def test_hand_over_says_why_it_cannot() -> None:
    task, people = judged_task(questions=2)
    judge = Judge.objects.get()
    for count in (0, 10_001):
        with pytest.raises(Invalid, match="from 1 to 10000"):
            hand_over(OPERATOR, task, judge, "ref", count=count, seed=0)
    with pytest.raises(Invalid, match="ref or noref"):
        hand_over(OPERATOR, task, judge, "other", count=1, seed=0)
    with pytest.raises(NotAllowed):
        hand_over(make_member(task.dataset, Role.AUTHOR), task, judge, "ref", count=1, seed=0)
    with pytest.raises(NotAllowed):  # who still rates in it does not see its study
        hand_over(people[0], task, judge, "ref", count=1, seed=0)
    close(OPERATOR, task)
    with pytest.raises(Invalid, match="Only an open task"):
        hand_over(OPERATOR, task, judge, "ref", count=1, seed=0)
    task.refresh_from_db()
    assert not TaskResponse.objects.filter(task=task, chance__isnull=False).exists()


def test_hand_over_with_nothing_left() -> None:
    task, people = judged_task(questions=1)
    while lease(people[0], task):
        rate_one(people[0], task)
    with pytest.raises(Invalid, match="has a rating already"):
        hand_over(OPERATOR, task, Judge.objects.get(), "ref", count=1, seed=0)


def test_what_a_rater_holds_stays_theirs() -> None:
    task, people = judged_task()
    held = lease(people[0], task)
    hand_over(OPERATOR, task, Judge.objects.get(), "ref", count=1, seed=0)
    assert lease(people[0], task) == held
    assert rate(people[0], task, token=held.token, score=4, client_id="one").rating.response == held.response


def test_hand_over_as_a_task_of_its_own_keeps_the_chances() -> None:
    task, people = judged_task()
    judge = Judge.objects.get()
    rated = {rate_one(people[0], task)}
    before = list(TaskResponse.objects.filter(task=task).order_by("pk").values())
    made = hand_over_as_task(OPERATOR, task, judge, "ref", 6, 1, name="second", overlap=1)
    rows = made.population.all()
    assert (len(rows), made.overlap, made.rubric, made.release) == (6, 1, task.rubric, task.release)
    assert not rated & {row.response_id for row in rows}
    assert sum(made.plan["strata"].values()) == 6
    # 6 of the 19 that nobody has rated, each with a chance of its own below one
    assert all(0 < row.inclusion_probability < 1 for row in rows)
    estimate = sum(1 / row.inclusion_probability for row in rows)
    assert 10 < estimate < 30  # Horvitz-Thompson: about 19
    assert list(TaskResponse.objects.filter(task=task).order_by("pk").values()) == before
    # The draw of a sample is a sample of the sample: half the chance here halves it there.
    TaskResponse.objects.filter(task=task).update(inclusion_probability=0.5)
    again = hand_over_as_task(OPERATOR, task, judge, "ref", 6, 1, name="third")
    first = dict(rows.values_list("response", "inclusion_probability"))
    for pk, chance in again.population.values_list("response", "inclusion_probability"):
        assert pk not in first or chance == pytest.approx(first[pk] / 2)
    with pytest.raises(NotAllowed):
        hand_over_as_task(people[1], task, judge, "ref", 6, 1, name="fourth")
    with pytest.raises(Invalid, match="exists already"):
        hand_over_as_task(OPERATOR, task, judge, "ref", 6, 1, name="second")
