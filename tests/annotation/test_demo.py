"""The demo's task is rated by the demo's raters: a first round of four fifths, with some work left over."""

import pytest

from annotation.demo import LEFT_OVER, OUTSIDE, TASK
from annotation.models import GoldCase, Rating, RatingTask
from annotation.queries import waiting
from curation.actions.demo import load_demo, read
from curation.models import Person


@pytest.mark.django_db
def test_demo_ratings_are_those_of_the_records() -> None:
    load_demo()
    task = RatingTask.objects.get(name=TASK)
    n = task.population.count()
    assert n > 3 * LEFT_OVER
    # Positions 2, 7, 12 ... of the n responses in order are left for a second round.
    later = (n + OUTSIDE - 1 - OUTSIDE // 2) // OUTSIDE
    assert 0.15 < later / n < 0.25
    assert task.population.filter(offered=False).count() == later
    checks = Rating.objects.filter(task=task, role=Rating.Role.GOLD)
    assert 0 < checks.count() <= 3 * 6  # a tenth of what they get, each of the six cases once
    assert GoldCase.objects.filter(use="practice").count() == GoldCase.objects.filter(use="gold").count() == 6
    ratings = Rating.objects.filter(task=task, role=Rating.Role.RATER)
    assert ratings.count() == 3 * (n - later - LEFT_OVER)
    rated = ratings.values("response")
    assert not task.population.filter(offered=False, response__in=rated).exists()
    assert {row.inclusion_probability for row in task.population.all()} == {1 - 1 / OUTSIDE}
    told = {(f"demo-{row['item']}", row["model"]): row["ratings"] for row in read("responses")}
    for rating in ratings.select_related("response", "rater__person"):
        key = rating.rater.person.username.removeprefix("demo-")
        given = told[rating.response.item_key, rating.response.model][key]
        assert (rating.score, rating.cannot_decide) == ("" if given is None else str(given), given is None)
    rater = Person.objects.get(username="demo-rater1")
    assert waiting(rater, task.dataset).count() == LEFT_OVER
