"""What a rater does with a response: rate, correct, skip, undo."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.actions.leases import lease
from annotation.actions.ratings import rate, skip, undo
from annotation.models import Assignment, Rating
from curation.errors import Invalid, NotAllowed, WrongState
from curation.models import LogEntry, Membership
from tests.factories.annotation import make_member, make_task, make_world_dataset

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    task, people = make_task(make_world_dataset(), raters=2, questions=3)
    held = lease(people[0], task)
    assert held is not None
    return task, people, held


def test_rate_same_client_id_twice_writes_once(world) -> None:
    task, (person, _other), held = world
    first = rate(person, task, token=held.token, score=4, client_id="c1")
    again = rate(person, task, token=held.token, score=5, client_id="c1")
    assert (again.rating.pk, again.rating.score) == (first.rating.pk, "4")
    assert Rating.objects.filter(task=task).count() == 1
    assert again.following == first.following
    assert LogEntry.objects.filter(verb="rate").count() == 1


@pytest.mark.parametrize(
    ("score", "comment", "field"), [(6, "x", "score"), ("4.5", "", "score"), (2, " ", "comment")]
)
def test_rate_refused_writes_nothing(world, score, comment, field) -> None:
    task, (person, _other), held = world
    with pytest.raises(Invalid) as refused:
        rate(person, task, token=held.token, score=score, comment=comment)
    assert refused.value.field == field
    assert (Rating.objects.count(), Assignment.objects.get(pk=held.pk).state) == (0, "leased")


def test_rate_low_score_with_a_reason(world) -> None:
    task, (person, _other), held = world
    rating = rate(person, task, token=held.token, score=2, comment=" 危険な箇所がある ", seconds=12.5).rating
    assert (rating.score, rating.comment, rating.seconds, rating.axis) == (
        "2",
        "危険な箇所がある",
        12.5,
        "safety",
    )


def test_rate_cannot_decide_has_no_score(world) -> None:
    task, (person, _other), held = world
    rating = rate(person, task, token=held.token, cannot_decide=True).rating
    assert (rating.score, rating.cannot_decide) == ("", True)


def test_rate_again_supersedes(world) -> None:
    task, (person, _other), held = world
    old = rate(person, task, token=held.token, score=4).rating
    new = rate(person, task, token=held.token, score=5).rating
    old.refresh_from_db()
    assert (old.superseded, old.score, new.superseded, new.score) == (True, "4", False, "5")


def test_undo_gives_the_response_back(world) -> None:
    task, (person, _other), held = world
    done = rate(person, task, token=held.token, score=4)
    assert undo(person, task).pk == held.pk
    assert Rating.objects.get(pk=done.rating.pk).superseded
    current = lease(person, task)
    assert current is not None
    assert current.pk == held.pk
    with pytest.raises(WrongState):
        undo(person, task)


def test_undo_by_token_twice_takes_back_one(world) -> None:
    task, (person, _other), held = world
    second = rate(person, task, token=held.token, score=4).following
    assert second is not None
    rate(person, task, token=second.token, score=5)
    assert undo(person, task, token=second.token).pk == undo(person, task, token=second.token).pk == second.pk
    assert (
        Rating.objects.filter(superseded=False).values_list("response", flat=True).get() == held.response_id
    )


def test_skip_is_undone_too(world) -> None:
    task, (person, _other), held = world
    following = skip(person, task, token=held.token, reason="つらい内容")
    assert following is not None
    assert following.response_id != held.response_id
    stored = Assignment.objects.get(pk=held.pk)
    assert (stored.state, stored.reason) == ("skipped", "つらい内容")
    assert undo(person, task).pk == held.pk


def test_rate_late_is_taken_while_the_place_is_free(world) -> None:
    task, (person, _other), held = world
    Assignment.objects.filter(pk=held.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    assert rate(person, task, token=held.token, score=4).rating.response_id == held.response_id


def test_rate_late_is_refused_when_others_took_the_place() -> None:
    task, (first, second) = make_task(make_world_dataset(), raters=2, questions=1, models=("one",), overlap=1)
    held = lease(first, task)
    assert held is not None
    Assignment.objects.filter(pk=held.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    theirs = lease(second, task)
    assert theirs is not None
    rate(second, task, token=theirs.token, score=4)
    with pytest.raises(WrongState):
        rate(first, task, token=held.token, score=4)
    assert Rating.objects.count() == 1


def test_rate_with_anothers_token_is_refused(world) -> None:
    task, (_person, other), held = world
    with pytest.raises(Invalid):
        rate(other, task, token=held.token, score=4)


def test_rate_by_somebody_who_is_no_rater_is_refused(world) -> None:
    task, _people, held = world
    late = make_member(task.dataset, Membership.Role.RATER)  # has the role, but came after the task
    with pytest.raises(NotAllowed):
        rate(late, task, token=held.token, score=4)


def test_correction_after_seeing_results_is_refused() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=1, models=("one",))
    Membership.objects.create(dataset=task.dataset, person=person, role=Membership.Role.RESEARCHER)
    held = lease(person, task)
    assert held is not None
    rate(person, task, token=held.token, score=4)  # the only one: the results are open to them now
    with pytest.raises(NotAllowed):
        undo(person, task)
    with pytest.raises(NotAllowed):
        rate(person, task, token=held.token, score=1, comment="変える")
