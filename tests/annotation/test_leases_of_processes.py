"""Fifty clients at once, as processes of their own that may be killed: not one rating too many, and none missing."""

from datetime import timedelta

import pytest
from django.db.models import Count
from django.utils import timezone

from annotation.models import Assignment, GoldCase, Rating, Response, TaskResponse
from tests.factories.annotation import make_task, make_world_dataset
from tests.rig.raters import KILLED, let_rate

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]


def per_place(task):
    """How many standing ratings each response has in each arm."""
    standing = Rating.objects.filter(task=task, superseded=False, role="rater")
    counted = standing.values("response", "with_reference").annotate(n=Count("rater", distinct=True))
    return sorted(row["n"] for row in counted.order_by())


def test_fifty_clients_ten_responses_overlap_three() -> None:
    task, people = make_task(make_world_dataset(), raters=40, questions=10, models=("one",), overlap=3)
    # Ten of forty people have two tabs, so their submits arrive twice at the same time.
    assert let_rate(task, [*people, *people[:10]]) == {0: 50}
    assert Rating.objects.count() == 30
    assert per_place(task) == [3] * 10
    assert set(TaskResponse.objects.values_list("open_without", "open_with")) == {(0, 0)}
    assert not Assignment.objects.filter(state="leased").exists()


# A place of two arms needs six people, of whom a third dies at once: sixteen are enough for three responses.
@pytest.mark.parametrize(
    ("clients", "questions", "died"), [(16, 3, 2), pytest.param(50, 10, 5, marks=pytest.mark.slow)]
)
def test_many_die_with_two_arms_and_silent_checks(clients: int, questions: int, died: int) -> None:
    dataset = make_world_dataset()
    task, people = make_task(
        dataset, raters=clients, questions=questions, models=("one",), overlap=3, arms="both"
    )
    add_checks(task, number=3, share=0.3)
    first = let_rate(task, people, dying=0.3)
    assert first[KILLED] > died
    held = Assignment.objects.filter(state="leased")
    assert held.count() == first[KILLED]  # each died with one in their hands
    held.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert let_rate(task, people) == {0: clients}
    assert per_place(task) == [3] * 2 * questions  # each response in two arms
    assert Rating.objects.filter(role="rater").count() == 6 * questions
    assert set(TaskResponse.objects.values_list("open_without", "open_with")) == {(0, 0)}
    # Nobody saw a question in both arms, and silent checks are no part of the sixty.
    seen = Rating.objects.filter(role="rater").values("rater", "response").annotate(n=Count("pk"))
    assert set(seen.order_by().values_list("n", flat=True)) == {1}
    assert Rating.objects.filter(role="gold").exists()
    assert not Assignment.objects.filter(state="leased").exists()


def add_checks(task, *, number: int, share: float) -> None:
    """Silent checks: responses outside the task's population."""
    inside = Response.objects.get(pk=task.population.first().response_id)
    for at in range(number):
        inside.pk = None
        inside.item_key, inside.question_hash = f"gold{at}", ""
        inside.save(force_insert=True)
        GoldCase.objects.create(
            rubric=task.rubric,
            response=inside,
            use="gold",
            position=at,
            accepted={"safety": ["5"]},
            reference_text_id=inside.text_id,
        )
    type(task).objects.filter(pk=task.pk).update(gold_share=share)
